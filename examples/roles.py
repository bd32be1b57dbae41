"""What a route asks of its caller: a role, a permission, a scope, a recent sign-in, a rule of your own."""

from typing import Annotated

from fastapi import APIRouter, FastAPI

from gatepost import CurrentPrincipal, Gatepost, Principal, Settings, any_of, public, require

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
