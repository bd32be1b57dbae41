"""How an application that uses Gatepost is tested: with its own Gatepost, isolated. Run it: `pytest this_file.py`."""

# ruff: noqa: S101, PLR2004 - tests assert, and compare with statuses

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from examples.roles import app, gate
from gatepost.testing import PASSWORD, isolated, mailbox, signed_in


@pytest.fixture
def client() -> Iterator[TestClient]:
    """Your application on a database that goes away."""
    with isolated(gate), TestClient(app) as running:
        yield running


def test_a_stranger_is_sent_away(client: TestClient) -> None:
    """Nobody is signed in at first."""
    assert client.get("/admin").status_code == 401


def test_admins_see_the_admin_page(client: TestClient) -> None:
    """One line makes a user and signs the client in."""
    user = signed_in(client, gate, roles=["admin"])
    assert client.get("/admin").json() == f"welcome, {user.id}"


def test_a_sign_in_is_fresh_for_ten_minutes(client: TestClient) -> None:
    """Time is moved, never waited for."""
    signed_in(client, gate, roles=["admin"])
    assert client.delete("/articles").status_code == 200
    gate.clock.advance(601)
    assert client.delete("/articles").status_code == 403


def test_a_changed_password_is_mailed(client: TestClient) -> None:
    """What was mailed is in the mailbox, without waiting for a worker."""
    user = signed_in(client, gate)
    change = {"current_password": PASSWORD, "new_password": "a longer pass phrase"}
    assert client.post("/auth/password/change", json=change).status_code == 204
    assert [mail.recipient for mail in mailbox(client, gate)] == [user.email]
