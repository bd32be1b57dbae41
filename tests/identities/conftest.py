"""A provider that can be bent, for each test."""

from collections.abc import Iterator

import pytest

from tests.social.upstream import Upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running
