"""What the server logs, its own records and everybody's: one JSON object a line in production, words in development.

Only `gatepost serve` configures logging. As a library Gatepost writes to the loggers `gatepost.*` and leaves the rest
to its host. Access lines go to standard output, without query strings, everything else to standard error.

What could go wrong: a log is read by more people than a database. Nothing of ours logs a secret; what a driver or a
host's code says passes `redact` besides, which knows secrets by the names of their fields and by their own form.
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from gatepost.kernel.logs import event_of, request_id

_PATH = 2  # uvicorn's access record: client, method, path with query, HTTP version, status
_HIDDEN = "[redacted]"
_NAMES = re.compile(
    r"(^|[_-])(passwords?|passwd|passphrase|secrets?|token|cookies?|authorization|credentials?|pepper|otp|api[_-]?key"
    r"|private[_-]?key)($|[_-](hash|value|previous)$)|^code$",
    re.IGNORECASE,
)
_ERROR_CODE = re.compile(r"[a-z_]+\.[a-z_]+")  # of ours, and no secret
_FORMS = (
    re.compile(r"\bgp[a-z]_[A-Za-z0-9_-]{8,}"),  # refresh tokens, cookies, proofs, API keys
    re.compile(r"\bwhsec_[A-Za-z0-9+/=_-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*)*"),  # JWS and JWE
    re.compile(r"(?<=Bearer )[^\s'\",]{8,}|(?<=Basic )[^\s'\",]{8,}", re.IGNORECASE),
    re.compile(r"(?<=//)[^\s/:@]+:[^\s/@]+(?=@)"),  # a name and a password before a host
    re.compile(r"(?<=[#?&;\s{('\"])(token|code|secret|password|refresh_token|access_token)=[^\s&'\"]+", re.IGNORECASE),
    re.compile(r"\[parameters: .*"),  # SQLAlchemy, of a statement that failed
)
_DEPTH = 6


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide what is a secret by its name or by its form, wherever it stands."""
    return {name: _clean(name, value, _DEPTH) for name, value in event.items()}


def _clean(name: str, value: Any, depth: int) -> Any:  # noqa: ANN401 - whatever was logged
    if value is None or isinstance(value, (bool, int, float)):
        return _HIDDEN if _NAMES.search(name) and value is not None and not isinstance(value, bool) else value
    if _NAMES.search(name) and not (name == "code" and _ERROR_CODE.fullmatch(str(value))):
        return _HIDDEN
    if depth and isinstance(value, Mapping):
        return {str(key): _clean(str(key), one, depth - 1) for key, one in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [_clean("", one, depth - 1) for one in value]
    text = value if isinstance(value, str) else str(value)
    for form in _FORMS:
        text = form.sub(_HIDDEN, text)
    return text


def _named(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Take name and fields of our own events out of their record, and the parts of an access line."""
    record: logging.LogRecord = event["_record"]
    arguments = event.pop("positional_args", None)
    ours = event_of(record)
    if ours is not None:
        name, fields = ours
        event.update({key: value for key, value in fields.items() if value is not None}, event=name)
    elif record.name == "uvicorn.access" and isinstance(arguments, tuple) and len(arguments) > _PATH:
        client, method, path, *rest = arguments
        event.update(event="http.request", client=client, method=method, path=str(path).partition("?")[0])
        event.update(zip(("http_version", "status"), rest, strict=False))
    if (identifier := request_id.get()) is not None:
        event.setdefault("request_id", identifier)
    return event


def formatter(*, is_development: bool) -> logging.Formatter:
    """Return what turns every record, ours and others', into a line."""
    before: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    after: list[Processor] = [
        _named,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if is_development
        else structlog.processors.JSONRenderer(default=str),
    ]
    return structlog.stdlib.ProcessorFormatter(processors=after, foreign_pre_chain=before, pass_foreign_args=True)


def log_config(*, is_development: bool) -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    handlers = {
        name: {"class": "logging.StreamHandler", "formatter": "lines", "stream": f"ext://sys.{stream}"}
        for name, stream in (("default", "stderr"), ("access", "stdout"))
    }
    quiet = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter, "is_development": is_development}},
        "handlers": handlers,
        "loggers": {
            "gatepost": quiet,
            "uvicorn": quiet,
            "uvicorn.access": {**quiet, "handlers": ["access"]},
        },
        "root": {"handlers": ["default"], "level": "WARNING"},
    }
