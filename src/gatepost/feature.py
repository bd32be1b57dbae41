"""A feature declares itself in one descriptor; `features/__init__.py` lists them. Take one away and it is gone."""

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from fastapi import APIRouter

from gatepost.core.login.flow import RemainingFactors
from gatepost.core.outbox import MailKind
from gatepost.core.outbox.desk import Composer
from gatepost.core.runtime import Core
from gatepost.core.users import Profile
from gatepost.core.users.person import PersonalData
from gatepost.core.users.registration import Registration
from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.events import Listeners
from gatepost.web.policy import WebPolicy

PolicyT = TypeVar("PolicyT")


class FeatureHost(Protocol):
    """A Gatepost as its features see it, from before it runs."""

    web: WebPolicy
    personal_data: PersonalData

    @property
    def profile(self) -> type[Profile]:
        """What an owner may write about themselves."""
        ...

    @property
    def core(self) -> Core:
        """The running core; Unavailable before the start."""
        ...

    @property
    def registration(self) -> Registration:
        """How users are made; Unavailable before the start."""
        ...

    @property
    def mailbox_key(self) -> str:
        """What opens the development mailbox."""
        ...

    def policy(self, kind: type[PolicyT]) -> PolicyT:
        """What the settings say, as the small policy that a feature knows; safe to ask before the start."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one folder of `features/` adds.

    Attributes:
        name: unique, as other features name it in `needs`.
        needs: names of features without which this one makes no sense.
        router: its routes, made for one Gatepost.
        at_root: routes without the prefix, which a host's own of the same path stand before.
        factors: which factors remain for a user after those that are proved.
        listeners: registers what it does after (or within) events that others publish; called once, before the start.
        mails: who composes each of its mails.
        pruning: keeps its tables bounded; called every minute, returns how many rows went.
        tasks: what runs as long as the application serves; it must not end by itself.
        greetings: what the console is told when the application begins to serve, a line each.
        is_for_development: it exists only where the environment is development.
    """

    name: str
    needs: Sequence[str] = ()
    router: Callable[[Any], APIRouter] | None = None
    at_root: Callable[[Any], APIRouter] | None = None
    factors: Sequence[RemainingFactors] = ()
    listeners: Callable[[Any, Listeners], None] | None = None
    mails: Mapping[MailKind, Callable[[Any], Composer]] = field(default_factory=dict)
    pruning: Sequence[Callable[[Any], Awaitable[int]]] = ()
    tasks: Sequence[Callable[[Any], Coroutine[Any, Any, None]]] = ()
    greetings: Sequence[Callable[[Any], Awaitable[str | None]]] = ()
    is_for_development: bool = False


def checked(features: Iterable[Feature]) -> tuple[Feature, ...]:
    """Return the features, each of which has what it needs.

    Raises:
        ConfigurationError: two of one name, or one without what it needs.
    """
    found = tuple(features)
    names = [feature.name for feature in found]
    for feature in found:
        if names.count(feature.name) > 1:
            msg = f"the feature {feature.name} is listed twice: remove one"
            raise ConfigurationError(msg)
        if missing := sorted(set(feature.needs) - set(names)):
            msg = f"the feature {feature.name} needs {', '.join(missing)}: add it to `features`"
            raise ConfigurationError(msg)
    return found


__all__ = ["Feature", "FeatureHost", "checked"]
