"""A URL that somebody configured, or a name that somebody controls, leads the server where it must not go."""

import asyncio
import ssl
from collections.abc import Sequence

import pytest
import trustme

from gatepost.core.webhooks import delivery
from gatepost.core.webhooks.delivery import Delivery
from gatepost.core.webhooks.domain import NotDelivered, WebhookPolicy
from gatepost.kernel.addresses import is_public
from gatepost.outbound import resolve
from tests.webhooks.receiver import receiving

pytestmark = pytest.mark.anyio
CLOSED = WebhookPolicy(allows_http=True)
OPEN = WebhookPolicy(allows_http=True, allows_private=True)
PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "2002:7f00:1::", "2002:a00:1::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2001::1", "", "localhost", "127.1", "2130706433",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_a_private_network_is_public_in_any_form(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


HOSTS = [
    "127.0.0.1",
    "2130706433",
    "0x7f000001",
    "017700000001",
    "127.1",
    "0",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "localhost",
]


@pytest.mark.parametrize("host", HOSTS)
async def test_no_spelling_of_this_machine_is_reached(host: str) -> None:
    async with receiving() as receiver:
        post = Delivery(CLOSED)
        with pytest.raises(NotDelivered) as refused:
            await post.post(f"http://{host}:{receiver.port}/", b"{}", {})
        await post.close()
        assert receiver.connections == 0
        assert "127" not in str(refused.value)


async def test_a_name_with_one_private_address_among_public_ones_is_refused() -> None:
    async def both(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34", "10.0.0.1"]

    post = Delivery(CLOSED, resolver=both)
    with pytest.raises(NotDelivered, match="private network") as refused:
        await post.post("http://evil.example/", b"{}", {})
    assert "10.0.0.1" not in str(refused.value)


async def test_a_name_is_resolved_once_and_the_connection_goes_where_was_looked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return next(answers)

    async with receiving() as receiver:
        post = Delivery(OPEN, resolver=rebinding)
        loop, real = asyncio.get_running_loop(), asyncio.get_running_loop().getaddrinfo

        async def watched(host: object, port: object, **more: object) -> object:
            assert host != "rebinding.example"  # the client asks nobody again
            return await real(host, port, **more)  # type: ignore[arg-type]

        monkeypatch.setattr(loop, "getaddrinfo", watched)
        assert await post.post(f"http://rebinding.example:{receiver.port}/", b"{}", {}) == 204
        assert (asked, receiver.got[0].headers["host"]) == (["rebinding.example"], f"rebinding.example:{receiver.port}")
        await post.close()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def loopback(host: str, port: int) -> Sequence[str]:
    return ["127.0.0.1"]


@pytest.mark.parametrize(
    ("name", "is_taken"), [("hooks.example", True), ("other.example", False), ("127.0.0.1", False)]
)
async def test_the_certificate_is_that_of_the_name_though_the_address_is_pinned(
    authority: trustme.CA, name: str, *, is_taken: bool
) -> None:
    context, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hooks.example").configure_cert(context)
    authority.configure_trust(trusted)
    async with receiving(context) as receiver:
        post = Delivery(OPEN, resolver=loopback, verify=trusted)
        call = post.post(f"https://{name}:{receiver.port}/", b"{}", {})
        if is_taken:
            assert await call == 204
        else:
            with pytest.raises(NotDelivered):
                await call
            assert receiver.got == []
        await post.close()


async def test_two_names_at_one_address_do_not_share_a_certificate(authority: trustme.CA) -> None:
    context, trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("hooks.example").configure_cert(context)
    authority.configure_trust(trusted)
    async with receiving(context) as receiver:
        post = Delivery(OPEN, resolver=loopback, verify=trusted)
        assert await post.post(f"https://hooks.example:{receiver.port}/", b"{}", {}) == 204
        with pytest.raises(NotDelivered):
            await post.post(f"https://other.example:{receiver.port}/", b"{}", {})
        await post.close()
        assert len(receiver.got) == 1


async def test_an_unknown_authority_is_not_believed(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("hooks.example").configure_cert(context)
    async with receiving(context) as receiver:
        post = Delivery(OPEN, resolver=loopback)
        with pytest.raises(NotDelivered):
            await post.post(f"https://hooks.example:{receiver.port}/", b"{}", {})
        await post.close()
        assert receiver.got == []


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with receiving() as target, receiving() as receiver:
        receiver.status, receiver.more = status, f"location: http://127.0.0.1:{target.port}/\r\n"
        post = Delivery(OPEN)
        assert await post.post(f"http://localhost:{receiver.port}/", b"{}", {}) == status
        await post.close()
        assert target.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "https:///x",
        "x",
        "https://[/",
        "https://a:b/",
    ],
)
async def test_only_https_is_spoken(url: str) -> None:
    post = Delivery(WebhookPolicy(allows_private=True))
    with pytest.raises(NotDelivered):
        await post.post(url, b"{}", {})
    await post.close()


async def test_a_body_without_end_is_not_read() -> None:
    sent = 0

    async def pour(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 x\r\ncontent-length: 10000000000\r\n\r\n")
        while sent < 1 << 30:
            writer.write(b"x" * 65_536)
            await writer.drain()
            sent += 65_536

    async with receiving() as receiver:
        receiver.answer = pour
        post = Delivery(OPEN)
        assert await post.post(f"http://localhost:{receiver.port}/", b"{}", {}) == 200
        await post.close()
        assert sent < 1 << 26


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 x\r\nx-slow: "])
async def test_an_answer_that_does_not_come_is_not_waited_for(first: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_TOTAL_TIMEOUT_S", 0.3)

    async def drip(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(b"x" if first else b"")
            await writer.drain()
            await asyncio.sleep(0.05)

    async with receiving() as receiver:
        receiver.answer = drip
        post = Delivery(OPEN)
        with pytest.raises(NotDelivered, match="in time"):
            await post.post(f"http://localhost:{receiver.port}/", b"{}", {})
        await post.close()


async def test_a_proxy_of_the_environment_learns_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        post = Delivery(OPEN)
        assert await post.post(f"http://localhost:{receiver.port}/", b"{}", {}) == 204
        await post.close()
        assert proxy.connections == 0


async def test_a_cookie_of_an_endpoint_is_not_sent_to_anybody() -> None:
    async with receiving() as receiver:
        receiver.more = "set-cookie: a=b\r\n"
        post = Delivery(OPEN)
        for _ in range(2):
            await post.post(f"http://localhost:{receiver.port}/", b"{}", {})
        await post.close()
        assert "cookie" not in receiver.got[1].headers


async def test_the_resolver_of_the_system_is_asked() -> None:
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)
