"""`gatepost import` and `gatepost export`: everybody, from elsewhere and to a file."""

from typing import Annotated, Literal

import typer

from gatepost.server.commands.options import AppOption

SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="A file of CSV or JSON lines, or the address of a database.")
]
FormatOption = Annotated[
    Literal["csv", "jsonl"] | None, typer.Option("--format", help="Of a file, where its name does not say it.")
]
QueryOption = Annotated[str | None, typer.Option(help="What to read from a database.")]
MapOption = Annotated[
    list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="Which column is what; several times.")
]
NameOption = Annotated[str, typer.Option(help="The name under which the old ids are remembered.")]
KeepOption = Annotated[bool, typer.Option("--keep-ids", help="Ids that are UUIDs stay the users' ids.")]
SkipOption = Annotated[bool, typer.Option("--skip-invalid", help="Leave out what cannot be used, and write the rest.")]
RehearsalOption = Annotated[bool, typer.Option("--dry-run", help="Judge everything, write nothing.")]
MoveOption = Annotated[
    list[str] | None,
    typer.Option("--move", metavar="TABLE.COLUMN", help="Put the new ids in the place of the old ones; several times."),
]
FillOption = Annotated[
    list[str] | None,
    typer.Option("--fill", metavar="TABLE.COLUMN", help="Write the new ids into a column of the users' own table."),
]
OldIdOption = Annotated[str, typer.Option(help="With --fill: the column of that table with the old ids.")]
ReferencesOption = Annotated[
    str | None, typer.Option(help="With --move and --fill: the application's database, where it is not the source.")
]
PathArgument = Annotated[str, typer.Argument(metavar="PATH", help="A file that does not exist yet.")]


def import_(  # noqa: PLR0913 - each option of the command
    source: SourceArgument,
    app: AppOption = None,
    *,
    form: FormatOption = None,
    query: QueryOption = None,
    mapping: MapOption = None,
    name: NameOption = "import",
    keep_ids: KeepOption = False,
    skip_invalid: SkipOption = False,
    dry_run: RehearsalOption = False,
    moves: MoveOption = None,
    fills: FillOption = None,
    old_id: OldIdOption = "id",
    references: ReferencesOption = None,
) -> None:
    """Import users with their hashes; running it again makes nobody twice."""
    from gatepost.server.importing.run import Wish, import_people  # noqa: PLC0415 - only this command needs it
    from gatepost.server.outcome import execute  # noqa: PLC0415 - likewise

    wish = Wish(
        source=source,
        form=form,
        query=query,
        mapping=mapping or (),
        name=name,
        keeps_ids=keep_ids,
        skips_invalid=skip_invalid,
        is_rehearsal=dry_run,
        moves=moves or (),
        fills=fills or (),
        old_id=old_id,
        references=references,
    )
    typer.echo("\n".join(execute(lambda: import_people(wish, app))))


def export(path: PathArgument, app: AppOption = None) -> None:
    """Write every user with their hash as JSON lines, which `gatepost import` reads; keep the file safe."""
    from gatepost.server.importing.run import export_people  # noqa: PLC0415 - only this command needs it
    from gatepost.server.outcome import execute  # noqa: PLC0415 - likewise

    typer.echo(f"{execute(lambda: export_people(path, app))} users written to {path}")
