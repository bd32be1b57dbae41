"""No text makes the check of URLs do anything but let it through or refuse it; what it lets through is one thing."""

import httpx2
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gatepost.outbound import OutboundFailed, OutboundPolicy, checked_url

PIECES = st.sampled_from(
    ["https", "http", ":", "//", "/", "@", "#", "?", "\\", "[", "]", "%", "..", ".", "a", "b.example", "127.0.0.1",
     "::1", "80", "0", "99999", " ", "\t", "\n", "ü", "。", "\u2100", "%2e", "%00", ";", ",", "&", "=", "\x7f", "*"]
)  # fmt: skip
OPEN = OutboundPolicy(allows_http=True)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=12).map("".join) | st.lists(PIECES, max_size=9).map(lambda p: "https://" + "".join(p)))
@example("https://a%2f@b.example/")
@example("https://b.example:0/")
@example("https://[::1%25eth0]/")
def test_what_passes_is_read_alike_by_who_checks_and_who_connects(url: str) -> None:
    try:
        parts = checked_url(url, OPEN)
    except OutboundFailed:
        return
    assert url.isascii()
    assert not set("@#\\ \n\t") & set(parts.netloc)
    try:
        client = httpx2.URL(url)
    except httpx2.InvalidURL:
        return
    assert (client.scheme, client.userinfo) == (parts.scheme, b"")
    assert client.raw_host.decode().strip("[]").lower() == (parts.hostname or "").lower()
    assert client.port in {parts.port, None}
