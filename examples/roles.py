"""What a route asks of its caller: a role, a permission, a scope, a recent sign-in, a rule of your own."""

import uuid
from typing import Annotated

from fastapi import APIRouter, FastAPI

from gatepost import CurrentPrincipal, Gatepost, Principal, Settings, any_of, public, require, require_owner

app = FastAPI()
gate = Gatepost(
    Settings(
        scopes=("reports:read",),
        role_permissions={
            "editor": frozenset({"articles.write"}),
            "admin": frozenset({"articles.write", "articles.drop"}),
        },
    )
)
gate.install(app)

AdminOnly = Annotated[Principal, require(role="admin")]


def works_here(principal: Principal) -> bool:
    """Whether the caller belongs to the house; may be `async` too."""
    return "staff" in principal.roles or "admin" in principal.roles


@app.get("/admin")
async def admin(principal: AdminOnly) -> str:
    """Answer admins, 403 for others."""
    return f"welcome, {principal.user_id}"


@app.post("/articles", dependencies=[require(permission="articles.write", verified=True)])
async def write_article() -> str:
    """Answer whoever has a role that may write, and a verified address."""
    return "written"


@app.delete("/articles", dependencies=[require(permission="articles.drop", fresh=True)])
async def drop_articles() -> str:
    """Answer whoever may drop and has signed in within the last ten minutes."""
    return "dropped"


@app.get("/reports", dependencies=[require(scope="reports:read")])
async def reports() -> str:
    """Answer a token that carries the scope."""
    return "reports"


@app.get("/kitchen", dependencies=[any_of(require(role="cook"), require(check=works_here))])
async def kitchen() -> str:
    """Answer cooks, and whoever works here."""
    return "soup"


drafts: dict[int, uuid.UUID] = {}


async def author_of(draft_id: int) -> uuid.UUID | None:
    """Return whose draft it is; None where there is none. Ask your database here."""
    return drafts.get(draft_id)


@app.post("/drafts")
async def new_draft(principal: CurrentPrincipal) -> int:
    """Make a draft of the caller's."""
    drafts[len(drafts)] = principal.user_id
    return len(drafts) - 1


@app.get("/drafts/{draft_id}", dependencies=[require_owner(author_of, require(permission="articles.drop"))])
async def draft(draft_id: int) -> str:
    """Answer the author, and whoever may drop articles; for others there is no such draft."""
    return f"draft {draft_id}"


@app.delete("/drafts/{draft_id}")
async def drop_draft(draft_id: int, author: Annotated[Principal, require_owner(author_of)]) -> str:
    """Answer the author alone."""
    del drafts[draft_id]
    return f"dropped by {author.user_id}"


members = APIRouter(prefix="/members", dependencies=[require()])


@members.get("/list")
async def listing(principal: CurrentPrincipal) -> list[str]:
    """Answer everybody who is signed in, like every route of this router."""
    return sorted(principal.roles)


@members.get("/imprint")
@public
async def imprint() -> str:
    """Answer everybody: marked public, in a router that is guarded as a whole."""
    return "who we are"


app.include_router(members)
