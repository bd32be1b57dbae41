"""Somebody signs in at each provider, in the shapes of the real one, and somebody else does not."""

import pytest

from tests.presets.lab import at, sign_in
from tests.presets.stand_in import StandIn
from tests.presets.stand_ins import STAND_INS, AppleStandIn

pytestmark = pytest.mark.anyio
EVERY = pytest.mark.parametrize("kind", STAND_INS.values(), ids=STAND_INS)
# Whose subject, address and name there are what a user of ours gets.
WHO = {
    "apple": ("001234.5b3a3bdf9c0b4f049c1471cae1cd1d8d.0001", "dpdcnf87nu@privaterelay.appleid.com", "Ada Lovelace"),
    "discord": ("80351110224678912", "nelly@house.test", "Nelly"),
    "github": ("583231", "mona@house.test", "Mona"),
    "gitlab": ("42", "ada@house.test", "Ada Lovelace"),
    "google": ("110248495921238986420", "ada@gmail.com", "Ada Lovelace"),
    "microsoft": ("AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", None, "Ada Lovelace"),
}


@EVERY
async def test_somebody_new_becomes_a_user_and_is_signed_in(kind: type[StandIn], database_url: str) -> None:
    async with at(kind, database_url) as (it, there):
        back = await sign_in(it.client, there)
        assert (back.status_code, back.headers["location"]) == (303, "/home"), back.text
        assert (await it.client.get("/user")).status_code == 200
        subject, email, name = WHO[kind.name]
        assert it.rows("SELECT subject FROM gatepost_identity") == [(subject,)]
        assert it.rows("SELECT email, full_name FROM gatepost_user") == [(email, name)]


@EVERY
async def test_whoever_comes_again_is_the_same_user(kind: type[StandIn], sqlite_url: str) -> None:
    async with at(kind, sqlite_url) as (it, there):
        for _ in range(2):
            async with it.browser() as browser:
                assert (await sign_in(browser, there)).status_code == 303
                assert (await browser.get("/user")).status_code == 200
        assert it.value("SELECT count(*) FROM gatepost_user") == 1


async def test_apple_says_the_name_once_and_it_stays(sqlite_url: str) -> None:
    async with at(AppleStandIn, sqlite_url) as (it, there):
        for _ in range(2):
            async with it.browser() as browser:
                assert (await sign_in(browser, there)).status_code == 303
        assert not there.is_first
        assert it.value("SELECT full_name FROM gatepost_user") == "Ada Lovelace"
