"""A service that only checks tokens loads neither database nor password hashes, and reads the same."""

import subprocess
import sys

import pytest

import gatepost
from gatepost.web import guard

NAMES = (
    "Issuer",
    "ResourceServer",
    "CurrentPrincipal",
    "GuardedRoute",
    "OptionalPrincipal",
    "Principal",
    "all_of",
    "any_of",
    "current_principal",
    "optional_principal",
    "public",
    "require",
    "require_owner",
)
MODULES = ("errors", "denials", "guard", "host", "origin", "route_table", "routing")
HEAVY = frozenset({"sqlalchemy", "alembic", "argon2", "aiosqlite", "psycopg", "jinja2"})


def loaded_after(line: str) -> set[str]:
    program = f"import sys\n{line}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_what_a_resource_server_imports_loads_no_database() -> None:
    loaded = loaded_after(f"from gatepost import {', '.join(NAMES)}")
    assert "gatepost" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("module", MODULES)
def test_the_web_layer_around_the_guard_loads_no_database(module: str) -> None:
    loaded = loaded_after(f"import gatepost.web.{module}")
    assert "gatepost" in loaded
    assert loaded & HEAVY == set()


def test_the_names_are_those_that_a_gatepost_uses() -> None:
    from gatepost.gate import Gatepost

    for name in ("CurrentPrincipal", "OptionalPrincipal", "require", "any_of", "all_of", "public"):
        assert getattr(gatepost, name) is getattr(guard, name)
    assert type(Gatepost().principal) is type(gatepost.current_principal)
    assert type(Gatepost().require()) is type(gatepost.require())
