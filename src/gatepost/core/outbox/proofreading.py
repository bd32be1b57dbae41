"""A host's templates are tried at the start, every kind in every language: a broken one must not lose a mail later."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from jinja2 import TemplateSyntaxError

from gatepost.core.outbox.domain import MailKind
from gatepost.core.outbox.rendering import Rendered, TemplateRenderer
from gatepost.core.outbox.words import REQUIRED, SAMPLE
from gatepost.kernel.errors import ConfigurationError

_URL = "https://example.com"
_CODE = "482913"


def check_templates(renderer: TemplateRenderer, folders: Sequence[Path]) -> None:
    """Render every mail with all of its words, and with no more than it cannot do without.

    Raises:
        ConfigurationError: it names the template's file and what is wrong with it.
    """
    if missing := next((folder for folder in folders if not folder.is_dir()), None):
        msg = f"mail_templates names {missing}, which is not a folder"
        raise ConfigurationError(msg)
    for language in sorted(renderer.languages.names):
        for kind in MailKind:
            for words in _samples(kind):
                _check(renderer, folders, kind, language, words)


def _samples(kind: MailKind) -> Iterator[Mapping[str, str]]:
    needed = {name: SAMPLE[name] for name in REQUIRED.get(kind, ())}
    yield {"url": _URL, **SAMPLE}
    yield {"url": _URL, **needed}
    yield {"url": _URL, **needed, "code": _CODE}


def _check(
    renderer: TemplateRenderer, folders: Sequence[Path], kind: MailKind, language: str, words: Mapping[str, str]
) -> None:
    try:
        rendered = renderer.render(kind, language, words)
    except Exception as error:
        place = _place_of(error, folders) or _candidates(folders, kind, language)
        msg = f"{place}: {type(error).__name__}: {error}"
        raise ConfigurationError(msg) from error
    if what := _lack(kind, rendered, words):
        msg = f"{what} in {' or '.join(map(str, folders))} (or a layout there)"
        raise ConfigurationError(msg)


def _lack(kind: MailKind, rendered: Rendered, words: Mapping[str, str]) -> str | None:
    """Return what a mail does not say although it is there to say it."""
    if not rendered.subject:
        return f"no subject comes out of {kind.value}.subject.j2"
    if "link" not in REQUIRED.get(kind, ()):
        return None
    proof = words.get("code", words["link"])
    for form, content in (("txt", rendered.text), ("html", rendered.html or "")):
        if proof not in content:
            name = "code" if "code" in words else "link"
            return f"the {name} of the mail is missing from what comes out of {kind.value}.{form}.j2"
    return None


def _place_of(error: Exception, folders: Sequence[Path]) -> str | None:
    """Return file and line of the host's template that failed; Jinja writes them into the traceback."""
    if isinstance(error, TemplateSyntaxError):
        return f"{error.filename or error.name}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if any(Path(frame.filename).is_relative_to(folder) for folder in folders)]
    return f"{own[-1].filename}, line {own[-1].lineno}" if own else None


def _candidates(folders: Sequence[Path], kind: MailKind, language: str) -> str:
    own = [str(path) for folder in folders for path in sorted(folder.glob(f"{kind.value}.*"))]
    return f"the mail {kind.value} ({language}), made of {', '.join((*own, 'a layout or a catalog'))}"


__all__ = ["check_templates"]
