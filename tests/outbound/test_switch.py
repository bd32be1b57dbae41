"""The switch that lets a server in development believe issuers on this machine, and production's answer to it."""

import logging

import pytest

from gatepost import ConfigurationError
from gatepost.outbound import OutboundFailed, OutboundPolicy
from tests.harness import running, settings
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.anyio
SWITCH = "GATEPOST_OUTBOUND_DANGEROUSLY_REACHES_LOOPBACK"
PRODUCTION = {"env": "production", "public_url": "https://id.house.test", "secret": "0123456789abcdef" * 4}


def test_the_network_is_closed_unless_it_is_opened(sqlite_url: str) -> None:
    assert settings(sqlite_url).outbound_policy() == OutboundPolicy()
    assert settings(sqlite_url, **PRODUCTION).outbound_policy() == OutboundPolicy()


def test_production_does_not_start_with_it_and_says_what_to_do(sqlite_url: str) -> None:
    opened = settings(sqlite_url, **PRODUCTION, outbound_dangerously_reaches_loopback=True)
    with pytest.raises(ConfigurationError, match=f"{SWITCH} is for development: unset it") as refused:
        opened.core_policy()
    assert str(refused.value).count(". ") == 0


def test_issuers_in_a_private_network_are_for_who_asks_for_them(sqlite_url: str) -> None:
    opened = settings(sqlite_url, **PRODUCTION, outbound_reaches_private_networks=True).outbound_policy()
    assert opened == OutboundPolicy(allows_private=True)


async def test_each_start_with_it_is_warned_about(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    for is_open in (True, True, False):
        caplog.clear()
        with caplog.at_level(logging.WARNING, "gatepost"):
            async with running(sqlite_url, outbound_dangerously_reaches_loopback=is_open):
                pass
        assert (SWITCH in caplog.text) is is_open


async def test_the_client_of_a_gatepost_is_closed_to_this_machine_and_open_with_the_switch(sqlite_url: str) -> None:
    async with receiving() as receiver:
        url = f"http://localhost:{receiver.port}/"
        async with running(sqlite_url) as house:
            with pytest.raises(OutboundFailed):
                await house.core.outbound.get(url)
        assert receiver.connections == 0
        async with running(sqlite_url, outbound_dangerously_reaches_loopback=True) as house:
            assert (await house.core.outbound.get(url)).status == 204
