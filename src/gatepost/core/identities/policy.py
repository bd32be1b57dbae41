"""What identities are told by settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class IdentityPolicy:
    """What decides beside the provider.

    Attributes:
        needs_address: nobody signs in without a verified address.
        signs_in_by_mail: who has a verified address gets in by mail.
    """

    needs_address: bool = False
    signs_in_by_mail: bool = False
