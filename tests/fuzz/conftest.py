"""A real server in a thread of its own: what fuzzes it is synchronous, and a Gatepost lives on one event loop."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI

from gatepost import Gatepost, Settings
from tests.backends import NO_CERTIFICATES
from tests.threats.lab import PASSWORD, Card, application, settings

EMAIL, ADMIN = "fuzzed@example.com", "administrator@example.com"


@dataclass(frozen=True, slots=True)
class Target:
    """A running server."""

    url: str

    def client(self) -> httpx2.Client:
        """Return a client without cookies of its own."""
        return httpx2.Client(base_url=self.url, verify=NO_CERTIFICATES)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """The application under fuzz, with a user and an administrator."""
    house = settings(tmp_path_factory.mktemp("fuzz"), public_url="http://localhost:8000")
    asyncio.run(_settle(house))
    gate = Gatepost(house, profile=Card)
    app: FastAPI = application(gate)
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, proxy_headers=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline and thread.is_alive():
        time.sleep(0.01)
    found = Target(f"http://127.0.0.1:{listening.getsockname()[1]}")
    yield found
    server.should_exit = True
    thread.join(20)
    listening.close()


async def _settle(house: Settings) -> None:
    gate = Gatepost(house, profile=Card)
    async with gate.lifespan(is_serving=False):
        await gate.create_user(email=EMAIL, password=PASSWORD)
        await gate.create_user(email=ADMIN, password=PASSWORD, roles=["admin"])


def _token(client: httpx2.Client, email: str) -> dict[str, str]:
    form = {"grant_type": "password", "username": email, "password": PASSWORD}
    answer = client.post("/auth/token", data=form)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def _bearer(client: httpx2.Client) -> dict[str, str]:
    return _token(client, EMAIL)


def _administrator(client: httpx2.Client) -> dict[str, str]:
    return _token(client, ADMIN)


def _key(client: httpx2.Client) -> dict[str, str]:
    """Present an API key of the administrator, whose other keys would come to be too many."""
    owner = _administrator(client)
    for key in client.get("/auth/api-keys", headers=owner).json()["items"]:
        client.delete(f"/auth/api-keys/{key['id']}", headers=owner)
    answer = client.post("/auth/api-keys", headers=owner, json={"name": "fuzz"})
    return {"Authorization": f"Bearer {answer.json()['key']}"}


def _cookie(client: httpx2.Client) -> dict[str, str]:
    answer = client.post("/auth/login", json={"identifier": EMAIL, "password": PASSWORD})
    return {"Cookie": f"gatepost={answer.cookies['gatepost']}"}


class Caller:
    """Who sends the requests; signs up and in again where a request ended the session or the account."""

    def __init__(self, target: Target, sign_in: Callable[[httpx2.Client], dict[str, str]] | None) -> None:
        self._target = target
        self._sign_in = sign_in
        self._headers: dict[str, str] = {}

    def headers(self) -> dict[str, str]:
        """Return headers of a caller who is signed in now."""
        if self._sign_in is None:
            return {}
        with self._target.client() as client:
            if not self._headers or client.get("/auth/me", headers=self._headers).status_code != 200:
                client.post("/auth/register", json={"email": EMAIL, "password": PASSWORD})
                self._headers = self._sign_in(client)
        return self._headers


SIGN_INS = {"anonymous": None, "bearer": _bearer, "cookie": _cookie, "administrator": _administrator, "API key": _key}


@pytest.fixture(scope="module", params=list(SIGN_INS))
def caller(request: pytest.FixtureRequest, target: Target) -> Caller:
    """Nobody, a token client, a browser, who administers, a program of theirs."""
    return Caller(target, SIGN_INS[request.param])
