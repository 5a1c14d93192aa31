"""The look: a Gradio theme with system fonts only, so that no request leaves the page. Knows no component."""

from __future__ import annotations

from importlib import resources

from .untyped import gr

SANS = ("ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "Helvetica Neue", "Arial", "sans-serif")
MONO = ("ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "DejaVu Sans Mono", "monospace")

THEME = gr.themes.Base(
    primary_hue=gr.themes.colors.teal,
    neutral_hue=gr.themes.colors.stone,
    radius_size=gr.themes.sizes.radius_md,
    font=SANS,
    font_mono=MONO,
).set(
    body_background_fill="#faf9f7",
    body_background_fill_dark="#161513",
    background_fill_primary="#ffffff",
    background_fill_primary_dark="#1b1a18",
    background_fill_secondary="#faf9f7",
    background_fill_secondary_dark="#161513",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_border_width="0px",
    block_border_width_dark="0px",
    block_shadow="none",
    block_shadow_dark="none",
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_title_text_weight="500",
    border_color_primary="*neutral_200",
    border_color_primary_dark="#2b2926",
    input_background_fill="#ffffff",
    input_background_fill_dark="#1e1c1a",
    input_border_color="*neutral_300",
    input_border_color_dark="#3a3733",
    input_border_width="1px",
    input_border_color_focus="#0f766e",
    input_border_color_focus_dark="#2dd4bf",
    input_radius="8px",
    input_shadow="none",
    input_shadow_focus="none",
    input_placeholder_color="*neutral_500",
    input_placeholder_color_dark="*neutral_400",
    link_text_color="#0f766e",
    link_text_color_hover="#115e59",
    link_text_color_visited="#0f766e",
    link_text_color_active="#115e59",
    link_text_color_dark="#2dd4bf",
    link_text_color_hover_dark="#5eead4",
    link_text_color_visited_dark="#2dd4bf",
    link_text_color_active_dark="#5eead4",
    checkbox_label_background_fill="transparent",
    checkbox_label_background_fill_dark="transparent",
    checkbox_label_background_fill_hover="transparent",
    checkbox_label_background_fill_hover_dark="transparent",
    checkbox_label_background_fill_selected="transparent",
    checkbox_label_background_fill_selected_dark="transparent",
    checkbox_label_border_width="0px",
    checkbox_label_border_width_dark="0px",
    button_large_text_size="14px",
    button_large_text_weight="500",
    button_large_radius="8px",
    button_small_text_size="13px",
    button_small_text_weight="400",
    button_small_radius="999px",
    button_small_padding="5px 14px",
    button_secondary_background_fill="*background_fill_primary",
    button_secondary_background_fill_dark="*background_fill_primary",
    button_secondary_background_fill_hover="*background_fill_primary",
    button_secondary_background_fill_hover_dark="*background_fill_primary",
    button_secondary_text_color="*body_text_color",
    button_secondary_text_color_dark="*body_text_color",
    button_secondary_text_color_hover="#0f766e",
    button_secondary_text_color_hover_dark="#2dd4bf",
    button_secondary_border_color="*border_color_primary",
    button_secondary_border_color_dark="*border_color_primary",
    button_secondary_border_color_hover="#0f766e",
    button_secondary_border_color_hover_dark="#2dd4bf",
    button_primary_border_color="#0f766e",
    button_primary_border_color_dark="#0f766e",
    button_primary_background_fill="#0f766e",
    button_primary_background_fill_hover="#115e59",
    button_primary_background_fill_dark="#0f766e",
    button_primary_background_fill_hover_dark="#115e59",
    button_primary_text_color="#ffffff",
    slider_color="#0f766e",
    slider_color_dark="#2dd4bf",
    checkbox_background_color_selected="#0f766e",
    checkbox_background_color_selected_dark="#0d9488",
    checkbox_border_color_selected="#0f766e",
    checkbox_border_color_selected_dark="#0d9488",
    body_text_color="*neutral_800",
    body_text_color_dark="*neutral_100",
    body_text_color_subdued="*neutral_500",
    body_text_color_subdued_dark="*neutral_400",
)


SCRIPTS = ("light_or_dark.js", "brought.js", "keyboard.js", "rows.js")
# Gradio confines the style sheet to what is inside of these elements. The prompt box sticks to the window's edge on a
# phone, so nothing around it may be a scroll container.
OUTERMOST = """<style>
.gradio-container { overflow: clip !important; }
.main.fillable { max-width: 1560px !important; margin: 0 auto; }
@media (max-width: 760px) { .main.fillable { padding: 12px !important; } }
</style>"""


def style() -> str:
    """The page's own style sheet."""
    return _read("style.css")


def head() -> str:
    """What the page's head holds besides: the page's own scripts, and what styles its frame."""
    return f"{OUTERMOST}<script>{''.join(map(_read, SCRIPTS))}</script>"


def script(name: str) -> str:
    """A script of the page's own that one component runs when it is loaded."""
    return _read(name)


def _read(name: str) -> str:
    return resources.files(__package__ or __name__).joinpath(name).read_text("utf-8")
