"""How each product signs a user up and in: the same two steps in three dialects, over HTTP or into an ASGI app."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.harness.client import Answer, parse_json

ITEM = "/item"
PASSWORD = "seventeen odd kites over Uppsala"
FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}

Send = Callable[[str, str, Mapping[str, str], bytes], Awaitable[Answer]]
Headers = dict[str, str]


@dataclass(frozen=True)
class Dialect:
    """Where a product takes a registration (JSON) and the password grant (form)."""

    register: str
    token: str


DIALECTS = {
    "gatepost": Dialect("/auth/register", "/auth/token"),
    "fastapi_users": Dialect("/auth/register", "/auth/jwt/login"),
    "tutorial": Dialect("/register", "/token"),
}


def email(user: int) -> str:
    """Return the address of the user of that number."""
    return f"bench{user}@example.com"


async def register(send: Send, dialect: str, user: int) -> None:
    """Create one user."""
    body = json.dumps({"email": email(user), "password": PASSWORD}).encode()
    expect(await send("POST", DIALECTS[dialect].register, JSON, body), 200, 201, 202)


def sign_in_form(user: int) -> bytes:
    """Return the body of a password grant, which all three products take."""
    return urlencode({"grant_type": "password", "username": email(user), "password": PASSWORD}).encode()


async def tokens(send: Send, dialect: str, user: int) -> dict[str, str]:
    """Sign in by the password grant and return the answer's fields."""
    answer = expect(await send("POST", DIALECTS[dialect].token, FORM, sign_in_form(user)), 200)
    fields: dict[str, str] = parse_json(answer)
    return fields


async def credentials(send: Send, dialect: str, kind: str, user: int) -> Headers:
    """Return the headers that prove who calls: `bearer`, `cookie`, `key`, or `dummy` of the size of a real bearer."""
    if kind == "dummy":
        return {"authorization": "Bearer " + "x" * 600}
    if kind == "bearer":
        return {"authorization": "Bearer " + (await tokens(send, dialect, user))["access_token"]}
    if kind == "key":
        signed_in = await credentials(send, dialect, "bearer", user)
        answer = expect(await send("POST", "/auth/api-keys", {**JSON, **signed_in}, b'{"name": "benchmark"}'), 201)
        return {"authorization": "Bearer " + json.loads(answer.body)["key"]}
    body = json.dumps({"identifier": email(user), "password": PASSWORD}).encode()
    answer = expect(await send("POST", "/auth/login", JSON, body), 200)
    lines = answer.head.decode("latin-1").split("\r\n")
    pairs = [line[12:].partition(";")[0] for line in lines if line.lower().startswith("set-cookie: ")]
    return {"cookie": "; ".join(pairs)}


async def check(send: Send, kind: str, headers: Headers) -> None:
    """Raise unless the route answers to these headers, and to none of them with 401 where it is protected."""
    expect(await send("GET", ITEM, headers, b""), 200)
    expect(await send("GET", ITEM, {}, b""), 200 if kind == "dummy" else 401)


def expect(answer: Answer, *statuses: int) -> Answer:
    """Return the answer, or raise with what it says where it is not one of these."""
    if answer.status not in statuses:
        raise ValueError(f"answer {answer.status}, not {statuses}: {answer.body[:300]!r}")
    return answer
