"""The table that says who somebody is here, row by row."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.identities.domain import Outcome, Rules, Standing, Word, decide, leaves_a_way_in
from gatepost.core.identities.errors import EmailUnverified, LinkRequired, NoAccount
from gatepost.kernel.errors import AuthError, LoginFailed

ID = uuid.UUID(int=7)
VERIFIED = Standing(user_id=ID, epoch=3, is_verified=True)
UNVERIFIED = Standing(user_id=ID, epoch=3)
DISABLED = Standing(user_id=ID, epoch=3, is_disabled=True, is_verified=True)
LOCALS = (None, VERIFIED, UNVERIFIED, DISABLED)
standings = st.builds(
    Standing,
    user_id=st.just(ID),
    epoch=st.just(0),
    is_disabled=st.booleans(),
    is_verified=st.booleans(),
    has_roles=st.booleans(),
)
rules = st.builds(Rules, signs_up=st.booleans(), links_by_address=st.booleans(), needs_address=st.booleans())


@pytest.mark.parametrize("word", Word)
@pytest.mark.parametrize("local", range(len(LOCALS)))
def test_who_has_the_identity_signs_in_whatever_the_address(word: Word, local: int) -> None:
    assert decide(UNVERIFIED, word, LOCALS[local], Rules()) is Outcome.SIGN_IN


def test_who_is_disabled_does_not_sign_in() -> None:
    with pytest.raises(LoginFailed):
        decide(DISABLED, Word.AUTHORITATIVE, None, Rules())


@pytest.mark.parametrize("local", range(len(LOCALS)))
def test_an_address_that_is_not_verified_there_is_nobodys_here(local: int) -> None:
    assert decide(None, Word.NOTHING, LOCALS[local], Rules()) is Outcome.SIGN_UP


@pytest.mark.parametrize("local", range(len(LOCALS)))
def test_where_sign_in_waits_for_an_address_one_that_is_not_verified_there_is_refused(local: int) -> None:
    with pytest.raises(EmailUnverified):
        decide(None, Word.NOTHING, LOCALS[local], Rules(needs_address=True))


@pytest.mark.parametrize("word", Word)
def test_a_provider_that_makes_no_users_makes_none(word: Word) -> None:
    with pytest.raises(NoAccount):
        decide(None, word, None, Rules(signs_up=False))


@pytest.mark.parametrize("word", [Word.VERIFIED, Word.AUTHORITATIVE])
def test_a_verified_address_that_nobody_has_makes_a_user(word: Word) -> None:
    assert decide(None, word, None, Rules(needs_address=True)) is Outcome.SIGN_UP


def test_an_authoritative_word_links_who_has_verified_the_address_here() -> None:
    assert decide(None, Word.AUTHORITATIVE, VERIFIED, Rules()) is Outcome.LINK
    with pytest.raises(LinkRequired):
        decide(None, Word.AUTHORITATIVE, VERIFIED, Rules(links_by_address=False))
    with pytest.raises(LoginFailed):
        decide(None, Word.AUTHORITATIVE, DISABLED, Rules())


def test_a_word_that_may_be_out_of_date_links_nobody() -> None:
    with pytest.raises(LinkRequired):
        decide(None, Word.VERIFIED, VERIFIED, Rules())


@pytest.mark.parametrize("word", [Word.VERIFIED, Word.AUTHORITATIVE])
def test_an_account_that_was_made_with_an_unproved_address_goes_to_who_has_the_mailbox(word: Word) -> None:
    assert decide(None, word, UNVERIFIED, Rules()) is Outcome.TAKE_OVER


def test_an_account_with_a_role_goes_to_nobody_by_a_word_that_may_be_out_of_date() -> None:
    invited = Standing(user_id=ID, epoch=0, has_roles=True)
    with pytest.raises(LinkRequired):
        decide(None, Word.VERIFIED, invited, Rules())
    assert decide(None, Word.AUTHORITATIVE, invited, Rules()) is Outcome.TAKE_OVER


def test_an_account_with_a_role_goes_to_nobody_where_an_address_is_not_enough() -> None:
    invited = Standing(user_id=ID, epoch=0, has_roles=True)
    with pytest.raises(LinkRequired):
        decide(None, Word.AUTHORITATIVE, invited, Rules(links_by_address=False))


@given(st.one_of(st.none(), standings), standings, rules)
def test_no_address_decides_anything_without_the_word_of_its_provider(
    local: Standing | None, other: Standing, given_rules: Rules
) -> None:
    def outcome(near: Standing | None) -> object:
        try:
            return decide(None, Word.NOTHING, near, given_rules)
        except AuthError as error:
            return type(error)

    assert outcome(local) == outcome(other) == outcome(None)
    assert outcome(local) not in {Outcome.LINK, Outcome.TAKE_OVER, Outcome.SIGN_IN}


@given(st.booleans(), st.booleans(), st.booleans())
def test_a_way_in_is_left_or_not(has_password: bool, has_mail: bool, has_other: bool) -> None:  # noqa: FBT001
    left = leaves_a_way_in(has_password=has_password, has_mail_sign_in=has_mail, has_other=has_other)
    assert left is any((has_password, has_mail, has_other))
