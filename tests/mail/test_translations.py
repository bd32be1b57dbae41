"""The check of the catalogs sees what is missing, empty, stale or filled in wrongly, and writes what gettext reads."""

import gettext
import io

import pytest

from scripts import check_translations as catalogs
from scripts.check_translations import OUTBOX, check, messages, packed, read

SOURCES = sorted((OUTBOX / "locale").glob("*/LC_MESSAGES/*.po"))
PO = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"

# a comment
msgid "Hello %(name)s"
msgstr ""
"Grüß "
"%(name)s"

msgid "%(count)s day"
msgid_plural "%(count)s days"
msgstr[0] "%(count)s Tag"
msgstr[1] "%(count)s Tage"
"""
WANTED = {("Hello %(name)s",), ("%(count)s day", "%(count)s days")}


def test_every_message_of_the_templates_is_translated_and_compiled(capsys: pytest.CaptureFixture[str]) -> None:
    assert SOURCES
    assert len(set(messages())) > 50
    assert catalogs.main() == 0, capsys.readouterr().out


def test_what_is_packed_is_what_gettext_reads() -> None:
    catalog = gettext.GNUTranslations(io.BytesIO(packed(read(PO))))
    assert catalog.gettext("Hello %(name)s") == "Grüß %(name)s"
    assert [catalog.ngettext("%(count)s day", "%(count)s days", count) for count in (1, 2)] == [
        "%(count)s Tag",
        "%(count)s Tage",
    ]


def test_a_complete_catalog_has_no_finding() -> None:
    assert list(check(read(PO), WANTED)) == []


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ('msgid "Hello %(name)s"', 'msgid "Hullo %(name)s"', "not there: 'Hello %(name)s'"),
        ('msgid "Hello %(name)s"', 'msgid "Hullo %(name)s"', "no template says: 'Hullo %(name)s'"),
        ('"Grüß "\n"%(name)s"\n', "", "not translated: 'Hello %(name)s'"),
        ('"%(name)s"', '"%(nome)s"', "fills in other values: 'Hello %(name)s'"),
        ('msgstr[1] "%(count)s Tage"', 'msgstr[1] ""', "not translated: '%(count)s day'"),
    ],
)
def test_a_catalog_that_is_not_complete_has(before: str, after: str, finding: str) -> None:
    assert finding in list(check(read(PO.replace(before, after)), WANTED))


def test_a_line_that_is_none_of_a_catalog_is_refused() -> None:
    with pytest.raises(ValueError, match="msgctxt"):
        read('msgctxt "x"\nmsgid "a"\nmsgstr "b"\n')
