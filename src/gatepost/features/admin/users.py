"""`/admin/users`: find, read, make, disable, enable, delete, sign out, give and take roles."""

import uuid
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gatepost.core.outbox import Job, MailKind, enqueue_step
from gatepost.core.users.administrators import AdminPolicy, keep_an_administrator
from gatepost.core.users.flow import FIRST_ID
from gatepost.core.users.search import MAX_QUERY, Search, search_users, standing_of
from gatepost.feature import FeatureHost
from gatepost.features.admin.door import known, origin, reader, writer
from gatepost.features.admin.shapes import AdminUserView, UserChanges, UserDetail, UserPage
from gatepost.storage.unit_of_work import UnitOfWork
from gatepost.web.routes import route_class
from gatepost.web.views import cursor_after, read_cursor

_Role = Annotated[str | None, Query(max_length=64)]


def router(host: FeatureHost) -> APIRouter:
    """Return the routes for one Gatepost."""
    routes = APIRouter(prefix="/admin/users", route_class=route_class(host), tags=["admin: users"])
    may_read, may_write = reader(host), writer(host)
    role_of_admins = host.policy(AdminPolicy).role

    def told(user_id: uuid.UUID, action: str, *, keeps_admin: bool = False) -> Any:  # noqa: ANN401 - a Within
        return partial(finish, host, user_id, action, role_of_admins if keeps_admin else None)

    @routes.get("", dependencies=[may_read])
    async def list_users(
        q: Annotated[str | None, Query(max_length=MAX_QUERY)] = None,
        anywhere: bool = False,  # noqa: FBT001, FBT002 - a query parameter
        role: _Role = None,
        disabled: bool | None = None,  # noqa: FBT001 - likewise
        verified: bool | None = None,  # noqa: FBT001 - likewise
        cursor: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> UserPage:
        """Users whose address or username begins with `q`; with `anywhere`, those who have it in any name of theirs."""
        wanted = Search(text=q, is_anywhere=anywhere, role=role, is_disabled=disabled, is_verified=verified)
        after = read_cursor(cursor) if cursor else FIRST_ID
        found = await search_users(host.core.database, host.profile, wanted, after=after, size=limit + 1)
        items = [AdminUserView.of(user) for user in found[:limit]]
        return UserPage(items=items, next=cursor_after(items[-1].id) if len(found) > limit else None)

    @routes.get("/{user_id}", dependencies=[may_read])
    async def read_user(user_id: uuid.UUID) -> UserDetail:
        """One user, with how many sessions are open and when the last one was."""
        return UserDetail.about(await known(host, user_id), await standing_of(host.core.database, user_id))

    @routes.patch("/{user_id}", dependencies=[may_write])
    async def change_user(user_id: uuid.UUID, changes: UserChanges, request: Request) -> UserDetail:
        """Say whether a user's address is known to be theirs."""
        await known(host, user_id)
        await host.core.users.set_verified(user_id, changes.email_verified, origin=origin(host, request))
        return await read_user(user_id)

    @routes.delete("/{user_id}", status_code=204, dependencies=[may_write])
    async def delete_user(user_id: uuid.UUID, request: Request) -> Response:
        """Delete a user and everything of theirs."""
        within = partial(_finish_deletion, host, (await known(host, user_id)).email, role_of_admins)
        await host.core.users.delete(user_id, origin=origin(host, request), within=within)
        return Response(status_code=204)

    @routes.post("/{user_id}/disable", status_code=204, dependencies=[may_write])
    async def disable_user(user_id: uuid.UUID, request: Request) -> Response:
        """End every session of a user and refuse new ones. Doing it twice is no error."""
        await known(host, user_id)
        within = told(user_id, "disabled", keeps_admin=True)
        await host.core.users.disable(user_id, origin=origin(host, request), within=within)
        return Response(status_code=204)

    @routes.post("/{user_id}/enable", status_code=204, dependencies=[may_write])
    async def enable_user(user_id: uuid.UUID, request: Request) -> Response:
        """Let a disabled user sign in again."""
        await known(host, user_id)
        await host.core.users.enable(user_id, origin=origin(host, request), within=told(user_id, "enabled"))
        return Response(status_code=204)

    @routes.put("/{user_id}/roles/{role}", status_code=204, dependencies=[may_write])
    async def grant_role(user_id: uuid.UUID, role: str, request: Request) -> Response:
        """Give a role; tokens carry it from the next refresh on."""
        within = told(user_id, "role_granted")
        await host.core.users.grant_role(user_id, role, origin=origin(host, request), within=within)
        return Response(status_code=204)

    @routes.delete("/{user_id}/roles/{role}", status_code=204, dependencies=[may_write])
    async def remove_role(user_id: uuid.UUID, role: str, request: Request) -> Response:
        """Take a role away; every session of the user ends."""
        within = told(user_id, "role_removed", keeps_admin=True)
        await host.core.users.remove_role(user_id, role, origin=origin(host, request), within=within)
        return Response(status_code=204)

    return routes


async def _finish_deletion(host: FeatureHost, email: str | None, role_kept: str, work: UnitOfWork) -> None:
    """Keep an administrator, and tell the mailbox: afterwards nobody knows whose it was."""
    core = host.core
    await keep_an_administrator(work, role_kept)
    if email is not None:
        await work.steps(enqueue_step(core.clock, core.keys, Job(kind=MailKind.ACCOUNT_DELETED, address=email)))


async def finish(host: FeatureHost, user_id: uuid.UUID, action: str, role_kept: str | None, work: UnitOfWork) -> None:
    """Keep an administrator, and tell the user by mail, in the transaction of what was done."""
    core = host.core
    if role_kept is not None:
        await keep_an_administrator(work, role_kept)
    job = Job(kind=MailKind.ADMIN_ACTED, user_id=user_id, details={"action": action})
    await work.steps(enqueue_step(core.clock, core.keys, job))
