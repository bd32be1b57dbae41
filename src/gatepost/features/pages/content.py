"""What stands on each page, and to which endpoint its button posts (a path relative to the page)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from string import Template
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page.

    Attributes:
        title: its heading.
        lead: what the reader should know before the button is pressed.
        button: what stands on it.
        endpoint: where it posts the token.
        done: what is said afterwards.
        asks: which other fields there are, and what each is called in the request.
    """

    title: str
    lead: str
    button: str
    endpoint: str
    done: str
    asks: Mapping[str, str] = field(default_factory=dict)


_NEW_PASSWORD = {"password": "new_password"}
PAGES: Mapping[str, Page] = MappingProxyType(
    {
        "verify-email": Page(
            title="Confirm your e-mail address",
            lead="Press the button if you signed up with this address.",
            button="Confirm this address",
            endpoint="../email/verify",
            done="Your e-mail address is confirmed.",
        ),
        "confirm-email": Page(
            title="Confirm your new e-mail address",
            lead="Press the button if your account is to have this address from now on.",
            button="Use this address",
            endpoint="../email/change/confirm",
            done="Your account has its new address. The old one has been told.",
        ),
        "reset-password": Page(
            title="Choose a new password",
            lead="It takes the place of the old one, and every device that is signed in is signed out.",
            button="Set the password",
            endpoint="../password/reset",
            done="Your password is set. You can sign in with it now.",
            asks=_NEW_PASSWORD,
        ),
        "invitation": Page(
            title="Welcome",
            lead="Choose a password to open your account.",
            button="Open the account",
            endpoint="../invitation",
            done="Your account is open. You can sign in now.",
            asks=_NEW_PASSWORD,
        ),
        "setup": Page(
            title="The first administrator",
            lead="Nobody administers this server yet. Choose the address and the password of who will.",
            button="Make this administrator",
            endpoint="../setup",
            done="The administrator is made. You can sign in now.",
            asks={"email": "email", "password": "password"},
        ),
        "sign-in": Page(
            title="Sign in",
            lead="Press the button to sign in to this browser.",
            button="Sign in",
            endpoint="../login/email",
            done="You are signed in.",
        ),
        "not-me": Page(
            title="This was not me",
            lead="Every device is signed out, and your password ends. You are mailed a link to set a new one.",
            button="Secure my account",
            endpoint="../disown",
            done="Your account is secured. Look at your mailbox for the way back in.",
        ),
    }
)


def file(name: str) -> str:
    """Return a static file."""
    return (files("gatepost.features.pages") / "static" / name).read_text("utf-8")


def rendered(page: Page, home: str) -> str:
    """Return a page's HTML.

    Args:
        page: what stands on it.
        home: where its reader goes on.
    """
    words = {"title": page.title, "lead": page.lead, "button": page.button, "endpoint": page.endpoint}
    values = {name: escape(text) for name, text in {**words, "done": page.done, "home": home}.items()}
    fields = "".join(Template(file(f"{name}.html")).substitute(member=member) for name, member in page.asks.items())
    return Template(file("page.html")).substitute(values, fields=fields)
