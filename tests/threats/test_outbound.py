"""A URL that somebody gave, or a server that somebody runs, is turned against this server: every request of ours."""

import asyncio
import datetime as dt
import gc
import gzip
import ssl
import tracemalloc
from collections.abc import Sequence

import pytest

from gatepost.outbound import Outbound, OutboundFailed, OutboundPolicy
from gatepost.outbound.answer import _WORDS
from tests.outbound.origin import LOOPBACK, NAME, Speech, Town, document, page, pouring, serving, silence

pytestmark = pytest.mark.anyio
INSIDE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0",
    "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    "64:ff9b:1:a00:0:100:808:808",
]  # fmt: skip
SPELLINGS = [
    "127.0.0.1", "2130706433", "0x7f000001", "017700000001", "127.1", "0", "[::1]", "[::ffff:127.0.0.1]", "localhost",
    "localhost.", "LOCALHOST", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]",
]  # fmt: skip


def leading(*addresses: str) -> Outbound:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return Outbound(resolver=resolve)


async def refusal(client: Outbound, url: str, *, within: float = 5) -> OutboundFailed:
    """Return the one kind of refusal that there is, which says nothing of where it led."""
    with pytest.raises(OutboundFailed) as refused:
        await client.get(url, timeout=within)
    await client.close()
    assert str(refused.value) in {*_WORDS.values(), f"it answers {refused.value.status}"}
    assert not any(character.isdigit() for character in _WORDS[refused.value.reason])
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    return refused.value


@pytest.mark.parametrize("address", INSIDE)
async def test_a_name_that_leads_inside_is_not_asked(address: str) -> None:
    assert (await refusal(leading(address), "https://evil.example/")).reason == "private"
    assert (await refusal(leading("93.184.216.34", address), "https://evil.example/")).reason == "private"


@pytest.mark.parametrize("host", SPELLINGS)
async def test_no_spelling_of_this_machine_is_asked(host: str, town: Town) -> None:
    async with serving() as plain, serving(context=town.certificate("localhost", "127.0.0.1", "::1")) as safe:
        assert (await refusal(Outbound(), f"https://{host}:{safe.port}/")).reason in {"private", "no_address"}
        assert (await refusal(Outbound(), f"http://{host}:{plain.port}/")).reason == "scheme"
        assert plain.connections == safe.connections == 0


async def test_a_switch_for_this_machine_opens_nothing_else() -> None:
    for address in set(INSIDE) - {"127.0.0.1", "127.8.8.8", "::1"}:
        client = leading(address)
        client.policy = LOOPBACK
        assert (await refusal(client, "https://evil.example/")).reason == "private"
    client = leading("93.184.216.34")
    client.policy = LOOPBACK
    assert (await refusal(client, "http://evil.example/")).reason == "scheme"
    client = leading("127.0.0.1", "93.184.216.34")
    client.policy = LOOPBACK
    assert (await refusal(client, "http://evil.example/")).reason == "scheme"


async def test_a_name_is_resolved_once_and_a_rebinding_one_leads_nowhere_else(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving({"/": document({})}, context=town.certificate(NAME)) as origin:
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])
        asked: list[str] = []

        async def rebinding(host: str, port: int) -> Sequence[str]:
            asked.append(host)
            return next(answers)

        loop, real = asyncio.get_running_loop(), asyncio.get_running_loop().getaddrinfo

        async def watched(host: object, port: object, **more: object) -> object:
            assert host != NAME  # nothing below asks again
            return await real(host, port, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "getaddrinfo", watched)
        client = town.client()
        client._resolver = rebinding
        assert (await client.get(f"{origin.url}/")).status == 200
        assert asked == [NAME]
        await client.close()


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "unix:/run/x", "",
        "//example.com/", "example.com", "https:///x", "https://", "https://[/", "https://a:b/", "https://a:0/",
        "https://a:99999/", "https://user@example.com/", "https://user:key@example.com/", "https://example.com@127.0.0.1/",
        "https://example.com\\@127.0.0.1/", "https://example.com\\.evil.example/", "https://example.com\n.evil.example/",
        "https://exa mple.com/",
        "https://example.com/\r\nHost: evil", "https://exämple.com/", "https://example.com/ü", "https://example.com/#x",
        "https://example.com/#", "https://example.com\t/", " https://example.com/", "https://example.com/\x00",
        "https://example.com/" + "x" * 5000, "javascript:alert(1)", "data:text/plain,x",
    ],
)  # fmt: skip
async def test_what_is_no_plain_https_url_is_not_asked(url: str) -> None:
    resolved: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        resolved.append(host)
        return ["93.184.216.34"]

    assert (await refusal(Outbound(resolver=resolve), url)).reason in {"url", "scheme"}
    assert resolved == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_not_followed(status: int, town: Town) -> None:
    async with serving({"/": document({})}) as inside, serving(context=town.certificate(NAME)) as origin:
        origin.answers["/"] = page(b"", status=status, location=f"http://127.0.0.1:{inside.port}/")
        client = town.client()
        assert (await client.get(f"{origin.url}/")).status == status
        assert (await client.post_form(f"{origin.url}/", {"code": "x"})).status == status
        await client.close()
        assert inside.connections == 0


async def test_a_certificate_of_another_name_or_authority_or_time_is_not_believed(town: Town) -> None:
    past = dt.datetime.now(tz=dt.UTC) - dt.timedelta(days=1)
    contexts = {
        "of-another-name": town.certificate("other.example"),
        "of-the-address": town.certificate("127.0.0.1"),
        "of-another-authority": Town().certificate(NAME),
        "expired": town.certificate(NAME, not_before=past - dt.timedelta(days=1), not_after=past),
    }
    for which, context in contexts.items():
        async with serving({"/": document({})}, context=context) as origin:
            assert (await refusal(town.client(), f"https://{NAME}:{origin.port}/")).reason == "certificate", which
            assert origin.requests == []


async def test_two_names_at_one_address_do_not_share_a_connection(town: Town) -> None:
    async with serving({"/": document({})}, context=town.certificate(NAME)) as origin:
        client = town.client()
        assert (await client.get(f"{origin.url}/")).status == 200
        assert (await refusal(client, f"https://other.example:{origin.port}/")).reason == "certificate"


async def test_a_server_that_speaks_an_old_protocol_is_not_spoken_to(town: Town) -> None:
    context = town.certificate(NAME)
    for bound in ("minimum_version", "maximum_version"):
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            setattr(context, bound, ssl.TLSVersion.TLSv1_1)
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with serving({"/": document({})}, context=context) as origin:
        for client in (town.client(), Outbound(LOOPBACK, resolver=town.resolve)):  # the latter with its own defaults
            assert (await refusal(client, f"{origin.url}/")).reason == "connection"


HEAD = b"HTTP/1.1 200 x\r\n"
CHUNKED = HEAD + b"transfer-encoding: chunked\r\n\r\n"
FLOODS: dict[str, tuple[Speech, str]] = {
    "ten-gigabytes": (pouring(HEAD + b"content-length: 10000000000\r\n\r\n", b"x" * 65_536), "too_large"),
    "no-length": (pouring(HEAD + b"\r\n", b"x" * 65_536), "too_large"),
    "chunks-of-one-byte": (pouring(CHUNKED, b"1\r\nx\r\n" * 1000), "protocol"),
    "one-huge-chunk": (pouring(CHUNKED + b"FFFFFFFF\r\n", b"x" * 65_536), "too_large"),
    "a-chunk-size-without-end": (pouring(CHUNKED, b"0" * 1000), "protocol"),
    "a-chunk-extension-without-end": (pouring(CHUNKED + b"1;", b"x" * 1000), "protocol"),
    "headers-without-end": (pouring(HEAD, b"x-more: y\r\n" * 100), "protocol"),
    "a-header-without-end": (pouring(HEAD + b"x-more: ", b"y" * 1000), "protocol"),
    "a-status-line-without-end": (pouring(b"HTTP/1.1 200 ", b"y" * 1000), "protocol"),
    "trailers-without-end": (pouring(CHUNKED + b"1\r\nx\r\n0\r\n", b"x-more: y\r\n" * 100), "protocol"),
    "not-http": (pouring(b"SSH-2.0-x\r\n", b"x" * 1000), "protocol"),
    "packed-in-transfer": (pouring(HEAD + b"transfer-encoding: gzip, chunked\r\n\r\n", b"1\r\nx\r\n"), "protocol"),
    "two-lengths": (pouring(HEAD + b"content-length: 1\r\ncontent-length: 2\r\n\r\n", b"x"), "protocol"),
}


@pytest.mark.parametrize("which", FLOODS)
async def test_an_answer_without_end_is_not_read_and_costs_no_memory(which: str, town: Town) -> None:
    speech, reason = FLOODS[which]
    async with serving({"/": speech}, context=town.certificate(NAME)) as origin:
        client = town.client()
        tracemalloc.start()
        try:
            assert (await refusal(client, f"{origin.url}/", within=10)).reason == reason
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()


async def test_informational_answers_without_end_are_given_up_in_time(town: Town) -> None:
    speech = pouring(b"", b"HTTP/1.1 103 x\r\n\r\n" * 10, pause=0.001)
    async with serving({"/": speech}, context=town.certificate(NAME)) as origin:
        async with asyncio.timeout(5):
            assert (await refusal(town.client(), f"{origin.url}/", within=0.5)).reason == "timeout"


@pytest.fixture(scope="module")
def packed() -> bytes:
    return gzip.compress(b"0" * 100_000_000)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "deflate", "zstd", "identity, gzip", "x"])
async def test_a_small_answer_that_would_unpack_to_a_large_one_is_not_unpacked(
    encoding: str, packed: bytes, town: Town
) -> None:
    body = page(packed, content_encoding=encoding)
    async with serving({"/": body}, context=town.certificate(NAME)) as origin:
        client = town.client()
        tracemalloc.start()
        try:
            assert (await refusal(client, f"{origin.url}/")).reason == "encoding"
            assert tracemalloc.get_traced_memory()[1] < 8_000_000
        finally:
            tracemalloc.stop()


SLOW: dict[str, Speech] = {
    "silence": silence,
    "headers-by-drops": pouring(HEAD + b"x-slow: ", b"x", pause=0.05),
    "a-body-by-drops": pouring(HEAD + b"\r\n", b"x", pause=0.05),
    "half-a-body": pouring(HEAD + b"content-length: 100\r\n\r\n", b"", pause=0.05),
}


@pytest.mark.parametrize("which", SLOW)
async def test_who_is_slow_is_not_waited_for(which: str, town: Town) -> None:
    async with serving({"/": SLOW[which]}, context=town.certificate(NAME)) as origin:
        async with asyncio.timeout(5):
            assert (await refusal(town.client(), f"{origin.url}/", within=0.4)).reason == "timeout"


async def test_a_server_that_takes_a_connection_and_never_greets_is_not_waited_for(town: Town) -> None:
    async with serving() as plain, asyncio.timeout(5):  # which waits for the end of a request that is none to it
        assert (await refusal(town.client(), f"https://{NAME}:{plain.port}/", within=0.4)).reason == "timeout"
    gc.collect()  # a socket that was left open would be an error here


async def test_a_resolver_that_does_not_answer_is_not_waited_for() -> None:
    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    async with asyncio.timeout(5):
        assert (await refusal(Outbound(resolver=never), "https://slow.example/", within=0.2)).reason == "timeout"


async def test_a_proxy_of_the_environment_learns_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving() as proxy, serving({"/": document({})}, context=town.certificate(NAME)) as origin:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
        client = town.client()
        assert (await client.get(f"{origin.url}/")).status == 200
        await client.close()
        assert proxy.connections == 0


async def test_a_cookie_that_somebody_set_is_sent_to_nobody(town: Town) -> None:
    body = page(b"{}", set_cookie="a=b; Path=/")
    async with serving({"/": body}, context=town.certificate(NAME)) as origin:
        client = town.client()
        for _ in range(2):
            await client.get(f"{origin.url}/")
        await client.close()
        assert not any("cookie" in request.headers for request in origin.requests)


@pytest.mark.parametrize("value", ["x\r\nX-More: y", "x\ny", "x\x00"])
async def test_a_header_cannot_smuggle_another(value: str, town: Town) -> None:
    async with serving({"/": document({})}, context=town.certificate(NAME)) as origin:
        client = town.client()
        with pytest.raises(OutboundFailed):
            await client.get(f"{origin.url}/", {"Authorization": value})
        await client.close()
        assert origin.requests == []


async def test_production_policy_is_the_default() -> None:
    assert Outbound().policy == OutboundPolicy(allows_loopback=False, allows_private=False, allows_http=False)
