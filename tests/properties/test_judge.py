"""`judge` decides about every authentic refresh token; these hold for all rows and all tokens."""

import uuid
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.sessions.domain import Rotation, SessionKind, SessionRow, judge

NOW = 1_800_000_000_000
ACCESS_MS = 900_000
GRACES = st.integers(0, 60)
GENERATIONS = st.integers(0, 1 << 40)
SUCCESS = {Rotation.ROTATE, Rotation.KEEP, Rotation.REPEAT, Rotation.FORWARD}


@st.composite
def rows(draw: st.DrawFn) -> SessionRow:
    """A live session that was rotated some time ago."""
    rotated_at = NOW - draw(st.one_of(st.integers(0, 130_000), st.integers(0, 14 * 86_400_000)))
    return SessionRow(
        id=uuid.UUID(int=1),
        user_id=uuid.UUID(int=2),
        kind=SessionKind.TOKEN,
        client_id="gatepost",
        scope="",
        salt=b"",
        generation=draw(GENERATIONS),
        rotated_at=rotated_at,
        access_exp=rotated_at + ACCESS_MS,
        idle_expires_at=NOW + 1,
        expires_at=NOW + 1,
        revoked_at=None,
        epoch=3,
        global_epoch=1,
        amr="pwd",
        auth_time=0,
        seen_at=rotated_at,
        user_epoch=3,
        user_disabled_at=None,
        required_global_epoch=1,
        roles=None,
        now=NOW,
    )


DEATHS = st.sampled_from(
    [
        {"revoked_at": NOW - 1},
        {"idle_expires_at": NOW},
        {"expires_at": NOW},
        {"user_epoch": 4},
        {"user_disabled_at": NOW - 1},
        {"required_global_epoch": 2},
    ]
)


@given(row=rows(), death=DEATHS, generation=GENERATIONS, grace=GRACES, is_cookie=st.booleans())
def test_nothing_revives_a_session_that_is_over(
    *, row: SessionRow, death: dict[str, Any], generation: int, grace: int, is_cookie: bool
) -> None:
    assert judge(replace(row, **death), generation, grace=grace, is_cookie=is_cookie) is Rotation.DEAD


@given(row=rows(), grace=GRACES, is_cookie=st.booleans())
def test_the_current_token_always_succeeds(*, row: SessionRow, grace: int, is_cookie: bool) -> None:
    assert judge(row, row.generation, grace=grace, is_cookie=is_cookie) in {Rotation.ROTATE, Rotation.KEEP}


@given(rows(), GRACES)
def test_a_client_that_stores_its_tokens_itself_always_rotates(row: SessionRow, grace: int) -> None:
    assert judge(row, row.generation, grace=grace, is_cookie=False) is Rotation.ROTATE


@given(rows(), GRACES)
def test_a_cookie_is_kept_within_the_grace_while_its_access_token_lives(row: SessionRow, grace: int) -> None:
    age = row.now - row.rotated_at
    if age <= grace * 1000:
        assert judge(row, row.generation, grace=grace, is_cookie=True) is Rotation.KEEP
    if age > 2 * grace * 1000 or row.access_exp <= row.now:
        assert judge(row, row.generation, grace=grace, is_cookie=True) is Rotation.ROTATE


@given(row=rows(), grace=GRACES, is_cookie=st.booleans(), ahead=st.integers(1, 1 << 20))
def test_a_token_ahead_of_its_row_is_followed(*, row: SessionRow, grace: int, is_cookie: bool, ahead: int) -> None:
    assert judge(row, row.generation + ahead, grace=grace, is_cookie=is_cookie) is Rotation.FORWARD


@given(row=rows(), grace=GRACES, is_cookie=st.booleans(), behind=st.integers(1, 1 << 20))
def test_an_old_token_is_a_retry_or_late_within_the_grace_and_a_theft_after_it(
    *, row: SessionRow, grace: int, is_cookie: bool, behind: int
) -> None:
    row = replace(row, generation=row.generation + behind)
    found = judge(row, row.generation - behind, grace=grace, is_cookie=is_cookie)
    if row.now - row.rotated_at > grace * 1000:
        assert found is Rotation.REUSE
    else:
        assert found is (Rotation.REPEAT if behind == 1 else Rotation.LATE)


@given(rows(), GENERATIONS, GRACES)
def test_only_an_old_token_ends_a_session(row: SessionRow, generation: int, grace: int) -> None:
    for is_cookie in (False, True):
        found = judge(row, generation, grace=grace, is_cookie=is_cookie)
        if generation >= row.generation:
            assert found in SUCCESS
        assert found is not Rotation.DEAD
