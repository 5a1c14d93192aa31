"""The button to sign in with a Hugging Face account, where a Space offers it. Knows no tab and no vote."""

from __future__ import annotations

from .untyped import gr


def show() -> None:
    """Renders the button into the surrounding Blocks; with it Gradio serves the sign-in and keeps its session."""
    gr.LoginButton(
        "Sign in", logout_value="Sign out {}", variant="secondary", size="sm", scale=0, min_width=110, elem_id="sign-in"
    )
