"""An OpenID provider of the tests' own, on loopback, whose every answer can be bent.

It does what the standards say, and checks its client as they say (code once, PKCE, redirect URI, secret), until a test
replaces an answer: another nonce, another issuer, somebody else's code, HTML, nothing for a long time.
"""

import json
import secrets
import threading
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from time import time
from typing import Any, Self
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

import httpx2

from gatepost.core.federation.domain import challenge_of
from gatepost.crypto import jwt
from gatepost.crypto.jwk import generate_key, load_key

CLIENT, SECRET = "gatepost", "the secret: of + a client"
ADA: dict[str, Any] = {
    "sub": "ada-upstream",
    "email": "ada@example.com",
    "email_verified": True,
    "name": "Ada Lovelace",
    "preferred_username": "ada",
}
Fields = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def json(cls, content: object, status: int = 200) -> Self:
        return cls(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that came."""

    path: str
    fields: Fields
    headers: Mapping[str, str]


class Upstream:
    """The provider; `with` starts and stops it."""

    def __init__(self) -> None:
        self.key = load_key(generate_key("ES256"))
        self.person = dict(ADA)
        self.replies: dict[str, Callable[[Fields], Reply]] = {}
        self.id_token: Callable[[dict[str, Any]], dict[str, Any]] = lambda claims: claims
        self.id_token_key = self.key
        self.metadata: dict[str, Any] = {}
        self.moved: dict[str, str] = {}
        self.response: dict[str, str | None] = {}
        self.tokens: dict[str, Any] = {}
        self.asked: list[Asked] = []
        self._codes: dict[str, Fields] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def settings(self, **more: object) -> dict[str, Any]:
        """Return this provider as settings name one."""
        return {"issuer": self.issuer, "client_id": CLIENT, "client_secret": SECRET, **more}

    def count(self, path: str) -> int:
        """Return how often it was asked there."""
        return sum(asked.path == path for asked in self.asked)

    async def sign_in(self, location: str) -> httpx2.Response:
        """Do what a browser does that was sent here, and return the answer, which is a redirect or a form."""
        async with httpx2.AsyncClient() as browser:
            return await browser.get(location)

    async def answer(self, location: str) -> str:
        """Return the callback's address, with its query, to which a browser that was sent here is sent back."""
        response = await self.sign_in(location)
        assert response.status_code == 303, response.text
        return str(response.headers["location"])

    # --- what it answers

    def reply(self, path: str, fields: Fields, headers: Mapping[str, str]) -> Reply:
        if path in self.replies:
            return self.replies[path](fields)
        answers: dict[str, Callable[[], Reply]] = {
            "/.well-known/openid-configuration": self._metadata,
            "/jwks": lambda: Reply.json({"keys": [self.key.public_jwk()]}),
            "/authorize": lambda: self._authorize(fields),
            "/token": lambda: self._token(fields, headers),
            "/userinfo": lambda: Reply.json(self.person),
        }
        there = self.moved.get(path, path)
        return answers[there]() if there in answers else Reply(404)

    def _metadata(self) -> Reply:
        places = {
            "authorization_endpoint": "/authorize",
            "token_endpoint": "/token",
            "jwks_uri": "/jwks",
            "userinfo_endpoint": "/userinfo",
        }
        said = {name: self.issuer + path for name, path in places.items()}
        return Reply.json({"issuer": self.issuer, **said, **self.metadata})

    def _authorize(self, fields: Fields) -> Reply:
        code = secrets.token_urlsafe(24)
        self._codes[code] = fields
        said = {"code": code, "state": fields["state"], "iss": self.issuer, **self.response}
        present = {name: value for name, value in said.items() if value is not None}
        if fields.get("response_mode") == "form_post":
            inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in present.items())
            action = fields["redirect_uri"]
            page = f'<form method="post" action="{action}">{inputs}</form><script>document.forms[0].submit()</script>'
            return Reply(200, page.encode(), {"Content-Type": "text/html"})
        return Reply(303, headers={"Location": f"{fields['redirect_uri']}?{urlencode(present)}"})

    def _token(self, fields: Fields, headers: Mapping[str, str]) -> Reply:
        if not self._is_client(fields, headers):
            return Reply.json({"error": "invalid_client"}, 401)
        begun = self._codes.pop(fields.get("code", ""), None)
        is_right = begun is not None and (
            fields.get("redirect_uri") == begun["redirect_uri"]
            and challenge_of(fields.get("code_verifier", "")) == begun["code_challenge"]
        )
        if begun is None or not is_right:
            return Reply.json({"error": "invalid_grant"}, 400)
        now = int(time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": begun.get("nonce")}
        id_token = jwt.sign(self.id_token({**self.person, **claims}), self.id_token_key, typ="JWT")
        said = {"access_token": "upstream-access-token", "token_type": "Bearer", "expires_in": 3600}
        return Reply.json({**said, "id_token": id_token, **self.tokens})

    def _is_client(self, fields: Fields, headers: Mapping[str, str]) -> bool:
        scheme, _, credentials = headers.get("Authorization", "").partition(" ")
        if scheme == "Basic":
            name, _, secret = b64decode(credentials).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        return (fields.get("client_id"), fields.get("client_secret")) == (CLIENT, SECRET)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                fields, headers = dict(parse_qsl(url.query) + parse_qsl(body)), dict(self.headers.items())
                upstream.asked.append(Asked(url.path, fields, headers))
                reply = upstream.reply(url.path, fields, headers)
                self.send_response(reply.status)
                for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = _answer  # noqa: N815 - as the library names them

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler
