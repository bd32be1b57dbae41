"""What the settings say by themselves, without a look at the machine or the network."""

import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from gatepost.kernel.purpose import MIN_SECRET_BYTES
from gatepost.server.doctor import rules
from gatepost.server.doctor.rules import Finding
from gatepost.settings import Settings

_DAY = 86_400
_HOUR = 3_600
# OWASP's Password Storage Cheat Sheet: the least memory (KiB) for so many passes of Argon2id with one lane.
_OWASP_KIB = {1: 47_104, 2: 19_456, 3: 12_288, 4: 9_216}
_OWASP_KIB_OF_MORE_PASSES = 7_168
_MANY_PROXIES = 3
_MANY_ATTEMPTS_AN_HOUR = 1_000
_SINGLE_FACTOR_LENGTH = 15
_DISTINCT = 12


def examine(settings: Settings) -> Iterator[Finding]:
    """Yield what the settings themselves get wrong."""
    yield from _place(settings)
    yield from _secrets(settings)
    yield from _passwords(settings)
    yield from _lifetimes(settings)
    yield from _tokens(settings)


def _place(settings: Settings) -> Iterator[Finding]:
    web = settings.web_policy()
    if not settings.is_production:
        yield Finding(
            rules.ENVIRONMENT,
            "GATEPOST_ENV is development: a secret of its own, a page with every mail, tables without being asked",
            "set GATEPOST_ENV=production (the default) wherever strangers can reach it",
        )
    if not web.is_secure:
        yield Finding(rules.HTTPS, f"the public URL is {web.public_origin}", "set GATEPOST_PUBLIC_URL to an https URL")
        yield Finding(
            rules.COOKIES,
            f"the cookie {web.session_cookie} is sent over plain http and may be set by neighbors",
            "an https GATEPOST_PUBLIC_URL makes it Secure and __Host-",
        )
    for origin in settings.trusted_origins:
        parts = urlsplit(origin.rstrip("/"))
        is_exact = parts.scheme in {"http", "https"} and parts.hostname and not (parts.path or parts.query)
        if not is_exact or "*" in origin or (parts.scheme == "http" and settings.is_production):
            yield Finding(
                rules.CORS,
                f"GATEPOST_TRUSTED_ORIGINS holds {origin[:200]}",
                "list exact https origins (scheme, host, port) of your own, nothing else",
            )
    if settings.is_production and settings.trusted_proxies == 0:
        yield Finding(
            rules.PROXIES,
            "GATEPOST_TRUSTED_PROXIES is 0: behind a proxy every client has the proxy's address and one budget",
            "set it to the number of your proxies, if there are any",
        )
    if settings.trusted_proxies > _MANY_PROXIES:
        yield Finding(
            rules.PROXIES,
            f"GATEPOST_TRUSTED_PROXIES is {settings.trusted_proxies}: too high a number lets clients choose an address",
            "count the proxies that append to X-Forwarded-For",
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    if settings.secret is not None and len(set(settings.secret.get_secret_value())) < _DISTINCT:
        yield Finding(
            rules.SECRET,
            "GATEPOST_SECRET has few different characters",
            "use `gatepost secret generate`, and keep the present one as GATEPOST_SECRET_PREVIOUS for a while",
        )
    if settings.secret_previous is not None:
        yield Finding(
            rules.SECRET,
            "GATEPOST_SECRET_PREVIOUS is set: whoever has the old secret can still make what verifies",
            "run `gatepost secret rotate`, and drop it when the sessions from before have ended",
        )
    for name in (".env", ".gatepost-secret"):
        path = Path(name)
        if path.exists() and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            yield Finding(rules.ENV_FILE, f"{name} can be read by others on this machine", f"chmod 600 {name}")
    for name, secret in settings.introspection_clients.items():
        if len(secret.get_secret_value()) < MIN_SECRET_BYTES:
            yield Finding(
                rules.INTROSPECTION,
                f"the secret of {name} in GATEPOST_INTROSPECTION_CLIENTS is short",
                "use `gatepost secret generate`",
            )


def _passwords(settings: Settings) -> Iterator[Finding]:
    wanted = _OWASP_KIB.get(settings.hash_time_cost, _OWASP_KIB_OF_MORE_PASSES)
    if settings.hash_memory_kib < wanted:
        yield Finding(
            rules.HASH_COST,
            f"Argon2id with {settings.hash_memory_kib} KiB and {settings.hash_time_cost} passes",
            f"set GATEPOST_HASH_MEMORY_KIB to {wanted} or more",
        )
    if settings.password_min_length < _SINGLE_FACTOR_LENGTH:
        yield Finding(
            rules.PASSWORD_LENGTH,
            f"a password of {settings.password_min_length} characters is enough",
            f"GATEPOST_PASSWORD_MIN_LENGTH={_SINGLE_FACTOR_LENGTH} (NIST SP 800-63B-4, section 3.1.1.2)",
        )
    if settings.password_range_url is None and settings.password_blocklist is None:
        yield Finding(
            rules.BREACHED,
            "new passwords are compared with the bundled list of common ones alone",
            "set GATEPOST_PASSWORD_BLOCKLIST to a file of breached ones, or GATEPOST_PASSWORD_RANGE_URL",
        )
    for option in ("login_budget_address", "login_budget_pair", "login_budget_account"):
        limit, period = (int(part) for part in getattr(settings, option).split("/"))
        if limit * _HOUR / period > _MANY_ATTEMPTS_AN_HOUR:
            yield Finding(
                rules.BUDGETS,
                f"GATEPOST_{option.upper()} allows {limit * _HOUR // period} attempts an hour",
                "the default limits guessing; widen it only for who must be let in",
            )
    if settings.throttle == "memory":
        yield Finding(
            rules.BUDGETS,
            "GATEPOST_THROTTLE=memory counts in each process alone, and forgets at a restart",
            "use sql, with Redis where that is too slow",
        )


def _lifetimes(settings: Settings) -> Iterator[Finding]:
    if settings.access_lifetime > _HOUR:
        yield Finding(
            rules.ACCESS_LIFETIME,
            f"access tokens live {settings.access_lifetime} s; services that verify them alone learn of nothing before",
            "lower GATEPOST_ACCESS_LIFETIME; refreshing is cheap",
        )
    if settings.session_lifetime > 90 * _DAY:
        yield Finding(
            rules.SESSION_LIFETIME,
            f"a session may live {settings.session_lifetime // _DAY} days",
            "lower GATEPOST_SESSION_LIFETIME",
        )
    if settings.reset_lifetime > _HOUR:
        yield Finding(
            rules.PROOF_LIFETIME,
            f"a link that resets a password lives {settings.reset_lifetime} s in a mailbox",
            "lower GATEPOST_RESET_LIFETIME",
        )
    if settings.email_verification == "off":
        yield Finding(
            rules.VERIFICATION,
            "GATEPOST_EMAIL_VERIFICATION is off: an account may hold somebody else's address",
            "set it to optional, or to required where sign-in can wait for it",
        )


def _tokens(settings: Settings) -> Iterator[Finding]:
    if settings.password_grant:
        yield Finding(
            rules.PASSWORD_GRANT,
            "POST /token takes passwords, which is for first-party clients alone",
            "set GATEPOST_PASSWORD_GRANT=false where pages sign in by cookie",
        )
    if settings.unguarded_routes == "allow":
        yield Finding(
            rules.ROUTES,
            "GATEPOST_UNGUARDED_ROUTES is allow: a route that somebody forgot to guard is open to everybody",
            "see `gatepost routes`, then set it to refuse",
        )
    if settings.webhooks_reach_private_networks:
        yield Finding(
            rules.WEBHOOKS,
            "GATEPOST_WEBHOOKS_REACH_PRIVATE_NETWORKS is set",
            "give the receiver a public address, and unset it",
        )
    if settings.outbound_reaches_private_networks:
        yield Finding(
            rules.OUTBOUND,
            "GATEPOST_OUTBOUND_REACHES_PRIVATE_NETWORKS is set: an issuer could send this server into your network",
            "give issuers public addresses and unset it, or list only issuers of your own",
        )
    if settings.signing_algorithm == "HS256":
        yield Finding(
            rules.SIGNING,
            "GATEPOST_SIGNING_ALGORITHM is HS256: whoever verifies tokens could make them",
            "use ES256; tokens of the old key are accepted until they die",
        )
