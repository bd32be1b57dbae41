"""Access tokens at the real guard: forged, confused, oversized, from elsewhere; and keys that change under traffic."""

import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from gatepost.storage.hot_sqlite import HotSqlite
from tests.threats.forge import Forger, b64, parts_of
from tests.threats.lab import Lab, bearer, running

pytestmark = pytest.mark.anyio
EVIL = "https://evil.example/jwks.json"
NOW = int(time.time())
LIST: list[object] = []
Forgery = Callable[[Forger], str]


def _public(forger: Forger) -> ec.EllipticCurvePublicKey:
    key = ECKey.import_key({name: forger.jwks[name] for name in ("kty", "crv", "x", "y")}).public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    return key


def _pem(forger: Forger) -> bytes:
    return _public(forger).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _point(forger: Forger) -> bytes:
    return _public(forger).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


FORGED: dict[str, Forgery] = {
    "alg none": lambda f: f.unsigned("none"),
    "alg None": lambda f: f.unsigned("None"),
    "alg nOnE": lambda f: f.unsigned("nOnE"),
    "alg none with signature": lambda f: f.unsigned("none", f.signed().split(".")[2]),
    "alg empty": lambda f: f.unsigned(""),
    "alg absent": lambda f: f.signed({"alg": None}),
    "alg list": lambda f: f.signed({"alg": ["ES256"]}),
    "alg ES384": lambda f: f.signed({"alg": "ES384"}),
    "alg RS256": lambda f: f.signed({"alg": "RS256"}),
    "HS256 by PEM": lambda f: f.mac(_pem(f)),
    "HS256 by PEM, stripped": lambda f: f.mac(_pem(f).strip()),
    "HS256 by point": lambda f: f.mac(_point(f)),
    "HS256 by x": lambda f: f.mac(f.jwks["x"].encode()),
    "HS256 by nothing": lambda f: f.mac(b""),
    "ES256 named, HMAC made": lambda f: f.mac(_pem(f), alg="ES256"),
    "no signature": lambda f: f.signed().rsplit(".", 1)[0] + ".",
    "zero signature": lambda f: f.signed().rsplit(".", 1)[0] + "." + b64(bytes(64)),  # CVE-2022-21449
    "own key": lambda f: f.self_signed(),
    "own key, own kid": lambda f: f.self_signed(kid=f.own.kid),
    "own jwk": lambda f: f.self_signed(kid=f.own.kid, jwk=f.own.public_jwk()),
    "own jwk, our kid": lambda f: f.self_signed(jwk=f.own.public_jwk()),
    "own jku": lambda f: f.self_signed(kid=f.own.kid, jku=EVIL),
    "own x5u": lambda f: f.self_signed(kid=f.own.kid, x5u=EVIL),
    "own x5c": lambda f: f.self_signed(kid=f.own.kid, x5c=["MIIB"]),
    "crit": lambda f: f.signed({"crit": ["exp"], "exp": 1}),
    "b64": lambda f: f.signed({"b64": False}),
    "kid path": lambda f: f.self_signed(kid="../../../../dev/null"),
    "kid SQL": lambda f: f.self_signed(kid="x' UNION SELECT 'k"),
    "kid URL": lambda f: f.self_signed(kid=EVIL),
    "kid absent": lambda f: f.signed({"kid": None}),
    "kid number": lambda f: f.signed({"kid": 1}),
    "kid list": lambda f: f.signed({"kid": LIST}),
    "kid long": lambda f: f.signed({"kid": "k" * 4_000}),
    "typ JWT": lambda f: f.signed({"typ": "JWT"}),
    "typ absent": lambda f: f.signed({"typ": None}),
    "typ logout": lambda f: f.signed({"typ": "logout+jwt"}),
    "typ reset": lambda f: f.signed({"typ": "reset+jwt"}),
    "typ number": lambda f: f.signed({"typ": 1}),
    "other iss": lambda f: f.signed(claims={"iss": "https://evil.example"}),
    "iss with slash": lambda f: f.signed(claims={"iss": "https://localhost/"}),
    "iss upper": lambda f: f.signed(claims={"iss": "HTTPS://localhost"}),
    "iss list": lambda f: f.signed(claims={"iss": ["https://localhost"]}),
    "no iss": lambda f: f.signed(claims={"iss": None}),
    "other aud": lambda f: f.signed(claims={"aud": "https://other.example"}),
    "aud list of others": lambda f: f.signed(claims={"aud": ["https://other.example", "https://localhost/"]}),
    "no aud": lambda f: f.signed(claims={"aud": None}),
    "aud object": lambda f: f.signed(claims={"aud": {"https://localhost": 1}}),
    "expired": lambda f: f.signed(claims={"exp": NOW - 60}),
    "no exp": lambda f: f.signed(claims={"exp": None}),
    "exp text": lambda f: f.signed(claims={"exp": str(NOW + 60)}),
    "exp negative": lambda f: f.signed(claims={"exp": -1}),
    "exp 1e18": lambda f: f.signed(claims={"exp": 10**18}),
    "exp float": lambda f: f.signed(claims={"exp": 1e18}),
    "exp true": lambda f: f.signed(claims={"exp": True}),
    "nbf later": lambda f: f.signed(claims={"nbf": int(time.time()) + 600}),
    "nbf text": lambda f: f.signed(claims={"nbf": "0"}),
    "iat later": lambda f: f.signed(claims={"iat": int(time.time()) + 600}),
    "no iat": lambda f: f.signed(claims={"iat": None}),
    "no sub": lambda f: f.signed(claims={"sub": None}),
    "sub not an id": lambda f: f.signed(claims={"sub": "admin"}),
    "sub number": lambda f: f.signed(claims={"sub": 1}),
    "no sid": lambda f: f.signed(claims={"sid": None}),
    "sid list": lambda f: f.signed(claims={"sid": [1]}),
    "epoch text": lambda f: f.signed(claims={"epoch": "9"}),
    "epoch behind": lambda f: f.signed(claims={"epoch": None}),
    "roles text": lambda f: f.signed(claims={"roles": "admin"}),
    "roles of numbers": lambda f: f.signed(claims={"roles": [1]}),
    "scope list": lambda f: f.signed(claims={"scope": ["todo:read"]}),
    "100 kB": lambda f: f.signed(claims={"more": "x" * 75_000}),
    "100 kB of dots": lambda _: "." * 100_000,
    "9 kB": lambda f: f.signed(claims={"more": "x" * 7_000}),
    "JWE": lambda f: f.signed() + ".a.b",
    "two parts": lambda f: f.signed().rsplit(".", 1)[0],
    "JSON": lambda f: '{"payload":"","signatures":[]}',
    "header is a list": lambda f: f.raw(b'["ES256"]', f.claims),
    "claims are a list": lambda f: f.raw(f.header, b"[]"),
    "claims are no JSON": lambda f: f.raw(f.header, b"\xff\xfe"),
    "claims twice": lambda f: f.raw(f.header, b'{"sub":"a","sub":"b"}'),
    "claims NaN": lambda f: f.raw(f.header, b'{"exp":NaN}'),
    "claims deep": lambda f: f.raw(f.header, b"[" * 5_000),
    "header deep": lambda f: f.raw(b'{"a":' * 1_000 + b"1" + b"}" * 1_000, f.claims),
    "padding": lambda f: f.signed() + "=",
    "space in between": lambda f: f.signed().replace(".", " .", 1),
}


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every way out of the process raises, and is noted."""
    calls: list[str] = []

    def refuse(name: str) -> Callable[..., NoReturn]:
        def call(*_: object, **__: object) -> NoReturn:
            calls.append(name)
            raise AssertionError(name)

        return call

    for name in ("getaddrinfo", "gethostbyname", "create_connection"):
        monkeypatch.setattr(socket, name, refuse(name))
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse(name))
    return calls


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Every statement that is sent to the database."""
    found: list[object] = []
    read_now, run = HotSqlite.read_now, HotSqlite.run

    def counting_read(self: HotSqlite, statement: Any, values: Any = None) -> Any:  # noqa: ANN401 - passed through
        found.append(statement)
        return read_now(self, statement, values)

    async def counting_run(self: HotSqlite, *steps: Any) -> Any:  # noqa: ANN401 - passed through
        found.extend(steps)
        return await run(self, *steps)

    monkeypatch.setattr(HotSqlite, "read_now", counting_read)
    monkeypatch.setattr(HotSqlite, "run", counting_run)
    return found


async def _forger(lab: Lab) -> Forger:
    return Forger(lab, str((await lab.token(await lab.person(roles=["admin"])))["access_token"]))


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
async def test_a_forged_token_is_refused_with_no_call_and_no_read(
    lab: Lab, forge: Forgery, no_network: list[str], statements: list[object]
) -> None:
    forger = await _forger(lab)
    assert await lab.status(bearer(forger.signed()), path="/host/principal") == 200
    token = forge(forger)
    statements.clear()
    for path in ("/auth/me", "/host/principal", "/host/user", "/host/admin", "/host/optional"):
        answer = await lab.send("GET", path, headers=[("authorization", b"Bearer " + token.encode())])
        assert answer.status == 401, (path, answer)
        assert answer.header("www-authenticate") == 'Bearer error="invalid_token"'
    assert statements == []
    assert no_network == []


async def test_addresses_in_the_header_of_a_good_token_are_not_followed(lab: Lab, no_network: list[str]) -> None:
    forger = await _forger(lab)
    for header in ({"jku": EVIL}, {"x5u": EVIL}, {"x5c": ["MIIB"]}, {"jwk": forger.own.public_jwk()}):
        assert await lab.status(bearer(forger.signed(header)), path="/host/principal") == 200
    assert no_network == []


async def test_tokens_of_another_gatepost_are_refused(lab: Lab, tmp_path: Path) -> None:
    theirs = await lab.token(await lab.person())
    async with running(
        tmp_path, public_url="https://localhost:8443", secret="another-" * 3 + "0123456789abcdef"
    ) as other:
        assert await other.status(bearer(theirs["access_token"])) == 401
        assert (await other.refresh(theirs["refresh_token"])).code == "invalid_grant"
        ours = await other.token(await other.person())
        assert await lab.status(bearer(ours["access_token"])) == 401
        assert (await lab.refresh(ours["refresh_token"])).code == "invalid_grant"
        assert await lab.introspect(ours["access_token"]) == {"active": False}


async def test_the_token_of_one_audience_is_refused_by_another(tmp_path: Path) -> None:
    async with (
        running(tmp_path, audience="https://api.one") as one,
        running(tmp_path, audience="https://api.two") as two,
    ):
        token = (await one.token(await one.person()))["access_token"]
        assert await one.status(bearer(token)) == 200
        assert await two.status(bearer(token)) == 401


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "ES256", "EdDSA"])
async def test_every_algorithm_signs_and_none_takes_a_token_of_another(tmp_path: Path, algorithm: str) -> None:
    async with running(tmp_path, signing_algorithm=algorithm) as own:
        forger = await _forger(own) if algorithm != "HS256" else None
        token = (await own.token(await own.person()))["access_token"]
        assert parts_of(token)[0]["alg"] == algorithm
        assert await own.status(bearer(token)) == 200
        published = (await own.send("GET", "/auth/.well-known/jwks.json")).json()["keys"]
        assert [key["alg"] for key in published] == ([] if algorithm == "HS256" else [algorithm])
        for other in {"none", "HS256", "RS256", "ES256", "EdDSA", "PS256"} - {algorithm}:
            if forger is not None:
                assert await own.status(bearer(forger.signed({"alg": other}))) == 401


async def test_keys_that_rotate_under_traffic_refuse_nobody(tmp_path: Path) -> None:
    async with running(tmp_path, access_lifetime=3_600) as own:
        person, seen = await own.person(), set()
        held: list[tuple[float, str]] = []
        for minute in range(0, 240, 10):
            if minute % 40 == 0:
                await own.gate.core.keyring.rotate()
            token = str((await own.token(person))["access_token"])
            seen.add(parts_of(token)[0]["kid"])
            held.append((own.gate.clock.now(), token))
            for born, each in held:
                if own.gate.clock.now() < born + 3_500:
                    assert await own.status(bearer(each), path="/host/principal") == 200
                    own.gate.core.authenticator.forget_tokens()
            own.gate.clock.advance(600)
        assert len(seen) >= 5


async def test_a_key_that_leaked_is_refused_at_once(tmp_path: Path) -> None:
    async with running(tmp_path) as own:
        forger = await _forger(own)
        token = forger.signed(claims={"roles": ["admin"]})
        assert await own.status(bearer(token), path="/host/principal") == 200
        await own.gate.core.keyring.rotate(immediately=True)
        assert await own.status(bearer(token), path="/host/principal") == 401
        assert await own.status(bearer((await own.token(await own.person()))["access_token"])) == 200


async def test_the_published_keys_hold_no_private_half(lab: Lab) -> None:
    for key in (await lab.send("GET", "/auth/.well-known/jwks.json")).json()["keys"]:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
