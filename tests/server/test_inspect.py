"""`gatepost token inspect`: what a token says, offline, and why this server would or would not accept it."""

from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from gatepost.crypto import jwt
from gatepost.kernel.api_keys import mint_api_key
from tests.harness import EMAIL, bearer, running
from tests.server.terminal import PRODUCTION, Terminal

LIFETIME = 900


async def inspected(terminal: Terminal, token: str) -> tuple[int, str]:
    """Return the exit code and the last line."""
    result = await to_thread.run_sync(lambda: terminal("token", "inspect", stdin=f"{token}\n"))
    return result.exit_code, result.stdout.splitlines()[-1]


def contents(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def tokens_of(url: str) -> dict[str, Any]:
    async with running(url) as house:
        return await house.enrolled()


@pytest.mark.anyio
async def test_a_good_token_is_shown_with_times_in_words_and_accepted(terminal: Terminal, sqlite_url: str) -> None:
    token = (await tokens_of(sqlite_url))["access_token"]
    said = await terminal.aside("token", "inspect", stdin=f"Bearer {token}\n")
    header, claims = jwt.inspect(token)
    assert f'kid  "{header["kid"]}"' in said
    assert f'sub        "{claims["sub"]}"' in said
    assert f"exp        {claims['exp']}  (20" in said
    assert " UTC, in 14 minutes" in said
    assert said.splitlines()[-1] == f"accepted: for the user {claims['sub']}, session {claims['sid']}"
    assert token not in said


@pytest.mark.anyio
async def test_what_is_refused_is_refused_with_its_reason(terminal: Terminal, sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        tokens = await house.enrolled()
        key = house.core.keyring.signer()
        other = await house.signed_in()
        await house.logout(other["access_token"])
    token = tokens["access_token"]
    _, claims = jwt.inspect(token)
    stranger = jwt.load_key(jwt.generate_key("ES256"))
    pretender = jwt.TokenKey(key.kid, stranger.algorithm, stranger._key, stranger._primitive)
    past = {"iat": claims["iat"] - 2 * LIFETIME, "exp": claims["exp"] - 2 * LIFETIME}
    expected = {
        jwt.sign({**claims, **past}, key): "it has expired",
        jwt.sign({**claims, "iat": claims["exp"], "exp": claims["exp"] + 1}, key): "it is not valid yet",
        jwt.sign(claims, stranger): "no key of this server has its kid",
        jwt.sign(claims, pretender): "its signature is wrong",
        jwt.sign(claims, key, typ="JWT"): "it is no access token",
        jwt.sign(
            {**claims, "iss": "https://elsewhere.test"}, key
        ): "its issuer is not this server, http://localhost:8000",
        jwt.sign({**claims, "aud": "other"}, key): "it is for somebody else, the audience here is",
        jwt.sign({name: value for name, value in claims.items() if name != "sid"}, key): "a claim that is needed",
        other["access_token"]: "its session was ended",
    }
    for bad, reason in expected.items():
        code, said = await inspected(terminal, bad)
        assert (code, said.startswith(f"refused: {reason}")) == (1, True), said


@pytest.mark.anyio
async def test_a_token_from_before_something_is_refused_for_it(terminal: Terminal, sqlite_url: str) -> None:
    token = (await tokens_of(sqlite_url))["access_token"]
    await terminal.aside("users", "disable", EMAIL)
    assert (await inspected(terminal, token))[1].startswith("refused: its user was signed out since")
    await terminal.aside("db", "restored")
    assert (await inspected(terminal, token))[1].startswith("refused: everybody was signed out since")
    await terminal.aside("keys", "rotate", "--immediately")
    assert (await inspected(terminal, token))[1] == "refused: its key was removed"


@pytest.mark.anyio
async def test_refresh_tokens_and_cookies_are_understood_too(terminal: Terminal, sqlite_url: str) -> None:
    async with running(sqlite_url) as house:
        first = await house.enrolled()
        second = (await house.refresh(first["refresh_token"])).json()
        cookie = (await house.login()).cookies[house.gate.web.session_cookie]
    assert (await inspected(terminal, second["refresh_token"]))[0] == 0
    assert (await inspected(terminal, cookie))[1].startswith("accepted: for the user")
    assert await inspected(terminal, first["refresh_token"]) == (
        1,
        "refused: it is spent: the session is at generation 1",
    )
    stranger = terminal.with_settings(
        secret="the-secret-of-another-0123456789", secret_previous=terminal.settings["secret"]
    )
    assert (await inspected(stranger, cookie))[0] == 0
    await terminal.aside("db", "restored")
    assert await inspected(terminal, cookie) == (1, "refused: its session is over")


@pytest.mark.anyio
async def test_without_a_database_it_is_shown_all_the_same_and_nothing_is_made(
    terminal: Terminal, sqlite_url: str, folder: Path
) -> None:
    token = (await tokens_of(sqlite_url))["access_token"]
    before = contents(folder)
    away = terminal.with_settings(database_url="sqlite:///away.db", secret=None)
    assert await inspected(away, token) == (0, "not asked: there is no database here")
    assert contents(folder) == before
    broken = terminal.with_settings(**PRODUCTION, database_url=sqlite_url).with_settings(public_url=None)
    code, said = await inspected(broken, token)
    assert (code, said.startswith("not asked: set GATEPOST_PUBLIC_URL")) == (0, True)


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "gpr_abc", "x" * 10_000, "a.é.\x00"])
def test_what_is_no_token_is_one_sentence(terminal: Terminal, text: str) -> None:
    result = terminal("token", "inspect", stdin=text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("words", "stdin"), [(("-",), "abc"), (("abc",), "")])
def test_the_token_comes_by_standard_input_or_as_an_argument(
    terminal: Terminal, words: tuple[str, ...], stdin: str
) -> None:
    result = terminal("token", "inspect", *words, stdin=stdin)
    assert (result.exit_code, "(malformed)" in result.stderr) == (2, True)


def test_a_token_cannot_speak_to_the_terminal(terminal: Terminal) -> None:
    stranger = jwt.load_key(jwt.generate_key("ES256"))
    claims = {"sub": "\x1b]0;owned\x07", "\x1b[2J": 1, "exp": 10**17, "iat": -1, "nbf": True, "auth_time": 1.5}
    token = jwt.sign(claims, stranger)
    result = terminal("token", "inspect", stdin=token)
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\\u001b[2J" in result.stdout


@pytest.mark.anyio
async def test_an_api_key_says_whether_it_is_accepted_and_is_not_used_by_that(
    terminal: Terminal, sqlite_url: str
) -> None:
    async with running(sqlite_url) as house:
        token = (await house.enrolled())["access_token"]

        async def made(name: str, **more: object) -> tuple[str, str]:
            body = {"name": name, **more}
            answer = (await house.client.post("/auth/api-keys", json=body, headers=bearer(token))).json()
            return answer["key"], answer["id"]

        good, key_id = await made('ci "x"')
        short, _ = await made("short", expires_in=60)
        revoked, other_id = await made("revoked")
        assert (await house.client.delete(f"/auth/api-keys/{other_id}", headers=bearer(token))).is_success
        said = await terminal.aside("token", "inspect", stdin=f"Bearer {good}\n")
        assert said.splitlines()[:2] == ["API key of Gatepost", f"  begins  {good[:10]}"]
        assert said.splitlines()[-1].startswith("accepted: for the user ")
        assert f'key {key_id} "ci \\"x\\""' in said
        assert good not in said
        assert await inspected(terminal, revoked) == (1, "refused: it was revoked")
        house.rows("UPDATE gatepost_api_key SET expires_at = 1 WHERE name = 'short'")
        assert await inspected(terminal, short) == (1, "refused: it has expired")
        assert (await inspected(terminal, mint_api_key()))[1].startswith("refused: it was not made here")
        result = await to_thread.run_sync(lambda: terminal("token", "inspect", stdin=f"{good[:-1]}\n"))
        assert (result.exit_code, result.stderr) == (2, "gatepost: this is not a whole token\n")
        assert house.rows("SELECT last_used_at FROM gatepost_api_key WHERE last_used_at IS NOT NULL") == []
        await terminal.aside("users", "sign-out", EMAIL)
        assert (await inspected(terminal, good))[1] == "refused: its user was signed out everywhere since it was made"
        await terminal.aside("users", "disable", EMAIL)
        assert (await inspected(terminal, good))[1] == "refused: its user is disabled"
