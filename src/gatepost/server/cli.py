"""The command `gatepost`. A group is imported when one of its commands is asked for: `--help` answers at once."""

from importlib import import_module
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup
from typer.main import get_group

from gatepost.server.commands.importing import export, import_
from gatepost.server.commands.options import ApplicationOption, AppOption

GROUPS = {
    "db": "The tables, and what to do after a restore.",
    "audit": "The audit trail: list, export, verify, prune.",
    "budgets": "Attempts: what is spent and locked, and all of it back.",
    "keys": "The keys that sign access tokens.",
    "roles": "Roles: define what they allow, list, delete.",
    "users": "Users: make, list, disable, give and take roles.",
    "token": "Tokens: what one says, and whether this server accepts it.",
    "secret": "GATEPOST_SECRET: make one, change it.",
    "migrate": "From another library, in place.",
}

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Authentication for FastAPI, from the terminal.",
)


class _Lazily(TyperGroup):
    """A group whose commands live in `gatepost.server.commands.<name>`."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - click's context
        return self._loaded().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - likewise
        return self._loaded().get_command(ctx, cmd_name)

    def _loaded(self) -> TyperGroup:
        return get_group(import_module(f"gatepost.server.commands.{self.name}").commands)


for _name, _help in GROUPS.items():
    cli.add_typer(typer.Typer(cls=_Lazily, no_args_is_help=True, help=_help), name=_name)


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="The port to bind.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, help="Processes that share the port.")] = 1,
    app: AppOption = None,
) -> None:
    """Run the stand-alone server."""
    from gatepost.server import serving  # noqa: PLC0415 - only this command needs a server

    serving.serve(host=host, port=port, workers=workers, app=app)


@cli.command()
def doctor(
    app: AppOption = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too, as a build wants it.")] = False,
    form: Annotated[
        Literal["text", "json", "sarif"], typer.Option("--format", help="What the report looks like.")
    ] = "text",
    ignore: Annotated[list[str] | None, typer.Option(help="A rule to leave out; may be given several times.")] = None,
    network: Annotated[bool, typer.Option("--network", help="Ask the providers of sign-in too.")] = False,
) -> None:
    """Look for what is wrong with a deployment: settings, secrets, stores, clocks, keys, mail."""
    from gatepost.server import examination  # noqa: PLC0415 - only this command looks at everything

    examination.examine(app=app, is_strict=strict, form=form, ignored=ignore or [], asks_providers=network)


@cli.command()
def routes(
    app: ApplicationOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects instead of a table.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail when nothing guards a route.")] = False,
) -> None:
    """List every route of an application, and what guards it."""
    from gatepost.server import route_listing  # noqa: PLC0415 - only this command looks at an application

    route_listing.list_routes(app=app, is_json=as_json, is_strict=strict)


@cli.command()
def providers(
    app: AppOption = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A list of objects instead of a table.")] = False,
) -> None:
    """List whom people may sign in with, and the redirect URI to register at each."""
    from gatepost.server import provider_listing  # noqa: PLC0415 - only this command lists them

    provider_listing.list_providers(app=app, is_json=as_json)


cli.command("import")(import_)
cli.command()(export)


def main() -> None:
    """Run the command; the console script."""
    cli()
