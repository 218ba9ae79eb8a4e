"""Root of the errors of this package; each room's leaves stand in its own `errors.py`."""


class PkiError(Exception):
    """A refusal or failure in registration, quota, certificates, status, time or trust."""
