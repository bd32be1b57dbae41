"""Settings: from the environment and `.env` with the prefix `GATEPOST_`, or given in code; checked at the start.

Production is the default. Development is asked for by name, refuses anything that is not on this machine, and makes
its own secret. What is unsafe does not start, and says in one sentence what to do. A flow never sees this class: it
gets a small policy made here.
"""

import contextlib
import os
import re
import secrets
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gatepost.core.keys import KeyPolicy
from gatepost.core.login import LoginPolicy
from gatepost.core.runtime import CorePolicy
from gatepost.core.sessions.domain import SessionPolicy
from gatepost.core.sessions.tokens import TokenPolicy
from gatepost.core.throttle import Budget
from gatepost.crypto.jwt import Algorithm
from gatepost.crypto.passwords import HashPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.purpose import MIN_SECRET_BYTES, PurposeKeys
from gatepost.web.policy import WebPolicy

DEVELOPMENT_SECRET_FILE = Path(".gatepost-secret")
_LOOPBACK = {"localhost", "127.0.0.1", "::1", "[::1]", "testserver"}
_MIN_DISTINCT = 10
# What stands in examples; the number is the key of FastAPI's tutorial, which half the world has copied.
_COPIED = re.compile(
    "secret|change.?me|password|example|default|insecure|09d25e094faa6ca2556c818166b7a956", re.IGNORECASE
)
Seconds = Annotated[int, Field(ge=1)]
BudgetText = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6}/[1-9][0-9]{0,6}$")]


class Settings(BaseSettings):
    """Every option of Gatepost; `docs/settings.md` lists them."""

    model_config = SettingsConfigDict(
        env_prefix="GATEPOST_", env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    env: Literal["production", "development"] = "production"
    secret: SecretStr | None = None
    secret_previous: SecretStr | None = None
    database_url: SecretStr | None = None
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 5
    listen_url: SecretStr | None = None
    redis_url: SecretStr | None = None
    public_url: str | None = None
    prefix: str = "/auth"
    trusted_origins: tuple[str, ...] = ()
    trusted_proxies: Annotated[int, Field(ge=0, le=10)] = 0

    signing_algorithm: Algorithm = "ES256"
    audience: str | None = None
    leeway: Annotated[int, Field(ge=0, le=60)] = 10
    key_rotation: Seconds = 90 * 86_400
    jwks_max_age: Annotated[int, Field(ge=0, le=86_400)] = 300

    access_lifetime: Annotated[int, Field(ge=30, le=86_400)] = 900
    session_idle: Annotated[int, Field(ge=60)] = 14 * 86_400
    session_lifetime: Annotated[int, Field(ge=60)] = 90 * 86_400
    refresh_grace: Annotated[int, Field(ge=0, le=60)] = 10
    fresh: Seconds = 600
    revocation_bound: Annotated[float, Field(ge=0.1, le=10)] = 1.0

    scopes: tuple[str, ...] = ()
    role_permissions: dict[str, frozenset[str]] = {}
    password_grant: bool = True
    introspection_clients: dict[str, SecretStr] = {}
    password_min_length: Annotated[int, Field(ge=8, le=64)] = 8

    hash_memory_kib: Annotated[int, Field(ge=7_168)] = 19_456
    hash_time_cost: Annotated[int, Field(ge=1)] = 2
    hash_threads: Annotated[int, Field(ge=1)] | None = None
    hash_queue: Annotated[int, Field(ge=1)] = 64
    login_budget_address: BudgetText = "100/900"
    login_budget_pair: BudgetText = "8/3600"
    login_budget_account: BudgetText = "40/3600"
    login_failure_floor: Annotated[float, Field(ge=0, le=5)] = 0.0
    signup_budget_address: BudgetText = "20/3600"
    throttle: Literal["sql", "memory"] = "sql"

    cookie_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")] = "gatepost"
    mailbox_key: SecretStr | None = None

    @field_validator(
        "secret",
        "secret_previous",
        "database_url",
        "public_url",
        "redis_url",
        "listen_url",
        "mailbox_key",
        mode="before",
    )
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        return None if value == "" else value

    @field_validator("prefix")
    @classmethod
    def _prefix_is_a_path(cls, value: str) -> str:
        if not value.startswith("/") or value.endswith("/") or "{" in value:
            msg = "begins with a slash and does not end with one, for example /auth"
            raise ValueError(msg)
        return value

    @property
    def is_production(self) -> bool:
        """Whether unsafe settings are refused."""
        return self.env == "production"

    @property
    def url_of_database(self) -> str:
        """The database's URL; the embedded file where none is given."""
        return self.database_url.get_secret_value() if self.database_url else "sqlite:///gatepost.db"

    def origin(self) -> str:
        """Return the public origin (scheme, host, port) without a path."""
        parts = urlsplit(self.checked_public_url())
        return f"{parts.scheme}://{parts.netloc}"

    def checked_public_url(self) -> str:
        """Return the public URL without a trailing slash.

        Raises:
            ConfigurationError: none in production, or one that does not fit the environment.
        """
        url = (self.public_url or ("" if self.is_production else "http://localhost:8000")).rstrip("/")
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not parts.scheme or not host or parts.scheme not in {"http", "https"} or "@" in parts.netloc:
            msg = "set GATEPOST_PUBLIC_URL to the address that people use, for example https://example.com"
            raise ConfigurationError(msg)
        if self.is_production and parts.scheme != "https":
            msg = (
                "GATEPOST_PUBLIC_URL must be https in production; for work on this machine set GATEPOST_ENV=development"
            )
            raise ConfigurationError(msg)
        if not self.is_production and host not in _LOOPBACK:
            msg = f"GATEPOST_ENV=development refuses the public URL {url}: unset it, or use GATEPOST_ENV=production"
            raise ConfigurationError(msg)
        return url

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

    def core_policy(self) -> CorePolicy:
        """Return what the core is told.

        Raises:
            ConfigurationError: a setting does not allow a safe start.
        """
        self._check_introspection_clients()
        self._check_budgets()
        return CorePolicy(
            keys=self.purpose_keys(),
            key_policy=KeyPolicy(
                algorithm=self.signing_algorithm,
                rotation=self.key_rotation,
                jwks_max_age=self.jwks_max_age,
                token_lifetime=self.access_lifetime + self.leeway,
            ),
            sessions=SessionPolicy(
                access_lifetime=self.access_lifetime,
                idle=self.session_idle,
                absolute=self.session_lifetime,
                grace=self.refresh_grace,
                fresh=self.fresh,
            ),
            tokens=TokenPolicy(
                issuer=self.checked_public_url(),
                audience=self.audience or self.checked_public_url(),
                leeway=self.leeway,
                scopes=frozenset(self.scopes),
                role_permissions=self.role_permissions,
            ),
            login=LoginPolicy(
                address=_budget("login-address", self.login_budget_address),
                pair=_budget("login-pair", self.login_budget_pair),
                account=_budget("login-account", self.login_budget_account),
                failure_floor=self.login_failure_floor,
            ),
            hashes=HashPolicy(memory_kib=self.hash_memory_kib, time_cost=self.hash_time_cost),
            hash_threads=self.hash_threads,
            hash_queue=self.hash_queue,
            revocation_bound=self.revocation_bound,
            listen_url=self.listen_url.get_secret_value() if self.listen_url else None,
            redis_url=self.redis_url.get_secret_value() if self.redis_url else None,
            throttle_in_memory=self.throttle == "memory",
        )

    def _check_introspection_clients(self) -> None:
        for name, secret in self.introspection_clients.items():
            if self.is_production and len(secret.get_secret_value()) < MIN_SECRET_BYTES:
                msg = (
                    f"the secret of {name} in GATEPOST_INTROSPECTION_CLIENTS is too short "
                    f"({MIN_SECRET_BYTES} random characters at least): use `gatepost secret generate`"
                )
                raise ConfigurationError(msg)

    def _check_budgets(self) -> None:
        """Refuse budgets with which one address could keep an account spent, and its owner out, for good."""
        pair, account = _budget("pair", self.login_budget_pair), _budget("account", self.login_budget_account)
        if self.is_production and 2 * pair.limit / pair.period > account.limit / account.period:
            msg = (
                "GATEPOST_LOGIN_BUDGET_PAIR fills up faster than half of GATEPOST_LOGIN_BUDGET_ACCOUNT, so that one "
                "address could lock an account for ever: lower the first or raise the second"
            )
            raise ConfigurationError(msg)

    def web_policy(self) -> WebPolicy:
        """Return what routes and the guard are told; safe to call before the start."""
        url = (self.public_url or "http://localhost:8000").rstrip("/")
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        return WebPolicy(
            prefix=self.prefix,
            public_origin=f"{parts.scheme}://{parts.netloc}",
            public_path=parts.path,
            trusted_origins=frozenset(origin.rstrip("/") for origin in self.trusted_origins),
            trusted_proxies=self.trusted_proxies,
            is_secure=is_secure,
            session_cookie=f"__Host-{self.cookie_name}" if is_secure else self.cookie_name,
            refresh_cookie=f"__Host-{self.cookie_name}-refresh" if is_secure else f"{self.cookie_name}-refresh",
            session_max_age=self.session_lifetime,
            jwks_max_age=self.jwks_max_age,
            is_development=not self.is_production,
            scopes=tuple(self.scopes),
            fresh=self.fresh,
            password_grant=self.password_grant,
            password_min_length=self.password_min_length,
            signup_budget=_budget("signup-address", self.signup_budget_address),
            introspection_clients={
                name: secret.get_secret_value() for name, secret in self.introspection_clients.items()
            },
        )


def _budget(name: str, text: str) -> Budget:
    limit, period = text.split("/")
    return Budget(name, int(limit), float(period))


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
