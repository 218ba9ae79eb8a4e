"""A key that is signed with elsewhere: in a module's worker, in one of several, or behind the keys process."""

from collections.abc import Callable

from hsm.errors import MechanismUnsupported
from hsm.keys import PublicKey, SignatureAlgorithm

Ask = Callable[[bytes, SignatureAlgorithm], bytes]
"""Has one message signed; blocks for the device's time and raises what `hsm.keys.SigningKey.sign` may."""


class DistantKey:
    """A key as a `SigningKey`: its public half is here, its signatures are asked for. As safe for threads as `ask`."""

    def __init__(
        self, ask: Ask, *, name: str, public_key: PublicKey, algorithms: tuple[SignatureAlgorithm, ...]
    ) -> None:
        """For those who reach the device only: `Station`, `SessionPool`, `RemoteKeyring`.

        :param name: what a `repr` calls it; nothing secret.
        """
        self._ask = ask
        self._name = name
        self._public_key = public_key
        self._algorithms = algorithms

    @property
    def public_key(self) -> PublicKey:
        return self._public_key

    @property
    def algorithms(self) -> tuple[SignatureAlgorithm, ...]:
        return self._algorithms

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """Sign `message`; see `hsm.keys.SigningKey`. One try: whether to ask again is the caller's decision.

        :raise MechanismUnsupported: not one of `algorithms`, or longer than the way there takes.
        :raise KeyNotFound: there is another key in its place since.
        """
        if algorithm not in self._algorithms:
            raise MechanismUnsupported(f"This key cannot sign with {algorithm.value}. Nothing was signed.")
        return self._ask(message, algorithm)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name})"
