"""What several commands share: the option that names a Gatepost, and lines with aligned columns."""

from typing import Annotated

import typer

AppOption = Annotated[
    str | None,
    typer.Option(
        "--app", envvar="GATEPOST_APP", metavar="MODULE:ATTRIBUTE", help="The Gatepost whose settings are in code."
    ),
]
ApplicationOption = Annotated[
    str | None,
    typer.Option(
        "--app",
        envvar="GATEPOST_APP",
        metavar="MODULE:ATTRIBUTE",
        help="The FastAPI application, or the Gatepost that is installed in it.",
    ),
]


def columns(rows: list[tuple[str, ...]]) -> str:
    """Return rows as lines with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
