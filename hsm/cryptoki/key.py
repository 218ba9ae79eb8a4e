"""A key in a device, as everything in Khatam sees it."""

from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from hsm.cryptoki.mechanisms import Way
from hsm.errors import DeviceUnavailable, MechanismUnsupported
from hsm.keys import KeyRef, PublicKey, SignatureAlgorithm, verify
from hsm.pin import PinSource

if TYPE_CHECKING:
    from hsm.cryptoki.module import Module


class DeviceKey:
    """A key in a device as a `SigningKey`. Safe for several threads; the device signs one at a time."""

    def __init__(
        self,
        module: "Module",
        ref: KeyRef,
        pins: PinSource,
        *,
        public_key: PublicKey,
        possible: dict[SignatureAlgorithm, Way],
        always_authenticate: bool,
    ) -> None:
        """For `Module.key` only."""
        self._module = module
        self._possible = possible
        self._public_key = public_key
        self.ref = ref
        self.pins = pins
        self.always_authenticate = always_authenticate

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return tuple(self._possible)

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign `message`; see `hsm.keys.SigningKey`. A key that asks its PIN each time asks the source here.

        :raise MechanismUnsupported: not one of `algorithms`.
        """
        way = self._possible.get(algorithm)
        if way is None:
            raise MechanismUnsupported(f"This key cannot sign with {algorithm.value}. Nothing was signed.")
        value = self._module.sign_prepared(self, way, way.prepare(message, algorithm))
        # THREAT: a device or its driver returns a damaged value, or signs with another key than the one named.
        # DEFENCE: every value is verified under the key's public half before it leaves the driver.
        # TEST: tests/hsm/cryptoki/test_station.py::test_a_damaged_value_is_thrown_away
        try:
            verify(self._public_key, value, message, algorithm)
        except InvalidSignature:
            raise DeviceUnavailable("The device returned a value that is not its key's. It was thrown away.") from None
        return value

    def with_pins(self, pins: PinSource) -> "DeviceKey":
        """The same key with another source of PINs."""
        return DeviceKey(
            self._module,
            self.ref,
            pins,
            public_key=self._public_key,
            possible=self._possible,
            always_authenticate=self.always_authenticate,
        )

    def __repr__(self) -> str:
        return f"DeviceKey({self.ref!r})"
