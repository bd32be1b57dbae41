"""A certified OpenID provider tells a server of ours that somebody has signed out there."""

import asyncio
import json

import httpx2
import pytest

from tests.harness import served
from tests.issuers.provider import ADA, OidcProvider, client, secret_of
from tests.social.visit import path_of

pytestmark = pytest.mark.anyio


async def test_signing_out_there_signs_out_here_in_both_processes(sqlite_url: str, oidc_provider: OidcProvider) -> None:
    providers = {
        "idp": {"issuer": oidc_provider.issuer, "client_id": "us", "client_secret": secret_of("us"), "label": "IdP"}
    }
    changes = {"providers": json.dumps(providers), "outbound_dangerously_reaches_loopback": "true"}
    with served(sqlite_url, 2, public_url="http://localhost:8000", **changes) as (one, two):
        oidc_provider.change(
            clients=[
                client(
                    "us",
                    "http://localhost:8000/auth/callback/idp",
                    backchannel_logout_uri=f"{one.url}/auth/backchannel-logout/idp",
                    backchannel_logout_session_required=True,
                )
            ],
            accounts=[ADA],
        )
        async with one.client() as browser, two.client() as elsewhere, oidc_provider.browser() as there:
            begun = await browser.get("/auth/login/idp", params={"return_to": "/"})
            assert begun.status_code == 303, begun.text + one.log()
            back = await oidc_provider.sign_in(there, begun.headers["location"], ADA["sub"])
            answer = await browser.get(path_of(back))
            assert answer.status_code == 303, answer.text + one.log()
            assert answer.headers["location"] == "/"
            elsewhere.cookies.update(dict(browser.cookies))
            for process in (browser, elsewhere):
                me = await process.get("/auth/me")
                assert me.json()["email"] == ADA["email"]

            assert oidc_provider.end_sessions(ADA["sub"]) == ["told"]

            async def status(process: httpx2.AsyncClient) -> int:
                return (await process.get("/auth/me")).status_code

            assert set(await asyncio.gather(status(browser), status(elsewhere))) == {401}
