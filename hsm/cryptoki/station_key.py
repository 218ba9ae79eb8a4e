"""A key in a device of this PC, seen from outside its module's worker."""

from hsm.cryptoki.distant_key import Ask, DistantKey
from hsm.keys import PublicKey, SignatureAlgorithm


class StationKey(DistantKey):
    """Safe for several threads; the device signs one at a time. One that asks its PIN each time asks at `sign`."""

    def __init__(
        self,
        ask: Ask,
        *,
        name: str,
        public_key: PublicKey,
        algorithms: tuple[SignatureAlgorithm, ...],
        always_authenticate: bool,
    ) -> None:
        """For `Station.key` only."""
        super().__init__(ask, name=name, public_key=public_key, algorithms=algorithms)
        self.always_authenticate = always_authenticate
