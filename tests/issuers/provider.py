"""A certified OpenID provider as a process on loopback, and how a person signs in there without a browser.

The provider is `oidc_provider/server.mjs`. Its address is of the site `localhost`, so that to an application on
127.0.0.1 it is another site, as in life.
"""

import shutil
import signal
from pathlib import Path
from typing import Any, Self
from urllib.parse import urljoin

import httpx2

from tests.backends import NO_CERTIFICATES, Server, is_answered

FOLDER = Path(__file__).parent / "oidc_provider"
CURE = "install Node 20, then `make tests/issuers/oidc_provider/node_modules/.installed`"
ADA: dict[str, Any] = {
    "sub": "ada-upstream",
    "email": "ada@example.com",
    "email_verified": True,
    "name": "Ada Lovelace",
    "preferred_username": "ada",
}


def node_program() -> Path | None:
    """Find Node, where the provider's packages are installed too."""
    found = shutil.which("node")
    return Path(found) if found and (FOLDER / "node_modules" / "oidc-provider").is_dir() else None


def client(
    client_id: str, *redirect_uris: str, authentication: str = "client_secret_basic", **more: object
) -> dict[str, Any]:
    """Return a client as the provider knows it (OpenID Connect Dynamic Client Registration 1.0, 2).

    Args:
        client_id: Its name; the secret is `secret-of-` and the name.
        redirect_uris: Where codes may go.
        authentication: `client_secret_basic`, `client_secret_post`, or `none` for a public client.
        more: Further metadata, `backchannel_logout_uri` for example.
    """
    secret = {} if authentication == "none" else {"client_secret": secret_of(client_id)}
    return {
        "client_id": client_id,
        "redirect_uris": list(redirect_uris),
        "token_endpoint_auth_method": authentication,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        **secret,
        **more,
    }


def secret_of(client_id: str) -> str:
    return f"secret-of-{client_id}"


class OidcProvider(Server):
    """What listens; `stop` and `start` lose its sessions and tokens, and keep keys, clients and accounts."""

    def __init__(self, node: Path, port: int | None = None) -> None:
        super().__init__("pid")
        self.port = port or self.port
        self._node = node
        self.issuer = f"http://localhost:{self.port}"
        self.start()

    def command(self) -> list[str]:
        return [str(self._node), str(FOLDER / "server.mjs"), str(self.port)]

    def answers(self) -> bool:
        return is_answered(f"{self.issuer}/.well-known/openid-configuration")

    def change(self, **changes: object) -> Self:
        """Replace `clients`, `accounts`, or `resources`: by address, its `scope`, `format` and `alg`."""
        self._control("change", changes)
        return self

    def reset(self) -> None:
        """Forget everything but the keys."""
        self._control("reset", {})

    def rotate(self, alg: str = "RS256", *, keep: bool = True) -> str:
        """Sign with a new key from now on, and return its `kid`; the old ones stay in the JWKS, or not."""
        kid: str = self._control("rotate", {"alg": alg, "keep": keep})["kid"]
        return kid

    def end_sessions(self, sub: str) -> list[str]:
        """End each session of somebody; return `told`, or what went wrong, for each client that wants logout tokens."""
        told: list[str] = self._control("end-sessions", {"sub": sub})
        return told

    def requests(self, request: str) -> int:
        """Return how often it was asked, for example `GET /jwks`, since the last reset."""
        counts: dict[str, int] = self._control("counts", {})
        return counts.get(request, 0)

    def pause(self) -> None:
        """Take connections and answer nothing, until it is resumed."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        self.resume()  # what is paused does not end
        super().stop()

    def browser(self) -> httpx2.AsyncClient:
        """Return a client with a cookie jar of its own, which follows no redirect by itself."""
        return httpx2.AsyncClient(timeout=30, verify=NO_CERTIFICATES)

    async def sign_in(self, person: httpx2.AsyncClient, authorization_url: str, account: str | None = None) -> str:
        """Do what somebody does here, and return the address that the provider sends them to in the end.

        Args:
            person: Their browser.
            authorization_url: Where the application sent them.
            account: Who they say they are when they are asked; None presses Cancel.
        """
        url = authorization_url
        while url.startswith(self.issuer):
            response = await person.get(url)
            if response.status_code == 200 and "/interaction/" in url:
                choice = {"cancel": "yes"} if account is None else {"account": account}
                response = await person.post(url, data=choice)
            assert response.is_redirect, response.text
            url = urljoin(url, response.headers["location"])
        return url

    def _control(self, action: str, order: dict[str, Any]) -> Any:  # noqa: ANN401 - each answers something else
        response = httpx2.post(f"{self.issuer}/control/{action}", json=order, timeout=30, verify=NO_CERTIFICATES)
        assert response.status_code == 200, response.text
        return response.json()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
