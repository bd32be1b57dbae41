"""What `/todos` reads and answers.

What could go wrong: NUL and other control characters pass JSON but not every database, and a number out of range is
an error of the driver; both are refused here as 422, before any statement runs.
"""

import base64
import binascii
import datetime as dt
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

from backend.models import ID_MAX, TITLE_MAX

NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Title = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_MAX, pattern=NO_CONTROLS, strict=True)
]
Search = Annotated[str, StringConstraints(strip_whitespace=True, max_length=TITLE_MAX, pattern=NO_CONTROLS)]


def cursor_for(todo_id: int) -> str:
    """Name the place after `todo_id`; clients hand it back and read nothing into it."""
    return base64.urlsafe_b64encode(todo_id.to_bytes(4)).decode().rstrip("=")


def _place(cursor: object) -> int:
    try:
        raw = base64.b64decode(f"{cursor}==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    place = int.from_bytes(raw)
    if len(raw) != 4 or not 1 <= place <= ID_MAX:  # noqa: PLR2004 - the width that cursor_for writes
        raise ValueError("not a cursor of this list")
    return place


Cursor = Annotated[int, BeforeValidator(_place), WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9_-]{6}$"})]


# SQLite stores no offset; what the database wrote is UTC on every engine.
Moment = Annotated[dt.datetime, AfterValidator(lambda at: at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at)]


class ListQuery(BaseModel):
    """Which todos, and how many at once."""

    model_config = ConfigDict(extra="forbid")

    done: bool | None = None
    q: Search | None = None
    cursor: Cursor | None = None
    limit: int = Field(default=50, ge=1, le=100)


class TodoIn(BaseModel):
    """A new todo."""

    model_config = ConfigDict(extra="forbid")

    title: Title
    done: bool = Field(default=False, strict=True)


class TodoChange(BaseModel):
    """A change; what is left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    title: Title = Field(default="")
    done: bool = Field(default=False, strict=True)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("give a title, done, or both")
        return self


class TodoOut(BaseModel):
    """A todo as its owner sees it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: str
    done: bool
    created_at: Moment


class Counts(BaseModel):
    """How many todos match the search, by mark, on all pages together."""

    open: int
    done: int


class TodoPage(BaseModel):
    """One page; `next` is null on the last."""

    items: list[TodoOut]
    next: str | None
    counts: Counts
