"""Two kinds of people in one process, who never meet: customers and staff, each with tables and tokens of their own."""

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import SecretStr

from gatepost import CurrentUser, Gatepost, Principal, Settings, User

customers = Gatepost()
staff = Gatepost(
    Settings(prefix="/staff/auth", cookie_name="staff", audience="staff", database_url=SecretStr("sqlite:///staff.db"))
)

app = FastAPI()
customers.install(app)  # the first is the application's own: `CurrentUser` means its users
staff.install(app)

StaffUser = Annotated[User, Depends(staff.user)]
Chief = Annotated[Principal, staff.require(role="chief")]


@app.get("/shop")
async def shop(user: CurrentUser) -> str | None:
    """Answer customers."""
    return user.email


@app.get("/office")
async def office(user: StaffUser) -> str | None:
    """Answer staff."""
    return user.email


@app.get("/safe")
async def safe(principal: Chief) -> str:
    """Answer the chief."""
    return str(principal.user_id)
