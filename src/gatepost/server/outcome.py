"""How a command ends: with its answer, or with one sentence on standard error and a code; never with a trace.

Codes: 0 done, 1 not possible as things are, 2 not understood (an option, a value). What could go wrong: the text of an
unexpected error may hold a statement with its parameters, so only the name of its type is shown.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from gatepost.kernel.errors import AuthError, ConfigurationError, InvalidInput, Unavailable

T = TypeVar("T")
FAILED, NOT_UNDERSTOOD = 1, 2
_DRIVER, _STORAGE = "psycopg.pool", "gatepost.storage"
_FIELD = re.compile(r'field "(\w+)"')


class CommandFailed(Exception):
    """A command cannot do what was asked; the message is the sentence."""

    def __init__(self, sentence: str, code: int = FAILED) -> None:
        super().__init__(sentence)
        self.code = code


class _FirstWords(logging.Handler):
    """Keeps what storage and driver said first, instead of printing it beside the command's own sentence."""

    def __init__(self) -> None:
        super().__init__()
        self.words: dict[str, str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        self.words.setdefault(record.name, record.getMessage().partition("\n")[0].strip())


def execute(story: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a command to its end and return its answer; what goes wrong ends the process with a sentence."""
    first, loggers = _FirstWords(), [logging.getLogger(name) for name in ("gatepost", _DRIVER)]
    for logger in loggers:
        logger.addHandler(first)
    try:
        return asyncio.run(story())
    except Exception as error:  # noqa: BLE001 - a command ends with a sentence, whatever happened
        fail(*sentence_of(error, first.words))
    finally:
        for logger in loggers:
            logger.removeHandler(first)


def fail(sentence: str, code: int = FAILED) -> NoReturn:
    """End the command with a sentence on standard error."""
    typer.echo(f"gatepost: {sentence}", err=True)
    raise typer.Exit(code)


def sentence_of(error: Exception, said: dict[str, str] | None = None) -> tuple[str, int]:
    """Return what to say about an error, without a secret in it, and the exit code.

    Args:
        error: what was raised.
        said: the first words of each logger.
    """
    words = said or {}
    code = FAILED
    match error:
        case CommandFailed():
            sentence, code = str(error), error.code
        case InvalidInput():
            sentence, code = error.text, NOT_UNDERSTOOD
        case ConfigurationError():
            sentence = str(error)
        case SettingsError():  # pydantic-settings names the field, and no value
            field = _FIELD.search(str(error))
            sentence = f"GATEPOST_{field[1].upper() if field else ''}: a list or an object is written as JSON"
        case ValidationError():
            found = [f"GATEPOST_{'__'.join(map(str, item['loc'])).upper()}: {item['msg']}" for item in error.errors()]
            sentence = "; ".join(found)
        case Unavailable():
            cause = words.get(_DRIVER) or words.get(_STORAGE) or error.detail
            sentence = f"the database cannot be used: {cause.removeprefix('the store cannot be reached: ')}"
        case AuthError():
            sentence = error.detail or error.text
        case OSError() if error.filename:
            sentence = f"{error.filename}: {error.strerror}"
        case _:
            sentence = f"this was not expected ({type(error).__name__})"
    return sentence, code
