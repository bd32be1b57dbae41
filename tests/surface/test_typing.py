"""A type checker sees of the public names what a reader expects; wrong uses are errors."""

from pathlib import Path

import pytest
from mypy import api

ROOT = Path(__file__).parents[2]
WRONG = """
from gatepost import CurrentUser, Gatepost, Issuer, Profile, ResourceServer, require
from gatepost.testing import signed_in
class Mine(Profile):
    city: str = ""
async def one(user: CurrentUser[Mine]) -> int:
    return user.profile.city
async def two(user: CurrentUser) -> str:
    return user.profile.city
async def three(user: CurrentUser[int]) -> None: ...
require(roles="admin")
Gatepost(profile=int)
user: CurrentUser
user.email = "x"
ResourceServer("https://a.example", audiences="b")
Issuer("https://a.example", "keycloak")
"""


def mypy(cache: Path, *arguments: str) -> tuple[str, int]:
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--strict", "--cache-dir", str(cache)]
    out, err, status = api.run([*options, *arguments])
    return out + err, status


@pytest.mark.timeout(300)
def test_the_surface_and_every_example_are_strictly_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    examples = [str(file) for file in sorted((ROOT / "examples").glob("*.py"))]
    cache = ROOT / ".mypy_cache" / "surface"
    out, status = mypy(cache, str(ROOT / "tests" / "surface" / "typing_surface.py"), *examples)
    assert status == 0, out
    wrong = tmp_path / "wrong.py"
    wrong.write_text(WRONG)
    out, status = mypy(cache, str(wrong))
    assert status == 1
    errors = {int(line.split(":")[1]) for line in out.splitlines() if ": error:" in line}
    assert errors == {7, 9, 10, 11, 12, 14, 15, 16}, out
