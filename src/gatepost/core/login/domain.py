"""The budgets of a sign-in and the keys they are counted under. No I/O.

A subject is a user, or an identifier that nobody has, which gets budgets like a user's so that it answers alike. Keys
of one subject begin alike: what a user has spent from anywhere is cleared by the beginning.
"""

import uuid
from dataclasses import dataclass
from enum import StrEnum

from gatepost.core.throttle import Budget, Unit, network_of
from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.kernel.tokens import keyed_hash

_ALARM = Budget("sign_in.alarm", 1, 60)


class Locked(StrEnum):
    """What a failure has locked, as the audit trail says it."""

    ACCOUNT = "account"
    DEVICE = "device"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPolicy:
    """How often may be tried, and how soon a failure may be answered.

    Attributes:
        address: from one address.
        pair: by one address at one identifier.
        account: at one user, from wherever but known devices.
        device: at one user, on one known device of theirs.
        spread: how many identifiers one address may fail at.
        failures: of everybody together, above which is an alarm; it refuses nobody.
        failure_floor: seconds that a failure takes at least, whatever hash there was to verify.
    """

    address: Budget
    pair: Budget
    account: Budget
    device: Budget
    spread: Budget
    failures: Budget
    failure_floor: float = 0.0

    @property
    def budgets_of_user(self) -> tuple[Budget, ...]:
        """Those that a user's failures spend."""
        return self.pair, self.account, self.device


@dataclass(frozen=True, slots=True)
class MailSignInPolicy:
    """Whether somebody may sign in without a password.

    Attributes:
        is_offered: a proof of the mailbox opens a session.
    """

    is_offered: bool = False


@dataclass(frozen=True, slots=True)
class Units:
    """What one attempt takes.

    Attributes:
        address: of the source; nothing on a known device.
        spread: of the source, for one more identifier that it fails at; nothing on a known device.
        seen: whether the source has failed at this identifier before; nothing on a known device.
        account: of the user; a failure locks what it spends, and the last one tells the owner.
        locks: what the last one of `account` is.
    """

    address: tuple[Unit, ...]
    spread: tuple[Unit, ...]
    seen: tuple[Unit, ...]
    account: tuple[Unit, ...]
    locks: Locked


class LoginUnits:
    """Names the units of an attempt under the key of the day."""

    __slots__ = ("_keys", "_policy")

    def __init__(self, policy: LoginPolicy, keys: PurposeKeys) -> None:
        self._policy = policy
        self._keys = keys

    def of(self, identifier: str, user_id: uuid.UUID | None, *, ip: str | None, device: str | None) -> Units:
        """Return the units of one attempt.

        A known device has a budget of its own, so that a flood from elsewhere, be it from the same address, does not
        keep its user out. The pair counts for the user: its store is the one that never forgets.
        """
        policy, subject = self._policy, self._subject(identifier, user_id)
        if device is not None:
            return Units((), (), (), (Unit(policy.device, f"{subject}.{self._hash(device)}"),), Locked.DEVICE)
        network = self._hash(network_of(ip))
        seen = Budget("sign_in.seen", 1, policy.spread.period)
        return Units(
            (Unit(policy.address, network),),
            (Unit(policy.spread, network),),
            (Unit(seen, f"{network}.{subject}"),),
            (Unit(policy.pair, f"{subject}.{network}"), Unit(policy.account, subject)),
            Locked.ACCOUNT,
        )

    def of_subject(self, identifier: str, user_id: uuid.UUID | None) -> list[Unit]:
        """Return the beginnings of everything that a user, or an identifier that nobody has, can have spent."""
        subject = self._subject(identifier, user_id)
        return [Unit(budget, subject) for budget in self._policy.budgets_of_user]

    def of_address(self, network: str) -> list[Unit]:
        """Return what a source can have spent."""
        return [Unit(budget, self._hash(network)) for budget in (self._policy.address, self._policy.spread)]

    def of_everybody(self) -> list[Unit]:
        """Return the unit of a failure, and that of an alarm."""
        return [Unit(budget, "everyone") for budget in (self._policy.failures, _ALARM)]

    def _subject(self, identifier: str, user_id: uuid.UUID | None) -> str:
        return self._hash(f"user:{user_id}" if user_id is not None else f"nobody:{identifier}")

    def _hash(self, text: str) -> str:
        return keyed_hash(self._keys.current(Purpose.THROTTLE_KEY), text)
