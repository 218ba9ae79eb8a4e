"""Root of the errors of this package; each room's leaves stand in its own `errors.py`."""


class SignerError(Exception):
    """A refusal or failure about a document, its signatures or its verification."""
