"""Tokens, keys and sessions: lifetimes, and what they may carry."""

from typing import Annotated

from pydantic import Field, SecretStr

from gatepost.core.api_keys.domain import ApiKeyPolicy
from gatepost.core.keys import KeyPolicy
from gatepost.core.roles.domain import RolePolicy, check_role, checked_permissions
from gatepost.core.sessions.domain import SessionPolicy
from gatepost.core.sessions.tokens import TokenPolicy
from gatepost.crypto.jwt import Algorithm
from gatepost.kernel.errors import ConfigurationError, InvalidInput
from gatepost.kernel.purpose import MIN_SECRET_BYTES
from gatepost.settings.group import Seconds
from gatepost.settings.place import PlaceSettings


class TokenSettings(PlaceSettings):
    """Tokens, keys and sessions."""

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
    role_permissions: dict[str, frozenset[str]] = Field(default={})
    password_grant: bool = True
    introspection_clients: dict[str, SecretStr] = Field(default={})
    api_key_lifetime: Annotated[int, Field(ge=60, le=100 * 366 * 86_400)] | None = 365 * 86_400
    api_key_limit: Annotated[int, Field(ge=1, le=1_000)] = 25

    def key_policy(self) -> KeyPolicy:
        """Return how signing keys are made and replaced."""
        return KeyPolicy(
            algorithm=self.signing_algorithm,
            rotation=self.key_rotation,
            jwks_max_age=self.jwks_max_age,
            token_lifetime=self.access_lifetime + self.leeway,
        )

    def session_policy(self) -> SessionPolicy:
        """Return the lifetimes of sessions."""
        return SessionPolicy(
            access_lifetime=self.access_lifetime,
            idle=self.session_idle,
            absolute=self.session_lifetime,
            grace=self.refresh_grace,
            fresh=self.fresh,
        )

    def token_policy(self) -> TokenPolicy:
        """Return what access tokens say."""
        return TokenPolicy(
            issuer=self.checked_public_url(),
            audience=self.audience or self.checked_public_url(),
            leeway=self.leeway,
        )

    def api_key_policy(self) -> ApiKeyPolicy:
        """Return how long API keys live, and how many a user may have."""
        return ApiKeyPolicy(lifetime=self.api_key_lifetime, limit=self.api_key_limit, scopes=frozenset(self.scopes))

    def role_policy(self) -> RolePolicy:
        """Return what roles allow that cannot be changed at run time.

        Raises:
            ConfigurationError: a role or a permission is not a word.
        """
        try:
            for role, permissions in self.role_permissions.items():
                check_role(role)
                checked_permissions(permissions)
        except InvalidInput as error:
            msg = f"GATEPOST_ROLE_PERMISSIONS: {error.field} {error.reason}"
            raise ConfigurationError(msg) from error
        return RolePolicy(fixed=self.role_permissions, scopes=frozenset(self.scopes))

    def check_introspection_clients(self) -> None:
        """Refuse a secret of a resource server that can be guessed.

        Raises:
            ConfigurationError: it names the client.
        """
        for name, secret in self.introspection_clients.items():
            if self.is_production and len(secret.get_secret_value()) < MIN_SECRET_BYTES:
                msg = (
                    f"the secret of {name} in GATEPOST_INTROSPECTION_CLIENTS is too short "
                    f"({MIN_SECRET_BYTES} random characters at least): use `gatepost secret generate`"
                )
                raise ConfigurationError(msg)
