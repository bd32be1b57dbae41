"""`/admin/roles`: what roles there are, and what each allows."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from gatepost.core.roles.domain import Role
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import origin, reader, writer
from gatepost.features.admin.shapes import Body
from gatepost.kernel.errors import NotFound
from gatepost.web.routes import route_class


class RoleView(BaseModel):
    """One role; `is_fixed` where the settings say what it allows."""

    name: str
    description: str
    permissions: list[str]
    is_fixed: bool

    @classmethod
    def of(cls, role: Role) -> "RoleView":
        """Return the view of a role."""
        return cls(
            name=role.name,
            description=role.description,
            permissions=sorted(role.permissions),
            is_fixed=role.is_fixed,
        )


class RoleList(BaseModel):
    """Every defined role, by name."""

    items: list[RoleView]


class Definition(Body):
    """What a role is for, and what it allows."""

    description: Annotated[str, Field(max_length=400)] = ""
    permissions: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=100)]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/roles", route_class=route_class(host), tags=["admin: roles"])
    may_write = writer(host)

    @routes.get("", dependencies=[reader(host)])
    async def list_roles() -> RoleList:
        """Every defined role, those of the settings too."""
        return RoleList(items=[RoleView.of(role) for role in await host.core.roles.listing()])

    @routes.put("/{role}", dependencies=[may_write])
    async def define_role(role: str, given: Definition, request: Request) -> RoleView:
        """Make a role, or give it another description and other permissions, which hold at once."""
        source = origin(host, request)
        return RoleView.of(await host.core.roles.define(role, given.description, given.permissions, origin=source))

    @routes.delete("/{role}", status_code=204, dependencies=[may_write])
    async def delete_role(role: str, request: Request) -> Response:
        """Delete a role, and take it from everybody who has it; their sessions end."""
        if not await host.core.roles.delete(role, origin=origin(host, request)):
            raise NotFound
        return Response(status_code=204)

    return routes
