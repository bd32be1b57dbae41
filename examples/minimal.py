"""The whole of it: users, sessions and tokens for one application.

    GATEPOST_ENV=development fastapi dev examples/minimal.py

Then open /docs: register, press Authorize, call `/hello`.
"""

from fastapi import FastAPI

from gatepost import CurrentUser, Gatepost

app = FastAPI()
gate = Gatepost()
gate.install(app)


@app.get("/hello")
async def hello(user: CurrentUser) -> dict[str, str | None]:
    """Greet the caller; 401 for anybody else."""
    return {"hello": user.email}
