"""Each provider in the shapes of the real one: paths, members, content types, and the ways in which it says no."""

from collections.abc import Callable
from typing import Any

from tests.presets.openid_stand_ins import AppleStandIn, GitLabStandIn, GoogleStandIn, MicrosoftStandIn
from tests.presets.stand_in import Grant, Reply, Request, StandIn, is_basic

__all__ = [
    "STAND_INS",
    "AppleStandIn",
    "DiscordStandIn",
    "GitHubStandIn",
    "GitLabStandIn",
    "GoogleStandIn",
    "MicrosoftStandIn",
]


class GitHubStandIn(StandIn):
    """An Enterprise Server: the paths of github.com below one host."""

    name = "github"
    authorize_path, token_path = "/login/oauth/authorize", "/login/oauth/access_token"

    def __init__(self) -> None:
        super().__init__()
        self.person = {"login": "octocat", "id": 583231, "type": "User", "name": "Mona", "email": None}
        self.iss = ""
        self.emails: Any = [
            {"email": "mona@users.noreply.github.com", "primary": False, "verified": True, "visibility": None},
            {"email": "mona@house.test", "primary": True, "verified": True, "visibility": "private"},
        ]

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        more = {"/api/v3/user": self.user, "/api/v3/user/emails": self.addresses}
        return {**super().paths(), **more}

    def said_with_code(self) -> dict[str, str]:
        return {"iss": self.iss or f"{self.url}/login/oauth"}

    def unknown_client(self) -> Reply:
        return self._error("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")

    def bad_code(self) -> Reply:
        return self._error("bad_verification_code", "The code passed is incorrect or expired.")

    def _error(self, error: str, description: str) -> Reply:
        return Reply(200, {"error": error, "error_description": description, "error_uri": "https://docs.github.com/x"})

    def token(self, request: Request) -> Reply:
        reply = super().token(request)
        if request.headers.get("accept") != "application/json":
            return Reply(200, "access_token=gho_1&scope=&token_type=bearer", "application/x-www-form-urlencoded")
        return reply

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        scope = grant.scope.replace(" ", ",")
        return Reply(200, {"access_token": access_token, "scope": scope, "token_type": "bearer"})

    def user(self, request: Request) -> Reply:
        return self._about(request, self.person)

    def addresses(self, request: Request) -> Reply:
        return self._about(request, self.emails)

    def _about(self, request: Request, said: object) -> Reply:
        if not request.headers.get("user-agent"):
            return Reply(403, "Request forbidden by administrative rules.", "text/html")
        if not self.is_bearer(request):
            return Reply(401, {"message": "Bad credentials", "status": "401"})
        return Reply(200, said)


class DiscordStandIn(StandIn):
    name = "discord"
    authorize_path, token_path = "/oauth2/authorize", "/api/oauth2/token"

    def __init__(self) -> None:
        super().__init__()
        self.person = {
            "id": "80351110224678912",
            "username": "nelly",
            "discriminator": "0",
            "global_name": "Nelly",
            "avatar": None,
            "verified": True,
            "email": "nelly@house.test",
            "locale": "de",
            "mfa_enabled": True,
        }

    def paths(self) -> dict[str, Callable[[Request], Reply]]:
        return {**super().paths(), "/api/v10/users/@me": self.me}

    def said_with_code(self) -> dict[str, str]:
        return {"iss": self.url}

    def knows_client(self, request: Request) -> bool:
        return is_basic(request)

    def bad_code(self) -> Reply:
        return Reply(400, {"error": "invalid_grant", "error_description": 'Invalid "code" in request.'})

    def tokens(self, access_token: str, grant: Grant) -> Reply:
        said = {"token_type": "Bearer", "access_token": access_token, "expires_in": 604800, "refresh_token": "r"}
        return Reply(200, {**said, "scope": grant.scope})

    def me(self, request: Request) -> Reply:
        if not self.is_bearer(request):
            return Reply(401, {"message": "401: Unauthorized", "code": 0})
        return Reply(200, self.person)


STAND_INS: dict[str, type[StandIn]] = {
    one.name: one
    for one in (AppleStandIn, DiscordStandIn, GitHubStandIn, GitLabStandIn, GoogleStandIn, MicrosoftStandIn)
}
