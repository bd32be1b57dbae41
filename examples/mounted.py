"""An application inside another: the outer one runs Gatepost, the inner one shares it."""

from fastapi import FastAPI

from gatepost import CurrentUser, Gatepost

gate = Gatepost()
app = FastAPI()
gate.install(app)

reports = FastAPI()
gate.install(reports, routes=False)  # no routes of its own: people sign in at the outer application
app.mount("/reports", reports)


@reports.get("/mine")
async def mine(user: CurrentUser) -> str | None:
    """Answer whoever is signed in."""
    return user.email
