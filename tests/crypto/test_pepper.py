"""A pepper comes, changes and goes with the sign-ins of users; without the one that made it no hash verifies."""

import hashlib
import hmac
import logging

import pytest
from argon2 import low_level

from gatepost.crypto.passwords import HashPolicy, HashRefused, PasswordHasher, Peppers, Verdict, check_importable
from gatepost.kernel.purpose import Purpose, derive

pytestmark = pytest.mark.anyio
POLICY = HashPolicy(memory_kib=64, time_cost=1)
ONE, TWO = b"the first pepper of these tests, long enough", b"another pepper, for the day after the first"
RIGHT = Verdict(is_right=True, rehash=None)
WRONG = Verdict(is_right=False, rehash=None)


def hasher(current: bytes | None = None, *previous: bytes) -> PasswordHasher:
    return PasswordHasher(POLICY, peppers=Peppers(current, previous), threads=1)


async def test_what_is_hashed_is_an_hmac_of_the_password_under_the_pepper() -> None:
    stored = await hasher(ONE).hash("pässword")
    mark, phc = stored[: len("$hmac-sha256$k=") + 16], stored[len("$hmac-sha256$k=") + 16 :]
    assert mark == f"$hmac-sha256$k={derive(ONE, Purpose.PEPPER_ID).hex()[:16]}"
    secret = hmac.digest(derive(ONE, Purpose.PEPPER), "pässword".encode(), hashlib.sha256)
    assert low_level.verify_secret(phc.encode(), secret, low_level.Type.ID)
    assert not (await hasher().verify("pässword", phc)).is_right


async def test_a_password_matches_under_its_pepper_and_no_other_does() -> None:
    stored = await hasher(ONE).hash("right")
    assert await hasher(ONE).verify("right", stored) == RIGHT
    assert await hasher(ONE).verify("wrong", stored) == WRONG


@pytest.mark.parametrize("without", [hasher(), hasher(TWO), hasher(None, TWO)], ids=["none", "other", "previous"])
async def test_a_hash_whose_pepper_is_not_known_never_verifies(
    without: PasswordHasher, caplog: pytest.LogCaptureFixture
) -> None:
    stored = await hasher(ONE).hash("right")
    with caplog.at_level(logging.WARNING):
        assert await without.verify("right", stored) == WRONG
    assert "pepper is not known" in caplog.text
    assert stored not in caplog.text
    with pytest.raises(HashRefused):
        check_importable(stored, without.peppers)


async def test_a_hash_is_not_moved_to_another_pepper_by_its_mark() -> None:
    stored, other = await hasher(ONE).hash("right"), await hasher(TWO).hash("other")
    length = len("$hmac-sha256$k=") + 16
    moved = other[:length] + stored[length:]
    assert await hasher(ONE, TWO).verify("right", moved) == WRONG


@pytest.mark.parametrize(
    ("before", "after"),
    [(hasher(), hasher(ONE)), (hasher(ONE), hasher(TWO, ONE)), (hasher(ONE), hasher(None, ONE))],
    ids=["introduced", "changed", "removed"],
)
async def test_a_sign_in_moves_a_hash_to_the_pepper_of_the_day(before: PasswordHasher, after: PasswordHasher) -> None:
    stored = await before.hash("right")
    assert await after.verify("wrong", stored) == WRONG
    verdict = await after.verify("right", stored)
    assert verdict.is_right
    assert verdict.rehash is not None
    assert await after.verify("right", verdict.rehash) == RIGHT
    current = after.peppers.current_id
    assert verdict.rehash.startswith(f"$hmac-sha256$k={current}$" if current else "$argon2id$")


async def test_a_foreign_hash_is_peppered_at_its_first_sign_in() -> None:
    made = hashlib.pbkdf2_hmac("sha256", b"right", b"salt", 10)
    verdict = await hasher(ONE).verify("right", f"pbkdf2:sha256:10$salt${made.hex()}")
    assert verdict.rehash is not None
    assert verdict.rehash.startswith("$hmac-sha256$k=")
    assert await hasher(ONE).verify("right", verdict.rehash) == RIGHT


async def test_the_pepper_stands_in_nothing_that_is_printed() -> None:
    peppers = Peppers(ONE, (TWO,))
    assert repr(peppers) == "Peppers(...)"
    assert ONE.decode() not in await hasher(ONE).hash("x")
    assert len(peppers.ids) == 2


@pytest.mark.parametrize(
    "mark", ["$hmac-sha256$k=", "$hmac-sha256$k=0$", f"$hmac-sha256$k={'0' * 16}", "$hmac-sha1$k="]
)
def test_a_damaged_mark_is_refused(mark: str) -> None:
    with pytest.raises(HashRefused):
        check_importable(f"{mark}$argon2id$v=19$m=64,t=1,p=1${'A' * 22}${'A' * 43}", Peppers(ONE))
