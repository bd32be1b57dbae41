"""What `/docs` says of our lock: where tokens are, which scopes there are. A guard at module level cannot know.

An application's own Gatepost is called `Gatepost` there; the bound guards of another carry its prefix. The address of
the token endpoint is relative, as FastAPI's own is, so that it holds behind a proxy that strips a path: `/docs`
resolves it against its own address.
"""

from typing import Any

from fastapi import FastAPI

from gatepost.web.guard import SCHEME_NAME, bound_scheme_name
from gatepost.web.policy import WebPolicy

BEARER: dict[str, Any] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def describe_lock(app: FastAPI, policy: WebPolicy, *, is_mounted: bool) -> None:
    """Correct the security scheme in an application's OpenAPI document.

    Args:
        app: the application.
        policy: of the application's own Gatepost.
        is_mounted: the token endpoint is not in this application but in the one that it is mounted in.
    """
    up = "../" * ((app.docs_url or "/docs").count("/") - 1)
    base = f"{policy.public_path}{policy.prefix}" if is_mounted else f"{up}{policy.prefix[1:]}"
    replace_lock(app, bound_scheme_name(policy.prefix), _scheme(policy, f"{base}/token"))


def replace_lock(app: FastAPI, bound: str, scheme: dict[str, Any]) -> None:
    """Put one security scheme in the place of what unbound guards and those of this name say of themselves."""
    inner = app.openapi

    def openapi() -> dict[str, Any]:
        document = inner()
        schemes = document.get("components", {}).get("securitySchemes", {})
        if SCHEME_NAME not in schemes and bound not in schemes:
            return document
        schemes.pop(bound, None)
        schemes[SCHEME_NAME] = scheme
        for operation in _operations(document):
            _rename(operation, bound)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _scheme(policy: WebPolicy, token_url: str) -> dict[str, Any]:
    if not policy.password_grant:
        return BEARER
    flow = {"scopes": dict.fromkeys(policy.scopes, ""), "tokenUrl": token_url}
    return {"type": "oauth2", "flows": {"password": flow}}


def _operations(document: dict[str, Any]) -> list[dict[str, Any]]:
    paths = [*document.get("paths", {}).values(), *document.get("webhooks", {}).values()]
    return [operation for path in paths for operation in path.values() if "security" in operation]


def _rename(operation: dict[str, Any], bound: str) -> None:
    """Call a bound guard of the application's own Gatepost what an unbound one is called."""
    needs = [
        {SCHEME_NAME if name == bound else name: scopes for name, scopes in need.items()}
        for need in operation["security"]
    ]
    operation["security"] = [need for place, need in enumerate(needs) if need not in needs[:place]]
