"""Settings: from the environment and `.env` with the prefix `GATEPOST_`, or given in code; checked at the start.

Production is the default. Development is asked for by name, refuses anything that is not on this machine, and makes
its own secret. What is unsafe does not start, and says in one sentence what to do. A flow never sees this class: it
gets a small policy made here. Each module beside this one is a group of options.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import field_validator

from gatepost.core.identities.policy import IdentityPolicy
from gatepost.core.runtime import CorePolicy
from gatepost.settings.account import AccountSettings
from gatepost.settings.admin import AdminSettings
from gatepost.settings.attempts import AttemptSettings
from gatepost.settings.audit import AuditSettings
from gatepost.settings.federation import FederationSettings
from gatepost.settings.mail import MailSettings
from gatepost.settings.operations import OperationSettings
from gatepost.settings.passwords import PasswordSettings
from gatepost.settings.stores import DEVELOPMENT_SECRET_FILE, StoreSettings
from gatepost.settings.tokens import TokenSettings
from gatepost.web.policy import WebPolicy

__all__ = ["DEVELOPMENT_SECRET_FILE", "Settings"]


class Settings(
    StoreSettings,
    TokenSettings,
    PasswordSettings,
    AttemptSettings,
    MailSettings,
    AccountSettings,
    AuditSettings,
    OperationSettings,
    AdminSettings,
    FederationSettings,
):
    """Every option of Gatepost; `docs/settings.md` lists them."""

    @field_validator(
        "mail_from",
        "smtp_url",
        "smtp_ca_file",
        "secret",
        "secret_previous",
        "database_url",
        "public_url",
        "redis_url",
        "listen_url",
        "mailbox_key",
        "metrics_token",
        "api_key_lifetime",
        "password_blocklist",
        "password_range_url",
        "password_pepper",
        "password_pepper_previous",
        mode="before",
    )
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the environment holds
        return None if value == "" else value

    def core_policy(self) -> CorePolicy:
        """Return what the core is told.

        Raises:
            ConfigurationError: a setting does not allow a safe start.
        """
        self.check_introspection_clients()
        self.check_budgets()
        self.check_metrics_token()
        return CorePolicy(
            keys=self.purpose_keys(),
            key_policy=self.key_policy(),
            sessions=self.session_policy(),
            tokens=self.token_policy(),
            roles=self.role_policy(),
            api_keys=self.api_key_policy(),
            login=self.login_policy(),
            hashes=self.hash_policy(),
            proofs=self.proof_policy(),
            budgets=self.action_budgets(),
            devices=self.device_policy(),
            passwords=self.password_rules(),
            audit=self.audit_policy(),
            webhooks=self.webhook_policy(),
            federation=self.federation_policy(),
            outbound=self.outbound_policy(),
            identities=IdentityPolicy(
                needs_address=self.verification_policy().is_required,
                signs_in_by_mail=self.mail_sign_in_policy().is_offered,
            ),
            peppers=self.peppers(),
            hash_threads=self.hash_threads,
            hash_queue=self.hash_queue,
            revocation_bound=self.revocation_bound,
            listen_url=self.listen_url.get_secret_value() if self.listen_url else None,
            redis_url=self.redis_url.get_secret_value() if self.redis_url else None,
            throttle_in_memory=self.throttle == "memory",
        )

    def policies(self) -> Mapping[type[Any], object]:
        """Return what features are told, each policy under its own type (see `FeatureHost.policy`)."""
        found: list[object] = [
            self.proof_policy(),
            self.verification_policy(),
            self.mail_sign_in_policy(),
            self.admin_policy(),
        ]
        return {type(policy): policy for policy in found}

    def web_policy(self) -> WebPolicy:
        """Return what routes and the guard are told; safe to call before the start."""
        url = (self.public_url or "http://localhost:8000").rstrip("/")
        parts = urlsplit(url)
        is_secure = parts.scheme == "https"
        cookie = f"__Host-{self.cookie_name}" if is_secure else self.cookie_name
        return WebPolicy(
            prefix=self.prefix,
            public_origin=f"{parts.scheme}://{parts.netloc}",
            public_path=parts.path,
            trusted_origins=frozenset(origin.rstrip("/") for origin in self.trusted_origins),
            trusted_proxies=self.trusted_proxies,
            is_secure=is_secure,
            session_cookie=cookie,
            refresh_cookie=f"{cookie}-refresh",
            device_cookie=f"{cookie}-device",
            flow_cookie=f"{cookie}-flow",
            session_max_age=self.session_lifetime,
            jwks_max_age=self.jwks_max_age,
            is_development=not self.is_production,
            scopes=tuple(self.scopes),
            fresh=self.fresh,
            password_grant=self.password_grant,
            password_min_length=self.password_min_length,
            unguarded_routes=self.unguarded_routes,
            open_paths=self.open_paths,
            introspection_clients={
                name: secret.get_secret_value() for name, secret in self.introspection_clients.items()
            },
        )
