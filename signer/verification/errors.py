"""Refusals of this room. A finished verification is never an error, whatever its verdict."""

from signer.errors import SignerError


class VerificationError(SignerError):
    """Nothing was verified."""


class TrustRefused(VerificationError):
    """The trust configuration cannot be used."""


class WorkersStopped(VerificationError):
    """The pool that reads foreign files is not running."""

    def __init__(self) -> None:
        super().__init__("The workers that read files are not running. Nothing was verified: start the service again.")
