"""What counts as a device, and for how long. No I/O.

A browser is known by a signed cookie with a random id; the cookie names no user. A client without cookies is known by
its network and by what it calls itself. Which user has used which device stands in a table, so that it can be
forgotten. Whoever holds a copy of the cookie gains an attempt budget of its own and the silence of a known device,
nothing else: it proves nothing.
"""

import uuid
from dataclasses import dataclass

from gatepost.core.audit import Origin
from gatepost.core.throttle import network_of
from gatepost.kernel.purpose import Purpose, PurposeKeys
from gatepost.kernel.tokens import keyed_hash, read_device

REMEMBERED_MS = 365 * 86_400_000
MAX_DEVICES = 50
BURST_MS, MAX_BURST = 3_600_000, 10


@dataclass(frozen=True, slots=True)
class DevicePolicy:
    """Whether people are told.

    Attributes:
        is_told: a sign-in from a new device is told to its user by mail.
    """

    is_told: bool = True


def names_of(keys: PurposeKeys, cookie: str | None, origin: Origin) -> list[str]:
    """Return the names under which a device is remembered, the present one first.

    Args:
        keys: those before the present secret give the names that were written under them.
        cookie: the value of the device cookie; where it is none of ours, network and user agent stand for the device.
        origin: where the request came from.
    """
    device_id = read_device(keys, cookie) if cookie is not None else None
    shown = ("cookie", str(device_id)) if device_id is not None else ("client", *_seen_of(origin))
    return [keyed_hash(key, *shown) for key in keys.every(Purpose.DEVICE)]


def names_of_cookie(keys: PurposeKeys, cookie: str | None) -> list[str]:
    """Return the names of a device that shows a cookie of ours; none for any other."""
    if cookie is None or read_device(keys, cookie) is None:
        return []
    return names_of(keys, cookie, Origin())


def is_worth_a_mail(others: int, recent: int) -> bool:
    """Whether a new device is told: it is not the first, and no flood of them buries the mail that matters."""
    return others > 0 and recent <= MAX_BURST


def new_device_id() -> uuid.UUID:
    """Return the id of a device that has none."""
    return uuid.uuid4()


def _seen_of(origin: Origin) -> tuple[str, str]:
    return network_of(origin.ip), origin.user_agent or ""
