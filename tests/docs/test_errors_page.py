"""`docs/errors.md` lists every code, with the status that it is answered with, and no other."""

import re
from pathlib import Path

import gatepost.features
import gatepost.trust.issuer  # noqa: F401 - both define their errors
from gatepost.kernel.errors import AuthError, OAuthError

PAGE = Path(__file__).parents[2] / "docs" / "errors.md"
_ROW = re.compile(r"^\| `([a-z_.]+)` \| (\d{3}) \|", re.MULTILINE)


def every(kind: type[AuthError]) -> set[type[AuthError]]:
    """Return a class and all that derive from it."""
    return {kind}.union(*(every(child) for child in kind.__subclasses__()))


def test_every_code_is_on_the_page_with_its_status() -> None:
    written = {(code, int(status)) for code, status in _ROW.findall(PAGE.read_text())}
    ours = {kind for kind in every(AuthError) if kind.__module__.startswith("gatepost.")}
    meant = {(kind.code, kind.status) for kind in ours if kind not in {AuthError, OAuthError}}
    assert written == meant
