"""The closed set of rules: what is looked for, how much it matters, and which standard asks for it.

ASVS is OWASP's Application Security Verification Standard 5.0; RFC 9700 is the best current practice of OAuth 2.0. An
id, once published, is never reused for something else: builds silence findings by it.
"""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters, in the words of SARIF 2.1.0, section 3.27.10."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for.

    Attributes:
        id: stable, as reports and `--ignore` name it.
        level: of its findings.
        standard: who asks for it.
        title: what is right.
    """

    id: str
    level: Level
    standard: str
    title: str


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is not kept: what was found, and how to mend it. Neither holds a secret."""

    rule: Rule
    found: str
    cure: str


_ERROR, _WARNING, _NOTE = Level.ERROR, Level.WARNING, Level.NOTE

SETTINGS = Rule("settings", _ERROR, "ASVS V13.2", "The settings allow a start")
ENVIRONMENT = Rule("environment", _WARNING, "ASVS V13.4.2", "The environment is production")
HTTPS = Rule("https", _WARNING, "ASVS V12.2.1", "People reach it by https")
COOKIES = Rule("cookies", _WARNING, "ASVS V3.3.1", "Cookies are Secure and of this host alone")
CORS = Rule("cors", _WARNING, "ASVS V3.4.2", "Trusted origins are exact https origins")
PROXIES = Rule("proxies", _NOTE, "ASVS V6.3.1", "The count of trusted proxies is the true one")
SECRET = Rule("secret", _WARNING, "ASVS V13.3.1", "The secret is random, and no older one is kept for good")
ENV_FILE = Rule("env-file", _WARNING, "ASVS V13.3.1", "Files that hold secrets are their owner's alone")
HASH_COST = Rule("hash-cost", _WARNING, "ASVS V11.4.2", "A stolen hash is as dear to guess as OWASP advises")
HASH_TIME = Rule("hash-time", _WARNING, "ASVS V11.4.2", "A sign-in's hash takes this machine less than a second")
PASSWORD_LENGTH = Rule("password-length", _NOTE, "ASVS V6.2.1", "Passwords that stand alone have 15 characters")
BREACHED = Rule("breached-passwords", _NOTE, "ASVS V6.2.12", "New passwords are looked up among breached ones")
PASSWORD_GRANT = Rule("password-grant", _NOTE, "RFC 9700, section 2.4", "The password grant is switched off")
BUDGETS = Rule("budgets", _WARNING, "ASVS V6.3.1", "Attempt budgets limit guessing, in every process together")
VERIFICATION = Rule("verification", _NOTE, "ASVS V6.3.7", "Addresses are verified before mails rely on them")
PROOF_LIFETIME = Rule("proof-lifetime", _NOTE, "ASVS V6.5.5", "Links and codes of mails live for a short time")
ACCESS_LIFETIME = Rule("access-lifetime", _NOTE, "RFC 9700, section 2.2", "Access tokens live an hour at most")
SESSION_LIFETIME = Rule("session-lifetime", _NOTE, "ASVS V7.3.2", "Sessions end after 90 days at most")
SIGNING = Rule("signing", _NOTE, "ASVS V9.1.3", "Others can verify tokens with public keys")
ROUTES = Rule("routes", _NOTE, "ASVS V8.2.1", "A start refuses a route that nobody guards")
WEBHOOKS = Rule("webhooks", _WARNING, "ASVS V13.2.4", "Webhooks reach the public network alone")
OUTBOUND = Rule("outbound", _NOTE, "ASVS V13.2.4", "Requests to issuers reach the public network alone")
INTROSPECTION = Rule("introspection", _WARNING, "ASVS V10.4.10", "Resource servers have secrets that nobody guesses")
PROVIDER_TRUST = Rule("provider-trust", _WARNING, "ASVS V10.5.2", "No provider's unverified addresses are believed")
PROVIDER = Rule("provider", _ERROR, "ASVS V10.5.3", "Providers of sign-in publish metadata of their own issuer")
MAIL = Rule("mail", _ERROR, "ASVS V6.3.7", "Mail can be handed in")
NO_MAIL = Rule("no-mail", _NOTE, "ASVS V6.3.7", "People can be told by mail")
OUTBOX = Rule("outbox", _WARNING, "ASVS V6.3.7", "Mails leave within the hour")
DATABASE = Rule("database", _ERROR, "ASVS V16.5.3", "The database answers")
TABLES = Rule("tables", _ERROR, "ASVS V15.2.1", "The tables are of this version")
DATABASE_FILE = Rule("database-file", _WARNING, "ASVS V13.3.1", "The database's file is its owner's alone")
DURABILITY = Rule("durability", _WARNING, "ASVS V7.4.1", "What was committed survives a crash: revocations too")
DATABASE_TLS = Rule("database-tls", _WARNING, "ASVS V12.3.1", "The way to the database is encrypted")
CLOCK = Rule("clock", _WARNING, "ASVS V16.2.2", "Clocks agree within the leeway")
KEY_AGE = Rule("key-age", _WARNING, "ASVS V11.2.2", "Signing keys are replaced in time")
SEALS = Rule("seals", _WARNING, "ASVS V13.3.4", "Signing keys are sealed under the present secret")
REDIS = Rule("redis", _ERROR, "ASVS V16.5.3", "Redis answers where it is set")
ADMINISTRATOR = Rule("administrator", _NOTE, "ASVS V7.4.5", "Somebody can administer")

RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
