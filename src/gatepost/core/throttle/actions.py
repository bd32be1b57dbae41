"""What may be tried how often: the closed set of actions, and the budgets that each has unless settings say otherwise.

A budget is named `action.scope`. `docs/abuse.md` shows this table, and a test compares the two. What could go wrong is
a budget that is a weapon itself: so one address has less than a subject, and a subject that is mailed has a unit again
before its last link is dead.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from gatepost.core.throttle.domain import Budget


class Action(StrEnum):
    """What guesses, sends or costs."""

    SIGN_UP = "sign_up"
    PASSWORD_RESET = "password_reset"  # noqa: S105 - the name of an action
    EMAIL_VERIFICATION = "email_verification"
    EMAIL_CHANGE = "email_change"
    SIGN_IN_MAIL = "sign_in_mail"
    PROOF = "proof"
    PASSWORD_CHANGE = "password_change"  # noqa: S105 - likewise
    API_KEY = "api_key"
    INVITATION = "invitation"
    ADMIN = "admin"
    EXPORT = "export"
    INTROSPECTION = "introspection"
    REFRESH = "refresh"
    SIGN_OUT = "sign_out"
    FEDERATION = "federation"
    UPSTREAM_LOGOUT = "upstream_logout"
    REVOCATIONS = "revocations"


class Scope(StrEnum):
    """Whose budget it is."""

    ADDRESS = "address"
    PAIR = "pair"
    SUBJECT = "subject"
    EVERYONE = "everyone"


# Its budget is `mail.subject`: what one recipient is sent, whatever it is. A reset is not among them: strangers who ask
# for what mails nobody (a verified address, a taken one) would keep a budget spent that the last way back in needs.
MAIL = "mail"
SENDING = frozenset(
    {Action.SIGN_UP, Action.EMAIL_VERIFICATION, Action.EMAIL_CHANGE, Action.SIGN_IN_MAIL, Action.INVITATION}
)
# They guess nothing that can be guessed: each process counts for itself, and no request waits for a store.
COSTING = frozenset({Action.INTROSPECTION, Action.REFRESH, Action.SIGN_OUT, Action.UPSTREAM_LOGOUT, Action.REVOCATIONS})

# Of sign-in, which has options of its own for the budgets of addresses, pairs and accounts.
SIGN_IN = frozenset({"sign_in.device", "sign_in.spread", "sign_in.failures"})
NAMES = SIGN_IN | {f"{action}.{scope}" for action in Action for scope in Scope} | {f"{MAIL}.{Scope.SUBJECT}"}
DEFAULTS: Mapping[str, str] = MappingProxyType(
    {
        "sign_in.device": "10/3600",
        "sign_in.spread": "40/3600",
        "sign_in.failures": "120/60",
        "sign_up.address": "20/3600",
        "sign_up.pair": "5/3600",
        "sign_up.subject": "10/3600",
        "sign_up.everyone": "6000/3600",
        "password_reset.address": "20/3600",
        "password_reset.pair": "3/3600",
        "password_reset.subject": "6/3600",
        "password_reset.everyone": "6000/3600",
        "email_verification.address": "20/3600",
        "email_verification.pair": "3/3600",
        "email_verification.subject": "6/3600",
        "email_verification.everyone": "6000/3600",
        "email_change.address": "20/3600",
        "email_change.pair": "3/3600",
        "email_change.subject": "6/3600",
        "email_change.everyone": "6000/3600",
        "sign_in_mail.address": "20/3600",
        "sign_in_mail.pair": "3/3600",
        "sign_in_mail.subject": "6/3600",
        "sign_in_mail.everyone": "6000/3600",
        "mail.subject": "12/3600",
        "proof.address": "60/3600",
        "proof.pair": "10/3600",
        "proof.subject": "20/3600",
        "proof.everyone": "30000/3600",
        "password_change.address": "60/3600",
        "password_change.pair": "20/3600",
        "password_change.subject": "40/3600",
        "api_key.address": "120/3600",
        "api_key.subject": "60/3600",
        "invitation.address": "200/3600",
        "invitation.pair": "3/3600",
        "invitation.subject": "6/3600",
        "invitation.everyone": "6000/3600",
        "admin.address": "600/60",
        "admin.subject": "600/60",
        "export.address": "20/3600",
        "export.subject": "5/3600",
        "introspection.address": "60000/60",
        "refresh.address": "1200/60",
        "sign_out.address": "1200/60",
        "federation.address": "300/600",
        "upstream_logout.address": "1200/60",
        "revocations.address": "600/60",
    }
)


def budgets(changes: Mapping[str, str]) -> Mapping[str, Budget]:
    """Return every budget by its name, `changes` in the place of the defaults; each is `attempts/seconds`."""
    found = {}
    for name, text in {**DEFAULTS, **changes}.items():
        limit, period = text.split("/")
        found[name] = Budget(name, int(limit), float(period))
    return found
