"""A token of one kind is shown as another; a logout token says what nobody may say (Back-Channel Logout 1.0, 2.6)."""

from typing import Any

import pytest

from gatepost.crypto import jwt
from gatepost.crypto.reading import TokenRefused
from gatepost.trust.id_tokens import BACKCHANNEL_LOGOUT, verify_id_token
from gatepost.trust.logout_tokens import MAX_AGE_S, LogoutToken
from tests.trust.issuer import signer
from tests.trust.tokens import (
    CLIENT,
    ISSUER,
    NONCE,
    NOW,
    ONE,
    claims,
    expected,
    id_refusal,
    logout,
    logout_refusal,
    of,
    over,
)


@pytest.mark.parametrize("typ", ["logout+jwt", "application/logout+jwt", "JWT", "absent"])
def test_a_logout_token_says_what_is_over(typ: str) -> None:
    found = logout(signer().token(over(), typ=typ))
    assert found == LogoutToken(issuer=ISSUER, subject="u1", session_id="s1", jti="j1", expires_at=NOW + 300)
    assert logout(signer().token(over(sid="absent"), typ=typ)).session_id is None
    assert logout(signer().token(over(sub="absent"), typ=typ)).subject is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nonce": NONCE}, "kind"),
        ({"nonce": None}, "kind"),
        ({"events": "absent"}, "kind"),
        ({"events": None}, "kind"),
        ({"events": {}}, "kind"),
        ({"events": [BACKCHANNEL_LOGOUT]}, "kind"),
        ({"events": BACKCHANNEL_LOGOUT}, "kind"),
        ({"events": {BACKCHANNEL_LOGOUT: None}}, "kind"),
        ({"events": {BACKCHANNEL_LOGOUT: True}}, "kind"),
        ({"events": {BACKCHANNEL_LOGOUT + "x": {}}}, "kind"),
        ({"sub": "absent", "sid": "absent"}, "claims"),
        ({"sub": None}, "claims"),
        ({"sub": ""}, "claims"),
        ({"sub": 5, "sid": "absent"}, "claims"),
        ({"sid": None}, "claims"),
        ({"sid": ""}, "claims"),
        ({"sid": ["s1"]}, "claims"),
        ({"sid": "s" * 256}, "claims"),
        ({"jti": "absent"}, "claims"),
        ({"jti": ""}, "claims"),
        ({"jti": 7}, "claims"),
        ({"jti": "j\x00"}, "claims"),
        ({"jti": "j" * 256}, "claims"),
        ({"iss": f"{ISSUER}/"}, "issuer"),
        ({"aud": "other"}, "audience"),
        ({"aud": "absent"}, "audience"),
        ({"iat": "absent"}, "claims"),
        ({"iat": "1800000000"}, "claims"),
        ({"exp": "absent"}, "claims"),
        ({"exp": -1}, "claims"),
        ({"exp": 1e18}, "claims"),
        ({"exp": NOW}, "expired"),
        ({"iat": NOW + 1}, "not_yet_valid"),
        ({"iat": NOW - MAX_AGE_S, "exp": NOW + 10**6}, "expired"),
    ],
    ids=repr,
)
def test_what_is_no_logout_token_ends_nothing(changes: dict[str, Any], reason: str) -> None:
    assert logout_refusal(over(**changes)) == reason


def test_a_logout_token_has_to_be_remembered_for_a_bounded_time() -> None:
    found = logout(signer().token(over(exp=NOW + 10**9)), leeway=60)
    assert found.expires_at == NOW + MAX_AGE_S + 60


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"alg": "none"}, "algorithm"),
        ({"alg": "HS256"}, "algorithm"),
        ({"kid": "other"}, "unknown_key"),
        ({"typ": "at+jwt"}, "type"),
        ({"crit": []}, "critical"),
    ],
)
def test_a_logout_token_is_signed_as_every_other(header: dict[str, Any], reason: str) -> None:
    assert logout_refusal(over(), **header) == reason


def test_no_kind_of_token_is_taken_for_another() -> None:
    """An ID token ends no session; neither a logout token nor another kind of token signs anybody in."""
    assert logout_refusal(claims(jti="j1", sid="s1")) == "kind"
    assert logout_refusal(claims(jti="j1", sid="s1", nonce="absent")) == "kind"
    assert id_refusal(signer().token(over(), typ="logout+jwt")) == "type"
    assert id_refusal(signer().token(over())) == "kind"
    assert id_refusal(signer().token(over(nonce=NONCE))) == "kind"
    assert id_refusal(signer().token(over()), expected_nonce=None) == "kind"
    for kind in ("Bearer", "DPoP", "Refresh", "Offline", "Logout", "bearer"):
        assert id_refusal(of(typ=kind)) == "kind"
    assert verify_id_token(of(typ="ID"), ONE, **expected())


def test_our_own_path_is_not_looser_for_the_tokens_of_others() -> None:
    ours = jwt.load_key(jwt.generate_key("ES256"))
    said = {"iss": ISSUER, "aud": CLIENT, "sub": "u1", "exp": NOW + 300, "iat": NOW}
    wanted: dict[str, Any] = {"expected_issuer": ISSUER, "expected_audience": CLIENT, "now": NOW, "leeway": 0}
    assert jwt.verify(jwt.sign(said, ours), {ours.kid: ours}, **wanted) == said
    for header, more, reason in (
        ({"typ": "JWT"}, {}, "type"),
        ({"typ": "absent"}, {}, "type"),
        ({"kid": "absent"}, {}, "unknown_key"),
        ({}, {"exp": NOW + 0.5}, "claims"),
        ({}, {"filler": "x" * 9000}, "too_large"),
    ):
        token = signer().token({**said, **more}, **{"typ": "at+jwt", **header})
        with pytest.raises(TokenRefused) as refused:
            jwt.verify(token, ONE, **wanted)
        assert refused.value.reason == reason
