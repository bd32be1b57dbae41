"""What tests of the Python surface share: an application that runs with its isolated Gatepost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from gatepost import Gatepost
from gatepost.testing import isolated


@contextmanager
def serving(app: FastAPI, gate: Gatepost[Any], **settings: object) -> Iterator[TestClient]:
    """Run an application with its Gatepost isolated."""
    with isolated(gate, **settings), TestClient(app) as client:
        yield client


def password_form(email: str, password: str, **more: str) -> dict[str, str]:
    """Return the form of the password grant."""
    return {"grant_type": "password", "username": email, "password": password, **more}
