"""Who somebody is at a provider can be stored, compared and shown, whatever was said there."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.federation.account import Account, AccountRefused
from gatepost.kernel.text import is_storable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ISSUER = "https://id.house.test"


@pytest.mark.parametrize(
    "subject", [None, "", 5, 5.0, True, -1, {}, [], "a" * 256, "a\x00", "\ud800", "a\nb"], ids=ascii
)
def test_without_an_id_that_can_be_stored_there_is_no_account(subject: Any) -> None:  # noqa: ANN401 - hostile
    with pytest.raises(AccountRefused):
        Account(issuer=ISSUER, subject=subject)


def test_a_refusal_quotes_nothing() -> None:
    with pytest.raises(AccountRefused) as refused:
        Account(issuer=ISSUER, subject="hush\x00")
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize(
    "email", ["ada", "ada@", "@b.test", "ada@house.test\x00", "a b@house.test", "a" * 400], ids=ascii
)
def test_an_address_that_is_none_is_neither_there_nor_verified(email: str) -> None:
    found = Account(issuer=ISSUER, subject="5", email=email, email_is_verified=True, email_is_authoritative=True)
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == (None, False, False)


def test_what_is_not_verified_is_not_authoritative() -> None:
    found = Account(issuer=ISSUER, subject="5", email="ada@house.test", email_is_authoritative=True)
    assert (found.email, found.email_is_verified, found.email_is_authoritative) == ("ada@house.test", False, False)


def test_claims_do_not_show_in_a_log() -> None:
    assert "hush" not in repr(Account(issuer=ISSUER, subject="5", claims={"secret": "hush"}))


@given(subject=JSON, email=JSON, verified=JSON, own=JSON, username=JSON, full_name=JSON, locale=JSON)
def test_whatever_json_says_makes_a_sound_account_or_none(**said: Any) -> None:  # noqa: ANN401 - JSON
    verified, own = said.pop("verified"), said.pop("own")
    try:
        found = Account(issuer=ISSUER, **said, email_is_verified=verified, email_is_authoritative=own)
    except AccountRefused:
        return
    texts = (found.subject, found.email, found.username, found.full_name, found.locale)
    assert all(0 < len(text) < 321 and is_storable(text) for text in texts if text is not None)
    assert found.email is not None or not found.email_is_verified
    assert (verified is True) >= found.email_is_verified
    assert found.email_is_authoritative <= found.email_is_verified
