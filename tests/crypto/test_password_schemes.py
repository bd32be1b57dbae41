"""What a stored hash may order: known schemes at a bounded cost, refused at import otherwise."""

import pytest

from gatepost.crypto import passwords
from gatepost.crypto.passwords import HashPolicy


@pytest.mark.parametrize(
    "stored",
    [
        *(f"$argon2{variant}$v=19$m=64,t=3,p=2$" + "A" * 22 + "$" + "A" * 43 for variant in ("i", "d", "id")),
        "$argon2id$v=19$m=262144,t=3,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 22 + "$" + "A" * 43,
        *(f"$2{variant}${cost:02}$" + "A" * 53 for variant in "aby" for cost in (4, 10, 14)),
    ],
)
def test_hashes_of_bounded_cost_may_be_imported(stored: str) -> None:
    passwords.check_importable(stored)


@pytest.mark.parametrize(
    "stored",
    [
        "$argon2id$v=19$m=4194304,t=2,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=262145,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=262144,t=4,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=64,t=17,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=64,t=4294967295,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=65536,t=1,p=17$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=8,t=1,p=2$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=0,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=18$m=64,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2x$v=19$m=64,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=1,keyid=a$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=٦٤,t=1,p=1$" + "A" * 22 + "$" + "A" * 43,
        "$argon2id$v=19$m=64,t=1,p=1$" + "A" * 22 + "$" + "A" * 43 + "\n",
        "$argon2id$v=19$m=64,t=1,p=1$" + "A" * 22 + "$" + "A" * 5000,
        "$2b$31$" + "A" * 53,
        "$2b$15$" + "A" * 53,
        "$2b$03$" + "A" * 53,
        "$2b$4$" + "A" * 53,
        "$2x$10$" + "A" * 53,
        "$2$10$" + "A" * 53,
        "$2b$10$" + "A" * 52,
        "$2b$10$" + "A" * 54,
        "$1$abc$def",
        "$6$rounds=999999999$a$b",
        "pbkdf2_sha256$1000000$a$b",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "",
    ],
)
def test_unknown_schemes_and_extreme_costs_are_refused_without_repeating_them(stored: str) -> None:
    with pytest.raises(passwords.HashRefused) as caught:
        passwords.check_importable(stored)
    assert not stored or stored not in str(caught.value)


@pytest.mark.parametrize("policy", [{"memory_kib": 7}, {"time_cost": 0}, {"parallelism": 0}, {"memory_kib": 1 << 22}])
def test_a_policy_whose_hashes_would_be_refused_is_refused(policy: dict[str, int]) -> None:
    with pytest.raises(passwords.HashRefused):
        HashPolicy(**policy)
