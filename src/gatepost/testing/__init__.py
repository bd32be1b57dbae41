"""For a host's own tests: its own Gatepost on a throwaway database, users who are signed in, time that moves, mails.

    @pytest.fixture
    def client():
        with isolated(gate), TestClient(app) as client:
            yield client

    def test_a_stranger_sees_nothing(client):
        assert client.get("/todos").status_code == 401

    def test_a_session_dies_of_age(client):
        signed_in(client, gate)
        gate.clock.advance(91 * 86_400)
        assert client.get("/todos").status_code == 401

With httpx's `AsyncClient` over `ASGITransport` enter `app.router.lifespan_context(app)` yourself and await what is
sync with Starlette's `TestClient`: `user = await signed_in(client, gate)`.
"""

from gatepost.testing.clients import AsyncClient
from gatepost.testing.isolation import isolated
from gatepost.testing.mails import mailbox
from gatepost.testing.people import PASSWORD, signed_in

__all__ = ["PASSWORD", "AsyncClient", "isolated", "mailbox", "signed_in"]
