"""From a kind of mail and its words to a subject, a text and HTML.

Each kind is told once, in `templates/<kind>.j2`; two layouts say it as text and as HTML. A host's folder comes first:
`<kind>.subject.j2`, `<kind>.txt.j2`, `<kind>.html.j2`, `layout.txt.j2`, `layout.html.j2`, and catalogs of words in
`locale/`. HTML is escaped; text is not, and needs no more than that no word holds a line break (see `words.py`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from jinja2 import FileSystemLoader, StrictUndefined, Template, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from gatepost.core.outbox.domain import MailKind
from gatepost.core.outbox.translations import ENGLISH, Languages
from gatepost.core.outbox.words import one_line, prepared

OURS = Path(__file__).with_name("templates")
_GAP = re.compile(r"\n{3,}")
_MAX_SUBJECT = 200


@dataclass(frozen=True, slots=True)
class Rendered:
    """What stands in a mail."""

    subject: str
    text: str
    html: str | None = None


class Renderer(Protocol):
    """Makes the words of a mail."""

    def render(self, kind: MailKind, locale: str | None, words: Mapping[str, str]) -> Rendered:
        """Return a mail's words in the nearest language that there is."""
        ...


class TemplateRenderer:
    """Renders with Jinja2, in the language of a gettext catalog.

    Args:
        app_name: what the application calls itself.
        folders: of a host, the first wins; ours come after them.
        locale: the language where a user has none that we speak.
    """

    def __init__(self, app_name: str, *, folders: Sequence[Path] = (), locale: str = ENGLISH) -> None:
        self._app_name = one_line(app_name)
        self._folders = tuple(folders)
        self.languages = Languages([folder / "locale" for folder in folders], locale)

    def render(self, kind: MailKind, locale: str | None, words: Mapping[str, str]) -> Rendered:
        """Return a mail's words.

        Raises:
            WordMissing: the mail would be without the link that it is about.
            jinja2.TemplateError: a host's template is broken; the start has looked for that.
        """
        language = self.languages.choose(locale)
        spoken = {
            **prepared(kind, words),
            "app": self._app_name,
            "locale": language.replace("_", "-"),
            **_voice(self.languages, language),
        }
        text, page = self._text, self._html
        return Rendered(
            subject=one_line(self._subject(kind, spoken))[:_MAX_SUBJECT],
            text=_GAP.sub("\n\n", text.told(kind, spoken)).strip() + "\n",
            html=page.told(kind, spoken).strip() + "\n",
        )

    @cached_property
    def _text(self) -> "_Form":
        return _Form("txt", self._folders, is_markup=False)

    @cached_property
    def _html(self) -> "_Form":
        return _Form("html", self._folders, is_markup=True)

    def _subject(self, kind: MailKind, spoken: Mapping[str, Any]) -> str:
        own = f"{kind.value}.subject.j2"
        form = self._text
        if form.has(own):
            return form.environment.get_template(own).render(form.context(spoken))
        story = form.environment.get_template(f"{kind.value}.j2")
        return "".join(story.blocks["subject"](story.new_context(form.context(spoken))))


class _Form:
    """One of the two forms of a mail: text, or HTML."""

    def __init__(self, name: str, folders: Sequence[Path], *, is_markup: bool) -> None:
        self._name = name
        self._folders = folders
        self.environment = ImmutableSandboxedEnvironment(
            loader=FileSystemLoader([*folders, OURS]),
            autoescape=is_markup,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )

    def has(self, name: str) -> bool:
        """Tell whether the host has this file."""
        return any((folder / name).is_file() for folder in self._folders)

    def told(self, kind: MailKind, spoken: Mapping[str, Any]) -> str:
        story: Template = self.environment.select_template([f"{kind.value}.{self._name}.j2", f"{kind.value}.j2"])
        return story.render(self.context(spoken))

    def context(self, spoken: Mapping[str, Any]) -> dict[str, Any]:
        """Return what templates see: the words, the layout to extend, and `say`, which knows how this form says it."""
        say = self.environment.get_template(f"say.{self._name}.j2").make_module(dict(spoken))
        return {**spoken, "say": say, "layout": f"layout.{self._name}.j2"}


def _voice(languages: Languages, language: str) -> dict[str, Callable[..., str]]:
    catalog = languages.catalog(language)

    @pass_eval_context
    def gettext(at: EvalContext, message: str, **values: object) -> str:
        return _filled(at, catalog.gettext(message), values)

    @pass_eval_context
    def ngettext(at: EvalContext, one: str, many: str, count: int, **values: object) -> str:
        return _filled(at, catalog.ngettext(one, many, count), {"count": count, **values})

    return {"_": gettext, "gettext": gettext, "ngettext": ngettext}


def _filled(at: EvalContext, message: str, values: Mapping[str, object]) -> str:
    """Fill values into a message; in HTML the message is a catalog's own and the values are escaped."""
    return (Markup(message) if at.autoescape else message) % values  # noqa: S704 - no word of a user is the message
