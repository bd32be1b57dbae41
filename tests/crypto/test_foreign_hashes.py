"""Hashes of Django, Werkzeug and passlib: verified as those systems made them, at a bounded cost, and replaced."""

import base64
import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.security import generate_password_hash

from gatepost.crypto import schemes
from gatepost.crypto.passwords import HashPolicy, HashRefused, PasswordHasher, check_importable

pytestmark = pytest.mark.anyio
PASSWORD = "pässword"
# Each was made by the system that it is named for (Django 5.2, Werkzeug 3.1, passlib 1.7), of this password.
MADE = {
    "django pbkdf2_sha256": "pbkdf2_sha256$1000$seasalt$EqCL4TJDvY77OVYjQped2t9qDQ3xEdvvzv1yQvLuPH0=",
    "django pbkdf2_sha1": "pbkdf2_sha1$1000$seasalt$H6WU+1jmJ8zSnEXWnKOkiKafRIA=",
    "django scrypt": (
        "scrypt$1024$seasalt$8$5$PHi6a/FfP7aph2STfirEU0Josw2ViaFj0abec60J1+bwCC0leCG7ky9MlwJxGsz1szbjCh7VGtrAVqDDJZtX+Q=="
    ),
    "django argon2": (
        "argon2$argon2id$v=19$m=64,t=2,p=1$c2Vhc2FsdHNlYXNhbHQ$ckgthSpbLoWxvO283AHMWHGzR30e2OUvXj+NAEUmwSA"
    ),
    "django bcrypt_sha256": "bcrypt_sha256$$2b$04$EoaynZpjj0qPxUpxdTI55u3JKMjPYH4etHzgxBdbrk.zhhQJs.dx2",
    "django bcrypt": "bcrypt$$2b$04$vNwNZOT9keQ3RHJdcatNGOYOKkiCNCmgT.1HivRZgWyepTkisurke",
    "werkzeug scrypt": (
        "scrypt:1024:8:1$gsHG72UUWuga2mI5$5c54ee8d3c0fa5bff7b8c89a05dd6474cb89a1f93ce453f185bac40b8f66bdf92d8467c34cfcd"
        "021496104dc61a494e68492d7d3e73d64a9b18c6b4ba9d48615"
    ),
    "werkzeug sha256": (
        "pbkdf2:sha256:1000$YENd3nCZFsVv9oEs$d5b6e1697e466a3b508df179859e6c5010ab1bdc4ac3e2a8d11c59708a3b6230"
    ),
    "werkzeug sha512": (
        "pbkdf2:sha512:1000$fTFIi5A6kztOe5Va$297c2d852fdf5e7847d3113926af844e3059bc031ad5feed44807eae957bae22bd1c95b586"
        "f7a471c113b96a8e1a2b891df9d87a14061fcd35f1041ee96d43cd"
    ),
    "werkzeug sha1": "pbkdf2:sha1:1000$3bIbAfm0$212ba29c2b74f34c8215e60505529a36ad746359",
    "passlib sha256": ("$pbkdf2-sha256$1000$c2FsdC1vZi0xNi1ieXRlcw$cYGige8p4x/dnye4exwDnGgwPZBmjMkHsxx9TdBZblQ"),
    "passlib sha512": (
        "$pbkdf2-sha512$1000$c2FsdC1vZi0xNi1ieXRlcw"
        "$Vwi0Q6vZeu6YSXx90/GXy3pMkG/SKQKYtP67FepFv3D.OJIpVEew2LcETNYmZlQ80PVtZqZfM751ZHB2jGWARA"
    ),
    "passlib sha1": "$pbkdf2$1000$c2FsdC1vZi0xNi1ieXRlcw$fkqC4GdJ1GQucqaLYeojiRbfgTE",
    "passlib scrypt": "$scrypt$ln=10,r=8,p=2$c2FsdC1vZi0xNi1ieXRlc/8$rTkKDawPwRmgdrdES1IEIYR2czNgPbNqxkj6qSlhP8U",
}
DIGEST = base64.b64encode(b"d" * 32).decode()
HEX = "ab" * 32


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(HashPolicy(memory_kib=128, time_cost=1), threads=1)
    yield made
    made.close()


@pytest.mark.parametrize("stored", MADE.values(), ids=MADE)
async def test_a_hash_of_another_system_is_verified_and_replaced_by_ours(hasher: PasswordHasher, stored: str) -> None:
    check_importable(stored)
    right = await hasher.verify(PASSWORD, stored)
    assert right.is_right
    assert right.rehash is not None
    assert right.rehash.startswith("$argon2id$v=19$m=128,t=1,p=1$")
    assert (await hasher.verify(PASSWORD, right.rehash)).is_right
    for wrong in ("", "password", PASSWORD + " ", PASSWORD.upper()):
        assert not (await hasher.verify(wrong, stored)).is_right


@pytest.mark.parametrize("method", ["scrypt", "scrypt:1024:8:1", "pbkdf2", "pbkdf2:sha512", "pbkdf2:sha1:7"])
async def test_what_werkzeug_makes_by_default_may_be_imported(hasher: PasswordHasher, method: str) -> None:
    stored = generate_password_hash(PASSWORD, method)
    check_importable(stored)
    assert (await hasher.verify(PASSWORD, stored)).is_right


async def test_a_hash_of_keycloak_is_verified_in_the_form_that_the_page_says(hasher: PasswordHasher) -> None:
    salt = b"sixteen bytes \xff\xfe"  # of 512 bits, whatever its hash function: Keycloak's default
    digest = hashlib.pbkdf2_hmac("sha256", PASSWORD.encode(), salt, 27_500, 64)
    words = [base64.b64encode(raw).decode().rstrip("=") for raw in (salt, digest)]
    stored = f"$pbkdf2-sha256$27500${words[0]}${words[1]}"
    check_importable(stored)
    assert (await hasher.verify(PASSWORD, stored)).is_right


@pytest.mark.parametrize(
    "stored",
    [
        f"pbkdf2_sha256$1000000000$salt${DIGEST}",
        f"pbkdf2_sha256$4000001$salt${DIGEST}",
        f"pbkdf2_sha256$9999999999$salt${DIGEST}",
        f"pbkdf2:sha256:4000001$salt${HEX}",
        f"$pbkdf2-sha256$2000001$c2FsdA${'A' * 86}",  # two blocks of output
        f"$pbkdf2$1000001$c2FsdA${'A' * 86}",  # four
        f"scrypt:1073741824:8:1$salt${HEX}",
        f"scrypt:262144:8:2$salt${HEX}",
        f"scrypt:1024:33:1$salt${HEX}",
        f"scrypt:1024:8:17$salt${HEX}",
        f"scrypt$1073741824$salt$8$1${DIGEST}",
        f"$scrypt$ln=30,r=8,p=1$c2FsdA${DIGEST[:-1]}",
        f"$scrypt$ln=99,r=8,p=1$c2FsdA${DIGEST[:-1]}",
        f"argon2$argon2id$v=19$m=4194304,t=2,p=1${'A' * 22}${'A' * 43}",
        f"bcrypt_sha256$$2b$31${'A' * 53}",
        f"bcrypt$$2b$31${'A' * 53}",
    ],
)
def test_a_hash_that_orders_too_much_is_refused_at_import(stored: str) -> None:
    with pytest.raises(HashRefused) as caught:
        check_importable(stored)
    assert "bounded" in str(caught.value) or "within" in str(caught.value)


@pytest.mark.parametrize(
    "stored",
    [
        f"pbkdf2_sha256$0$salt${DIGEST}",
        f"pbkdf2_sha256$-1$salt${DIGEST}",
        f"pbkdf2_sha256$1e9$salt${DIGEST}",
        f"pbkdf2_sha256$1000$${DIGEST}",
        f"pbkdf2_sha256$1000$sa lt${DIGEST}",
        f"pbkdf2_sha256$1000$sält${DIGEST}",
        "pbkdf2_sha256$1000$salt$AAAA",
        f"pbkdf2_sha256$1000$salt${DIGEST[:-2]}B=",  # bits that mean nothing: a second text for one value
        f"pbkdf2_sha256$1000$salt${DIGEST}\n",
        f"pbkdf2_sha512$1000$salt${DIGEST}",
        f"pbkdf2_md5$1000$salt${DIGEST}",
        f"pbkdf2:md5:1000$salt${HEX}",
        f"pbkdf2:sha256:1000$salt${HEX.upper()}",
        f"pbkdf2:sha256:1000$salt${HEX}a",
        f"scrypt:1000:8:1$salt${HEX}",
        f"scrypt:1:8:1$salt${HEX}",
        f"scrypt:1024:0:1$salt${HEX}",
        f"scrypt$1024$salt$8$0${DIGEST}",
        f"scrypt$salt$1024$8$1${DIGEST}",
        f"argon2argon2id$v=19$m=64,t=2,p=1${'A' * 22}${'A' * 43}",
        f"argon2$$argon2id$v=19$m=64,t=2,p=1${'A' * 22}${'A' * 43}",
        f"bcrypt_sha512$$2b$10${'A' * 53}",
        f"bcrypt_sha256$2b$10${'A' * 53}",
        "!" + "x" * 40,  # Django: unusable
        "md5$salt$5f4dcc3b5aa765d61d8327deb882cf99",
        "plain$password",
    ],
)
def test_what_is_no_hash_of_a_known_system_is_refused_at_import(stored: str) -> None:
    with pytest.raises(HashRefused) as caught:
        check_importable(stored)
    assert stored not in str(caught.value)


@pytest.mark.parametrize("stored", [f"pbkdf2_sha256$1000000000$salt${DIGEST}", f"scrypt:1073741824:8:1$salt${HEX}"])
async def test_a_hash_that_orders_too_much_is_never_computed(
    hasher: PasswordHasher, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def computed(*_: object, **__: object) -> bytes:
        raise AssertionError

    monkeypatch.setattr(hashlib, "pbkdf2_hmac", computed)
    monkeypatch.setattr(hashlib, "scrypt", computed)
    assert not (await hasher.verify(PASSWORD, stored)).is_right


@pytest.mark.parametrize("stored", MADE.values(), ids=MADE)
async def test_a_failure_costs_what_an_unknown_user_costs_besides(
    hasher: PasswordHasher, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spent: list[int] = []
    is_right = schemes.Argon2.is_right

    def counting(scheme: schemes.Argon2, password: bytes) -> bool:
        spent.append(scheme.kib_passes)
        return is_right(scheme, password)

    monkeypatch.setattr(schemes.Argon2, "is_right", counting)
    assert not (await hasher.verify("wrong", stored)).is_right
    assert sum(spent) == 128
    spent.clear()
    assert not (await hasher.verify("wrong", None)).is_right
    assert sum(spent) == 128


@given(st.text() | st.text(alphabet="$:=,.0123456789abcdefgimnprstvxyz_-argon2idpbkdf2scrypt", max_size=120))
def test_any_text_is_a_hash_or_refused(stored: str) -> None:
    try:
        scheme = schemes.parse(stored)
    except HashRefused:
        return
    assert scheme is not None


@given(
    st.sampled_from(sorted(MADE.values())),
    st.integers(0, 200),
    st.text(alphabet="$:=,./+0123456789abcAB\x00é", max_size=4),
)
def test_a_damaged_hash_is_verified_or_refused_and_nothing_else(stored: str, at: int, damage: str) -> None:
    text = stored[:at] + damage + stored[at + 1 :]
    try:
        scheme = schemes.parse(text)
        if isinstance(scheme, schemes.Pbkdf2) and scheme.iterations > 10_000:
            return  # as dear as it may be
        if isinstance(scheme, schemes.Scrypt) and scheme.n * scheme.r * scheme.p > 2**17:
            return
        if isinstance(scheme, schemes.Bcrypt) and scheme.cost > 5:
            return
        if isinstance(scheme, schemes.Argon2) and scheme.kib_passes > 1024:
            return
        scheme.is_right(b"wrong")
    except HashRefused:
        return
