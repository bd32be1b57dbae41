"""A worker killed by SIGKILL in the middle of its work: everything that was answered is there when it is back."""

import asyncio
from dataclasses import dataclass, field

import httpx2
import pytest

from tests.harness import Caller, ServedProcess, eventually, served

pytestmark = pytest.mark.anyio

PEOPLE = 6
PROMISES = 40


@dataclass
class Promised:
    """What was answered with success before the kill."""

    users: list[str] = field(default_factory=list)
    refresh_tokens: dict[str, str] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.users) + len(self.ended) + len(self.refresh_tokens)


async def live(caller: Caller, name: str, promised: Promised) -> None:
    """Sign up, sign in, refresh and sign out, again and again, until the server is gone."""
    number = 0
    while True:
        number += 1
        email = f"{name}-{number}@example.com"
        try:
            if (await caller.register(email)).status_code == 201:
                promised.users.append(email)
            ended = await caller.signed_in(email)
            kept = await caller.signed_in(email)
            promised.refresh_tokens[email] = kept["refresh_token"]
            for _ in range(3):
                kept = (await caller.refresh(kept["refresh_token"])).json()
                promised.refresh_tokens[email] = kept["refresh_token"]
            if (await caller.logout(ended["access_token"])).status_code == 204:
                promised.ended.append(ended["access_token"])
        except httpx2.TransportError:
            return


async def work_until_killed(process: ServedProcess, client: httpx2.AsyncClient, name: str) -> Promised:
    promised, caller = Promised(), Caller(client)
    people = [asyncio.create_task(live(caller, f"{name}{one}", promised)) for one in range(PEOPLE)]

    async def is_enough() -> bool:
        return promised.size >= PROMISES or all(person.done() for person in people)

    await eventually(is_enough, within=60)
    await asyncio.to_thread(process.kill)
    await asyncio.gather(*people)
    return promised


async def assert_kept(caller: Caller, promised: Promised) -> None:
    assert promised.size >= PROMISES
    there = await asyncio.gather(*(caller.token(email) for email in promised.users))
    assert {answer.status_code for answer in there} == {200}
    refused = await asyncio.gather(*(caller.principal(token) for token in promised.ended))
    assert {answer.status_code for answer in refused} <= {401}
    # The last token that was answered, or a retry of one whose answer was lost.
    rotated = await asyncio.gather(*(caller.refresh(token) for token in promised.refresh_tokens.values()))
    assert {answer.status_code for answer in rotated} == {200}
    good = await asyncio.gather(*(caller.principal(answer.json()["access_token"]) for answer in rotated))
    assert {answer.status_code for answer in good} == {200}


async def test_what_a_killed_worker_answered_is_there_when_it_is_back(database_url: str) -> None:
    with served(database_url) as (process,):
        async with process.client() as client:
            promised = await work_until_killed(process, client, "somebody")
        await asyncio.to_thread(process.start)
        async with process.client() as client:
            await assert_kept(Caller(client), promised)


async def test_the_other_worker_goes_on_and_knows_what_the_killed_one_ended(database_url: str) -> None:
    with served(database_url, 2) as (doomed, other):
        async with doomed.client() as client, other.client() as rest:
            promised = await work_until_killed(doomed, client, "doomed")
            await assert_kept(Caller(rest), promised)
            assert (await Caller(rest).register("later@example.com")).status_code == 201
