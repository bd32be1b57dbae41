"""A host's own templates and words stand before ours; what is broken in them is found at the start."""

from pathlib import Path

import pytest

from gatepost import ConfigurationError, Gatepost
from gatepost.core.outbox.domain import Job, MailKind
from gatepost.core.outbox.rendering import TemplateRenderer
from gatepost.core.outbox.words import SAMPLE
from scripts.check_translations import Catalog, packed
from tests.harness import PASSWORD, guarded_app, settings

pytestmark = pytest.mark.anyio
WORDS = {"url": "https://example.com", **SAMPLE}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "mails"
    own.mkdir()
    return own


def write_catalog(folder: Path, language: str, words: dict[str, str]) -> None:
    path = folder / "locale" / language / "LC_MESSAGES"
    path.mkdir(parents=True)
    header: Catalog = {("",): ("Content-Type: text/plain; charset=UTF-8\n",)}
    (path / "gatepost.mo").write_bytes(packed({**header, **{(key,): (text,) for key, text in words.items()}}))


def test_each_file_of_the_host_stands_in_the_place_of_ours(folder: Path) -> None:
    (folder / "verify_email.subject.j2").write_text("Welcome to {{ app }}\n")
    (folder / "verify_email.txt.j2").write_text(
        "Go to {{ link }} within {{ minutes }} minutes{% if code %}: {{ code }}{% endif %}"
    )
    (folder / "layout.html.j2").write_text(
        "<title>{% block subject %}{% endblock %}</title><main>{% block content %}{% endblock %}</main>"
    )
    own = TemplateRenderer("Tom & Co", folders=[folder])
    rendered = own.render(MailKind.VERIFY_EMAIL, None, WORDS)
    assert rendered.subject == "Welcome to Tom & Co"
    assert rendered.text == f"Go to {SAMPLE['link']} within 1440 minutes\n"
    assert (rendered.html or "").startswith("<title>Confirm your e-mail address for Tom &amp; Co</title><main>")
    other = own.render(MailKind.RESET_PASSWORD, None, WORDS)
    assert other.text == TemplateRenderer("Tom & Co").render(MailKind.RESET_PASSWORD, None, WORDS).text
    assert "<main>" in (other.html or "")


def test_the_first_of_several_folders_wins(folder: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    (folder / "sign_in.subject.j2").write_text("first")
    for name in ("sign_in", "invitation"):
        (second / f"{name}.subject.j2").write_text("second")
    own = TemplateRenderer("Acme", folders=[folder, second])
    assert own.render(MailKind.SIGN_IN, None, WORDS).subject == "first"
    assert own.render(MailKind.INVITATION, None, WORDS).subject == "second"


def test_a_catalog_of_the_host_changes_words_and_adds_languages(folder: Path) -> None:
    write_catalog(folder, "en", {"Confirm this address": "Yes, this is mine"})
    write_catalog(folder, "de", {"Confirm this address": "Ja, das ist meine"})
    write_catalog(folder, "pt_BR", {"Confirm this address": "Confirmar este endereço"})
    own = TemplateRenderer("Acme", folders=[folder])
    assert "Yes, this is mine:" in own.render(MailKind.VERIFY_EMAIL, "en", WORDS).text
    german = own.render(MailKind.VERIFY_EMAIL, "de", WORDS).text
    assert "Ja, das ist meine:" in german
    assert "Bitte bestätigen Sie" in german  # ours, where the host says nothing
    brazilian = own.render(MailKind.VERIFY_EMAIL, "pt-br", WORDS)
    assert "Confirmar este endereço:" in brazilian.text
    assert 'lang="pt-BR"' in (brazilian.html or "")


BROKEN = {
    "a block that is not closed": ("layout.html.j2", "{% block content %}"),
    "a tag that is not there": ("reset_password.txt.j2", "{% nothing %}"),
    "a name that is not there": ("reset_password.txt.j2", "{{ link }}\n{{ code }}\n{{ usr }}"),
    "a name that is asked for only with a code": (
        "sign_in.html.j2",
        "{{ link }}{{ code }}{% if code %}{{ oops }}{% endif %}",
    ),
    "a layout without the content": ("layout.txt.j2", "Hello from {{ app }}"),
    "a mail without its link": ("change_email.html.j2", "<p>Confirm it somewhere</p>"),
    "a mail without its code": ("verify_email.txt.j2", "{{ link }}"),
    "a subject that is empty": ("invitation.subject.j2", " \n"),
    "a subject that fails": ("api_key_made.subject.j2", "{{ name.nothing() }}"),
    "what a sandbox forbids": ("sign_in.txt.j2", "{{ link }}{{ code }}{{ ''.__class__.__mro__ }}"),
    "text that is not UTF-8": ("sign_in.txt.j2", "\udcff"),
}


@pytest.mark.parametrize(("name", "content"), BROKEN.values(), ids=BROKEN.keys())
async def test_a_broken_template_stops_the_start_and_is_named(
    folder: Path, sqlite_url: str, name: str, content: str
) -> None:
    (folder / name).write_text(content, errors="surrogateescape")
    gate = Gatepost(settings(sqlite_url), mail_templates=folder)
    app = guarded_app(gate)
    with pytest.raises(ConfigurationError) as caught:
        async with app.router.lifespan_context(app):
            pass
    assert str(folder) in str(caught.value)
    assert name in str(caught.value) or (name == "layout.txt.j2" and "or a layout there" in str(caught.value))
    async with gate.lifespan(is_serving=False):  # a command mails nothing and is no worse for it
        pass


async def test_a_catalog_that_fills_in_what_is_not_there_stops_the_start(folder: Path, sqlite_url: str) -> None:
    write_catalog(folder, "fr", {"Sign in to %(app)s": "Connexion à %(application)s"})
    with pytest.raises(ConfigurationError, match=r"sign_in \(fr\)"):
        async with Gatepost(settings(sqlite_url), mail_templates=str(folder)).lifespan():
            pass


async def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path, sqlite_url: str) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        async with Gatepost(settings(sqlite_url), mail_templates=[tmp_path / "nowhere"]).lifespan():
            pass


async def test_good_templates_start_and_mail(folder: Path, sqlite_url: str, tmp_path: Path) -> None:
    (folder / "password_changed.subject.j2").write_text("{{ app }}: new password")
    (folder / "layout.txt.j2").write_text("{% block content %}{% endblock %}\nBye, {{ app }}")
    gate = Gatepost(settings(sqlite_url, app_name="Acme"), mail_templates=folder)
    async with gate.lifespan():
        user = await gate.create_user(email="ada@example.com", password=PASSWORD)
        assert user is not None
        mail = await gate.core.desk.compose(user.id, Job(kind=MailKind.PASSWORD_CHANGED, user_id=user.id))
    assert mail is not None
    assert mail.subject == "Acme: new password"
    assert mail.body.endswith("\nBye, Acme\n")
