"""Known devices: where a user has signed in before, and the mail that tells of a new one."""

from gatepost.core.devices.domain import DevicePolicy
from gatepost.core.devices.flow import Devices

__all__ = ["DevicePolicy", "Devices"]
