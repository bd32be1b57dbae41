"""`gatepost doctor`: what is wrong with a deployment, before its users find out.

It changes nothing and sends nothing but a greeting to the servers that the settings name.
"""

from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

from gatepost.gate import Gatepost
from gatepost.kernel.errors import ConfigurationError
from gatepost.server.doctor import database, machine, network, providers, rules, settings
from gatepost.server.doctor.rules import RULES, Finding, Level, Rule
from gatepost.server.gates import find_gate
from gatepost.server.outcome import sentence_of
from gatepost.storage.database import Database

__all__ = ["RULES", "Finding", "Level", "Rule", "diagnose"]


async def diagnose(app: str | None, *, asks_providers: bool = False) -> list[Finding]:
    """Return every finding, the gravest first.

    Args:
        app: `module:attribute` of the Gatepost, or None for the one that the environment describes.
        asks_providers: providers of sign-in are asked for their discovery.

    Raises:
        CommandFailed: there is no such Gatepost.
    """
    try:
        gate = find_gate(app)
    except (ConfigurationError, ValidationError, SettingsError) as error:
        return [_refused(error)]
    found = [finding async for finding in _examined(gate, asks_providers=asks_providers)]
    order = list(Level)
    return sorted(found, key=lambda finding: order.index(finding.rule.level))


async def _examined(gate: Gatepost[Any], *, asks_providers: bool) -> Any:  # noqa: ANN401 - an asynchronous generator of findings
    chosen = gate.settings
    try:
        chosen.checked_public_url()
        chosen.core_policy()
    except ConfigurationError as error:
        yield _refused(error)
    for finding in settings.examine(chosen):
        yield finding
    for finding in machine.examine(chosen):
        yield finding
    async for finding in network.examine(chosen):
        yield finding
    async for finding in providers.examine(chosen, gate.clock, asks=asks_providers):
        yield finding
    try:
        store = Database(chosen.url_of_database, gate.clock, pool_size=1)
    except ConfigurationError as error:
        yield Finding(rules.DATABASE, str(error), "correct GATEPOST_DATABASE_URL")
        return
    try:
        async for finding in database.examine(chosen, store):
            yield finding
    finally:
        await store.stop()


def _refused(error: Exception) -> Finding:
    return Finding(rules.SETTINGS, sentence_of(error)[0], "the sentence says it")
