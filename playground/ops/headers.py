"""The headers that tell a browser what this page never does. Plain ASGI middleware; knows no route but /docs."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HUGGING_FACE = "https://huggingface.co https://*.hf.space"
# Gradio builds its page with scripts and styles of its own in the document, and runs small functions from text.
# So what holds an injected tag back is the sanitiser; the policy sees to it that nothing is sent or loaded.
POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
# FastAPI's own page of documentation fetches its viewer; nothing of a model or a reader is shown there.
DOCS = ("/docs", "/redoc")
VIEWER = "https://cdn.jsdelivr.net"
VIEWERS_POLICY = {
    **POLICY,
    "script-src": f"'self' 'unsafe-inline' {VIEWER}",
    "style-src": f"'self' 'unsafe-inline' {VIEWER}",
    "img-src": "'self' data: https://fastapi.tiangolo.com",
}


def policy(path: str, ancestors: str) -> str:
    """The Content-Security-Policy of a path."""
    rules = VIEWERS_POLICY if path.startswith(DOCS) else POLICY
    return "; ".join(f"{name} {value}" for name, value in {**rules, "frame-ancestors": ancestors}.items())


class SecurityHeaders:
    """Adds them to every answer. On a Space (`framed`) Hugging Face may show the page in its own."""

    def __init__(self, app: ASGIApp, *, framed: bool = False) -> None:
        self.app = app
        self._ancestors = f"'self' {HUGGING_FACE}" if framed else "'self'"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        added = [
            (b"content-security-policy", policy(scope["path"], self._ancestors).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            # Else a browser looks up the hosts of links before anybody clicks, and a link can carry words away.
            (b"x-dns-prefetch-control", b"off"),
            (b"cross-origin-resource-policy", b"same-site"),
            (b"permissions-policy", b"camera=(), microphone=(), geolocation=(), payment=()"),
        ]

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in added}
                kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in names]
                message = {**message, "headers": [*kept, *added]}
            await send(message)

        await self.app(scope, receive, with_headers)
