"""What a request for a sign-in says: each parameter once, and nothing that leads elsewhere (RFC 6749, section 3.1)."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from gatepost.core.federation.destinations import MAX_STATE, is_redirect_uri
from gatepost.core.federation.domain import Asked, RequestKind, is_challenge
from gatepost.core.federation.errors import InvalidRequest
from gatepost.core.federation.policy import FederationPolicy
from gatepost.core.sessions.domain import FIRST_PARTY
from gatepost.kernel.text import is_storable
from gatepost.web.federation import checked_target

_MAX_FIELDS, _MAX_QUERY = 32, 16_384
_MAX_AGE = 10**7
_PROMPTS = frozenset({"none", "login", "consent", "select_account"})  # OpenID Connect Core 1.0, section 3.1.2.1
_OF_APPS = ("redirect_uri", "code_challenge", "code_challenge_method", "state", "scope", "client_id", "response_type")


def parameters(encoded: bytes) -> dict[str, str]:
    """Return the parameters of a query or a form; an empty one counts as absent (RFC 6749, section 3.1).

    Raises:
        InvalidRequest: one is there twice, or they cannot be read.
    """
    if len(encoded) > _MAX_QUERY:
        raise InvalidRequest(public="The request is too long.")
    try:
        text = encoded.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise InvalidRequest(public="The request cannot be read.") from None
    if len({name for name, _ in pairs}) != len(pairs):
        raise InvalidRequest(public="A parameter is repeated.")
    if not all(is_storable(value) for _, value in pairs):
        raise InvalidRequest(public="A parameter holds characters that are not text.")
    return {name: value for name, value in pairs if value}


def asked(policy: FederationPolicy, provider: str, said: Mapping[str, str], scopes: tuple[str, ...]) -> Asked:
    """Return what is asked for: by a browser, or by an application, which names its `redirect_uri`.

    Raises:
        InvalidRequest: it is not right. This is shown where it was asked, and sent to nobody.
    """
    prompt, max_age = said.get("prompt"), said.get("max_age")
    if prompt is not None and prompt not in _PROMPTS:
        raise InvalidRequest(public="prompt is none, login, consent or select_account.")
    seconds = None if max_age is None else _seconds(max_age)
    if "redirect_uri" not in said:
        return _of_browser(policy, provider, said, prompt, seconds)
    return _of_app(policy, provider, said, scopes, prompt, seconds)


def _of_browser(
    policy: FederationPolicy, provider: str, said: Mapping[str, str], prompt: str | None, max_age: int | None
) -> Asked:
    if any(name in said for name in _OF_APPS):
        raise InvalidRequest(public="redirect_uri is missing.")
    return Asked(
        provider=provider,
        kind=RequestKind.SESSION,
        return_to=checked_target(policy, said.get("return_to"), field="return_to"),
        error_to=checked_target(policy, said.get("error_to"), field="error_to"),
        prompt=prompt,
        max_age=max_age,
    )


def _of_app(
    policy: FederationPolicy,
    provider: str,
    said: Mapping[str, str],
    scopes: tuple[str, ...],
    prompt: str | None,
    max_age: int | None,
) -> Asked:
    if not is_redirect_uri(policy, said["redirect_uri"]):
        raise InvalidRequest(public="redirect_uri is not one of GATEPOST_REDIRECT_URIS.")
    if "return_to" in said or "error_to" in said:
        raise InvalidRequest(public="return_to and error_to are for browsers, redirect_uri for applications.")
    if said.get("response_type", "code") != "code":
        raise InvalidRequest(public="unsupported_response_type: it is code.")
    if said.get("client_id", FIRST_PARTY) != FIRST_PARTY:
        raise InvalidRequest(public="The client is not known.")
    # RFC 9700, section 2.1.1: PKCE by everybody; RFC 7636, section 4.2: where a client can do S256, it must.
    if said.get("code_challenge_method") != "S256" or not is_challenge(said.get("code_challenge", "")):
        raise InvalidRequest(public="code_challenge is missing, or code_challenge_method is not S256.")
    state = said.get("state")
    if state is not None and (len(state) > MAX_STATE or not state.isascii() or not state.isprintable()):
        raise InvalidRequest(public="state is too long, or not visible ASCII.")
    return Asked(
        provider=provider,
        kind=RequestKind.APP,
        redirect_uri=said["redirect_uri"],
        client_state=state,
        code_challenge=said["code_challenge"],
        scope=_scope(said.get("scope"), scopes),
        prompt=prompt,
        max_age=max_age,
    )


def _scope(text: str | None, known: tuple[str, ...]) -> str:
    if text is None:
        return " ".join(known)
    requested = text.split(" ")
    if not set(requested) <= set(known):
        raise InvalidRequest(public="A requested scope is not known here.")
    return " ".join(dict.fromkeys(requested))


def _seconds(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(_MAX_AGE)) or int(text) > _MAX_AGE:
        raise InvalidRequest(public="max_age is a number of seconds.")
    return int(text)
