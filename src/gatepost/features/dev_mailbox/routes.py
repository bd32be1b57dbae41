"""`GET /dev/mailbox`: what was mailed, for tests and newcomers. It exists in development only, behind a key."""

import hmac
import html
import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from gatepost.core.outbox.senders import newest_mails
from gatepost.feature import FeatureHost
from gatepost.kernel.errors import NotFound
from gatepost.web.guard import public
from gatepost.web.routes import route_class

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark"><title>Mailbox</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;overflow-wrap:anywhere}}
article{{border:1px solid #8885;border-radius:8px;padding:1rem;margin:1rem 0}}h2{{font-size:1rem;margin:0}}
small{{opacity:.7}}iframe{{width:100%;height:32rem;border:0}}
pre{{white-space:pre-wrap;font:inherit;margin:.75rem 0 0}}</style>
<h1>Mailbox</h1>{mails}</html>"""
_MAIL = """<article><h2>{subject}</h2><small>to {recipient}, {sent_at}</small><pre>{body}</pre>{page}</article>"""
# A sandbox without scripts, forms and our origin; a frame of `srcdoc` keeps this page's policy besides.
_HTML = """<details><summary>HTML</summary><iframe sandbox="" title="HTML" srcdoc="{html}"></iframe></details>"""
_LINK = re.compile(r"https?://(?:&amp;|[^\s<>&\"'])+")
_CSP = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(route_class=route_class(host), include_in_schema=False)

    @routes.get("/dev/mailbox")
    @public
    async def mailbox(
        request: Request,
        key: Annotated[str, Query()] = "",
        x_mailbox_key: Annotated[str, Header()] = "",
    ) -> Response:
        """The newest mails, as a page or, where `Accept` asks for it, as JSON."""
        expected = host.mailbox_key.encode()  # empty where another mailer is in use: then nothing opens it
        if not expected or not hmac.compare_digest((x_mailbox_key or key).encode(), expected):
            raise NotFound
        mails = [
            {
                "id": str(mail_id),
                "recipient": recipient,
                "subject": subject,
                "body": body,
                "sent_at": datetime.fromtimestamp(sent_at / 1000, UTC).isoformat(timespec="seconds"),
                "html": page or "",
            }
            for mail_id, recipient, subject, body, sent_at, page in await newest_mails(host.core.database)
        ]
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"items": mails})
        page = _PAGE.format(mails="".join(map(_shown, mails)) or "<p>Nothing has been mailed yet.</p>")
        headers = {"Content-Security-Policy": _CSP, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
        return HTMLResponse(page, headers=headers)

    return routes


def _shown(mail: dict[str, str]) -> str:
    """Return a mail as HTML: its text escaped, with its links, and its page in a frame where nothing runs."""
    safe = {name: html.escape(text) for name, text in mail.items()}
    safe["body"] = _LINK.sub(r'<a href="\g<0>" rel="noreferrer">\g<0></a>', safe["body"])
    return _MAIL.format(**safe, page=_HTML.format(html=safe["html"]) if safe["html"] else "")
