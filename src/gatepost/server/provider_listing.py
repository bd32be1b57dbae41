"""`gatepost providers`: whom people may sign in with, and the redirect URI to register at each; nobody is asked."""

import json
from dataclasses import asdict, dataclass

import typer

from gatepost.server.commands.options import columns
from gatepost.server.gates import find_gate
from gatepost.server.outcome import execute


@dataclass(frozen=True, slots=True)
class ProviderLine:
    """One provider."""

    name: str
    preset: str
    issuer: str
    scopes: tuple[str, ...]
    redirect_uri: str


def list_providers(*, app: str | None, is_json: bool) -> None:
    """Print every provider."""

    async def story() -> list[ProviderLine]:
        policy = find_gate(app).settings.federation_policy()
        return [
            ProviderLine(name, one.preset.name, one.issuer, one.scopes, f"{policy.callback_base}{name}")
            for name, one in policy.providers.items()
        ]

    lines = execute(story)
    if is_json:
        typer.echo(json.dumps([asdict(line) for line in lines], indent=2))
    elif lines:
        rows: list[tuple[str, ...]] = [("NAME", "PRESET", "ISSUER", "REDIRECT URI")]
        rows += [(line.name, line.preset, line.issuer, line.redirect_uri) for line in lines]
        typer.echo(columns(rows))
    else:
        typer.echo("there is no provider: see GATEPOST_PROVIDERS", err=True)
