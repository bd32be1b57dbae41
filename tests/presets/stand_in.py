"""One provider on loopback: a small HTTP server, the two endpoints of OAuth 2.0, and a person who always consents.

What a provider answers is a method that its stand-in replaces (`stand_ins.py`); what a test puts into `instead` is
answered in place of it.
"""

import asyncio
import base64
import hashlib
import html
import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import httpx2

CLIENT_ID, CLIENT_SECRET = "the-client", "the-secret-of-the-client"
_S = TypeVar("_S", bound="StandIn")


@dataclass
class Request:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str]


@dataclass
class Reply:
    """What is answered: JSON unless the body is text or bytes."""

    status: int
    body: Any
    content_type: str = "application/json; charset=utf-8"
    headers: dict[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        body = self.body if isinstance(self.body, bytes | str) else json.dumps(self.body)
        raw = body.encode() if isinstance(body, str) else body
        head = {"content-type": self.content_type, "content-length": str(len(raw)), "connection": "close"}
        lines = "".join(f"{name}: {value}\r\n" for name, value in {**head, **self.headers}.items())
        return f"HTTP/1.1 {self.status} x\r\n{lines}\r\n".encode() + raw


@dataclass
class Grant:
    """What one code stands for."""

    redirect_uri: str
    scope: str
    challenge: str | None
    nonce: str | None


@dataclass
class Arrival:
    """How the browser comes back: by a redirect, or by a form that a page of the provider posts."""

    url: str
    form: dict[str, str] | None = None

    async def deliver(self, browser: httpx2.AsyncClient) -> httpx2.Response:
        """Go there. A form comes from another site, so that the browser sends no cookie of `SameSite=Lax` with it."""
        if self.form is None:
            return await browser.get(self.url)
        async with httpx2.AsyncClient(transport=browser._transport) as without_cookies:
            posted = await without_cookies.post(self.url, data=self.form)
        if posted.status_code != 303:
            return posted
        return await browser.get(posted.headers["location"])


class StandIn(ABC):
    """A provider of OAuth 2.0."""

    name: ClassVar[str]
    authorize_path: ClassVar[str]
    token_path: ClassVar[str]
    checks_pkce: ClassVar[bool] = True

    def __init__(self) -> None:
        self.url = ""
        self.person: dict[str, Any] = {}
        self.instead: dict[str, Reply] = {}
        self.got: list[Request] = []
        self.knows_nobody = False
        self.codes: dict[str, Grant] = {}
        self.access_tokens: set[str] = set()

    def settings(self) -> dict[str, Any]:
        """Return what a Gatepost has to know of it."""
        return {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "base_url": self.url}

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        return {self.authorize_path: self.authorize, self.token_path: self.token}

    def authorize(self, request: Request) -> Reply:
        """Consent at once (RFC 6749, section 4.1.2)."""
        asked = request.query
        assert asked["response_type"] == "code", asked
        assert asked["client_id"] == CLIENT_ID, asked
        assert asked["code_challenge_method"] == "S256", asked
        code = secrets.token_urlsafe(16)
        self.codes[code] = Grant(asked["redirect_uri"], asked["scope"], asked.get("code_challenge"), asked.get("nonce"))
        return self.answer_browser(asked, {"code": code, "state": asked["state"], **self.said_with_code()})

    def answer_browser(self, asked: dict[str, str], answer: dict[str, str]) -> Reply:
        assert "response_mode" not in asked
        return Reply(302, "", headers={"location": f"{asked['redirect_uri']}?{urlencode(answer)}"})

    def said_with_code(self) -> dict[str, str]:
        return {}

    def token(self, request: Request) -> Reply:
        """Exchange a code once (RFC 6749, section 4.1.3; RFC 7636, section 4.6)."""
        if not self._knows_client(request):
            return self.unknown_client()
        grant = self.codes.pop(request.form.get("code", ""), None)
        if grant is None or grant.redirect_uri != request.form.get("redirect_uri"):
            return self.bad_code()
        digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
        if self.checks_pkce and base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != grant.challenge:
            return self.bad_code()
        access_token = secrets.token_urlsafe(16)
        self.access_tokens.add(access_token)
        return self.tokens(access_token, grant)

    def _knows_client(self, request: Request) -> bool:
        return not self.knows_nobody and self.knows_client(request)

    def knows_client(self, request: Request) -> bool:
        return (request.form.get("client_id"), request.form.get("client_secret")) == (CLIENT_ID, CLIENT_SECRET)

    def unknown_client(self) -> Reply:
        return Reply(401, {"error": "invalid_client"})

    def bad_code(self) -> Reply:
        return Reply(400, {"error": "invalid_grant"})

    @abstractmethod
    def tokens(self, access_token: str, grant: Grant) -> Reply:
        """Return what the token endpoint answers with."""

    def is_bearer(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and token in self.access_tokens

    async def consent(self, location: str) -> Arrival:
        """Do what a browser does with the redirect to the provider, up to its way back."""
        async with httpx2.AsyncClient() as browser:
            response = await browser.get(location)
        if response.status_code == 302:
            return Arrival(response.headers["location"])
        action = re.search(r'action="([^"]+)"', response.text)
        assert action is not None, response.text
        fields = re.findall(r'name="([^"]+)" value="([^"]*)"', response.text)
        return Arrival(html.unescape(action[1]), {name: html.unescape(value) for name, value in fields})

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
            headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            method, target, _ = head[0].split(" ")
            parts = urlsplit(target)
            form = dict(parse_qsl(body.decode())) if "form-urlencoded" in headers.get("content-type", "") else {}
            request = Request(method, parts.path, dict(parse_qsl(parts.query)), headers, form)
            self.got.append(request)
            writer.write((self.instead.get(parts.path) or self._answer(request)).wire())
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _answer(self, request: Request) -> Reply:
        found = self.paths().get(request.path)
        return Reply(404, {"message": "Not Found"}) if found is None else found(request)


def is_basic(request: Request) -> bool:
    """Whether the client proves itself by HTTP Basic (RFC 6749, section 2.3.1)."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme != "Basic":
        return False
    client_id, _, secret = base64.b64decode(given).decode().partition(":")
    return (unquote(client_id), unquote(secret)) == (CLIENT_ID, CLIENT_SECRET)


@asynccontextmanager
async def standing_in(provider: type[_S]) -> AsyncIterator[_S]:
    """Run a stand-in on a free port of this machine."""
    it = provider()
    server = await asyncio.start_server(it.handle, "127.0.0.1", 0)
    it.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield it
    finally:
        server.close()
