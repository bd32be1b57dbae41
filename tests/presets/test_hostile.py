"""Whatever a provider answers, the person gets a clear refusal: no failure of ours, no account, no session."""

from typing import Any

import pytest

from tests.harness import Running
from tests.presets.lab import at, begin, sign_in
from tests.presets.openid_stand_ins import OpenIdStandIn
from tests.presets.stand_in import Reply, StandIn
from tests.presets.stand_ins import STAND_INS, DiscordStandIn, GitHubStandIn, GitLabStandIn

pytestmark = pytest.mark.anyio
EVERY = pytest.mark.parametrize("kind", STAND_INS.values(), ids=STAND_INS)
OPENID = [kind for kind in STAND_INS.values() if issubclass(kind, OpenIdStandIn)]
DEEP = '{"a":' * 5000 + "1" + "}" * 5000
BAD: dict[str, Reply] = {
    "a page for people": Reply(200, "<html>Sign in to the wireless network</html>", "text/html"),
    "a page that says it is JSON": Reply(200, "<html>", "application/json"),
    "a form": Reply(200, "access_token=x&id=1", "application/x-www-form-urlencoded"),
    "nothing": Reply(200, ""),
    "null": Reply(200, "null"),
    "a list": Reply(200, [{"access_token": "x", "id": 1}]),
    "a text": Reply(200, '"access_token"'),
    "ten megabytes": Reply(200, b" " * 10_000_000 + b"{}"),
    "deep JSON": Reply(200, DEEP),
    "a member twice": Reply(200, '{"access_token":"a","access_token":"b","id":1,"id":2}'),
    "not a number": Reply(200, '{"access_token":"x","id":NaN}'),
    "bytes": Reply(200, b"\xff\xfe{}"),
    "compressed": Reply(200, b"\x1f\x8b", headers={"content-encoding": "gzip"}),
    "a redirect": Reply(302, "", headers={"location": "http://127.0.0.1:1/"}),
    "its failure": Reply(500, {"error": "server_error"}),
    "too many requests": Reply(429, {"error": "slow_down"}),
    "no JSON and 400": Reply(400, "<html>", "text/html"),
}


def assert_nobody_came(it: Running) -> None:
    for table in ("user", "identity", "session"):
        assert it.value(f"SELECT count(*) FROM gatepost_{table}") == 0


async def assert_refused(it: Running, there: StandIn) -> None:
    back = await sign_in(it.client, there)
    assert back.status_code in {400, 401, 403, 502, 503}, back.text
    assert back.json()["code"].startswith("social.")
    assert (await it.client.get("/user")).status_code == 401
    assert_nobody_came(it)


@EVERY
async def test_a_bad_answer_to_a_code_is_a_clear_refusal(kind: type[StandIn], sqlite_url: str) -> None:
    async with at(kind, sqlite_url) as (it, there):
        for reply in BAD.values():
            there.instead = {there.token_path: reply}
            await assert_refused(it, there)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (GitHubStandIn, "/api/v3/user"),
        (GitHubStandIn, "/api/v3/user/emails"),
        (DiscordStandIn, "/api/v10/users/@me"),
        (GitLabStandIn, "/oauth/userinfo"),
    ],
    ids=["github", "github-emails", "discord", "gitlab"],
)
async def test_a_bad_answer_about_a_person_is_a_clear_refusal(kind: type[StandIn], path: str, sqlite_url: str) -> None:
    async with at(kind, sqlite_url) as (it, there):
        for name, reply in BAD.items():
            if path.endswith("emails") and name in {"a list", "null"}:  # no address then, which is an answer
                continue
            there.instead = {path: reply}
            await assert_refused(it, there)


@pytest.mark.parametrize("kind", OPENID, ids=lambda kind: kind.name)
async def test_a_discovery_that_lies_or_fails_begins_nothing(kind: type[OpenIdStandIn], sqlite_url: str) -> None:
    lies: list[Any] = [{"issuer": "https://evil.test"}, {"token_endpoint": "file:///etc/passwd"}, {"jwks_uri": 1}]
    for reply in (*BAD.values(), *lies):
        async with at(kind, sqlite_url) as (it, there):
            place = "/common" * (kind.name == "microsoft") + "/v2.0" * (kind.name == "microsoft")
            metadata = {**there.metadata(), **reply} if isinstance(reply, dict) else {}
            there.instead = {
                f"{place}/.well-known/openid-configuration": reply
                if isinstance(reply, Reply)
                else Reply(200, metadata),
            }
            begun = await it.client.get(f"/auth/login/{kind.name}")
            assert begun.status_code == 503, begun.text
            assert begun.json()["code"] == "social.provider_unavailable"
            assert_nobody_came(it)


@pytest.mark.parametrize("kind", OPENID, ids=lambda kind: kind.name)
@pytest.mark.parametrize("subject", [None, "", 5, 5.5, True, -1, {"a": 1}, ["a"], "a" * 300, "a\x00b"], ids=ascii)
async def test_an_id_token_without_a_sound_subject_is_nobody(
    kind: type[OpenIdStandIn], subject: object, sqlite_url: str
) -> None:
    async with at(kind, sqlite_url) as (it, there):
        there.person["sub"] = subject
        await assert_refused(it, there)


@pytest.mark.parametrize("kind", OPENID, ids=lambda kind: kind.name)
@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another-client"},
        {"iss": "https://evil.test"},
        {"exp": 1},
        {"iat": None},
        {"azp": "another-client"},
        {"at_hash": "AAAA"},
    ],
    ids="-".join,
)
async def test_an_id_token_that_is_not_for_this_request_is_refused(
    kind: type[OpenIdStandIn], claims: dict[str, Any], sqlite_url: str
) -> None:
    async with at(kind, sqlite_url) as (it, there):
        there.claims = claims
        await assert_refused(it, there)


@pytest.mark.parametrize("value", [None, "583231", 583231.5, True, -5, 2**70, {"id": 1}, [1]], ids=ascii)
async def test_a_github_account_without_a_number_is_nobody(value: object, sqlite_url: str) -> None:
    async with at(GitHubStandIn, sqlite_url) as (it, there):
        there.person["id"] = value
        await assert_refused(it, there)


@pytest.mark.parametrize("value", [None, 80351110224678912, True, -5, "", "x", "9" * 30, {"id": "1"}], ids=ascii)
async def test_a_discord_account_without_a_snowflake_is_nobody(value: object, sqlite_url: str) -> None:
    async with at(DiscordStandIn, sqlite_url) as (it, there):
        there.person["id"] = value
        await assert_refused(it, there)


async def test_a_github_account_without_a_primary_address_has_none_here(sqlite_url: str) -> None:
    async with at(GitHubStandIn, sqlite_url) as (it, there):
        there.emails = []
        assert (await sign_in(it.client, there)).status_code == 303
        assert it.rows("SELECT email FROM gatepost_user") == [(None,)]


@EVERY
async def test_a_client_that_the_provider_does_not_know_is_not_the_persons_fault(
    kind: type[StandIn], sqlite_url: str
) -> None:
    async with at(kind, sqlite_url) as (it, there):
        there.knows_nobody = True
        await assert_refused(it, there)


@EVERY
async def test_a_code_that_the_provider_does_not_know_is_refused(kind: type[StandIn], sqlite_url: str) -> None:
    async with at(kind, sqlite_url) as (it, there):
        arrival = await there.consent(await begin(it.client, kind.name))
        there.codes.clear()
        back = await arrival.deliver(it.client)
        assert (back.status_code, back.json()["code"][:7]) == (400, "social.")
        assert_nobody_came(it)
