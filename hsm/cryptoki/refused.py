"""PINs that a device has refused, so that no program ever sends one of them again. Loads no driver."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from hsm.errors import PinRefused
from hsm.pin import Pin


class RefusedPins:
    """Remembers refusals by device, as keyed digests under a key that never leaves this object.

    Touched by one thread at a time.
    """

    # THREAT: a service that reopens its device after each error sends a wrong PIN again and again, and locks it.
    # DEFENCE: a PIN that a device refused is not sent to it again by this process; a person's other PIN is.
    # TEST: tests/hsm/cryptoki/test_pins.py::test_a_refused_pin_is_never_sent_again

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._refused: dict[str, set[bytes]] = {}

    @contextmanager
    def one_try(self, serial: str, pin: Pin | None) -> Iterator[None]:
        """Around the one driver's call that sends `pin`: a refusal is remembered, success forgets those before.

        :raise PinRefused: that device has refused this PIN before; the call is not made.
        """
        if pin is None:
            yield
            return
        digest = self._digest(pin)
        self._refuse_known(serial, digest)
        try:
            yield
        except PinRefused:
            self._refused.setdefault(serial, set()).add(digest)
            raise
        self._refused.pop(serial, None)

    def forget(self, serial: str) -> None:
        """The device has another PIN since."""
        self._refused.pop(serial, None)

    @contextmanager
    def one_change(self, serial: str, old: Pin) -> Iterator[None]:
        """Around the call that changes a PIN: a refusal is of `old`, and success of another PIN.

        :raise PinRefused: that device has refused `old` before; the call is not made.
        """
        digest = self._digest(old)
        self._refuse_known(serial, digest)
        try:
            yield
        except PinRefused:
            self._refused.setdefault(serial, set()).add(digest)
            raise
        self._refused.pop(serial, None)

    def _digest(self, pin: Pin) -> bytes:
        return hmac.digest(self._key, pin.reveal().encode(), hashlib.sha256)

    def _refuse_known(self, serial: str, digest: bytes) -> None:
        if digest in self._refused.get(serial, ()):
            raise PinRefused(
                "The device refused this same PIN before, so it was not sent again. Nothing was done: "
                "give the right PIN (for a service: correct its PIN file and start it again)."
            )
