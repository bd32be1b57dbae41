"""A private key that somebody gave us is one for ES256, or is refused without a word of it."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from gatepost.crypto.pem import KeyRefused, load_signing_key

EC = ec.generate_private_key(ec.SECP256R1())


def pem(key: PrivateKeyTypes, password: bytes | None = None) -> str:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


PUBLIC = EC.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
REFUSED = {
    "nothing": "",
    "words": "hush",
    "surrogates": "\ud800",
    "no base64": "-----BEGIN PRIVATE KEY-----\nhush\n-----END PRIVATE KEY-----",
    "another curve": pem(ec.generate_private_key(ec.SECP384R1())),
    "RSA": pem(rsa.generate_private_key(65537, 2048)),
    "Ed25519": pem(ed25519.Ed25519PrivateKey.generate()),
    "locked": pem(EC, b"hush"),
    "the public half": PUBLIC.decode(),
    "long": pem(EC) * 100,
}


def test_a_key_of_p256_signs_with_es256() -> None:
    key = load_signing_key(pem(EC), kid="KEY")
    assert (key.kid, key.algorithm, key.can_sign) == ("KEY", "ES256", True)
    assert key.signature_is_right(b"message", key.signature_of(b"message"))


@pytest.mark.parametrize("case", REFUSED)
def test_anything_else_is_refused_and_not_quoted(case: str) -> None:
    with pytest.raises(KeyRefused) as refused:
        load_signing_key(REFUSED[case], kid="KEY")
    assert "hush" not in str(refused.value)


def test_a_key_needs_a_name() -> None:
    with pytest.raises(KeyRefused):
        load_signing_key(pem(EC), kid="")
