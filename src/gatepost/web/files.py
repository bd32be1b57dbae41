"""Answers that a browser keeps as a file."""

from fastapi import Response


def json_file(text: str, *, name: str) -> Response:
    """Return JSON as a file; a lone surrogate of whatever was collected becomes its escape in JSON."""
    headers = {"Content-Disposition": f'attachment; filename="{name}.json"', "X-Content-Type-Options": "nosniff"}
    return Response(text.encode("utf-8", "backslashreplace"), media_type="application/json", headers=headers)
