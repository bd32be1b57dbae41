"""A provider as it is asked: where a browser is sent, and what the code that it brings back is worth.

OpenID Connect Core 1.0 (section 3.1), OAuth 2.0 (RFC 6749, section 4.1) with PKCE (RFC 7636) at every provider, and the
issuer of the response (RFC 9207), without which an answer of one provider could be taken for another's (mix-up).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from gatepost.core.federation.claims import lacks, merged
from gatepost.core.federation.domain import Answer, Pending, challenge_of
from gatepost.core.federation.errors import InvalidRequest, ProviderUnavailable, ResponseRefused
from gatepost.core.federation.policy import ProviderPolicy
from gatepost.core.federation.preset import Account, AccountRefused, Ask, Said
from gatepost.core.federation.redeemed import ProviderTokens, Redeemed, RefreshRefused
from gatepost.core.federation.token_endpoint import (
    INVALID_GRANT,
    MAX_TOKEN,
    authenticated,
    method_of,
    read_tokens,
    refuse,
)
from gatepost.crypto.reading import TokenRefused, read, split
from gatepost.kernel.clock import Clock
from gatepost.kernel.tokens import AuthorizationValues
from gatepost.outbound import Answer as Reply
from gatepost.outbound import Outbound, OutboundFailed
from gatepost.trust.discovery import Metadata
from gatepost.trust.id_tokens import verify_id_token
from gatepost.trust.issuer import IssuerUnavailable, TrustedIssuer

LEEWAY_S = 60
_MAX_SID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where one provider is asked, how it likes its clients to prove themselves, and what its answers name as `iss`."""

    authorization: str
    token: str
    userinfo: str | None
    methods: tuple[str, ...]
    iss: str
    promises_iss: bool = False


class Provider:
    """One provider of the settings."""

    def __init__(self, policy: ProviderPolicy, redirect_uri: str, outbound: Outbound, clock: Clock) -> None:
        self.policy = policy
        self.redirect_uri = redirect_uri
        self._outbound = outbound
        self._clock = clock
        self.issuer = (
            TrustedIssuer(policy.issuer, outbound, clock, named=policy.preset.discovered_issuer)
            if policy.preset.endpoints is None
            else None
        )

    async def authorization_url(
        self, values: AuthorizationValues, *, prompt: str | None = None, max_age: int | None = None
    ) -> str:
        """Return where to send a browser.

        Raises:
            InvalidRequest: an age is asked for that nothing at this provider says.
            ProviderUnavailable: the provider does not say.
        """
        if max_age is not None and self.issuer is None:  # without an ID token it would be believed unread
            raise InvalidRequest(public="max_age: this provider does not say when somebody signed in there.")
        place, preset = (await self._places()).authorization, self.policy.preset
        offline = preset.offline_parameters if self.policy.keeps_tokens else {}
        more = {
            "nonce": values.nonce if self.issuer is not None else None,
            "response_mode": preset.response_mode,
            "prompt": prompt,
            "max_age": None if max_age is None else str(max_age),
        }
        asked = {
            **preset.parameters,
            **offline,
            "response_type": "code",
            "client_id": self.policy.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": " ".join(self.policy.scopes),
            "state": values.state,
            "code_challenge": challenge_of(values.code_verifier),
            "code_challenge_method": "S256",
            **{name: value for name, value in more.items() if value is not None},
        }
        # RFC 6749, section 3.1: a query that is there stays.
        return f"{place}{'&' if '?' in place else '?'}{urlencode(asked)}"

    async def redeem(self, pending: Pending, answer: Answer) -> Redeemed:
        """Return who somebody is for whom a provider answered.

        Raises:
            Denied, ProviderRefused, ProviderUnavailable: it says no, does not understand us, or does not answer.
            ResponseRefused: it is not its answer to this request.
        """
        places = await self._places()
        self._require_issuer(answer.iss, places)
        if answer.was_posted != (self.policy.preset.response_mode == "form_post"):
            raise ResponseRefused("response_mode")
        if answer.error is not None:
            refuse(answer.error)
        if not answer.code:
            raise ResponseRefused("no_code")
        fields = {
            "grant_type": "authorization_code",
            "code": answer.code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": pending.values.code_verifier,
        }
        tokens, id_token = await self._token_request(places, fields)
        claims = await self._claims(places, tokens, id_token, pending)
        said = Said(
            issuer=claims["iss"] if self.issuer else self.policy.issuer,
            claims=claims,
            posted={name: value for name, value in answer.posted.items() if name in self.policy.preset.posted},
            ask=self._ask(tokens.access_token),
        )
        return Redeemed(
            provider=self.policy,
            account=await self._account(said),
            tokens=tokens,
            upstream_sid=_sid(claims) if self.issuer else None,
            asked_at=pending.asked_at,
        )

    async def refresh(self, refresh_token: str) -> ProviderTokens:
        """Return new tokens for a refresh token; where no new one comes with them, it stays good (RFC 6749, section 6).

        Raises:
            RefreshRefused: the provider does not take it (any more).
            ProviderRefused, ProviderUnavailable: as above.
        """
        fields = {"grant_type": "refresh_token", "refresh_token": refresh_token}
        try:
            tokens, _ = await self._token_request(await self._places(), fields)
        except ResponseRefused as refusal:
            if refusal.detail != INVALID_GRANT:  # that is no answer: the token may still be good
                raise ProviderUnavailable(f"token: {refusal.detail}") from None
            raise RefreshRefused(refusal.detail) from None
        return tokens

    async def _places(self) -> _Places:
        if self.issuer is None:
            found = self.policy.preset.endpoints
            assert found is not None  # noqa: S101 - one or the other
            return _Places(
                authorization=found.authorization,
                token=found.token,
                userinfo=found.userinfo,
                methods=("client_secret_post",),
                iss=found.iss or self.policy.issuer,
            )
        metadata = await _metadata(self.issuer)
        if metadata.authorization_endpoint is None or metadata.token_endpoint is None:
            raise ProviderUnavailable("metadata: no endpoints")
        return _Places(
            authorization=metadata.authorization_endpoint,
            token=metadata.token_endpoint,
            userinfo=metadata.userinfo_endpoint,
            methods=metadata.token_endpoint_auth_methods_supported,
            iss=self.policy.issuer,
            promises_iss=metadata.authorization_response_iss_parameter_supported,
        )

    def _require_issuer(self, said: str | None, places: _Places) -> None:
        # RFC 9207, section 2.4: compared where it is there; where it was promised, it has to be.
        if said is None and places.promises_iss:
            raise ResponseRefused("no_iss")
        if said is None or said == places.iss:
            return
        # One of several issuers of one provider, which the ID token will name: all of them are at one place.
        is_one_of_several = self.policy.preset.issuer_of is not None and said.startswith(f"{_origin(places.iss)}/")
        if not is_one_of_several:
            raise ResponseRefused("iss")

    async def _token_request(self, places: _Places, fields: Mapping[str, str]) -> tuple[ProviderTokens, str | None]:
        make = self.policy.preset.client_secret
        secret = self.policy.client_secret if make is None else make(self._clock.now())
        method = method_of(self.policy, places.methods, has_secret=secret is not None)
        sent, headers = authenticated(fields, self.policy.client_id, secret, method)
        try:
            return read_tokens(await self._outbound.post_form(places.token, sent, headers))
        except OutboundFailed as failure:
            raise ProviderUnavailable(f"token: {failure.reason}") from None

    async def _claims(
        self, places: _Places, tokens: ProviderTokens, id_token: str | None, pending: Pending
    ) -> Mapping[str, Any]:
        if self.issuer is None:
            return await self._userinfo(places, tokens.access_token)
        claims = await self._id_token(self.issuer, id_token, tokens.access_token, pending)
        is_complete = not lacks(claims, self.policy.scopes)
        if is_complete or places.userinfo is None or not self.policy.preset.reads_userinfo:
            return claims
        more = await self._userinfo(places, tokens.access_token)
        # OpenID Connect Core 1.0, section 5.3.2: of another person, it must not be used.
        if more.get("sub") != claims["sub"]:
            raise ResponseRefused("userinfo_subject")
        return merged(claims, more)

    async def _id_token(
        self, issuer: TrustedIssuer, token: str | None, access_token: str, pending: Pending
    ) -> dict[str, Any]:
        if token is None:
            raise ResponseRefused("no_id_token")
        try:
            head, body, _ = split(token, MAX_TOKEN)
            kid, expected_issuer = read(head).get("kid"), self._expected_issuer(read(body))
            kid = kid if isinstance(kid, str) else None
            return verify_id_token(
                token,
                await issuer.keys(kid, signing_for=expected_issuer, is_from_issuer=True),
                expected_issuer=expected_issuer,
                expected_client_id=self.policy.client_id,
                expected_nonce=pending.values.nonce,
                now=self._clock.now(),
                leeway=LEEWAY_S,
                max_age=pending.max_age,
                access_token=access_token,
            )
        except TokenRefused as refusal:
            raise ResponseRefused(f"id_token: {refusal.reason}") from None
        except IssuerUnavailable as error:
            raise ProviderUnavailable(error.detail) from None

    def _expected_issuer(self, unverified: Mapping[str, Any]) -> str:
        """Return which issuer the token has to name; where a provider has several, that is a matter of its claims."""
        if self.policy.preset.issuer_of is None:
            return self.policy.issuer
        issuer = self.policy.preset.issuer_of(unverified)
        if issuer is None:
            raise ResponseRefused("id_token: issuer")
        return issuer

    async def _account(self, said: Said) -> Account:
        try:
            account = await self.policy.preset.account(said)
        except AccountRefused:
            raise ResponseRefused("account") from None
        except OutboundFailed as failure:
            raise ProviderUnavailable(f"read: {failure.reason}") from None
        if self.policy.trusts_email and account.email is not None:
            return replace(account, email_is_verified=True, email_is_authoritative=True)
        return account

    async def _userinfo(self, places: _Places, access_token: str) -> dict[str, Any]:
        if places.userinfo is None:
            raise ProviderUnavailable("metadata: no userinfo")
        try:
            return (await self._get(places.userinfo, access_token)).json()
        except OutboundFailed as failure:
            raise ProviderUnavailable(f"userinfo: {failure.reason}") from None

    def _ask(self, access_token: str) -> Ask:
        async def ask(url: str) -> Any:  # noqa: ANN401 - whatever a provider's JSON is
            reply = await self._get(url, access_token)
            return reply.json_list() if reply.body.lstrip().startswith(b"[") else reply.json()

        return ask

    async def _get(self, url: str, access_token: str) -> Reply:
        return (await self._outbound.get(url, {"Authorization": f"Bearer {access_token}"})).require()


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _sid(claims: Mapping[str, Any]) -> str | None:
    """Return the session there; never cut, since two that are cut could become one."""
    sid = claims.get("sid")
    if sid is None:
        return None
    if isinstance(sid, str) and 0 < len(sid) <= _MAX_SID and sid.isprintable():
        return sid
    raise ResponseRefused("sid")


async def _metadata(issuer: TrustedIssuer) -> Metadata:
    try:
        return await issuer.metadata()
    except IssuerUnavailable as error:
        raise ProviderUnavailable(error.detail) from None
