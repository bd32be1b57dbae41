"""`GET /dev/mailbox`: what was mailed, for tests and newcomers. It exists in development only, behind a key."""

import hmac
import html
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
body{{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem}}
article{{border:1px solid #8885;border-radius:8px;padding:1rem;margin:1rem 0}}h2{{font-size:1rem;margin:0}}
small{{opacity:.7}}pre{{white-space:pre-wrap;font:inherit;margin:.75rem 0 0}}</style>
<h1>Mailbox</h1>{mails}</html>"""
_MAIL = "<article><h2>{subject}</h2><small>to {recipient}, {sent_at}</small><pre>{body}</pre></article>"
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
            }
            for mail_id, recipient, subject, body, sent_at in await newest_mails(host.core.database)
        ]
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"items": mails})
        shown = [_MAIL.format(**{name: html.escape(text) for name, text in mail.items()}) for mail in mails]
        page = _PAGE.format(mails="".join(shown) or "<p>Nothing has been mailed yet.</p>")
        headers = {"Content-Security-Policy": _CSP, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
        return HTMLResponse(page, headers=headers)

    return routes
