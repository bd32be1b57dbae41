"""The desk between a job and its mail: who gets it, what proof it carries, which words it says.

A feature gives the desk a composer for each mail of its own. What has none is a notice: it goes to the address that
the user has now, and carries a link that says "this was not me".
"""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gatepost.core.outbox.domain import Job, Mail, MailKind
from gatepost.core.outbox.rendering import Renderer
from gatepost.core.proofs import Issued, ProofKind, Proofs
from gatepost.core.users.flow import Users
from gatepost.kernel.ids import unix_ms_of


@dataclass(frozen=True, slots=True)
class Letter:
    """Who gets a mail, in which language, and the words that its template is given."""

    recipient: str
    words: Mapping[str, str] = field(default_factory=dict)
    locale: str | None = None


Composer = Callable[[uuid.UUID, Job], Awaitable[Letter | None]]


class MailDesk:
    """Composes the mails of one Gatepost.

    Args:
        users: to look up who gets it.
        renderer: to make its words.
        proofs: to issue what it carries.
        public_url: of the application, without a trailing slash.
        pages_url: what the names of pages follow (`/verify-email`, `/reset-password` ...).
    """

    def __init__(
        self, users: Users[Any], renderer: Renderer, proofs: Proofs, *, public_url: str, pages_url: str
    ) -> None:
        self.users = users
        self.proofs = proofs
        self._renderer = renderer
        self._public_url = public_url
        self._pages_url = pages_url
        self._composers: dict[MailKind, Composer] = {}

    def on(self, kind: MailKind, composer: Composer) -> None:
        """Let a composer make the mails of one kind."""
        self._composers[kind] = composer

    async def compose(self, job_id: uuid.UUID, job: Job) -> Mail | None:
        """Return the mail of a job, or None where nobody is to get one."""
        letter = await self._composers.get(job.kind, self._notice)(job_id, job)
        if letter is None:
            return None
        words = {"url": self._public_url, **_when(job_id), **job.details, **letter.words}
        locale = letter.locale or await self._locale_of(letter.recipient, job) or job.locale
        rendered = self._renderer.render(job.kind, locale, words)
        host = self._public_url.split("//", 1)[-1].split("/", 1)[0].split(":", 1)[0]
        return Mail(f"<{job_id}@{host}>", letter.recipient, rendered.subject, rendered.text, rendered.html)

    def link(self, page: str, token: str) -> str:
        """Return the address of a page with a token.

        It stands in the fragment of the link: no browser sends that to a server, so that no log and no `Referer` has
        it (RFC 3986, section 3.5).
        """
        return f"{self._pages_url}/{page}#token={token}"

    async def proof_words(
        self, kind: ProofKind, user_id: uuid.UUID, *, job_id: uuid.UUID, email: str, page: str, slot: str = ""
    ) -> dict[str, str] | None:
        """Issue a proof and return `link`, `minutes` and, where there is one, `code`; None where it is void already."""
        issued = await self.proofs.issue(kind, user_id, proof_id=job_id, email=email, slot=slot)
        return self._words(kind, page, issued)

    async def proof_letter(
        self, kind: ProofKind, user_id: uuid.UUID, *, job_id: uuid.UUID, email: str, page: str, slot: str = ""
    ) -> Letter | None:
        """Issue a proof and return the letter that carries it to the address; None where it is void already."""
        words = await self.proof_words(kind, user_id, job_id=job_id, email=email, page=page, slot=slot)
        return Letter(email, words) if words is not None else None

    async def issued_words(self, kind: ProofKind, *, job_id: uuid.UUID, page: str) -> dict[str, str] | None:
        """Return the same for a proof that the job's own transaction issued; None where it is no longer good."""
        return self._words(kind, page, await self.proofs.issued(kind, job_id))

    def _words(self, kind: ProofKind, page: str, issued: Issued | None) -> dict[str, str] | None:
        if issued is None:
            return None
        words = {
            "link": self.link(page, issued.token),
            "minutes": str(self.proofs.policy.lifetime_ms(kind) // 60_000),
        }
        return words if issued.code is None else {**words, "code": issued.code}

    async def _locale_of(self, recipient: str, job: Job) -> str | None:
        user = await (self.users.get(job.user_id) if job.user_id is not None else self.users.find(recipient))
        return user.locale if user is not None else None

    async def _notice(self, job_id: uuid.UUID, job: Job) -> Letter | None:
        user = await self.users.get(job.user_id) if job.user_id is not None else None
        recipient = job.address or (user.email if user is not None else None)
        if recipient is None:
            return None
        words: dict[str, str] = {}
        if user is not None and not user.is_disabled:
            proof = await self.proof_words(
                ProofKind.DISOWN, user.id, job_id=job_id, email=recipient, page="not-me", slot=str(job_id)
            )
            words = {"disown_link": proof["link"]} if proof is not None else {}
        return Letter(recipient, words)


def _when(job_id: uuid.UUID) -> dict[str, str]:
    """Return when a job was made: in the transaction of what its mail tells."""
    made_at = unix_ms_of(job_id)
    return {} if made_at is None else {"when": datetime.fromtimestamp(made_at / 1000, UTC).isoformat()}
