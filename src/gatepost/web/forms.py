"""Forms of OAuth endpoints (`application/x-www-form-urlencoded`): each parameter once (RFC 6749, section 3.1)."""

from urllib.parse import parse_qsl

from fastapi import Request
from starlette.requests import ClientDisconnect

from gatepost.kernel.errors import OAuthError
from gatepost.kernel.text import is_storable

_FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 32
_INVALID = "invalid_request"


async def read_form(request: Request) -> dict[str, str]:
    """Return the parameters of a form; an empty one counts as absent.

    Raises:
        OAuthError: `invalid_request`.
    """
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != _FORM:
        raise OAuthError(_INVALID, f"The body must be {_FORM}.")
    try:
        pairs = parse_qsl(
            (await request.body()).decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MAX_FIELDS,
        )
    except (ValueError, ClientDisconnect):
        raise OAuthError(_INVALID, "The form cannot be read.") from None
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise OAuthError(_INVALID, "A parameter is repeated.")
    if not all(is_storable(value) for _, value in pairs):
        raise OAuthError(_INVALID, "A parameter holds characters that are not text.")
    return {name: value for name, value in pairs if value}


def required(form: dict[str, str], name: str) -> str:
    """Return a parameter.

    Raises:
        OAuthError: `invalid_request`, it is missing.
    """
    if name not in form:
        raise OAuthError(_INVALID, f"The parameter {name} is missing.")
    return form[name]


def form_body(**fields: bool) -> dict[str, object]:
    """Return what OpenAPI says of a form's body: each field's name and whether it is required."""
    schema = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in fields},
        "required": [name for name, is_required in fields.items() if is_required],
    }
    return {"requestBody": {"required": True, "content": {_FORM: {"schema": schema}}}}
