"""`isolated(gate)`: the host's own Gatepost, with nothing of the outside.

What could go wrong: a test that runs on the developer's database, mails somebody, or waits for a slow hash. So the
database is a file that goes away, mail is kept in memory, hashes are the cheapest that settings allow, and every other
setting stays the host's.
"""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gatepost.core.users.domain import P
from gatepost.gate import Gatepost
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import Unavailable
from gatepost.settings import Settings
from gatepost.testing.mails import Recorder

_ORIGIN = "http://testserver"  # where Starlette's test client believes to be


@contextmanager
def isolated(gate: Gatepost[P], **settings: object) -> Iterator[Gatepost[P]]:
    """Give a Gatepost a throwaway database, a secret, cheap hashes, a clock and a mailbox; restore it after.

    Enter it before the application starts. Inside, `gate.clock.advance(seconds)` moves the time of the application
    and of its store, and `mailbox(client, gate)` returns what was mailed.

    Args:
        gate: the one that the application has installed.
        settings: settings to change besides, by their names in `Settings`.

    Raises:
        RuntimeError: the gate runs already.
        TypeError: there is no such setting.
    """
    if _is_running(gate):
        msg = "this Gatepost runs already: enter isolated(gate) before the application starts"
        raise RuntimeError(msg)
    if unknown := sorted(settings.keys() - type(gate.settings).model_fields.keys()):
        msg = f"no such setting: {', '.join(unknown)}"
        raise TypeError(msg)
    before = (gate.settings, gate.web, gate.policies, gate.clock, gate.mailer)
    with tempfile.TemporaryDirectory(prefix="gatepost-") as folder:
        gate.settings = _settings_for_tests(gate.settings, Path(folder), settings)
        gate.web, gate.policies = gate.settings.web_policy(), gate.settings.policies()
        gate.clock, gate.mailer = Clock(), Recorder()
        try:
            yield gate
        finally:
            gate.settings, gate.web, gate.policies, gate.clock, gate.mailer = before


def _is_running(gate: Gatepost[P]) -> bool:
    try:
        return bool(gate.core)
    except Unavailable:
        return False


def _settings_for_tests(own: Settings, folder: Path, changes: dict[str, object]) -> Settings:
    values: dict[str, Any] = {name: getattr(own, name) for name in type(own).model_fields}
    values |= {
        "env": "development",
        "secret": secrets.token_urlsafe(48),
        "secret_previous": None,
        "database_url": f"sqlite:///{folder / 'gatepost.db'}",
        "listen_url": None,
        "redis_url": None,
        "public_url": _ORIGIN,
        "hash_memory_kib": 7_168,
        "hash_time_cost": 1,
    }
    return type(own)(_env_file=None, **(values | changes))
