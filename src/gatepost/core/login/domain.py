"""The budgets of a sign-in and the keys they are counted under. No I/O."""

import uuid
from dataclasses import dataclass

from gatepost.core.throttle import Budget, Unit, network_of
from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.kernel.tokens import keyed_hash


@dataclass(frozen=True, slots=True)
class LoginPolicy:
    """How often may be tried, and how soon a failure may be answered.

    Attributes:
        address: from one address.
        pair: by one address at one identifier.
        account: at one user.
        failure_floor: seconds that a failure takes at least, whatever hash there was to verify.
    """

    address: Budget
    pair: Budget
    account: Budget
    failure_floor: float = 0.0


def attempt_units(
    policy: LoginPolicy, keys: PurposeKeys, *, ip: str | None, identifier: str, user_id: uuid.UUID | None
) -> tuple[list[Unit], list[Unit]]:
    """Return the units of one attempt: that of the address, then those that protect the user.

    The pair counts for the user: its store is the one that never forgets, however many attempts make another slow.
    An identifier that nobody has gets a budget like a user's, so that it answers alike.
    """
    key = keys.current(Purpose.THROTTLE_KEY)
    network = network_of(ip)
    subject = f"user:{user_id}" if user_id is not None else f"nobody:{identifier}"
    pair = Unit(policy.pair, keyed_hash(key, network, subject))
    return [Unit(policy.address, keyed_hash(key, network))], [pair, Unit(policy.account, keyed_hash(key, subject))]
