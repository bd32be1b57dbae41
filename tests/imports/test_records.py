"""A record of another system becomes a user, or is refused with the field's name and never with its value."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.core.imports import ImportedUser, read_record
from gatepost.core.imports.domain import FIELDS, column_names
from gatepost.kernel.errors import InvalidInput
from tests.imports.people import HASH


def read(**record: object) -> ImportedUser:
    return read_record(record, column_names(list(record), {}), "admin")


def test_names_of_other_systems_are_understood() -> None:
    one = read(
        id=7,
        email="Ada@EXAMPLE.com",
        hashed_password=HASH,
        is_active=0,
        is_superuser="true",
        is_verified=1,
        name="Ada",
        date_joined="2024-05-01 10:00:00+02:00",
    )
    assert (one.foreign_id, one.email, one.password_hash, one.full_name) == ("7", "ada@example.com", HASH, "Ada")
    assert (one.is_disabled, one.email_verified, sorted(one.roles)) == (True, True, ["admin"])
    assert one.created_at == datetime(2024, 5, 1, 8, tzinfo=UTC).timestamp() * 1000


@pytest.mark.parametrize(
    ("value", "expected"),
    [(True, False), ("t", False), (1, False), ("false", True), (0, True), (None, True), ("", True)],
)
def test_whoever_is_not_said_to_be_active_is_not_let_in(value: object, expected: bool) -> None:  # noqa: FBT001
    assert read(email="a@example.com", is_active=value).is_disabled is expected


@pytest.mark.parametrize(
    "roles", ["admin,editor", "admin editor", '["admin", "editor"]', ["admin", "editor"], "Admin;editor"]
)
def test_roles_come_in_many_forms(roles: object) -> None:
    assert read(email="a@example.com", roles=roles).roles == {"admin", "editor"}


@pytest.mark.parametrize(
    "value", ["1714557600", 1714557600, "1714557600000", "2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)]
)
def test_dates_come_in_many_forms(value: object) -> None:
    assert read(email="a@example.com", created_at=value).created_at == 1_714_557_600_000


@pytest.mark.parametrize("stored", ["", None, "!", "!unusable"])
def test_who_has_no_usable_hash_has_no_password(stored: object) -> None:
    assert read(email="a@example.com", password=stored).password_hash is None


@pytest.mark.parametrize(
    ("record", "field"),
    [
        ({}, "email"),
        ({"email": ""}, "email"),
        ({"email": "nobody"}, "email"),
        ({"username": "a"}, "username"),
        ({"email": "a@example.com", "password": "in clear"}, "password_hash"),
        ({"email": "a@example.com", "password": "$2b$31$" + "a" * 53}, "password_hash"),
        (
            {"email": "a@example.com", "password": "$argon2id$v=19$m=4194304,t=3,p=4$c2FsdHNhbHQ$" + "a" * 43},
            "password_hash",
        ),
        ({"email": "a@example.com", "is_verified": "perhaps"}, "email_verified"),
        ({"email": "a@example.com", "roles": "no role!"}, "role"),
        ({"email": "a@example.com", "roles": "["}, "roles"),
        ({"email": "a@example.com", "created_at": "yesterday"}, "created_at"),
        ({"email": "a@example.com", "roles": "[" * 20_000}, "roles"),
        ({"email": "a@example.com", "created_at": "999999999999999"}, "created_at"),
        ({"email": "a@example.com", "created_at": "0001-01-01T00:00:00+10:00"}, "created_at"),
        (
            {"email": "a@example.com", "created_at": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=10)))},
            "created_at",
        ),
        ({"email": "a@example.com", "locale": "<script>"}, "locale"),
        ({"email": "a@example.com", "id": "x" * 321}, "id"),
        ({"email": "a@example.com", "id": "x\0y"}, "id"),
        ({"email": "a@example.com", "id": "x\ud800y"}, "id"),
        ({"email": "a@example.com", "full_name": "a\u202eb"}, "full_name"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_field(record: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        read(**record)
    assert refusal.value.field == field
    assert "in clear" not in refusal.value.text


def test_two_columns_for_one_field_are_a_question() -> None:
    with pytest.raises(InvalidInput, match="both look like password_hash"):
        column_names(["email", "password", "hashed_password"], {})
    assert column_names(["email", "password", "hashed_password"], {"password_hash": "password"}) == {
        "password": "password_hash",
        "email": "email",
    }


def test_whoever_administered_there_has_the_role_of_administrators_here() -> None:
    assert read_record({"email": "a@example.com", "admin": 1}, column_names(["email", "admin"], {}), "boss").roles == {
        "boss"
    }


def test_a_column_that_is_there_twice_would_hide_another() -> None:
    with pytest.raises(InvalidInput, match="two columns id"):
        column_names(["id", "email", "id"], {})


@given(st.dictionaries(st.sampled_from(FIELDS), st.none() | st.text() | st.integers() | st.floats() | st.booleans()))
def test_whatever_stands_in_a_record_is_read_or_refused(record: dict[str, Any]) -> None:
    try:
        one = read(**record)
    except InvalidInput:
        return
    assert one.foreign_id
    assert "\0" not in one.foreign_id
    datetime.fromtimestamp((one.created_at or 0) / 1000, UTC)
    assert one.email or one.username
