"""The verbs of a sign-in by mail."""

from typing import Any

import httpx2

from tests.harness import EMAIL, Running
from tests.recovery.mailing import code, token

PAGE = "sign-in"


async def ask(browser: httpx2.AsyncClient, email: str = EMAIL) -> str:
    """Ask for the mail in a browser, and return the flow."""
    answer = await browser.post("/auth/login/email/send", json={"email": email})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["flow"])


async def asked(it: Running, browser: httpx2.AsyncClient, email: str = EMAIL) -> str:
    """Ask in a browser and return the token that was mailed."""
    await ask(browser, email)
    return await token(it, PAGE, email)


async def asked_code(it: Running, browser: httpx2.AsyncClient, email: str = EMAIL) -> str:
    """Ask in a browser and return the code that was mailed."""
    await ask(browser, email)
    return await code(it, email)


async def sign_in(browser: httpx2.AsyncClient, **body: Any) -> httpx2.Response:  # noqa: ANN401 - JSON
    """Present what was mailed."""
    return await browser.post("/auth/login/email", json=body)


async def refused(browser: httpx2.AsyncClient, **body: Any) -> str:  # noqa: ANN401 - JSON
    """Present something that must be refused, and return the code of the refusal."""
    answer = await sign_in(browser, **body)
    assert answer.status_code == 400, answer.text
    assert "gatepost" not in answer.cookies
    return str(answer.json()["code"])


async def verified(it: Running, email: str = EMAIL) -> None:
    """Make a user whose address is verified."""
    assert await it.gate.create_user(email=email, password="correct horse battery", email_verified=True) is not None
