"""Where a client says it comes from: nobody escapes a budget, and nobody is taken for another, by a header."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.threats.lab import Lab, cookie, running
from tests.threats.wire import JSON

pytestmark = pytest.mark.anyio
Sent = list[tuple[str | bytes, str | bytes]]
THREE: dict[str, Any] = {"login_budget_address": "3/900"}
BODY = b'{"identifier": "nobody@example.com", "password": "wrong horse battery"}'
GARBAGE: dict[str, str | bytes] = {
    "word": "a",
    "empty": "",
    "comma": ",",
    "unknown": "unknown",
    "obfuscated": "_hidden",
    "10 kB": "1.2.3.4," * 1_250,
    "10 kB in one": "1" * 10_000,
    "zone": "fe80::1%eth0",
    "port": "1.2.3.4:80",
    "brackets": "[2001:db8::1]",
    "octal": "0177.0.0.1",
    "number": "2130706433",
    "hex": "0x7f000001",
    "not ASCII": b"\xff\xfe",
    "other digits": "\uff11.\uff12.\uff13.\uff14".encode(),
    "NUL": b"1.2.3.4\x00",
    "SQL": "'; DROP TABLE gatepost_user --",
}


async def _statuses(lab: Lab, sent: list[Sent], peers: list[str | None] | None = None) -> list[int]:
    found = []
    for number, headers in enumerate(sent):
        peer = peers[number] if peers else "203.0.113.9"
        answer = await lab.send("POST", "/auth/login", headers=[JSON, *headers], body=BODY, peer=peer)
        found.append(answer.status)
    return found


async def test_without_a_trusted_proxy_every_forwarding_header_is_ignored(tmp_path: Path) -> None:
    async with running(tmp_path, **THREE) as own:
        sent: list[Sent] = [
            [("x-forwarded-for", f"198.51.100.{n}"), ("forwarded", f"for=198.51.100.{n}"), ("x-real-ip", f"10.0.0.{n}")]
            for n in range(5)
        ]
        assert await _statuses(own, sent) == [401] * 3 + [429] * 2


async def test_behind_one_proxy_only_what_it_wrote_counts(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies=1, **THREE) as own:
        spoofed: list[Sent] = [[("x-forwarded-for", f"198.51.100.{n}, 192.0.2.1")] for n in range(5)]
        assert await _statuses(own, spoofed) == [401] * 3 + [429] * 2
        in_two: list[Sent] = [[("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1")]]
        assert await _statuses(own, in_two) == [429]
        others: list[Sent] = [[("x-forwarded-for", f"192.0.2.1, 192.0.2.{n}")] for n in range(2, 7)]
        assert await _statuses(own, others) == [401] * 5


async def test_a_long_forwarding_header_does_not_hide_what_the_proxy_wrote(tmp_path: Path) -> None:
    async with running(tmp_path, trusted_proxies=1) as own:
        value = await own.login(await own.person(), ("x-forwarded-for", "a," * 5_000 + "192.0.2.1"))
        (item,) = (await own.send("GET", "/auth/sessions", headers=[cookie(value)])).json()["items"]
        assert item["ip"] == "192.0.2.1"


@pytest.mark.parametrize("proxies", [0, 1, 2])
@pytest.mark.parametrize("value", GARBAGE.values(), ids=GARBAGE.keys())
async def test_garbage_in_a_forwarding_header_skips_no_check(tmp_path: Path, proxies: int, value: str | bytes) -> None:
    async with running(tmp_path, trusted_proxies=proxies, **THREE) as own:
        sent: list[Sent] = [[("x-forwarded-for", value)] for _ in range(5)]
        assert await _statuses(own, sent) == [401] * 3 + [429] * 2


async def test_one_subscriber_of_ipv6_is_one_address(tmp_path: Path) -> None:
    async with running(tmp_path, **THREE) as own:
        peers: list[str | None] = [f"2001:db8:0:1:{n:x}::{n:x}" for n in range(1, 6)]
        assert await _statuses(own, [[]] * 5, peers) == [401] * 3 + [429] * 2
        assert await _statuses(own, [[]], ["2001:db8:0:2::1"]) == [401]


async def test_an_ipv4_address_written_as_ipv6_is_the_same(tmp_path: Path) -> None:
    async with running(tmp_path, **THREE) as own:
        peers: list[str | None] = ["198.51.100.7", "::ffff:198.51.100.7", "::ffff:c633:6407", "198.51.100.7"]
        assert await _statuses(own, [[]] * 4, peers) == [401] * 3 + [429]


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", None, "testclient"])
async def test_this_machine_is_limited_too(tmp_path: Path, peer: str | None) -> None:
    async with running(tmp_path, **THREE) as own:
        assert await _statuses(own, [[]] * 5, [peer] * 5) == [401] * 3 + [429] * 2


async def test_a_flood_of_addresses_cannot_name_another_s_address_in_the_trail(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        person = await own.person()
        headers: Sent = [("x-forwarded-for", "192.0.2.200"), ("x-request-id", "stolen-request-id")]
        value = await own.login(person, *[(str(a), str(b)) for a, b in headers])
        (item,) = (await own.send("GET", "/auth/sessions", headers=[cookie(value)])).json()["items"]
        assert item["ip"] == "203.0.113.9"


async def test_two_addresses_do_not_share_a_budget(tmp_path: Path) -> None:
    async with running(tmp_path, **THREE) as own:
        peers: list[str | None] = [f"198.51.100.{n}" for n in range(8)]
        found = await asyncio.gather(*(_statuses(own, [[]], [peer]) for peer in peers))
        assert [status for (status,) in found] == [401] * 8
