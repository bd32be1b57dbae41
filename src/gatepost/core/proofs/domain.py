"""What a proof may be for, how long it lives, and to what state of its user it is bound. No I/O.

A link is 32 bytes of MAC over a random id under the key of one purpose; a code is six digits of the same, and so has
attempts that are counted. What is bound: a reset dies with the password and the address that it was issued for, a
verification with the address. "This was not me" is bound to nothing: an attacker changes exactly those first.
"""

from dataclasses import dataclass
from enum import StrEnum

from gatepost.kernel.purpose import Purpose

MAX_CODE_ATTEMPTS = 5


class ProofKind(StrEnum):
    """The closed set of purposes; a name is never changed or reused."""

    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - the name of a purpose
    SIGN_IN = "sign_in"
    DISOWN = "disown"
    INVITATION = "invitation"

    @property
    def purpose(self) -> Purpose:
        """The purpose whose key mints and verifies it."""
        return Purpose(f"proof-{self.value.replace('_', '-')}")

    @property
    def is_bound_to_email(self) -> bool:
        """Whether it dies when its user's address changes."""
        return self is not ProofKind.DISOWN

    @property
    def is_bound_to_password(self) -> bool:
        """Whether it dies when its user's password changes."""
        return self in {
            ProofKind.RESET_PASSWORD,
            ProofKind.CHANGE_EMAIL,
            ProofKind.SIGN_IN,
            ProofKind.INVITATION,
        }

    @property
    def is_sent_to_user(self) -> bool:
        """Whether it goes to the address that its user has: it is not issued for a mailbox that was theirs before."""
        return self not in {ProofKind.CHANGE_EMAIL, ProofKind.DISOWN}

    @property
    def has_code(self) -> bool:
        """Whether six digits may stand for its link; what lives for days has no code that can be guessed."""
        return self not in {ProofKind.DISOWN, ProofKind.INVITATION}


@dataclass(frozen=True, slots=True)
class ProofPolicy:
    """Lifetimes in seconds, and the form that people get.

    Attributes:
        verification: of the link that verifies or changes an address.
        reset: of the link that resets a password.
        code: of every code, and of the link that signs in.
        disown: of "this was not me".
        invitation: of an invitation by an administrator.
        is_code: mails hold six digits instead of a link.
    """

    verification: int = 86_400
    reset: int = 1_800
    code: int = 600
    disown: int = 7 * 86_400
    invitation: int = 7 * 86_400
    is_code: bool = False

    def has_code(self, kind: ProofKind) -> bool:
        """Whether proofs of this kind are mailed as codes."""
        return self.is_code and kind.has_code

    def lifetime_ms(self, kind: ProofKind) -> int:
        """Return how long a proof of this kind lives, in milliseconds."""
        seconds = {
            ProofKind.VERIFY_EMAIL: self.verification,
            ProofKind.CHANGE_EMAIL: self.verification,
            ProofKind.RESET_PASSWORD: self.reset,
            ProofKind.SIGN_IN: self.code,
            ProofKind.DISOWN: self.disown,
            ProofKind.INVITATION: self.invitation,
        }[kind]
        return 1000 * (min(seconds, self.code) if self.has_code(kind) else seconds)
