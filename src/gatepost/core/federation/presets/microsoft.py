"""Microsoft Entra ID and personal Microsoft accounts.

https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc lists the tenants, and
https://learn.microsoft.com/entra/identity-platform/claims-validation how a token of several tenants is checked: its
issuer is that of `tid`. https://learn.microsoft.com/entra/identity-platform/migrate-off-email-claim-authorization says
why `email` proves nothing: the administrator of any tenant writes into it what they like. Only `xms_edov`, which the
application has to ask for, or the tenant of personal accounts says that it was verified.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from gatepost.core.federation.account import text_in
from gatepost.core.federation.preset import Account, Options, Preset, Said
from gatepost.core.federation.presets.oidc import standard_account
from gatepost.kernel.errors import ConfigurationError

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"  # the tenant of everybody's personal account
_PUBLIC_CLOUD = "https://login.microsoftonline.com"
_SEVERAL = ("common", "organizations", "consumers")
_TENANT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_EDOV = (True, 1, "1", "true")  # all of them have been seen
_OWN_MAILBOXES = ("@outlook.com", "@hotmail.com", "@live.com", "@msn.com")


def configured(preset: Preset, options: Options) -> Preset:
    """Return the preset of one tenant, or of several.

    Raises:
        ConfigurationError: the tenant is none.
    """
    base_url, tenant = options.base_url or _PUBLIC_CLOUD, (options.tenant or "").lower()
    allowed = frozenset(each.lower() for each in options.allowed_tenants)
    if tenant not in _SEVERAL and not _TENANT.fullmatch(tenant):
        raise ConfigurationError(f"the tenant is the GUID of a directory, or one of {', '.join(_SEVERAL)}")
    if not all(_TENANT.fullmatch(each) for each in allowed):
        raise ConfigurationError("allowed_tenants are GUIDs of directories")
    if allowed and tenant not in ("common", "organizations"):
        raise ConfigurationError("allowed_tenants are for the tenants common and organizations: leave them out")
    is_one = tenant not in ("common", "organizations")
    if is_one:
        allowed = frozenset({CONSUMERS if tenant == "consumers" else tenant})
    return replace(
        preset,
        issuer=_issuer(base_url, tenant),
        discovered_issuer=_issuer(base_url, next(iter(allowed)) if is_one else "{tenantid}"),
        issuer_of=partial(issuer_of, base_url, allowed, has_consumers=tenant != "organizations"),
        read=partial(_read, is_one=is_one),
        proves_addresses=is_one and allowed != {CONSUMERS},  # where anybody can have an account
    )


def _issuer(base_url: str, tenant: str) -> str:
    return f"{base_url}/{tenant}/v2.0"


def issuer_of(base_url: str, allowed: frozenset[str], claims: Mapping[str, Any], *, has_consumers: bool) -> str | None:
    """Return the issuer that a token of this tenant has to name; None where nobody of it may come.

    Args:
        base_url: of the cloud.
        allowed: tenants; none named: all.
        claims: of the token.
        has_consumers: whether personal accounts may come.
    """
    tenant = claims.get("tid")
    if not isinstance(tenant, str) or not _TENANT.fullmatch(tenant):
        return None
    if (allowed and tenant not in allowed) or (tenant == CONSUMERS and not has_consumers):
        return None
    return _issuer(base_url, tenant)


async def _read(said: Said, *, is_one: bool) -> Account:
    claims = said.claims
    email = (text_in(claims, "email") or "").lower()
    is_personal = claims.get("tid") == CONSUMERS
    is_verified = is_personal or _is_domain_verified(claims)
    # Of several tenants each may have guests, whose address was verified somewhere, once.
    is_own = email.endswith(_OWN_MAILBOXES) if is_personal else is_one
    account = standard_account(said, is_verified=is_verified, is_authoritative=is_verified and is_own)
    # An address of the form name@tenant, which its owner does not have to read.
    return replace(account, username=(account.username or "").partition("@")[0] or None)


def _is_domain_verified(claims: Mapping[str, Any]) -> bool:
    value = claims.get("xms_edov")
    return isinstance(value, bool | int | str) and value in _EDOV


async def read(said: Said) -> Account:
    """Return the account; of several tenants, the one whose issuer signed."""
    return await _read(said, is_one=False)


PRESET = Preset(
    name="microsoft",
    label="Microsoft",
    read=read,
    reads_userinfo=False,  # it would say another address, and nothing about it
    offline_scopes=("offline_access",),
    takes=frozenset({"tenant", "allowed_tenants", "base_url"}),
    needs=frozenset({"tenant"}),
    configured=configured,
    proves_addresses=False,
)
