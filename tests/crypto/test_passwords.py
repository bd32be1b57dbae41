"""Passwords: right is right, wrong costs the same whoever it is, old and foreign hashes are replaced."""

import logging
from collections.abc import Iterator

import anyio
import bcrypt
import pytest
from argon2 import low_level

from gatepost.crypto import passwords, schemes
from gatepost.crypto.passwords import HashPolicy, PasswordHasher, PasswordQueueFull, Verdict

pytestmark = pytest.mark.anyio

POLICY = HashPolicy(memory_kib=64, time_cost=2, parallelism=1)
WORK = 64 * 2


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(POLICY, threads=1, queue=4)
    yield made
    made.close()


class Calls(list[tuple[str, int]]):
    """Which primitive was called, and with how much work (KiB-passes, or bcrypt's cost)."""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made = Calls()
    verify, make, check = low_level.verify_secret, low_level.hash_secret, bcrypt.checkpw

    def verify_secret(stored: bytes, password: bytes, kind: low_level.Type) -> bool:
        scheme = schemes.parse(stored.decode())
        assert isinstance(scheme, schemes.Argon2)
        made.append(("argon2", scheme.kib_passes))
        return verify(stored, password, kind)

    def hash_secret(password: bytes, salt: bytes, t: int, m: int, p: int, length: int, kind: low_level.Type) -> bytes:
        made.append(("argon2", m * t))
        return make(password, salt, t, m, p, length, kind)

    def checkpw(password: bytes, stored: bytes) -> bool:
        made.append(("bcrypt", int(stored[4:6])))
        return check(password, stored)

    monkeypatch.setattr(low_level, "verify_secret", verify_secret)
    monkeypatch.setattr(low_level, "hash_secret", hash_secret)
    monkeypatch.setattr(bcrypt, "checkpw", checkpw)
    return made


def argon2(password: str, *, m: int = 64, t: int = 2, p: int = 1, kind: low_level.Type = low_level.Type.ID) -> str:
    return low_level.hash_secret(password.encode(), b"s" * 16, t, m, p, 32, kind).decode()


def bcrypted(password: bytes, prefix: str = "$2b$", cost: int = 4) -> str:
    return prefix + bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode()[4:]


async def test_a_password_matches_its_hash_and_no_other_does(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("pässword 🔑")
    assert stored.startswith("$argon2id$v=19$m=64,t=2,p=1$")
    assert await hasher.verify("pässword 🔑", stored) == Verdict(is_right=True, rehash=None)
    for wrong in ("", "password", "pässword 🔑 ", "pässword"):
        assert await hasher.verify(wrong, stored) == Verdict(is_right=False, rehash=None)


async def test_the_default_policy_is_owasps() -> None:
    assert (HashPolicy().memory_kib, HashPolicy().time_cost, HashPolicy().parallelism) == (19_456, 2, 1)
    hasher = PasswordHasher()
    assert (await hasher.hash("x")).startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    hasher.close()


async def test_two_hashes_of_one_password_differ(hasher: PasswordHasher) -> None:
    assert await hasher.hash("x") != await hasher.hash("x")


async def test_a_known_and_an_unknown_user_cost_the_same_calls(hasher: PasswordHasher, calls: Calls) -> None:
    stored = await hasher.hash("right")
    calls.clear()
    await hasher.verify("wrong", stored)
    known = list(calls)
    calls.clear()
    assert await hasher.verify("wrong", None) == Verdict(is_right=False, rehash=None)
    assert list(calls) == known == [("argon2", WORK)]


async def test_a_failure_with_a_cheaper_argon2_hash_costs_as_much_as_an_unknown_user(
    hasher: PasswordHasher, calls: Calls
) -> None:
    stored = argon2("right", m=32, t=1)
    calls.clear()
    assert not (await hasher.verify("wrong", stored)).is_right
    assert calls == [("argon2", 32), ("argon2", WORK - 32)]


async def test_a_failure_with_a_dearer_hash_is_not_padded(hasher: PasswordHasher, calls: Calls) -> None:
    stored = argon2("right", m=256, t=2)
    calls.clear()
    assert not (await hasher.verify("wrong", stored)).is_right
    assert calls == [("argon2", 512)]


async def test_bcrypt_costs_the_same_right_or_wrong_and_at_least_the_floor(
    hasher: PasswordHasher, calls: Calls
) -> None:
    stored = bcrypted(b"right")
    await hasher.verify("wrong", stored)
    wrong = list(calls)
    calls.clear()
    await hasher.verify("right", stored)
    assert list(calls) == wrong == [("bcrypt", 4), ("argon2", WORK)]


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "x",
        "right",
        "!",
        "$argon2id$",
        "$argon2id$v=19$m=64,t=2,p=1$$",
        "$2b$04$short",
        "sha256$aa",
        "\x00",
        "é" * 60,
    ],
)
async def test_a_malformed_hash_fails_at_full_cost_and_is_logged_without_it(
    hasher: PasswordHasher, calls: Calls, caplog: pytest.LogCaptureFixture, stored: str
) -> None:
    with caplog.at_level(logging.WARNING):
        assert await hasher.verify("right", stored) == Verdict(is_right=False, rehash=None)
    assert calls == [("argon2", WORK)]
    assert len(caplog.records) == 1
    assert len(stored) < 5 or stored not in caplog.text


@pytest.mark.parametrize(
    "stored",
    [argon2("right", m=64)[:-1], "$argon2id$v=19$m=64,t=2,p=1$" + "A" * 13 + "$" + "A" * 43, "$2b$04$" + "9" * 53],
    ids=["cut", "impossible-salt", "impossible-bcrypt-salt"],
)
async def test_a_hash_that_only_looks_like_one_is_wrong_not_an_error(hasher: PasswordHasher, stored: str) -> None:
    assert not (await hasher.verify("right", stored)).is_right


async def test_a_hash_that_costs_too_much_is_never_computed(hasher: PasswordHasher, calls: Calls) -> None:
    stored = "$argon2id$v=19$m=4194304,t=2,p=1$" + "A" * 22 + "$" + "A" * 43
    assert not (await hasher.verify("x", stored)).is_right
    assert not (await hasher.verify("x", "$2b$31$" + "A" * 53)).is_right
    assert calls == [("argon2", WORK)] * 2


@pytest.mark.parametrize(
    "stored",
    [
        argon2("right", m=32),
        argon2("right", t=1),
        argon2("right", m=64, p=2),
        argon2("right", kind=low_level.Type.I),
        argon2("right", kind=low_level.Type.D),
        bcrypted(b"right", "$2a$"),
        bcrypted(b"right", "$2b$"),
        bcrypted(b"right", "$2y$"),
    ],
    ids=["memory", "time", "lanes", "argon2i", "argon2d", "2a", "2b", "2y"],
)
async def test_other_parameters_and_schemes_are_rehashed_when_right(hasher: PasswordHasher, stored: str) -> None:
    verdict = await hasher.verify("right", stored)
    assert verdict.is_right
    assert verdict.rehash is not None
    assert await hasher.verify("right", verdict.rehash) == Verdict(is_right=True, rehash=None)
    assert await hasher.verify("wrong", stored) == Verdict(is_right=False, rehash=None)
    assert verdict.rehash not in repr(verdict)


@pytest.mark.parametrize(
    ("password", "stored"),
    [
        # phc-winner-argon2, README and test.c
        ("password", "$argon2i$v=19$m=65536,t=2,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b+dWRWJTmaaJObG"),
        ("password", "$argon2i$m=65536,t=2,p=1$c29tZXNhbHQ$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"),
        ("password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
        # crypt_blowfish, wrapper.c
        ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    ],
)
async def test_published_hashes_of_other_programs_are_verified(
    hasher: PasswordHasher, password: str, stored: str
) -> None:
    passwords.check_importable(stored)
    assert (await hasher.verify(password, stored)).is_right
    assert not (await hasher.verify(password + "x", stored)).is_right


async def test_bcrypt_ends_at_72_bytes_as_where_the_hash_was_made(hasher: PasswordHasher) -> None:
    stored = bcrypted(b"a" * 72)
    assert (await hasher.verify("a" * 80, stored)).is_right
    assert not (await hasher.verify("a" * 71, stored)).is_right
    across = ("a" * 71 + "é").encode()[:72]  # cut inside of a character
    assert (await hasher.verify("a" * 71 + "é", bcrypted(across))).is_right


async def test_the_new_hash_is_of_the_whole_password(hasher: PasswordHasher) -> None:
    verdict = await hasher.verify("a" * 80, bcrypted(b"a" * 72))
    assert verdict.rehash is not None
    assert not (await hasher.verify("a" * 72, verdict.rehash)).is_right


@pytest.mark.parametrize("password", ["\x00", "a\x00b", "\ud800", "x" * 1024])
async def test_odd_passwords_are_wrong_not_errors(hasher: PasswordHasher, password: str) -> None:
    for stored in (None, argon2("right"), bcrypted(b"right")):
        assert not (await hasher.verify(password, stored)).is_right


def test_the_pool_is_never_larger_than_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "cores", lambda: 2)
    assert PasswordHasher(threads=64).threads == 2
    assert PasswordHasher(threads=1).threads == 1
    assert PasswordHasher(threads=0).threads == 1


async def test_a_full_queue_is_said_before_any_hash_is_made(hasher: PasswordHasher, calls: Calls) -> None:
    held = [hasher.reserve() for _ in range(5)]
    with pytest.raises(PasswordQueueFull):
        await hasher.verify("x", None)
    with pytest.raises(PasswordQueueFull):
        await hasher.hash("x")
    assert calls == []
    assert not (await hasher.verify("x", None, held[0])).is_right
    for slot in held:
        slot.release()
    assert not (await hasher.verify("x", None)).is_right


async def test_a_slot_that_was_given_stays_the_callers(hasher: PasswordHasher) -> None:
    with hasher.reserve() as slot:
        stored = await hasher.hash("x", slot)
        assert (await hasher.verify("x", stored, slot)).is_right


async def test_many_verifications_at_once_are_all_right(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("right")
    rights: list[bool] = []

    async def one(password: str) -> None:
        rights.append((await hasher.verify(password, stored)).is_right is (password == "right"))

    async with anyio.create_task_group() as group:
        for number in range(5):
            group.start_soon(one, "right" if number % 2 else "wrong")
    assert rights == [True] * 5
