"""Providers of OpenID Connect in the shapes of the real ones (`stand_ins.py` has the others)."""

import html
import json
import time
from collections.abc import Callable
from typing import Any, ClassVar

from gatepost.crypto import base64url
from gatepost.crypto.jwt import TokenRefused, generate_key, load_key, load_public_key, verify
from gatepost.crypto.pem import load_signing_key
from tests.presets.saying import CONSUMERS, TENANT, apple_key
from tests.presets.stand_in import CLIENT_ID, Grant, Reply, Request, StandIn, is_basic


class OpenIdStandIn(StandIn):
    """A provider with ID tokens."""

    keys_path: ClassVar[str]
    token_header: ClassVar[dict[str, str]] = {"typ": "JWT"}
    published: ClassVar[tuple[str, ...]] = ("kty", "alg", "use", "kid", "n", "e")

    def __init__(self) -> None:
        super().__init__()
        self.key = load_key(generate_key("RS256"))
        self.claims: dict[str, Any] = {}  # over what the ID token would say; None leaves one out

    def issuer(self) -> str:
        return self.url

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        found = {"/.well-known/openid-configuration": self.discovery, self.keys_path: self.keys}
        return {**super().paths(), **found}

    def discovery(self, _request: Request) -> Reply:
        return Reply(200, self.metadata())

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer(),
            "authorization_endpoint": f"{self.url}{self.authorize_path}",
            "token_endpoint": f"{self.url}{self.token_path}",
            "jwks_uri": f"{self.url}{self.keys_path}",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def keys(self, _request: Request) -> Reply:
        public = self.key.public_jwk() or {}
        return Reply(200, {"keys": [{name: public[name] for name in self.published} | self.key_says()]})

    def knows_client(self, request: Request) -> bool:
        return super().knows_client(request) or is_basic(request)

    def key_says(self) -> dict[str, str]:
        return {}

    def id_token(self, access_token: str, grant: Grant) -> str:
        now = int(time.time())
        standard = {"iss": self.issuer(), "aud": CLIENT_ID, "iat": now, "exp": now + 3600, "nonce": grant.nonce}
        claims = {**standard, **self.person, **self.claims}
        header = {"alg": "RS256", "kid": self.key.kid, **self.token_header}
        parts = (header, {name: value for name, value in claims.items() if value is not None})
        message = ".".join(base64url.encode(json.dumps(part).encode()) for part in parts)
        return f"{message}.{base64url.encode(self.key.signature_of(message.encode()))}"


class GoogleStandIn(OpenIdStandIn):
    name = "google"
    authorize_path, token_path, keys_path = "/o/oauth2/v2/auth", "/token", "/oauth2/v3/certs"

    def __init__(self) -> None:
        super().__init__()
        self.person = {
            "sub": "110248495921238986420",
            "azp": CLIENT_ID,
            "email": "ada@gmail.com",
            "email_verified": True,
            "name": "Ada Lovelace",
            "picture": "https://lh3.googleusercontent.com/a",
            "given_name": "Ada",
            "family_name": "Lovelace",
        }

    def metadata(self) -> dict[str, Any]:
        methods = ["client_secret_post", "client_secret_basic"]
        more = {"token_endpoint_auth_methods_supported": methods, "code_challenge_methods_supported": ["plain", "S256"]}
        names_itself = {"authorization_response_iss_parameter_supported": True}
        return {**super().metadata(), **more, **names_itself, "userinfo_endpoint": f"{self.url}/v1/userinfo"}

    def said_with_code(self) -> dict[str, str]:
        scope = "email profile https://www.googleapis.com/auth/userinfo.email openid"
        return {"iss": self.url, "scope": scope, "authuser": "0", "prompt": "consent"}

    def bad_code(self) -> Reply:
        return Reply(400, {"error": "invalid_grant", "error_description": "Malformed auth code."})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        said = {"access_token": access_token, "expires_in": 3599, "scope": grant.scope, "token_type": "Bearer"}
        return Reply(200, {**said, "id_token": self.id_token(access_token, grant)})


class GitLabStandIn(OpenIdStandIn):
    name = "gitlab"
    authorize_path, token_path, keys_path = "/oauth/authorize", "/oauth/token", "/oauth/discovery/keys"
    published = ("kty", "kid", "e", "n", "use", "alg")

    def __init__(self) -> None:
        super().__init__()
        self.person = {"sub": "42", "sub_legacy": "9f2d", "auth_time": int(time.time()), "groups_direct": ["ada"]}
        self.profile: dict[str, Any] = {
            "sub": "42",
            "sub_legacy": "9f2d",
            "name": "Ada Lovelace",
            "nickname": "ada",
            "preferred_username": "ada",
            "email": "ada@house.test",
            "email_verified": True,
            "profile": "https://gitlab.com/ada",
            "groups": ["ada"],
        }

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        return {**super().paths(), "/oauth/userinfo": self.userinfo}

    def metadata(self) -> dict[str, Any]:
        methods = ["client_secret_basic", "client_secret_post"]
        more = {"userinfo_endpoint": f"{self.url}/oauth/userinfo", "token_endpoint_auth_methods_supported": methods}
        return {**super().metadata(), **more}

    def userinfo(self, request: Request) -> Reply:
        if not self.is_bearer(request):
            return Reply(401, {"error": "invalid_token", "error_description": "The access token is invalid"})
        return Reply(200, self.profile)

    def bad_code(self) -> Reply:
        return Reply(400, {"error": "invalid_grant", "error_description": "The provided grant is invalid."})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        said = {"access_token": access_token, "token_type": "Bearer", "expires_in": 7200, "refresh_token": "r" * 64}
        created = {"scope": grant.scope, "created_at": int(time.time())}
        return Reply(200, {**said, **created, "id_token": self.id_token(access_token, grant)})


class MicrosoftStandIn(OpenIdStandIn):
    """Entra ID as `common`; a test says whose tenant signs."""

    name = "microsoft"
    authorize_path, token_path = "/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token"
    keys_path = "/common/discovery/v2.0/keys"
    published = ("kty", "use", "kid", "n", "e")  # without `alg`

    def __init__(self) -> None:
        super().__init__()
        self.tenant = TENANT
        self.key_issuer = "{tenantid}"
        self.person = {
            "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
            "ver": "2.0",
            "oid": "00000000-0000-0000-66f3-3332eca7ea81",
            "name": "Ada Lovelace",
            "preferred_username": "ada@house.test",
            "email": "ada@house.test",
        }

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "tenant": "common"}

    def issuer(self) -> str:
        return f"{self.url}/{self.tenant}/v2.0"

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        places = ("common", "organizations", "consumers", TENANT)
        return {
            **super().paths(),
            **{f"/{place}/v2.0/.well-known/openid-configuration": self.discovery for place in places},
        }

    def discovery(self, request: Request) -> Reply:
        place = request.path.split("/")[1]
        named = {"common": "{tenantid}", "organizations": "{tenantid}", "consumers": CONSUMERS}.get(place, place)
        return Reply(200, {**self.metadata(), "issuer": f"{self.url}/{named}/v2.0"})

    def metadata(self) -> dict[str, Any]:
        more = {
            "issuer": f"{self.url}/{{tenantid}}/v2.0",
            "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        }
        methods = ["client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"]
        return {**super().metadata(), **more, "token_endpoint_auth_methods_supported": methods}

    def key_says(self) -> dict[str, str]:
        return {
            "x5t": "x",
            "cloud_instance_name": "microsoftonline.com",
            "issuer": f"{self.url}/{self.key_issuer}/v2.0",
        }

    def id_token(self, access_token: str, grant: Grant) -> str:
        self.person["tid"] = self.tenant
        return super().id_token(access_token, grant)

    def said_with_code(self) -> dict[str, str]:
        return {"session_state": "7b29111d-c220-4263-99ff-6f6e135d75ef"}

    def bad_code(self) -> Reply:
        story = {"error_description": "AADSTS70008: The code has expired.", "error_codes": [70008]}
        return Reply(400, {"error": "invalid_grant", **story, "trace_id": "0", "correlation_id": "0"})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        said = {"token_type": "Bearer", "scope": grant.scope, "expires_in": 3599, "ext_expires_in": 3599}
        return Reply(200, {**said, "access_token": access_token, "id_token": self.id_token(access_token, grant)})


class AppleStandIn(OpenIdStandIn):
    """Answers by a form, knows no PKCE, and takes client secrets that it can verify."""

    name = "apple"
    authorize_path, token_path, keys_path = "/auth/authorize", "/auth/token", "/auth/keys"
    token_header: ClassVar[dict[str, str]] = {}
    published = ("kty", "kid", "use", "alg", "n", "e")
    checks_pkce = False
    private_key = apple_key()

    def __init__(self) -> None:
        super().__init__()
        self.is_first = True
        self.user = {"name": {"firstName": "Ada", "lastName": "Lovelace"}, "email": "root@house.test"}
        self.person = {
            "sub": "001234.5b3a3bdf9c0b4f049c1471cae1cd1d8d.0001",
            "email": "dpdcnf87nu@privaterelay.appleid.com",
            "email_verified": "true",
            "is_private_email": "true",
            "auth_time": int(time.time()),
            "nonce_supported": True,
        }

    def settings(self) -> dict[str, Any]:
        key = {"team_id": "TEAM123456", "key_id": "KEY1234567", "private_key": self.private_key}
        return {"client_id": CLIENT_ID, "base_url": self.url, **key}

    def metadata(self) -> dict[str, Any]:
        modes = {"response_modes_supported": ["query", "fragment", "form_post"]}
        return {**super().metadata(), **modes, "token_endpoint_auth_methods_supported": ["client_secret_post"]}

    def answer_browser(self, asked: dict[str, str], answer: dict[str, str]) -> Reply:
        if asked.get("response_mode") != "form_post" and {"name", "email"} & set(asked["scope"].split()):
            return Reply(400, "response_mode must be form_post when name or email scope is requested.", "text/html")
        fields = {**answer, "user": json.dumps(self.user)} if self.is_first else answer
        self.is_first = False
        inputs = "".join(f'<input name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
        page = f'<form method="post" action="{html.escape(asked["redirect_uri"])}">{inputs}</form>'
        return Reply(200, page, "text/html;charset=UTF-8")

    def knows_client(self, request: Request) -> bool:
        public = load_public_key(load_signing_key(self.private_key, kid="KEY1234567").public_jwk() or {})
        try:
            claims = verify(
                request.form.get("client_secret", ""),
                {"KEY1234567": public},
                expected_issuer="TEAM123456",
                expected_audience="https://appleid.apple.com",
                expected_type="JWT",
                now=time.time(),
                leeway=60,
            )
        except TokenRefused:
            return False
        return bool(claims["sub"] == request.form.get("client_id") == CLIENT_ID)

    def unknown_client(self) -> Reply:
        return Reply(400, {"error": "invalid_client"})

    def bad_code(self) -> Reply:
        story = {"error_description": "The code has expired or has been revoked."}
        return Reply(400, {"error": "invalid_grant", **story})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        said = {"access_token": access_token, "token_type": "Bearer", "expires_in": 3600, "refresh_token": "r"}
        return Reply(200, {**said, "id_token": self.id_token(access_token, grant)})
