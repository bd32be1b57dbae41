"""The code of `docs/social.md` runs as it stands."""

import re
import threading
from functools import partial
from pathlib import Path
from typing import Any

import httpx2

from tests.harness import served
from tests.social.upstream import Upstream

PAGE = Path(__file__).parents[2] / "docs" / "social.md"


def code() -> dict[str, Any]:
    found = re.search(r"^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    module: dict[str, Any] = {"__name__": "page"}
    exec(compile(found[1], str(PAGE), "exec"), module)  # noqa: S102 - our own page
    return module


def test_a_program_signs_somebody_in_as_the_page_says(sqlite_url: str, upstream: Upstream) -> None:
    changes: dict[str, Any] = {
        "providers": {"acme": upstream.settings()},
        "outbound_dangerously_reaches_loopback": "true",
        "redirect_uris": '["http://127.0.0.1/callback"]',
        "public_url": "http://localhost:8000",
    }
    with served(sqlite_url, **changes) as (process,):
        # The port is not the public URL's: what the browser is sent back to is put right on the way.
        ours = f"http://127.0.0.1:{process.port}"
        module = code()

        module["httpx2"] = _Here(ours)
        tokens = module["sign_in"]("http://localhost:8000", "acme", partial(browse, ours))
        me = httpx2.get(f"{ours}/auth/me", headers={"Authorization": f"Bearer {tokens['access_token']}"})
        assert me.json()["email"] == "ada@example.com"


def browse(ours: str, address: str) -> None:
    """Browse, where the public address is served at another port."""

    def go() -> None:
        with httpx2.Client(timeout=30) as browser:
            url = address
            while url:
                here = url.replace("http://localhost:8000", ours)
                response = browser.get(here)
                url = response.headers.get("location", "")

    threading.Thread(target=go, daemon=True).start()


class _Here:
    """The page's client, which finds the public address at another port."""

    def __init__(self, ours: str) -> None:
        self._ours = ours

    def post(self, address: str, **more: Any) -> httpx2.Response:  # noqa: ANN401 - as the client
        return httpx2.post(address.replace("http://localhost:8000", self._ours), **more)
