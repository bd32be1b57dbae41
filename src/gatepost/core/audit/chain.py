"""The chain over the trail: what a link and a mark are, and when they are authentic. No I/O.

A link's MAC (HMAC-SHA256, RFC 2104) covers its position, the link before, the time, and the row in an encoding that no
two rows share. Its key derives from GATEPOST_SECRET and is named beside it, so that it verifies after the secret was
changed. Marks are signed apart from links: who cuts off the end of table and chain knows the MAC of the new end, but
not its signature.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gatepost.kernel.purpose import Purpose, PurposeKeys

ORIGIN_MAC = bytes(32)
HEAD, PRUNED = "head", "pruned"
_KEY_ID_BYTES = 4
_HEAD_TEXT = re.compile(r"(0|[1-9][0-9]{0,18}):([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Place:
    """A position of the chain and the MAC there; position 0 is before the first row."""

    position: int
    mac: bytes

    def __str__(self) -> str:
        return f"{self.position}:{self.mac.hex()}"

    @classmethod
    def read(cls, text: str) -> "Place":
        """Return what `str` wrote.

        Raises:
            ValueError: it is no such text.
        """
        match = _HEAD_TEXT.fullmatch(text.strip())
        if match is None:
            msg = "a head is written POSITION:MAC, as `gatepost audit head` prints it"
            raise ValueError(msg)
        return cls(int(match[1]), bytes.fromhex(match[2]))


ORIGIN = Place(0, ORIGIN_MAC)


@dataclass(frozen=True, slots=True)
class Link:
    """What is stored of one position."""

    position: int
    sealed_at: int
    key_id: str
    mac: bytes

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.position, self.mac)


@dataclass(frozen=True, slots=True)
class Mark:
    """A signed place: the head of the chain, or the last link that pruning took away; `at` in milliseconds."""

    name: str
    place: Place
    at: int
    key_id: str
    signature: bytes


class UnknownKey(LookupError):
    """A link or mark was made under a secret that is not known here."""


class ChainKeys:
    """The key that seals and those that verify, by name.

    Args:
        keys: of the present secret and those before it.
        kept: keys of former secrets, from the database.
    """

    def __init__(self, keys: PurposeKeys, kept: Iterable[bytes] = ()) -> None:
        self._current = keys.current(Purpose.AUDIT_CHAIN)
        self.current_id = key_id(self._current)
        self._known = {key_id(key): key for key in (*kept, *keys.every(Purpose.AUDIT_CHAIN))}

    def link(self, before: Place, sealed_at: int, row: Sequence[object]) -> Link:
        """Return the link of a row after another place."""
        position = before.position + 1
        mac = _mac(self._current, "link", position, before.mac, sealed_at, *row)
        return Link(position, sealed_at, self.current_id, mac)

    def is_link(self, link: Link, before: Place, row: Sequence[object]) -> bool:
        """Whether a stored link is the one of this row after that place.

        Raises:
            UnknownKey: it may be; the key is not known.
        """
        expected = _mac(self._key(link.key_id), "link", before.position + 1, before.mac, link.sealed_at, *row)
        return link.position == before.position + 1 and hmac.compare_digest(link.mac, expected)

    def mark(self, name: str, place: Place, at: int) -> Mark:
        """Return the signed mark of a place."""
        signature = _mac(self._current, "mark", name, place.position, place.mac, at)
        return Mark(name, place, at, self.current_id, signature)

    def is_mark(self, mark: Mark) -> bool:
        """Whether a stored mark was signed here.

        Raises:
            UnknownKey: it may be; the key is not known.
        """
        place, key = mark.place, self._key(mark.key_id)
        expected = _mac(key, "mark", mark.name, place.position, place.mac, mark.at)
        return hmac.compare_digest(mark.signature, expected)

    def _key(self, name: str) -> bytes:
        try:
            return self._known[name]
        except KeyError:
            raise UnknownKey(name) from None

    def __repr__(self) -> str:
        return "ChainKeys(...)"


def key_id(key: bytes) -> str:
    """Return the public name of a key."""
    return hmac.digest(key, b"gatepost/audit/key-id", hashlib.sha256)[:_KEY_ID_BYTES].hex()


def encoded(values: Sequence[object]) -> bytes:
    """Return values as bytes that no other values have: a letter for the type, a length, the value.

    Whatever a database without strict types may hold is encoded as what it is, so that a text in the place of a
    number is not that number.
    """
    return len(values).to_bytes(4) + b"".join(_one(value) for value in values)


def _one(value: object) -> bytes:
    match value:
        case None:
            kind, raw = b"n", b""
        case int():
            kind, raw = b"i", str(int(value)).encode()
        case str():
            kind, raw = b"s", value.encode("utf-8", "surrogatepass")
        case bytes() | bytearray() | memoryview():
            kind, raw = b"b", bytes(value)
        case _:
            kind, raw = b"o", repr(value).encode("utf-8", "surrogatepass")
    return kind + len(raw).to_bytes(8) + raw


def _mac(key: bytes, *values: object) -> bytes:
    return hmac.digest(key, b"gatepost/audit/v1" + encoded(values), hashlib.sha256)


def marks_of(rows: Iterable[Sequence[Any]]) -> Mapping[str, Mark]:
    """Return the marks of rows (name, position, mac, at, key id, signature)."""
    return {
        name: Mark(name, Place(position, bytes(mac)), at, kid, bytes(signature))
        for name, position, mac, at, kid, signature in rows
    }
