"""What settings say about signing in with others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from gatepost.core.federation.preset import Preset

ClientAuthentication = Literal["auto", "client_secret_basic", "client_secret_post", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPolicy:
    """One provider.

    Attributes:
        name: in our URLs and settings; lower case.
        preset: what is peculiar to it, as its settings make it.
        issuer: the issuer, without a trailing slash unless it has one itself.
        client_id: what it calls us.
        client_secret: what we prove ourselves with; None for a public client, and where the preset makes one.
        scopes: what is asked for.
        keeps_tokens: its tokens are kept, sealed, for the application to use.
        signs_up: who comes with an account that nobody has here becomes a user.
        links_by_address: who comes with a verified address is the user who has verified the same one here.
        trusts_email: every address that it names counts as verified, and as its own.
        authentication: how we prove ourselves; `auto` where discovery decides.
    """

    name: str
    preset: Preset
    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    label: str = ""
    scopes: tuple[str, ...] = ()
    keeps_tokens: bool = False
    signs_up: bool = True
    links_by_address: bool = True
    trusts_email: bool = False
    authentication: ClientAuthentication = "auto"

    @property
    def only_issuer(self) -> str | None:
        """The issuer of everybody who comes from here; None where there are several, as of Microsoft's tenants."""
        return self.issuer if self.preset.issuer_of is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederationPolicy:
    """All of them.

    Attributes:
        providers: by name.
        redirect_uris: where applications may have codes sent.
        callback_base: what the provider's name follows in the redirect URI that it knows.
        return_origins: origins besides ours that a browser may go back to.
    """

    providers: Mapping[str, ProviderPolicy] = field(default_factory=dict)
    redirect_uris: tuple[str, ...] = ()
    callback_base: str = ""
    public_url: str = ""
    return_origins: frozenset[str] = frozenset()
