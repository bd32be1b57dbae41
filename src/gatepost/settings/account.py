"""The life of an account: verification, recovery, changes of address."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field

from gatepost.core.devices import DevicePolicy
from gatepost.core.login import MailSignInPolicy
from gatepost.core.proofs import ProofPolicy
from gatepost.core.users.verification import VerificationPolicy
from gatepost.kernel.errors import ConfigurationError
from gatepost.settings.place import PlaceSettings


class AccountSettings(PlaceSettings):
    """The life of an account."""

    email_verification: Literal["off", "optional", "required"] = "optional"
    email_proof: Literal["link", "code"] = "link"
    verification_lifetime: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400
    reset_lifetime: Annotated[int, Field(ge=60, le=86_400)] = 1_800
    invitation_lifetime: Annotated[int, Field(ge=3_600, le=30 * 86_400)] = 7 * 86_400
    pages_url: str | None = None
    code_lifetime: Annotated[int, Field(ge=60, le=3_600)] = 600
    email_sign_in: bool = False
    new_device_mails: bool = True

    def mail_sign_in_policy(self) -> MailSignInPolicy:
        """Return whether a proved mailbox signs in."""
        return MailSignInPolicy(is_offered=self.email_sign_in)

    def device_policy(self) -> DevicePolicy:
        """Return whether people are told of sign-ins from new devices."""
        return DevicePolicy(is_told=self.new_device_mails)

    def pages_base(self) -> str:
        """Return what the names of pages follow in the links of mails: the application's own, or the built-in ones.

        Raises:
            ConfigurationError: it is neither a path nor below the public URL.
        """
        public_url = self.checked_public_url()
        if self.pages_url is None:
            return f"{public_url}{self.prefix}/pages"
        pages = self.pages_url.rstrip("/")
        if pages == "" or (pages.startswith("/") and not pages.startswith("//")):
            return public_url + pages
        if pages == public_url or pages.startswith(f"{public_url}/") or self._is_trusted(pages):
            return pages
        msg = (
            "GATEPOST_PAGES_URL must be a path, or an address below GATEPOST_PUBLIC_URL or one of "
            "GATEPOST_TRUSTED_ORIGINS: links in mails carry tokens"
        )
        raise ConfigurationError(msg)

    def _is_trusted(self, url: str) -> bool:
        parts = urlsplit(url)
        return f"{parts.scheme}://{parts.netloc}" in {origin.rstrip("/") for origin in self.trusted_origins}

    def verification_policy(self) -> VerificationPolicy:
        """Return whether new addresses are verified."""
        how = self.email_verification
        return VerificationPolicy(is_asked=how != "off", is_required=how == "required")

    def proof_policy(self) -> ProofPolicy:
        """Return how long single-use proofs live, and what form they have."""
        return ProofPolicy(
            verification=self.verification_lifetime,
            reset=self.reset_lifetime,
            code=self.code_lifetime,
            invitation=self.invitation_lifetime,
            is_code=self.email_proof == "code",
        )
