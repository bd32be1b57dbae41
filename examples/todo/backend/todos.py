"""CRUD under `/todos`. The owner is part of every statement, so another's todo looks like one that never was (404).

What could go wrong: read, decide, write would race between two tabs; each change is one statement that returns its row.
"""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query
from sqlalchemy import ColumnElement, delete, func, insert, select, update

from backend.database import DatabaseSession
from backend.models import ID_MAX, Todo
from backend.shapes import Counts, ListQuery, TodoChange, TodoIn, TodoOut, TodoPage, cursor_for
from gatepost import CurrentPrincipal, Principal

router = APIRouter(prefix="/todos", tags=["todos"])
TodoId = Annotated[int, Path(ge=1, le=ID_MAX)]


@router.get("")
async def list_todos(
    query: Annotated[ListQuery, Query()], caller: CurrentPrincipal, session: DatabaseSession
) -> TodoPage:
    """List the caller's todos, newest first."""
    mine = [Todo.owner_id == caller.user_id]
    if query.q is not None:
        mine.append(Todo.title.icontains(query.q, autoescape=True))
    open_count = func.count().filter(Todo.done.is_(False))
    counted = await session.execute(select(open_count, func.count() - open_count).where(*mine))
    still_open, done = counted.one()

    if query.done is not None:
        mine.append(Todo.done.is_(query.done))
    if query.cursor is not None:
        mine.append(Todo.id < query.cursor)
    # One row more than asked for says whether a next page exists.
    found = (await session.scalars(select(Todo).where(*mine).order_by(Todo.id.desc()).limit(query.limit + 1))).all()
    items = [TodoOut.model_validate(todo) for todo in found[: query.limit]]
    more = len(found) > query.limit
    return TodoPage(
        items=items, next=cursor_for(items[-1].id) if more else None, counts=Counts(open=still_open, done=done)
    )


@router.post("", status_code=HTTPStatus.CREATED)
async def add_todo(todo: TodoIn, caller: CurrentPrincipal, session: DatabaseSession) -> TodoOut:
    """Add one to the caller's list."""
    new = insert(Todo).values(owner_id=caller.user_id, **todo.model_dump()).returning(Todo)
    return TodoOut.model_validate((await session.scalars(new)).one())


@router.get("/{todo_id}")
async def read_todo(todo_id: TodoId, caller: CurrentPrincipal, session: DatabaseSession) -> TodoOut:
    """Read one of the caller's todos."""
    return _found(await session.scalar(select(Todo).where(*_own(todo_id, caller))))


@router.patch("/{todo_id}")
async def change_todo(
    todo_id: TodoId, change: TodoChange, caller: CurrentPrincipal, session: DatabaseSession
) -> TodoOut:
    """Change the title, the mark, or both."""
    values = change.model_dump(exclude_unset=True)
    changed = update(Todo).where(*_own(todo_id, caller)).values(**values).returning(Todo)
    return _found(await session.scalar(changed))


@router.delete("/{todo_id}", status_code=HTTPStatus.NO_CONTENT)
async def delete_todo(todo_id: TodoId, caller: CurrentPrincipal, session: DatabaseSession) -> None:
    """Delete one of the caller's todos."""
    gone = delete(Todo).where(*_own(todo_id, caller)).returning(Todo.id)
    if await session.scalar(gone) is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No such todo.")


def _own(todo_id: int, caller: Principal) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Todo.id == todo_id, Todo.owner_id == caller.user_id


def _found(todo: Todo | None) -> TodoOut:
    if todo is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "No such todo.")
    return TodoOut.model_validate(todo)
