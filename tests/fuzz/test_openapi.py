"""The whole API, fuzzed from its own description: no 5xx, and every answer is one that the description declares."""

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gatepost import Gatepost
from tests.fuzz.conftest import Caller, Target
from tests.threats.lab import Card, application
from tests.threats.lab import settings as house

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
# Making one does no I/O: this one is never started, it only describes itself.
schema = schemathesis.openapi.from_dict(application(Gatepost(house(Path()), profile=Card)).openapi())


@schema.include(path_regex="^/auth").parametrize()
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_declared_and_none_is_a_server_error(
    case: schemathesis.Case[Any], target: Target, caller: Caller
) -> None:
    case.call_and_validate(base_url=target.url, headers=caller.headers(), checks=CHECKS)
