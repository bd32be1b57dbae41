"""What the server logs: uvicorn's lines and ours; access lines, on standard output, without query strings.

What could go wrong: a query string may carry a token of somebody's link, and a log is read by more people than a
database.
"""

import copy
import logging
from typing import Any

from uvicorn.config import LOGGING_CONFIG

_PATH = 2  # uvicorn's access record: client, method, path with query, HTTP version, status


class WithoutQuery(logging.Filter):
    """Cuts the query string from uvicorn's access lines."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, its path cut."""
        if isinstance(record.args, tuple) and len(record.args) > _PATH:
            before, path, after = record.args[:_PATH], str(record.args[_PATH]), record.args[_PATH + 1 :]
            record.args = (*before, path.partition("?")[0], *after)
        return True


def log_config() -> dict[str, Any]:
    """Return the configuration for `logging.config.dictConfig`."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["filters"] = {"without_query": {"()": WithoutQuery}}
    config["handlers"]["access"]["filters"] = ["without_query"]
    config["loggers"]["gatepost"] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
