"""What judging a new password costs, against the hash of it that follows."""

import random
from statistics import median
from time import thread_time

from benchmarks.harness.report import Section, at_most, number
from benchmarks.harness.run import Run
from gatepost.core.passwords.lists import commonest
from gatepost.core.passwords.strength import judge
from gatepost.crypto import schemes

METHOD = (
    "CPU time of one thread for the bundled list and zxcvbn, as a sign-up runs them, with six words about the user, "
    "against one Argon2id hash of the default policy. Medians in ms, interleaved; the worst of random passwords of 128 "
    "characters that may be read in many ways."
)
WORDS = ["ada@example.com", "ada", "Ada Lovelace", "gatepost", "localhost"]
KINDS = {
    "a phrase": "correct horse battery staple",
    "a manager's 20 characters": "vamwyx-Kerdyq-9pijno",
    "a weak one": "Winter2023!",
    "128 characters of one": "a" * 128,
}
READINGS = "aA4@bB8({[<cC3eEgG69iI1!|lL7oO0sS$5tT+xX%zZ2"


def measure(run: Run) -> Section:
    """Measure each kind, and the worst of many hostile ones."""
    section = Section("Judging a new password", METHOD, ("password", "ms", "share of a hash"))
    _cost("warm")  # reads the list, and the words of zxcvbn
    policy, draw = schemes.HashPolicy(), random.Random(1)
    found: dict[str, list[float]] = {name: [] for name in (*KINDS, "hash")}
    hostile: list[float] = []
    for order in run.cycle([*KINDS, "hash"]):
        for name in order:
            found[name].append(_cost(KINDS[name]) if name in KINDS else _hash(policy))
        hostile += [_cost("".join(draw.choices(READINGS, k=128))) for _ in range(run.trials(40))]
    hashed = median(found["hash"])
    costs = {name: median(found[name]) for name in KINDS} | {"the worst of many hostile ones": max(hostile)}
    section.rows += [(name, number(cost), f"{cost / hashed:.3f}") for name, cost in costs.items()]
    section.goals.append(at_most("a phrase, share of its hash", 0.05, costs["a phrase"] / hashed))
    section.goals.append(at_most("the worst password", 100, max(hostile), " ms"))
    return section


def _cost(password: str) -> float:
    began = thread_time()
    _ = password in commonest()
    judge(password, WORDS)
    return (thread_time() - began) * 1000


def _hash(policy: schemes.HashPolicy) -> float:
    began = thread_time()
    schemes.make(b"correct horse battery staple", policy)
    return (thread_time() - began) * 1000
