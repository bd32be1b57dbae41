"""A feature declares itself in one descriptor; `features/__init__.py` lists them. Take one away and it is gone."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from fastapi import APIRouter

from gatepost.core.login.flow import RemainingFactors
from gatepost.core.runtime import Core
from gatepost.core.users import Profile
from gatepost.core.users.registration import Registration
from gatepost.kernel.errors import ConfigurationError
from gatepost.web.policy import WebPolicy


class FeatureHost(Protocol):
    """A Gatepost as its features see it, from before it runs."""

    web: WebPolicy
    profile: type[Profile]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one folder of `features/` adds.

    Attributes:
        name: unique, as other features name it in `needs`.
        needs: names of features without which this one makes no sense.
        router: its routes, made for one Gatepost.
        factors: which factors remain for a user after those that are proved.
        is_for_development: it exists only where the environment is development.
    """

    name: str
    needs: Sequence[str] = ()
    router: Callable[[Any], APIRouter] | None = None
    factors: Sequence[RemainingFactors] = ()
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
