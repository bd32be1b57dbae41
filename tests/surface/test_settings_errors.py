"""A setting that is wrong is named; what stands in it, perhaps a secret, is not shown."""

import traceback

import pytest
from pydantic_settings import SettingsError

from gatepost import Settings

VALUE = "hunter2hunter2"


@pytest.mark.parametrize(
    "text",
    [f'["api:{VALUE}"]', f'{{"api": ["{VALUE}"]}}', f'"{VALUE}"', f'{{"api": "{VALUE}"'],
)
def test_a_wrong_value_in_the_environment_is_not_shown(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_INTROSPECTION_CLIENTS", text)
    with pytest.raises((ValueError, SettingsError)) as caught:
        Settings(_env_file=None)
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert "introspection_clients" in shown
    assert VALUE not in shown


@pytest.mark.parametrize("name", ["introspection_clients", "secret", "redis_url", "database_pool_size"])
def test_a_wrong_value_in_code_is_not_shown(name: str) -> None:
    wrong: dict[str, object] = {name: [f"api:{VALUE}"]}
    with pytest.raises(ValueError, match=name) as caught:
        Settings.model_validate(wrong)
    assert VALUE not in "".join(traceback.format_exception_only(caught.value)) + repr(caught.value)
