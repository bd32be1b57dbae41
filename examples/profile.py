"""Fields that people write about themselves, in a model of yours: `PATCH /auth/me {"profile": {...}}`."""

from typing import Annotated

from fastapi import FastAPI
from pydantic import Field

from gatepost import CurrentUser, Gatepost, Profile


class MyProfile(Profile):
    """Every field has a default: a user begins with none of them written."""

    city: Annotated[str, Field(max_length=80)] = ""
    newsletter: bool = False


app = FastAPI()
gate = Gatepost(profile=MyProfile)
gate.install(app)


@app.get("/greeting")
async def greeting(user: CurrentUser[MyProfile]) -> str:
    """Use the profile; `user.profile.city` is a `str` to the type checker."""
    return f"how is {user.profile.city}?"
