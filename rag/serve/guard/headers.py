"""The headers that reach Gradio, and those that reach a browser."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from importlib.resources import files

from starlette.types import Message, Scope, Send

# Gradio believes the first three for its own address, and answers some values of the last with the request's own
# headers, cookies among them.
_NOT_PASSED_ON = {b"x-forwarded-host", b"x-gradio-server", b"x-forwarded-prefix", b"range"}

# The page needs nothing from elsewhere, and must not fetch anything an article might name. Gradio's own scripts
# and styles are partly inline and compile templates, hence the two 'unsafe' words.
PAGE = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; media-src 'self' blob:; connect-src 'self'; "
    "worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_SHEETS = ("ui", "tokens.css"), ("article_page.css",)
FILE = "default-src 'none'; sandbox"  # a file that was uploaded or exported is shown as no page of ours


@functools.cache
def article_style() -> str:
    """The style sheet of `rag.serve.article_page`, which stands in that page, in the colours of `rag.serve.ui`."""
    tokens, its = (files("rag.serve").joinpath(*where).read_text("utf-8") for where in _SHEETS)
    # The page has a class for the dark look; without scripts the browser's own wish tells it.
    return tokens.replace(".dark {", "@media (prefers-color-scheme: dark) { :root {") + "}\n" + its


@functools.cache
def article_policy() -> str:
    """What a browser lets that page do: its own style, and nothing else."""
    style = base64.b64encode(hashlib.sha256(article_style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def passed_on(scope: Scope) -> Scope:
    """The request without headers that make Gradio say what it should not."""
    return {**scope, "headers": [(name, value) for name, value in scope["headers"] if name not in _NOT_PASSED_ON]}


def protected(send: Send, policy: str, referrer: str = "no-referrer") -> Send:
    """Answers with a policy for the browser, that no other site can read, and whose cookies other sites do not send."""
    ours = [
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", referrer.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name.lower(), value) for name, value in message.get("headers", [])]
            kept = [
                (name, re.sub(rb"(?i);\s*samesite=none", b"; SameSite=Lax", value) if name == b"set-cookie" else value)
                for name, value in kept
                if name not in dict(ours) and not name.startswith(b"access-control-")
            ]
            message["headers"] = [*kept, *ours]
        await send(message)

    return sent
