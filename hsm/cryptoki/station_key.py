"""A key in a device of this PC, seen from outside its module's worker."""

from typing import TYPE_CHECKING

from hsm.errors import MechanismUnsupported
from hsm.keys import KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import PinSource

if TYPE_CHECKING:
    from hsm.cryptoki.station import Station


class StationKey:
    """A key in a device as a `SigningKey`. Safe for several threads; the device signs one at a time."""

    def __init__(
        self,
        station: "Station",
        ref: KeyRef,
        pins: PinSource,
        *,
        public_key: PublicKey,
        algorithms: tuple[SignatureAlgorithm, ...],
        always_authenticate: bool,
    ) -> None:
        """For `Station.key` only."""
        self._station = station
        self._public_key = public_key
        self._algorithms = algorithms
        self.ref = ref
        self.pins = pins
        self.always_authenticate = always_authenticate

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self._algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign `message`; see `hsm.keys.SigningKey`. A key that asks its PIN each time asks the source here.

        :raise MechanismUnsupported: not one of `algorithms`.
        :raise KeyNotFound: the device has another key under this id.
        """
        if algorithm not in self._algorithms:
            raise MechanismUnsupported(f"This key cannot sign with {algorithm.value}. Nothing was signed.")
        return self._station.sign(self, message, algorithm)

    def __repr__(self) -> str:
        return f"StationKey({self.ref!r})"
