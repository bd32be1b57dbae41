"""Operating the stand-alone server: what it measures, and what its answers say to browsers."""

from typing import Annotated

from pydantic import Field, SecretStr

from gatepost.kernel.errors import ConfigurationError
from gatepost.kernel.purpose import MIN_SECRET_BYTES
from gatepost.settings.place import PlaceSettings


class OperationSettings(PlaceSettings):
    """Operations."""

    metrics_token: SecretStr | None = None
    hsts: Annotated[int, Field(ge=0, le=63_072_000)] = 31_536_000

    def check_metrics_token(self) -> None:
        """Refuse a token that can be guessed.

        Raises:
            ConfigurationError: it is short.
        """
        token = self.metrics_token.get_secret_value() if self.metrics_token is not None else None
        if self.is_production and token is not None and len(token) < MIN_SECRET_BYTES:
            msg = (
                f"GATEPOST_METRICS_TOKEN is too short ({MIN_SECRET_BYTES} random characters at least): "
                "use `gatepost secret generate`"
            )
            raise ConfigurationError(msg)
