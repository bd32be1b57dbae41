"""What a browser is shown where a sign-in with a provider fails: one page, whole in itself, without a script."""

import base64
import hashlib
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from starlette.responses import HTMLResponse, Response

from gatepost.kernel.errors import AuthError
from gatepost.web.errors import headers_of


def refusal_page(error: AuthError, home: str) -> Response:
    """Return the page of a refusal: our words, our code, and nothing that came from outside."""
    style = _file("refused.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    words = {"text": escape(error.text), "code": escape(error.code), "home": escape(home), "style": style}
    headers = {
        **headers_of(error),
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "X-Robots-Tag": "noindex",
    }
    return HTMLResponse(Template(_file("refused.html")).substitute(words), error.status, headers)


@cache
def _file(name: str) -> str:
    return (files("gatepost.features.social") / "static" / name).read_text("utf-8")
