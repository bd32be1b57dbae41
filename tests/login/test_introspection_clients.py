"""A resource server's secret that can be guessed does not start in production."""

import pytest

from gatepost import ConfigurationError, Settings


@pytest.mark.parametrize("secret", ["", "short", "thirty-one characters are short"])
def test_a_short_secret_of_a_resource_server_is_refused(secret: str) -> None:
    settings = Settings(
        secret="a secret for tests, and no other use 0123",
        public_url="https://example.com",
        introspection_clients={"api": secret},
        _env_file=None,
    )
    with pytest.raises(ConfigurationError, match="GATEPOST_INTROSPECTION_CLIENTS is too short"):
        settings.core_policy()
