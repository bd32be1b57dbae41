"""`gatepost secret`: the one value that everything derives from."""

import secrets

import typer

from gatepost.server.commands.options import AppOption
from gatepost.server.gates import opened
from gatepost.server.outcome import execute

commands = typer.Typer()


@commands.command()
def generate() -> None:
    """Print a new secret for GATEPOST_SECRET; keep it where secrets are kept."""
    typer.echo(secrets.token_hex(32))


@commands.command()
def rotate(app: AppOption = None) -> None:
    """Seal what is kept under the present GATEPOST_SECRET; GATEPOST_SECRET_PREVIOUS opens the old seals."""

    async def story() -> tuple[int, int, bool]:
        async with opened(app) as gate:
            await gate.core.trail.keep_keys()
            tokens = await gate.core.identities.tokens.reseal()
            return await gate.core.keyring.reseal(), tokens, gate.settings.secret_previous is not None

    count, tokens, has_previous = execute(story)
    typer.echo(f"signing keys sealed anew: {count}" if count else "every signing key is sealed under this secret")
    if tokens:
        typer.echo(f"tokens of providers sealed anew: {tokens}")
    if has_previous:
        typer.echo("keep GATEPOST_SECRET_PREVIOUS until the sessions from before have ended; without it they end now")
