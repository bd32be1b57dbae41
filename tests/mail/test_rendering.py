"""Every mail, in both forms and every language: what it says, and what nobody can make it say."""

import re
import unicodedata
from html.parser import HTMLParser
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost.core.outbox.domain import MailKind
from gatepost.core.outbox.rendering import Rendered, TemplateRenderer
from gatepost.core.outbox.words import REQUIRED, SAMPLE, WordMissing

URL = "https://example.com"
LANGUAGES = ("en", "de")
EVERY = list(product(MailKind, LANGUAGES))
PROVING = list(product(REQUIRED, LANGUAGES))
renderer = TemplateRenderer("Acme")


def mail(kind: MailKind, locale: str | None = None, **words: str) -> Rendered:
    return mail_by(renderer, kind, locale, **words)


def mail_by(by: TemplateRenderer, kind: MailKind, locale: str | None = None, **words: str) -> Rendered:
    needed = {name: SAMPLE[name] for name in REQUIRED.get(kind, ())}
    return by.render(kind, locale, {"url": URL, **needed, **words})


class Page(HTMLParser):
    """What is in an HTML mail: its tags, its links, its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_every_mail_has_a_subject_a_text_and_a_page_and_names_the_application(kind: MailKind, language: str) -> None:
    rendered = mail(kind, language, **SAMPLE)
    assert "Acme" in rendered.subject
    assert "Acme" in rendered.text
    page = Page(rendered.html or "")
    assert rendered.subject in page.text  # as the page's title
    assert f'<html lang="{language}"' in (rendered.html or "")
    for word in ("%(", "{{", "None", "Undefined"):
        assert word not in rendered.subject + rendered.text + page.text


@pytest.mark.parametrize("kind", MailKind)
def test_a_translated_mail_says_nothing_in_english(kind: MailKind) -> None:
    english, german = mail(kind, "en", **SAMPLE), mail(kind, "de", **SAMPLE)
    assert english.subject != german.subject
    shared = set(english.text.splitlines()) & set(german.text.splitlines())
    assert {line for line in shared if line and "://" not in line} == {"Acme"}


@pytest.mark.parametrize(("kind", "language"), PROVING)
def test_a_link_stands_alone_on_its_line_and_in_html_as_button_and_text(kind: MailKind, language: str) -> None:
    rendered = mail(kind, language)
    assert SAMPLE["link"] in rendered.text.splitlines()
    page = Page(rendered.html or "")
    assert page.links.count(SAMPLE["link"]) == 2
    assert SAMPLE["link"] in page.text


@pytest.mark.parametrize(("kind", "language"), PROVING)
def test_a_code_stands_in_the_place_of_the_link(kind: MailKind, language: str) -> None:
    rendered = mail(kind, language, code="482913")
    for form in (rendered.text, rendered.html or ""):
        assert "482913" in form
        assert SAMPLE["link"] not in form
    assert "482913" not in rendered.subject  # which a locked phone shows


@pytest.mark.parametrize("kind", list(REQUIRED))
def test_a_mail_without_what_it_is_about_is_not_made(kind: MailKind) -> None:
    with pytest.raises(WordMissing, match="link"):
        renderer.render(kind, None, {"url": URL, "minutes": "30"})
    with pytest.raises(WordMissing, match="link"):
        renderer.render(kind, None, {"url": URL, "minutes": "30", "link": "javascript:alert(1)"})


NOTICES = (
    MailKind.PASSWORD_CHANGED,
    MailKind.EMAIL_CHANGED,
    MailKind.NEW_DEVICE,
    MailKind.API_KEY_MADE,
    MailKind.SESSION_REUSED,
    MailKind.IDENTITY_LINKED,
    MailKind.IDENTITY_UNLINKED,
)


@pytest.mark.parametrize("kind", NOTICES)
def test_a_notice_tells_when_from_where_and_how_to_say_that_it_was_not_you(kind: MailKind) -> None:
    rendered = mail(kind, **SAMPLE)
    for form in (rendered.text, rendered.html or ""):
        for fact in ("2030-01-31 12:00 UTC", "192.0.2.1", "Firefox, Linux", SAMPLE["disown_link"]):
            assert fact in form
    plain = mail(kind)
    assert "not-me" not in plain.text
    assert "When:" not in plain.text
    assert URL in plain.text


@pytest.mark.parametrize("kind", MailKind)
def test_html_fetches_nothing_and_runs_nothing(kind: MailKind) -> None:
    page = Page(mail(kind, **SAMPLE).html or "")
    assert set(page.tags) <= {"html", "head", "meta", "title", "style", "body", "div", "p", "a", "br", "strong"}
    assert not {name for name in page.attributes if name.startswith("on")}
    assert not page.attributes & {"src", "srcset", "background"}
    assert "url(" not in (mail(kind, **SAMPLE).html or "")


def test_how_long_a_link_is_good_is_told_in_the_largest_whole_unit() -> None:
    spans = {
        "1": "1 minute",
        "30": "30 minutes",
        "60": "1 hour",
        "90": "90 minutes",
        "1440": "24 hours",
        "2880": "2 days",
    }
    for minutes, span in spans.items():
        assert f"once, for {span}." in mail(MailKind.SIGN_IN, minutes=minutes).text
    assert "für 1 Tag" not in mail(MailKind.SIGN_IN, "de", minutes="1440").text
    assert "für 2 Tage" in mail(MailKind.SIGN_IN, "de", minutes="2880").text


@pytest.mark.parametrize(
    ("asked", "default", "expected"),
    [
        ("de", "en", "de"),
        ("de-AT", "en", "de"),
        ("DE_ch", "en", "de"),
        ("de-Latn-CH-1901", "en", "de"),
        ("en-GB", "de", "en"),
        ("fr", "en", "en"),
        ("fr", "de", "de"),
        (None, "de-DE", "de"),
        (None, "xx", "en"),
        ("", "en", "en"),
        ("../../etc", "en", "en"),
        ("d", "en", "en"),
    ],
)
def test_a_region_falls_back_to_its_language_and_the_unknown_to_the_default(
    asked: str | None, default: str, expected: str
) -> None:
    own = TemplateRenderer("Acme", locale=default)
    assert f'lang="{expected}"' in (mail_by(own, MailKind.SIGN_IN, asked).html or "")


HOSTILE = st.dictionaries(
    st.sampled_from(["ip", "user_agent", "when", "name", "disown_link", "code", "minutes", "other"]),
    st.text()
    | st.sampled_from(["<b>x</b>", "a\r\nBcc: eve@evil.example", "http://evil.example", "evil.example", "{{ 7*7 }}"]),
)


@settings(deadline=None, max_examples=60)
@given(kind=st.sampled_from(MailKind), words=HOSTILE, app=st.text(max_size=60))
def test_no_word_adds_a_line_a_tag_or_a_header(kind: MailKind, words: dict[str, str], app: str) -> None:
    rendered = mail_by(TemplateRenderer(app), kind, **{**words, **({"minutes": "30"} if kind in REQUIRED else {})})
    assert len(rendered.subject.splitlines()) <= 1
    assert not {unicodedata.category(char) for char in rendered.subject} & {"Cc", "Cf", "Zl", "Zp"}
    plain = mail_by(TemplateRenderer("x" if app.strip() else ""), kind, **SAMPLE)
    assert len(rendered.text.splitlines()) <= len(plain.text.splitlines()) + 8  # the code's lines
    page = Page(rendered.html or "")
    assert set(page.tags) <= {"html", "head", "meta", "title", "style", "body", "div", "p", "a", "br", "strong"}
    assert "49" not in rendered.text or "49" in "".join(words.values()) + app
    links = {link for link in page.links if link not in {URL, SAMPLE["link"]}}
    assert links <= {words.get("disown_link", "")}


@pytest.mark.parametrize("kind", MailKind)
def test_what_a_stranger_chose_never_becomes_a_link(kind: MailKind) -> None:
    evil = "Visit http://evil.example/login, www.evil.example or mail eve@evil.example"
    rendered = mail(kind, name=evil, user_agent=f"{evil} Firefox/1.0 Windows", ip=evil, when=evil)
    for form in (rendered.subject, rendered.text, rendered.html or ""):
        assert not re.search(r"evil\.example|://evil|www\.|@evil", form)
        assert "login" not in form or kind is MailKind.API_KEY_MADE


def test_markup_in_a_word_is_text_in_html_and_left_alone_in_text() -> None:
    own = TemplateRenderer("Tom & <Jerry>")
    rendered = mail_by(own, MailKind.VERIFY_EMAIL)
    assert "Tom & <Jerry>" in rendered.subject
    assert "Tom & <Jerry>" in rendered.text
    assert "Tom &amp; &lt;Jerry&gt;" in (rendered.html or "")
    assert "<Jerry>" not in (rendered.html or "")
