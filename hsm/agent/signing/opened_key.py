"""The signer's key, opened for one list: how many PIN entries it takes, when the PIN is asked anew, and the logout."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hsm.agent.config import AgentConfig
from hsm.agent.devices import Chosen, DeviceKey, Devices
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.memory import Memory
from hsm.agent.spool import SpooledValue
from hsm.errors import HsmError
from hsm.keys import verify
from hsm.pin import PinSource
from hsm.prepared.attributes import signed_attributes
from hsm.prepared.manifest import Manifest

from .checking import CheckedItem
from .held_pins import HeldPins


class OpenedKey:
    """One key of one device. `open` before `sign`; `close` logs out."""

    def __init__(
        self,
        config: AgentConfig,
        devices: Devices,
        chosen: Chosen,
        manifest: Manifest,
        memory: Memory,
        *,
        pins: PinSource,
        now: Callable[[], datetime],
    ) -> None:
        self._config = config
        self._devices = devices
        self._chosen = chosen
        self._manifest = manifest
        self._memory = memory
        self._now = now
        self._known = memory.always_authenticate(manifest.certificate_sha256)
        self._held = None if self._known is False else _held_pins(config, pins, now)
        self._pins: PinSource = self._held or pins
        self._may_ask_each = self._held is not None or not getattr(pins, "held", True)
        self._key: DeviceKey | None = None
        self._served = 0
        self._until = now()

    @property
    def always_authenticate(self) -> bool | None:
        """Whether the key asks its PIN each time; None: not known before it is open."""
        return self._known if self._key is None else self._key.always_authenticate

    @property
    def asks_each(self) -> bool:
        """A person is asked for the PIN at each signature."""
        return bool(self.always_authenticate) and self._held is None

    @property
    def held_policy(self) -> str | None:
        """The document under which this list's PIN is held, or would be if the key asks each time."""
        return self._config.held_pin_policy if self._held is not None else None

    def pin_entries(self, count: int) -> int | None:
        """How many PIN entries `count` signatures take; None: known only once the key is open."""
        if not self._chosen.device.login_required:
            return 0
        if self._known is None:
            return None
        if self._known and self._held is None:
            return count
        return -(-count // self._config.pin_documents)

    def open(self) -> None:
        """Open the key; asks for the PIN, unless it is known to ask at each signature.

        :raise AgentError: `KEY`, `MECHANISM`, `PIN_HELD`.
        :raise hsm.errors.HsmError: one of its leaves.
        """
        # Only a yes is worth remembering here: a key that is said to ask once is asked again what it is.
        key = self._devices.key(self._chosen.ref, self._pins, always_authenticate=self._known or None)
        self._key, self._served = key, 0
        self._until = self._now() + timedelta(minutes=self._config.pin_minutes)
        if key.public_key != x509.load_der_x509_certificate(self._chosen.certificate).public_key():
            raise AgentError(AgentCode.KEY, wanted=self._manifest.signer.name_latin)
        if self._manifest.mechanism not in key.algorithms:
            raise AgentError(AgentCode.MECHANISM, mechanism=self._manifest.mechanism.value)
        self._memory.learn(self._manifest.certificate_sha256, always_authenticate=key.always_authenticate)
        if key.always_authenticate and not self._may_ask_each:
            raise AgentError(AgentCode.PIN_HELD)
        if self._held is not None and not key.always_authenticate:
            self._held.hold_none()
            self._held = None

    def sign(self, item: CheckedItem, *, kept: int, count: int) -> SpooledValue:
        """One signature over attributes that are built here, from the digest computed here.

        :raise AgentError: `VALUE`: what the device gave does not hold.
        :raise hsm.errors.HsmError: one of its leaves; nothing was signed.
        """
        self._keep_within_caps()
        key = self._key
        assert key is not None
        manifest = self._manifest
        attributes = signed_attributes(item.checked.digest, self._chosen.certificate)
        value = key.sign(attributes, manifest.mechanism)
        self._served += 1
        public = key.public_key
        try:
            if not isinstance(public, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
                raise InvalidSignature
            verify(public, value, attributes, manifest.mechanism)
        except InvalidSignature as error:
            raise AgentError(AgentCode.VALUE, kept=kept, count=count) from error
        return SpooledValue(
            ceremony=manifest.ceremony,
            item=item.item.id,
            reference=item.item.reference,
            attributes=attributes,
            value=value,
            algorithm=manifest.mechanism,
        )

    def _keep_within_caps(self) -> None:
        """One PIN serves so many signatures and minutes; then the device is logged out and asks again."""
        # THREAT: a device once opened stays open: whoever sits down at the PC later signs without a PIN.
        # DEFENCE: a cap of signatures and of minutes for one PIN; beyond it, and at the end, the device is logged out.
        # TEST: tests/hsm/agent/signing/test_pin_entries.py::test_one_pin_serves_so_many_signatures_and_no_more
        if self.always_authenticate:
            return
        if self._served >= self._config.pin_documents or self._now() >= self._until:
            self._devices.logout(self._chosen.device)
            self.open()

    def close(self) -> None:
        """Log out; a device that is gone is logged out."""
        if self._held is not None:
            self._held.forget()
        self._key = None
        with suppress(HsmError):
            self._devices.logout(self._chosen.device)

    def doubt(self) -> None:
        """The device failed at a signature: what was remembered of the key may be wrong, the next run looks again."""
        if self._known:
            self._memory.forget(self._manifest.certificate_sha256)


def _held_pins(config: AgentConfig, pins: PinSource, now: Callable[[], datetime]) -> HeldPins | None:
    if config.held_pin_policy is None:
        return None
    return HeldPins(pins, documents=config.pin_documents, minutes=config.pin_minutes, now=now)
