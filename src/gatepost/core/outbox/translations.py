"""The languages of mails: gettext catalogs, those of the host before our own. English is what the templates say."""

import gettext
from collections.abc import Sequence
from pathlib import Path

ENGLISH = "en"
DOMAIN = "gatepost"
OURS = Path(__file__).with_name("locale")


class Languages:
    """The catalogs of some folders, the first folder first; each is read when it is first asked for.

    Args:
        folders: each holds `<language>/LC_MESSAGES/gatepost.mo`.
        default: the language where another one is not there.
    """

    def __init__(self, folders: Sequence[Path], default: str = ENGLISH) -> None:
        self._folders = (*folders, OURS)
        self._found: dict[str, gettext.NullTranslations] = {}
        self.names = frozenset({ENGLISH} | {path.parts[-3] for folder in self._folders for path in _catalogs(folder)})
        self.default = self._nearest(default) or ENGLISH

    def choose(self, locale: str | None) -> str:
        """Return the nearest language that there is: the region's, else the language's own, else the default."""
        return (self._nearest(locale) if locale else None) or self.default

    def catalog(self, name: str) -> gettext.NullTranslations:
        """Return the words of a language; what no catalog translates stays English."""
        if name not in self._found:
            found = gettext.NullTranslations()
            for folder in reversed(self._folders):
                path = folder / name / "LC_MESSAGES" / f"{DOMAIN}.mo"
                if path.is_file():
                    with path.open("rb") as file:
                        own = gettext.GNUTranslations(file)
                    own.add_fallback(found)
                    found = own
            self._found[name] = found
        return self._found[name]

    def _nearest(self, locale: str) -> str | None:
        """Return the longest beginning of a language tag that has a catalog (lookup: RFC 4647, section 3.4)."""
        known = {name.replace("_", "-").lower(): name for name in self.names}
        parts = locale.replace("_", "-").lower().split("-")
        tags = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
        return next((known[tag] for tag in tags if tag in known), None)


def _catalogs(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*/LC_MESSAGES/{DOMAIN}.mo"))
