"""What the client sends, what it gives back, and what it makes of answers."""

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from gatepost.outbound import Answer, Outbound, OutboundFailed
from tests.backends import free_port
from tests.outbound.origin import LOOPBACK, NAME, Origin, Town, document, page, pouring, serving, silence

pytestmark = pytest.mark.anyio


def answer(body: bytes) -> Answer:
    return Answer(200, {}, body)


async def test_a_get_says_whom_it_asks_and_wants_nothing_packed(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/a"] = document({"b": [1]})
    got = await outbound.get(f"{origin.url}/a?c=d%20e", {"Authorization": "Basic x", "Host": "other.example"})
    assert (got.status, got.json(), got.headers["content-type"]) == (200, {"b": [1]}, "application/json")
    (request,) = origin.requests
    assert request.line == "GET /a?c=d%20e HTTP/1.1"
    assert request.headers["host"] == f"{NAME}:{origin.port}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["authorization"] == "Basic x"
    assert request.headers["user-agent"] == "Gatepost"
    assert not {"cookie", "referer"} & request.headers.keys()


async def test_a_form_is_a_form_and_bytes_are_bytes(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = document({})
    await outbound.post_form(f"{origin.url}/", {"code": "a b&c=d", "ü": "€"})
    await outbound.post(f"{origin.url}/", b"\x00\xff", {"Content-Type": "application/octet-stream"})
    form, raw = origin.requests
    assert (form.line, form.body) == ("POST / HTTP/1.1", b"code=a+b%26c%3Dd&%C3%BC=%E2%82%AC")
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert (raw.body, raw.headers["content-type"]) == (b"\x00\xff", "application/octet-stream")


@pytest.mark.parametrize("status", [204, 301, 400, 401, 404, 429, 500, 503])
async def test_every_status_is_an_answer_and_may_be_required(status: int, origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = page(b"" if status == 204 else b"{}", status=status)
    got = await outbound.get(f"{origin.url}/")
    assert got.status == status
    with pytest.raises(OutboundFailed, match=str(status)) as refused:
        got.require()
    assert (refused.value.reason, refused.value.status) == ("status", status)
    assert got.require(status) is got


@pytest.mark.parametrize("size", [0, 1, 99, 100])
async def test_a_body_may_be_as_long_as_the_limit(size: int, origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = page(b"x" * size)
    assert (await outbound.get(f"{origin.url}/", limit=100)).body == b"x" * size


async def test_a_body_of_one_byte_more_is_none(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = page(b"x" * 101)
    with pytest.raises(OutboundFailed) as refused:
        await outbound.get(f"{origin.url}/", limit=100)
    assert refused.value.reason == "too_large"


async def test_a_body_that_is_not_asked_for_is_not_read(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = pouring(b"HTTP/1.1 202 x\r\ncontent-length: 10000000000\r\n\r\n", b"x" * 65_536)
    got = await outbound.post(f"{origin.url}/", b"", limit=None)
    assert (got.status, got.body) == (202, b"")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b'"text"', b"5", b"null", b"<html>", b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":{"b":1,"b":1}}',
        b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1} x', b"{" * 5000, b'{"a":' * 100_000, b'{"a":"\\ud800"}',
        b'{"\\uDC00":1}', b'{"a":' + b"9" * 5000 + b"}", b'\xef\xbb\xbf{"a":1}',
    ],
    ids=[
        "nothing", "a-list", "a-text", "a-number", "null", "a-page", "bytes", "two-of-one-name", "two-inside",
        "nan", "infinity", "more", "open", "deep", "lone-surrogate", "lone-surrogate-as-name", "long-number", "mark",
    ],
)  # fmt: skip
def test_what_is_no_strict_object_is_no_content(body: bytes) -> None:
    with pytest.raises(OutboundFailed) as refused:
        answer(body).json()
    assert refused.value.reason == "content"


def test_an_object_and_a_list_are_read() -> None:
    assert answer(b'{"a":"\\ud83d\\ude00","b":[{"c":null}]}').json() == {"a": "😀", "b": [{"c": None}]}
    assert answer(b'[{"email":"a"}]').json_list() == [{"email": "a"}]
    with pytest.raises(OutboundFailed):
        answer(b"{}").json_list()


def test_an_answer_does_not_show_what_it_holds() -> None:
    held = repr(Answer(200, {"set-cookie": "canary"}, b"canary"))
    assert "canary" not in held


async def test_of_several_addresses_the_first_that_answers_is_used(town: Town, origin: Origin) -> None:
    async def several(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.9", "127.0.0.1"]  # nobody listens on the first

    origin.answers["/"] = document({})
    client = town.client()
    client._resolver = several
    assert (await client.get(f"{origin.url}/")).status == 200
    await client.close()


async def test_where_nobody_listens_it_cannot_be_reached(outbound: Outbound) -> None:
    with pytest.raises(OutboundFailed, match="cannot be reached") as refused:
        await outbound.get(f"https://{NAME}:{free_port()}/")
    assert refused.value.reason == "connection"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example", "a..b.example", ".example"])
async def test_a_name_that_nobody_has_leads_nowhere(host: str) -> None:
    client = Outbound(LOOPBACK)
    with pytest.raises(OutboundFailed) as refused:
        await client.get(f"https://{host}/")
    assert refused.value.reason == "no_address"
    await client.close()


async def test_lines_come_as_they_are_said(origin: Origin, outbound: Outbound) -> None:
    said = asyncio.Event()

    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 x\r\n\r\ndata: 1\n\r\nda")
        await writer.drain()
        await said.wait()
        writer.write(b"ta: 2\r\n" + b"x" * 70_000 + b"\nlast")

    origin.answers["/"] = speak
    async with outbound.stream(f"{origin.url}/") as lines:
        heard = [await anext(lines), await anext(lines)]
        said.set()
        heard += [line async for line in lines]
    assert heard == [b"data: 1", b"", b"data: 2", b"x" * 70_000]


async def test_a_line_without_end_is_given_up(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = pouring(b"HTTP/1.1 200 x\r\n\r\n", b"x" * 1000)
    with pytest.raises(OutboundFailed) as refused:
        async with outbound.stream(f"{origin.url}/", limit=10_000) as lines:
            await anext(lines)
    assert refused.value.reason == "too_large"


async def test_a_stream_that_falls_silent_is_over(origin: Origin, outbound: Outbound) -> None:
    async def speak(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 x\r\n\r\nfirst\n")
        await silence(writer)

    origin.answers["/"] = speak
    async with asyncio.timeout(5):
        async with outbound.stream(f"{origin.url}/", idle=0.2) as lines:
            assert await anext(lines) == b"first"
            with pytest.raises(OutboundFailed) as refused:
                await anext(lines)
    assert refused.value.reason == "timeout"


async def test_a_stream_that_is_refused_says_its_status(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = page(b"", status=401)
    with pytest.raises(OutboundFailed) as refused:
        async with outbound.stream(f"{origin.url}/"):
            pytest.fail("there is no stream")
    assert refused.value.status == 401


async def test_an_error_of_who_listens_is_theirs(origin: Origin, outbound: Outbound) -> None:
    origin.answers["/"] = page(b"a\nb\n")

    async def listen() -> None:
        async with outbound.stream(f"{origin.url}/") as lines:
            async for _ in lines:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await listen()


async def test_many_at_once_are_answered_and_one_that_gives_up_disturbs_nobody(town: Town) -> None:
    async with serving({"/": document({}), "/slow": silence}, context=town.certificate(NAME)) as origin:
        client = town.client()
        waiting = asyncio.ensure_future(client.get(f"{origin.url}/slow"))
        got = await asyncio.gather(*(client.get(f"{origin.url}/") for _ in range(30)))
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await waiting
        assert [each.status for each in got] == [200] * 30
        assert (await client.get(f"{origin.url}/")).status == 200
        await client.close()


async def test_a_client_is_closed_as_often_as_one_likes_and_asks_anew_afterwards(
    origin: Origin, outbound: Outbound
) -> None:
    origin.answers["/"] = document({})
    for _ in range(2):
        assert (await outbound.get(f"{origin.url}/")).status == 200
        await outbound.close()
        await outbound.close()
    assert len(origin.requests) == 2


async def test_an_authority_of_ones_own_is_named_by_the_environment(
    town: Town, origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    origin.answers["/"] = document({})
    client = Outbound(LOOPBACK, resolver=town.resolve)
    with pytest.raises(OutboundFailed) as refused:
        await client.get(f"{origin.url}/")
    assert refused.value.reason == "certificate"
    await client.close()
    town.authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    client = Outbound(LOOPBACK, resolver=town.resolve)
    assert (await client.get(f"{origin.url}/")).status == 200
    await client.close()
