"""Sessions against a simple model: whatever order things happen in, the same tokens are good.

The machine opens, refreshes, loses answers, replays old tokens, signs out, changes the epoch, restores rows to what
they were, moves the clock and restarts the process. The model is a dozen lines of `Session`. Times are chosen so that
nothing happens near a boundary, where the milliseconds that the test itself takes would decide.
"""

import asyncio
import tempfile
import uuid
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from gatepost.core.audit.domain import NOWHERE
from gatepost.core.changes import prune_changes
from gatepost.core.sessions.domain import SessionKind
from gatepost.core.sessions.flow import Opened, Opening, Tokens
from gatepost.core.users.domain import NewUser
from gatepost.kernel.clock import Clock
from gatepost.kernel.errors import NotAuthenticated, OAuthError
from gatepost.storage.unit_of_work import unit_of_work
from tests.harness import Running, query, running

GRACE, DAY = 60, 86_400
IDLE, ABSOLUTE, ACCESS, LEEWAY = 14 * DAY, 90 * DAY, 900, 10
MARGIN = 3
MAX_LIVE = 3
T = TypeVar("T")


@dataclass
class Session:
    """What the model knows of one session; ages in seconds by the clock."""

    id: uuid.UUID
    user: int
    kind: SessionKind
    created: float
    used: float
    rotated: float
    generation: int = 0
    is_ended: bool = False
    cookie: str = ""
    refresh_tokens: dict[int, str] = field(default_factory=dict)
    access_tokens: list[tuple[str, float]] = field(default_factory=list)
    saved: list[tuple[int, float]] = field(default_factory=list)

    def is_live(self, now: float) -> bool:
        return not self.is_ended and now < self.used + IDLE and now < self.created + ABSOLUTE


class SessionMachine(RuleBasedStateMachine):
    """Three people and their sessions."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory(prefix="gatepost-")
        self.url = f"sqlite:///{Path(self.folder.name) / 'test.db'}"
        self.clock = Clock()
        self.sessions: list[Session] = []
        self.users: list[uuid.UUID] = []
        self.disabled: set[int] = set()
        self.begin()

    def begin(self) -> None:
        self.stack = AsyncExitStack()
        gate = running(self.url, clock=self.clock, refresh_grace=GRACE)
        self.it: Running = self.run(self.stack.enter_async_context(gate))

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self.run(self.stack.aclose())
        self.loop.close()
        self.folder.cleanup()

    @property
    def now(self) -> float:
        return self.clock.now()

    @initialize()
    def make_users(self) -> None:
        for number in range(3):
            new = NewUser(email=f"u{number}@example.com", username=None, full_name=None, password_hash=None)
            user = self.run(self.it.core.users.create(new))
            assert user is not None
            self.users.append(user.id)

    # --- what happens

    @precondition(lambda self: sum(session.is_live(self.now) for session in self.sessions) < MAX_LIVE)
    @rule(user=st.integers(0, 2), kind=st.sampled_from([SessionKind.TOKEN, SessionKind.TOKEN, SessionKind.COOKIE]))
    def open(self, user: int, kind: SessionKind) -> None:
        opened = self.run(self._open(user, kind))
        assert (opened is None) is (user in self.disabled)
        if opened is None:
            return
        session = Session(opened.grant.session_id, user, kind, self.now, self.now, self.now)
        if kind is SessionKind.COOKIE:
            session.cookie = self.it.core.sessions.cookie(opened)
        else:
            self.take(session, self.run(self.it.core.sessions.tokens(opened)))
        self.sessions.append(session)

    async def _open(self, user: int, kind: SessionKind) -> Opened | None:
        core, user_id = self.it.core, self.users[user]
        row = await core.users.get(user_id)
        client = "gatepost" if kind is SessionKind.TOKEN else "browser"
        epoch = row.epoch if row is not None else -1
        opening = Opening(user_id=user_id, epoch=epoch, kind=kind, client_id=client, scope="", amr="pwd")
        async with unit_of_work(core.database, core.listeners) as work:
            return await core.sessions.open(work, opening)

    @precondition(lambda self: self.token_sessions)
    @rule(data=st.data())
    def refresh(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(self.token_sessions))
        self.present(session, max(session.refresh_tokens))

    @precondition(lambda self: self.replayable)
    @rule(data=st.data())
    def replay_an_older_token(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(self.replayable))
        self.present(session, data.draw(st.sampled_from(sorted(session.refresh_tokens)[:-1])))

    def present(self, session: Session, generation: int) -> None:
        self.steer(session)
        is_live, age, before = session.is_live(self.now), self.now - session.rotated, session.generation
        tokens = self.refreshed(session, generation)
        if not is_live:
            assert tokens is None
        elif generation >= before:
            session.generation, session.rotated, session.used = generation + 1, self.now, self.now
        elif age > GRACE:
            session.is_ended = True
        if is_live and (generation >= before or (generation == before - 1 and age <= GRACE)):
            assert tokens is not None
            known_successor = session.refresh_tokens.get(session.generation, tokens.refresh_token)
            assert tokens.refresh_token == known_successor, "one successor, however often it is asked for"
            self.take(session, tokens)
        else:
            assert tokens is None

    @precondition(lambda self: self.token_sessions)
    @rule(data=st.data())
    def lose_the_answer_of_a_refresh(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(self.token_sessions))
        newest = max(session.refresh_tokens)
        if session.generation == newest and session.is_live(self.now):
            assert self.refreshed(session, newest) is not None
            session.generation, session.rotated, session.used = newest + 1, self.now, self.now

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def sign_out(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from(self.sessions))
        assert self.run(self.it.core.sessions.end(session.id, self.users[session.user])) is (not session.is_ended)
        session.is_ended = True

    @precondition(lambda self: self.sessions)
    @rule(data=st.data(), user=st.integers(0, 2))
    def sign_out_as_somebody_else(self, data: st.DataObject, user: int) -> None:
        session = data.draw(st.sampled_from(self.sessions))
        if user != session.user:
            assert not self.run(self.it.core.sessions.end(session.id, self.users[user]))

    @precondition(lambda self: len(self.sessions) >= MAX_LIVE)
    @rule(user=st.integers(0, 2))
    def end_every_session(self, user: int) -> None:
        self.run(self.it.core.users.sign_out_everywhere(self.users[user]))
        self.all_ended(user)

    @precondition(lambda self: self.disabled or len(self.sessions) >= MAX_LIVE)
    @rule(user=st.integers(0, 2))
    def disable_or_enable(self, user: int) -> None:
        if user in self.disabled:
            assert self.run(self.it.core.users.enable(self.users[user]))
            self.disabled.remove(user)
        else:
            assert self.run(self.it.core.users.disable(self.users[user]))
            self.disabled.add(user)
            self.all_ended(user)

    @precondition(lambda self: any(s.saved and not s.is_ended for s in self.token_sessions))
    @rule(data=st.data())
    def restore_a_row_to_what_it_was(self, data: st.DataObject) -> None:
        session = data.draw(st.sampled_from([s for s in self.token_sessions if s.saved and not s.is_ended]))
        session.generation, session.rotated = data.draw(st.sampled_from(session.saved))
        session.used = session.rotated
        at = round(session.rotated * 1000)
        query(
            self.url,
            f"UPDATE gatepost_session SET generation = {session.generation}, rotated_at = {at}, "
            f"access_exp = {at + ACCESS * 1000}, idle_expires_at = {at + IDLE * 1000} WHERE id = '{session.id.hex}'",
        )

    @rule(seconds=st.sampled_from([5, 25, 100, 100, 1000, 10 * DAY]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)

    @rule()
    def prune(self) -> None:
        self.it.core.feed.index.prune(self.clock.now_ms())
        self.run(prune_changes(self.it.core.database))

    @rule()
    def restart(self) -> None:
        self.run(self.stack.aclose())
        self.begin()

    # --- what must hold

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        rows = query(self.url, "SELECT id, generation, revoked_at FROM gatepost_session")
        found = {uuid.UUID(row[0]): (row[1], row[2] is not None) for row in rows}
        assert found == {session.id: (session.generation, session.is_ended) for session in self.sessions}

    @invariant()
    def access_tokens_are_good_while_their_session_is_and_they_have_not_expired(self) -> None:
        for session in self.sessions:
            for token, expires_at in session.access_tokens[-3:]:
                if abs(expires_at + LEEWAY - self.now) > MARGIN:
                    is_good = not session.is_ended and self.now < expires_at + LEEWAY
                    assert self.is_good(token) is is_good

    @invariant()
    def cookies_are_good_while_their_session_is(self) -> None:
        for session in self.sessions:
            if session.cookie:
                is_live = session.is_live(self.now)
                assert self.is_good(session.cookie) is is_live
                if is_live:
                    session.used = self.now

    # --- how it is asked

    @property
    def token_sessions(self) -> list[Session]:
        return [session for session in self.sessions if session.kind is SessionKind.TOKEN]

    @property
    def replayable(self) -> list[Session]:
        return [s for s in self.token_sessions if len(s.refresh_tokens) > 1 and s.is_live(self.now)]

    def refreshed(self, session: Session, generation: int) -> Tokens | None:
        session.saved.append((session.generation, session.rotated))
        text, refresher = session.refresh_tokens[generation], self.it.core.refresher
        try:
            tokens: Tokens = self.run(
                refresher.refresh(text, client_id="gatepost", scope=None, is_cookie=False, origin=NOWHERE)
            )
        except OAuthError:
            return None
        return tokens

    def take(self, session: Session, tokens: Tokens) -> None:
        session.refresh_tokens[session.generation] = tokens.refresh_token
        session.access_tokens.append((tokens.access_token, self.now + tokens.expires_in))

    def is_good(self, credential: str) -> bool:
        try:
            self.run(self.it.gate.authenticate(credential))
        except NotAuthenticated:
            return False
        return True

    def all_ended(self, user: int) -> None:
        for session in self.sessions:
            if session.user == user:
                session.is_ended = True

    def steer(self, session: Session) -> None:
        while abs(self.now - session.rotated - GRACE) < MARGIN:
            self.clock.advance(MARGIN)


TestSessions = SessionMachine.TestCase
TestSessions.settings = settings(max_examples=30, stateful_step_count=35, deadline=None)
