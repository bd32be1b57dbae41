"""The secret that everything derives from, and the stores.

Development makes its own secret, in a file of this working copy that only its owner can read.
"""

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.purpose import MIN_SECRET_BYTES, PurposeKeys
from gatepost.settings.place import PlaceSettings

DEVELOPMENT_SECRET_FILE = Path(".gatepost-secret")
_MIN_DISTINCT = 10
# What stands in examples; the number is the key of FastAPI's tutorial, which half the world has copied.
_COPIED = re.compile(
    "secret|change.?me|password|example|default|insecure|09d25e094faa6ca2556c818166b7a956", re.IGNORECASE
)


class StoreSettings(PlaceSettings):
    """Secrets and stores."""

    secret: SecretStr | None = None
    secret_previous: SecretStr | None = None
    database_url: SecretStr | None = None
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 5
    listen_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    throttle: Literal["sql", "memory"] = "sql"

    @property
    def url_of_database(self) -> str:
        """The database's URL; the embedded file where none is given."""
        return self.database_url.get_secret_value() if self.database_url else "sqlite:///gatepost.db"

    def purpose_keys(self) -> PurposeKeys:
        """Return the keys that derive from the secret.

        Raises:
            ConfigurationError: no secret in production, or one that can be guessed.
        """
        current = self.secret.get_secret_value() if self.secret else None
        if current is None:
            if self.is_production:
                msg = "set GATEPOST_SECRET to the output of `gatepost secret generate`, and keep it safe"
                raise ConfigurationError(msg)
            current = _development_secret(DEVELOPMENT_SECRET_FILE)
        if self.is_production and _COPIED.search(current):
            msg = "GATEPOST_SECRET is one from an example: use the output of `gatepost secret generate`"
            raise ConfigurationError(msg)
        previous = (self.secret_previous.get_secret_value(),) if self.secret_previous else ()
        return PurposeKeys(_checked(current), tuple(_checked(secret) for secret in previous))


def _checked(secret: str) -> bytes:
    raw = secret.encode()
    if len(raw) < MIN_SECRET_BYTES or len(set(raw)) < _MIN_DISTINCT:
        msg = (
            f"GATEPOST_SECRET is too short or too regular ({MIN_SECRET_BYTES} random characters at least): "
            "use the output of `gatepost secret generate`"
        )
        raise ConfigurationError(msg)
    return raw


def _development_secret(path: Path) -> str:
    """Return the secret of this working copy, made once in an ignored file that only its owner can read."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")
        with contextlib.suppress(FileExistsError):  # of two processes that start at once, one makes it
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
