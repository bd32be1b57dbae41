"""Plain `def` endpoints: the guard is asynchronous and does no I/O, your function runs in a thread as always."""

import threading

from fastapi import FastAPI

from gatepost import CurrentUser, Gatepost, require
from gatepost.events import UserRegistered

app = FastAPI()
gate = Gatepost()
gate.install(app)
welcomed: list[str | None] = []


@app.get("/thread")
def in_a_thread(user: CurrentUser) -> dict[str, str | bool | None]:
    """Return who calls, and whether this runs beside the event loop."""
    return {"email": user.email, "is_main": threading.current_thread() is threading.main_thread()}


@app.get("/cellar", dependencies=[require(role="admin")])
def cellar() -> str:
    """Answer admins."""
    return "wine"


@gate.on(UserRegistered)
def welcome(event: UserRegistered) -> None:
    """Run after the commit, in a thread."""
    welcomed.append(event.email)
