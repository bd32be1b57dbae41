"""The composition root: wires settings, storage, core and features, and stands between them and the application.

Constructing one does no I/O and never fails; starting may, and then says the cure in one sentence.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeVar, Unpack, cast

from fastapi import APIRouter, FastAPI

from gatepost.core.audit import Origin
from gatepost.core.identities.flow import Identities
from gatepost.core.outbox import Mailer
from gatepost.core.outbox.senders import DevMailbox
from gatepost.core.roles.flow import Roles
from gatepost.core.runtime import Core, serve_mail
from gatepost.core.sessions.claims import ClaimsFunction
from gatepost.core.sessions.flow import Sessions
from gatepost.core.sessions.refresh import Refresher
from gatepost.core.users.domain import P, Profile, User, check_profile
from gatepost.core.users.flow import Users
from gatepost.core.users.person import PersonalData
from gatepost.core.users.registration import Registration
from gatepost.feature import Feature, PolicyT, checked
from gatepost.features import DEFAULT
from gatepost.gate.mail import default_mailer, mail_renderer, opened_mailbox
from gatepost.gate.routes import prepare_routes
from gatepost.gate.starting import attach, greet, serve_tasks, started_core
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import AuthError, Unavailable
from gatepost.kernel.events import Event, Listeners
from gatepost.kernel.health import Health
from gatepost.kernel.principal import Principal
from gatepost.kernel.tokens import COOKIE_PREFIX
from gatepost.settings import Settings
from gatepost.web.guard import PrincipalGuard, Requirement, UserGuard, require
from gatepost.web.host import STATE, run_around
from gatepost.web.openapi import describe_lock
from gatepost.web.requirements import Asked

_Listener = TypeVar("_Listener", bound=Callable[..., Any])
_Claims = TypeVar("_Claims", bound=ClaimsFunction)


class Gatepost(Generic[P]):
    """Authentication for one FastAPI application.

    Args:
        settings: in code instead of the environment.
        profile: a subclass of `Profile` with the fields that an owner may write.
        mailer: what sends mail, in the place of what `GATEPOST_MAIL` says.
        mail_templates: folders whose templates and words stand before ours in mails (`docs/mail.md`).
        features: instead of all that come along.
        clock: injected by tests.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        profile: type[P] = Profile,  # type: ignore[assignment]  # the type variable's default
        mailer: Mailer | None = None,
        mail_templates: str | Path | Sequence[str | Path] = (),
        features: Sequence[Feature] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings()
        self.profile = profile
        self.web = self.settings.web_policy()
        self.policies = self.settings.policies()
        self.clock = clock or Clock()
        self.mailer = mailer
        folders = (mail_templates,) if isinstance(mail_templates, str | Path) else mail_templates
        self._mail_templates = tuple(map(Path, folders))
        self._features = tuple(DEFAULT if features is None else features)
        self._listeners = Listeners()
        self._core: Core | None = None
        self._mailbox_key = ""
        for feature in self._active_features():
            if feature.listeners is not None:
                feature.listeners(self, self._listeners)
        self.installed: list[tuple[FastAPI, Any]] = []
        self._pending_claims: list[ClaimsFunction] = []
        self.personal_data = PersonalData()  # a decorator: what else the host knows of a user, for an export

    # --- at the application

    def install(self, app: FastAPI, *, routes: bool = True) -> None:
        """Put this Gatepost into an application: its routes, its state, its lifespan around the application's own.

        Args:
            app: the application.
            routes: False for a mounted sub-application, which shares what its parent runs.
        """
        if not hasattr(app.state, STATE):  # of several, the first is the application's own
            setattr(app.state, STATE, self)
            describe_lock(app, self.web, is_mounted=not routes)
        if not routes:
            return
        app.include_router(self._routes, prefix=self.web.prefix)
        self.installed.append((app, app.router.routes[-1]))
        run_around(app, self, self.lifespan)

    @cached_property
    def router(self) -> APIRouter:
        """The routes of every feature, under the prefix, for who includes them by hand."""
        routes = APIRouter()
        routes.include_router(self._routes, prefix=self.web.prefix)
        return routes

    @cached_property
    def _routes(self) -> APIRouter:  # flat: FastAPI builds a route anew for each router around it
        routers = (feature.router(self) for feature in self._active_features() if feature.router is not None)
        return APIRouter(routes=[route for router in routers for route in router.routes])

    @asynccontextmanager
    async def lifespan(self, app: FastAPI | None = None, *, is_serving: bool = True) -> AsyncIterator[None]:
        """Start, and stop at the end; `install` calls it. A command starts with `is_serving=False`: it sends no mail.

        Raises:
            ConfigurationError: an unsafe or impossible setting; the message says the cure.
        """
        del app
        features = checked(self._active_features())
        check_profile(self.profile)
        for installed, included in self.installed:
            prepare_routes(installed, included, self, features)
        renderer = mail_renderer(self.settings, self._mail_templates, is_serving=is_serving)
        async with started_core(
            self.settings,
            self.clock,
            self._listeners,
            self.profile,
            features,
            self._pending_claims,
            renderer=renderer,
        ) as core:
            self._core = core
            try:
                for feature in features:
                    attach(feature, self, core)
                if is_serving:
                    mailer = self.mailer or default_mailer(self.settings, core)
                    self._mailbox_key = opened_mailbox(self.settings, core) if isinstance(mailer, DevMailbox) else ""
                    serve_mail(core, mailer)
                    serve_tasks(features, self, core)
                    await greet(features, self)
                yield
            finally:
                self._core = None

    # --- for routes

    @cached_property
    def principal(self) -> PrincipalGuard:
        """A dependency for `Depends(gate.principal)`: the caller as the credential says it, of this Gatepost."""
        return PrincipalGuard(self)

    @cached_property
    def user(self) -> UserGuard:
        """A dependency for `Depends(gate.user)`: the caller's row, of this Gatepost."""
        return UserGuard(self)

    def require(self, **asked: Unpack[Asked]) -> Requirement:
        """Return `gatepost.require(...)`, bound to this Gatepost."""
        return require(**asked, host=self)

    def on(self, event: type[Event], *, within: bool = False) -> Callable[[_Listener], _Listener]:
        """Return a decorator that registers a listener (see `gatepost.events`)."""
        return self._listeners.on(event, within=within)

    def claims(self, function: _Claims) -> _Claims:
        """Register a function from a user to claims that go into every token and principal of theirs."""
        self._pending_claims.append(function)
        if self._core is not None:
            self._core.services.claims.add(function)
        return function

    # --- for code

    @property
    def core(self) -> Core:
        """The running core.

        Raises:
            Unavailable: the lifespan has not begun: start the application, or use `async with gate.lifespan()`.
        """
        if self._core is not None:
            return self._core
        raise Unavailable("Gatepost is not started: install it before the application starts, or enter its `lifespan`")

    def policy(self, kind: type[PolicyT]) -> PolicyT:
        """What the settings say, as the small policy that a feature knows."""
        return cast("PolicyT", self.policies[kind])

    @property
    def registration(self) -> Registration:
        """How users are made."""
        return Registration(self.core.users, self.core.passwords, self.core.password_policy)

    @property
    def users(self) -> Users[P]:
        """Users: read, disable, delete, roles."""
        return self.core.users

    @property
    def roles(self) -> Roles:
        """Roles: define, delete, list."""
        return self.core.roles

    @property
    def sessions(self) -> Sessions:
        """Sessions: list, end."""
        return self.core.sessions

    @property
    def identities(self) -> Identities:
        """Accounts elsewhere: list, and the tokens that their providers gave."""
        return self.core.identities

    @property
    def tokens(self) -> Refresher:
        """Tokens: refresh."""
        return self.core.refresher

    async def create_user(
        self,
        *,
        password: str,
        email: str | None = None,
        username: str | None = None,
        full_name: str | None = None,
        email_verified: bool = False,
        roles: Sequence[str] = (),
        origin: Origin | None = None,
    ) -> User[P] | None:
        """Make a user as sign-up does; return None where an identifier is taken."""
        return await self.registration.register(
            password=password,
            email=email,
            username=username,
            full_name=full_name,
            email_verified=email_verified,
            roles=roles,
            origin=origin or Origin(),
        )

    async def authenticate(self, credential: str) -> Principal:
        """Return the principal of an access token or of a session cookie's value.

        Raises:
            NotAuthenticated: it is not good, or no longer.
        """
        authenticator = self.core.authenticator
        if credential.startswith(COOKIE_PREFIX):
            return await authenticator.cookie(credential)
        return await authenticator.bearer(credential)

    async def health(self) -> Health:
        """Return whether requests can be decided now."""
        try:
            if not self.core.feed.is_fresh():
                await self.core.feed.freshen()
            self.core.keyring.signer()
            await self.core.users.page(size=1)
        except AuthError as error:
            return Health(is_ready=False, reasons=(error.detail or error.code,))
        return Health(is_ready=True, reasons=())

    @property
    def mailbox_key(self) -> str:
        """What opens the development mailbox."""
        return self._mailbox_key

    # --- inside

    def _active_features(self) -> list[Feature]:
        return [f for f in self._features if self.web.is_development or not f.is_for_development]
