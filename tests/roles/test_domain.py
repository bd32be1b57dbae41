"""What a credential may do is never more than its user's roles allow, and never more for fewer scopes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.roles.domain import MAX_PERMISSIONS, check_role, checked_permissions, effective_permissions
from gatepost.kernel.errors import InvalidInput

words = st.frozensets(st.sampled_from(["todo:read", "todo:write", "todo:drop", "report.read", "x"]))


@given(allowed=words, scopes=words, known=words)
def test_scopes_never_widen_what_roles_allow(
    allowed: frozenset[str], scopes: frozenset[str], known: frozenset[str]
) -> None:
    assert effective_permissions(allowed, scopes, known) <= allowed


@given(allowed=words, fewer=words, more=words, known=words)
def test_fewer_scopes_never_allow_more(
    allowed: frozenset[str], fewer: frozenset[str], more: frozenset[str], known: frozenset[str]
) -> None:
    assert effective_permissions(allowed, fewer & more, known) <= effective_permissions(allowed, more, known)


@given(allowed=words, more_allowed=words, scopes=words, known=words)
def test_fewer_permissions_of_roles_never_allow_more(
    allowed: frozenset[str], more_allowed: frozenset[str], scopes: frozenset[str], known: frozenset[str]
) -> None:
    less = effective_permissions(allowed & more_allowed, scopes, known)
    assert less <= effective_permissions(more_allowed, scopes, known)


@given(allowed=words, scopes=words, known=words)
def test_a_permission_that_is_a_scope_needs_the_scope(
    allowed: frozenset[str], scopes: frozenset[str], known: frozenset[str]
) -> None:
    assert effective_permissions(allowed, scopes, known) & known <= scopes


def test_a_permission_that_is_no_scope_needs_the_role_alone() -> None:
    assert effective_permissions(frozenset({"todo:write"}), frozenset(), frozenset({"other"})) == {"todo:write"}


@pytest.mark.parametrize(
    "name", ["", "*", "todo:*", "todo write", "todo\twrite", "é", ":x", "a" * 65, "todo,write", "a\n"]
)
def test_a_permission_is_a_word_without_wildcards(name: str) -> None:
    with pytest.raises(InvalidInput):
        checked_permissions([name])


def test_a_role_has_a_bounded_number_of_permissions() -> None:
    assert len(checked_permissions(str(number) for number in range(MAX_PERMISSIONS))) == MAX_PERMISSIONS
    with pytest.raises(InvalidInput):
        checked_permissions(str(number) for number in range(MAX_PERMISSIONS + 1))


@pytest.mark.parametrize("name", ["", "Admin", "1st", "two words", "rôle", "a" * 65, "admin\n", "*"])
def test_a_role_is_a_lower_case_word(name: str) -> None:
    with pytest.raises(InvalidInput):
        check_role(name)
