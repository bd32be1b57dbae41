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

from gatepost.crypto.passwords import Peppers
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
    password_pepper: SecretStr | None = None
    password_pepper_previous: SecretStr | None = None
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
        previous = (self.secret_previous.get_secret_value(),) if self.secret_previous else ()
        first = _checked("GATEPOST_SECRET", current, is_production=self.is_production)
        rest = (_checked("GATEPOST_SECRET", secret, is_production=False) for secret in previous)
        return PurposeKeys(first, tuple(rest))

    def peppers(self) -> Peppers:
        """Return the pepper of new hashes, and the one before it.

        Raises:
            ConfigurationError: one can be guessed, or is no secret of its own.
        """
        found = {
            "GATEPOST_PASSWORD_PEPPER": self.password_pepper,
            "GATEPOST_PASSWORD_PEPPER_PREVIOUS": self.password_pepper_previous,
        }
        raw = {
            name: _checked(name, secret.get_secret_value(), is_production=self.is_production)
            for name, secret in found.items()
            if secret is not None
        }
        others = {secret.get_secret_value().encode() for secret in (self.secret, self.secret_previous) if secret}
        if others & set(raw.values()):
            msg = "GATEPOST_PASSWORD_PEPPER is GATEPOST_SECRET too: use another output of `gatepost secret generate`"
            raise ConfigurationError(msg)
        previous = raw.get("GATEPOST_PASSWORD_PEPPER_PREVIOUS")
        return Peppers(raw.get("GATEPOST_PASSWORD_PEPPER"), [previous] if previous is not None else [])


def _checked(name: str, secret: str, *, is_production: bool) -> bytes:
    """Return a secret of an operator's as bytes.

    Args:
        name: of its setting.
        secret: as it was set.
        is_production: refuse one that stands in examples.

    Raises:
        ConfigurationError: it can be guessed.
    """
    raw = secret.encode()
    if is_production and _COPIED.search(secret):
        msg = f"{name} is one from an example: use the output of `gatepost secret generate`"
        raise ConfigurationError(msg)
    if len(raw) < MIN_SECRET_BYTES or len(set(raw)) < _MIN_DISTINCT:
        msg = (
            f"{name} is too short or too regular ({MIN_SECRET_BYTES} random characters at least): "
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
