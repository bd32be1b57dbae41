"""What every answer of the stand-alone server says to browsers, and the spans of its requests."""

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gatepost import Gatepost
from gatepost.server.app import create_app
from tests.harness import EMAIL, asgi_client, settings

pytestmark = pytest.mark.anyio


def gate_of(sqlite_url: str, **changes: Any) -> Gatepost[Any]:  # noqa: ANN401 - any setting
    return Gatepost(settings(sqlite_url, mailbox_key="mailbox", **changes))


@pytest.mark.parametrize("path", ["/healthz", "/auth/me", "/auth/.well-known/jwks.json", "/nowhere"])
async def test_every_answer_carries_the_headers(path: str, sqlite_url: str) -> None:
    app = create_app(gate_of(sqlite_url, public_url="https://localhost"))
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    "changes", [{"public_url": "http://localhost"}, {"public_url": "https://localhost", "hsts": 0}]
)
async def test_no_promise_of_https_where_there_is_none_or_it_is_switched_off(
    changes: dict[str, Any], sqlite_url: str
) -> None:
    app = create_app(gate_of(sqlite_url, **changes))
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        assert "strict-transport-security" not in (await client.get("/healthz")).headers


async def test_a_page_keeps_its_own_policy_and_the_documentation_has_none_of_ours(sqlite_url: str) -> None:
    app = create_app(gate_of(sqlite_url))
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        mailbox = await client.get("/auth/dev/mailbox?key=mailbox", headers={"Accept": "text/html"})
        policies = mailbox.headers.get_list("content-security-policy")
        assert len(policies) == 1
        assert "style-src" in policies[0]
        assert "content-security-policy" not in (await client.get("/docs")).headers


async def test_a_request_is_a_span_of_its_caller_s_trace_and_holds_no_secret(sqlite_url: str) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    app = create_app(gate_of(sqlite_url))
    async with app.router.lifespan_context(app), asgi_client(app) as client:
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        form = {"grant_type": "password", "username": EMAIL, "password": "a-canary-in-the-form"}
        headers = {"traceparent": parent, "Authorization": "Bearer a-canary-in-a-header"}
        await client.post("/auth/token", data=form, headers=headers)
    spans = exporter.get_finished_spans()
    (span,) = (one for one in spans if one.kind is trace.SpanKind.SERVER)
    attributes = dict(span.attributes or {})
    assert span.context is not None
    assert format(span.context.trace_id, "032x") == parent.split("-")[1]
    assert (attributes["http.route"], attributes["http.response.status_code"]) == ("/auth/token", 400)
    assert "canary" not in "".join(one.to_json() for one in spans)
