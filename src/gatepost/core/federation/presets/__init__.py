"""The providers that come along, each one short file; imported when settings name it."""

from importlib import import_module

from gatepost.core.federation.preset import Preset

NAMES = frozenset({"apple", "discord", "github", "gitlab", "google", "microsoft", "oidc"})


def preset(name: str) -> Preset:
    """Return a preset by its name here, or a host's own as `package.module:NAME`.

    Raises:
        LookupError: there is none.
    """
    module, colon, attribute = name.partition(":")
    if not colon:
        if name not in NAMES:
            raise LookupError(f"there is no preset {name!r}; known are {', '.join(sorted(NAMES))}")
        module, attribute = f"{__name__}.{name}", "PRESET"
    try:
        found = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise LookupError(f"the preset {name!r} cannot be imported: {error}") from None
    if isinstance(found, Preset):
        return found
    raise LookupError(f"{name!r} is no Preset")
