"""The driver's own leaves of the tree in `hsm.errors`."""

from hsm.errors import DeviceError, HsmError


class DeviceRefused(DeviceError):
    """The device understood and said no: full, write-protected, a template it does not take. Asking again is no use."""


class KeysConfigRefused(HsmError):
    """The file that says which key plays which role is absent, incomplete, or says something unknown."""
