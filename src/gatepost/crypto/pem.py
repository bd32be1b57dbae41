"""Private keys that others gave us, in PEM (RFC 7468; PKCS #8, RFC 5958): to sign what proves us to them.

They sign with ES256 alone, the algorithm of the only ones in use.
"""

import json

from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from gatepost.crypto.jwk import KeyRefused, TokenKey, load_key

__all__ = ["KeyRefused", "load_signing_key"]

_MAX_PEM = 4096


def load_signing_key(pem: str, *, kid: str) -> TokenKey:
    """Return the key.

    Args:
        pem: its text.
        kid: what whoever verifies calls it.

    Raises:
        KeyRefused: it is no private key for ES256, or is locked by a password; the message holds nothing of it.
    """
    if len(pem) > _MAX_PEM:
        raise KeyRefused("not a private key")
    try:
        members = ECKey.import_key(pem.encode()).as_dict(private=True)
    except (JoseError, ValueError, TypeError, AttributeError):
        raise KeyRefused("not a private key") from None
    return load_key(json.dumps({**members, "kid": kid, "alg": "ES256"}).encode())
