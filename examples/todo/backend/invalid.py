"""422 without an echo of the input.

What could go wrong: FastAPI's own answer repeats what was sent. A lone surrogate or NaN cannot be written back as JSON,
and bad input would become 500.
"""

from fastapi import Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse


async def refuse_invalid(_request: Request, exc: Exception) -> JSONResponse:
    """Answer with place, message and type of each error: FastAPI's shape less `input` and `ctx`."""
    errors = exc.errors() if isinstance(exc, RequestValidationError) else []
    detail = [{"loc": [_writable(part) for part in e["loc"]], "msg": e["msg"], "type": e["type"]} for e in errors]
    return JSONResponse({"detail": detail}, status.HTTP_422_UNPROCESSABLE_CONTENT)


def _writable(part: str | int) -> str | int:
    # The name of an unknown field comes from the caller too.
    return part.encode("utf-8", "replace").decode() if isinstance(part, str) else part
