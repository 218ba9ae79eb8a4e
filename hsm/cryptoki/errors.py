"""The driver's own leaf of the tree in `hsm.errors`."""

from hsm.errors import DeviceError


class DeviceRefused(DeviceError):
    """The device understood and said no: full, write-protected, a template it does not take. Asking again is no use."""
