"""A service without users: it checks the tokens that another server issues.

    ISSUER=https://auth.example.com AUDIENCE=https://api.example.com fastapi dev examples/resource_server.py

Then send what that server gave you: `curl -H "Authorization: Bearer ..." http://127.0.0.1:8000/mine`.
"""

import os

from fastapi import FastAPI

from gatepost import CurrentPrincipal, ResourceServer, require

app = FastAPI()
server = ResourceServer(
    os.environ.get("ISSUER", "https://auth.example.com"),
    audience=os.environ.get("AUDIENCE", "https://api.example.com"),
    dangerously_reaches_loopback=os.environ.get("GATEPOST_ENV") == "development",
)
server.install(app)


@app.get("/mine")
async def mine(principal: CurrentPrincipal) -> dict[str, str]:
    """Say who calls; 401 for anybody without a good token."""
    return {"issuer": principal.issuer, "subject": principal.subject}


@app.get("/reports", dependencies=[require(scope="reports.read")])
async def reports() -> list[str]:
    """Say what a token with that scope may see."""
    return ["one", "two"]


@app.delete("/reports", dependencies=[require(role="editor", fresh=True)])
async def drop() -> str:
    """Do what an editor may do who has just signed in."""
    return "dropped"
