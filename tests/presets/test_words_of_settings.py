"""What is wrong in the settings of a provider is named as its variable is."""

import pytest
from pydantic import ValidationError

from gatepost.server.outcome import sentence_of
from gatepost.settings import Settings


def test_a_part_of_a_provider_is_named_as_its_variable() -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings.model_validate({"providers": {"acme": {"client_id": "of two words"}}})
    assert sentence_of(wrong.value)[0].startswith("GATEPOST_PROVIDERS__ACME__CLIENT_ID: ")
