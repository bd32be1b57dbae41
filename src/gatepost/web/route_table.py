"""Every route of an application and what guards it: what `gatepost routes` shows and a start can insist on.

Included routers and mounted applications are walked too: a mounted one inherits no dependency of its parent. What
could go wrong: what a middleware guards, or a host's own check within a handler, cannot be seen from outside.
"""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Host, Mount, WebSocketRoute

from gatepost.kernel.errors import ConfigurationError
from gatepost.web.guard import PUBLIC_MARK, Guard, Requirement, UserGuard
from gatepost.web.guarded_route import GuardedRoute
from gatepost.web.ownership import OWNER_MARK
from gatepost.web.policy import GuardPolicy
from gatepost.web.requirements import Need

PUBLIC, OPEN = "public", "open"
_log = logging.getLogger("gatepost.routes")


@dataclass(frozen=True, slots=True)
class RouteLine:
    """One route; `guards` is what each guard asks, or how it is open, or nothing at all."""

    methods: tuple[str, ...]
    path: str
    guards: tuple[str, ...]


def route_table(app: FastAPI, open_paths: Iterable[str] = ()) -> list[RouteLine]:
    """Return every route of an application, in the order in which they match.

    Args:
        app: the application; it need not have started.
        open_paths: paths that are meant to be open, with everything below them.
    """
    return list(_walk(app.router.routes, "", app, tuple(open_paths)))


def check_unguarded(app: FastAPI, policy: GuardPolicy) -> None:
    """Say or refuse, as the settings want it, that a route is neither guarded nor meant to be open.

    Raises:
        ConfigurationError: it names the routes.
    """
    if policy.unguarded_routes == "allow":
        return
    lines = [line for line in route_table(app, policy.open_paths) if not line.guards]
    if not lines:
        return
    names = ", ".join(f"{' '.join(line.methods)} {line.path}" for line in lines)
    msg = (
        f"nothing guards {names}: give each a `principal: CurrentPrincipal` or a `require(...)`, mark it @public, "
        "or name its path in GATEPOST_OPEN_PATHS (`open_paths` of a ResourceServer)"
    )
    if policy.unguarded_routes == "refuse":
        raise ConfigurationError(msg)
    _log.warning(msg)


def _walk(routes: Iterable[BaseRoute], prefix: str, app: Any, open_paths: tuple[str, ...]) -> Iterator[RouteLine]:  # noqa: ANN401 - any ASGI application
    for context in iter_route_contexts(list(routes)):
        route: Any = getattr(context, "original_route", context)
        path = prefix + str(context.path or getattr(route, "host", ""))
        inner = getattr(route, "routes", None) if isinstance(route, Mount | Host) else None
        if inner:
            yield from _walk(inner, path, getattr(route, "app", None), open_paths)
            continue
        guards = _guards_of(context, route, app)
        if not guards and any(path == one or path.startswith(f"{one.rstrip('/')}/") for one in open_paths):
            guards = (OPEN,)
        yield RouteLine(_methods(context, route), path, guards)


def _methods(context: Any, route: BaseRoute) -> tuple[str, ...]:  # noqa: ANN401 - a context of FastAPI
    if isinstance(route, WebSocketRoute):
        return ("WEBSOCKET",)
    methods = set(context.methods or ())
    return tuple(sorted(methods - {"HEAD"} if "GET" in methods else methods)) or ("ANY",)


def _guards_of(context: Any, route: BaseRoute, app: Any) -> tuple[str, ...]:  # noqa: ANN401 - likewise
    is_public = bool(getattr(context.endpoint, PUBLIC_MARK, False))
    dependant = getattr(context, "dependant", None)  # a route of Starlette's has none, and no guard
    found = list(_words_of(dependant, app, is_public=is_public)) if isinstance(dependant, Dependant) else []
    if isinstance(route, GuardedRoute) and not is_public:
        found.append("principal")
    words = tuple(dict.fromkeys(found))
    if len(words) > 1:  # whoever has a role is somebody
        words = tuple(word for word in words if word != "principal")
    return words or ((PUBLIC,) if is_public else ())


def _words_of(dependant: Dependant, app: Any, *, is_public: bool) -> Iterator[str]:  # noqa: ANN401 - likewise
    for part in dependant.dependencies:
        call: Any = part.call
        if hasattr(call, OWNER_MARK):
            others = getattr(call, OWNER_MARK)
            yield "owner" if others is None else f"owner or {words_of_need(others)}"
            continue
        if isinstance(call, Requirement):
            call = call.dependency
        if isinstance(call, Guard):
            if not (is_public and _lets_public_pass(call, app)):
                yield _words_of_guard(call)
        else:
            yield from _words_of(part, app, is_public=is_public)


def _lets_public_pass(guard: Guard, app: Any) -> bool:  # noqa: ANN401 - likewise
    wide = getattr(getattr(app, "router", None), "dependencies", ())
    return guard.passes_public and (guard.need == Need() or any(one.dependency is guard for one in wide))


def _words_of_guard(guard: Guard) -> str:
    if guard.need is not None and guard.need != Need():
        return words_of_need(guard.need)
    name = "user" if isinstance(guard, UserGuard) else "principal"
    return f"optional {name}" if guard.is_optional else name


def words_of_need(need: Need) -> str:
    """Return what a requirement asks, in the words of `require`."""
    words = [f"{name} {value}" for name in ("role", "permission", "scope") if (value := getattr(need, name))]
    words += [name.replace("_", " ") for name in ("verified", "fresh", "in_person") if getattr(need, f"is_{name}")]
    if need.check is not None:
        words.append(f"check {getattr(need.check, '__name__', type(need.check).__name__)}")
    words += [words_of_need(part) for part in need.all_of]
    some = [words_of_need(part) for part in need.any_of]
    words += some if len(some) == 1 else [f"any of ({', '.join(some)})"] if some else []
    return " and ".join(words) or "principal"


__all__ = ["OPEN", "PUBLIC", "RouteLine", "check_unguarded", "route_table", "words_of_need"]
