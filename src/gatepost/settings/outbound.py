"""How far this server may reach when it asks others: by default public addresses over https, and nothing else."""

from gatepost.kernel.errors import ConfigurationError
from gatepost.outbound import OutboundPolicy
from gatepost.settings.place import PlaceSettings


class OutboundSettings(PlaceSettings):
    """Requests to others."""

    outbound_reaches_private_networks: bool = False
    outbound_dangerously_reaches_loopback: bool = False

    def outbound_policy(self) -> OutboundPolicy:
        """Return how far the network is open.

        Raises:
            ConfigurationError: further than production allows.
        """
        if self.is_production and self.outbound_dangerously_reaches_loopback:
            msg = (
                "GATEPOST_OUTBOUND_DANGEROUSLY_REACHES_LOOPBACK is for development: unset it, and give issuers "
                "https addresses of their own"
            )
            raise ConfigurationError(msg)
        return OutboundPolicy(
            allows_loopback=self.outbound_dangerously_reaches_loopback,
            allows_private=self.outbound_reaches_private_networks,
        )
