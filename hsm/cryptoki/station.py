"""All the devices of this PC, through all its modules: each module in a worker process of its own.

The port is `Module`'s. PINs are asked here, on the caller's thread, when a worker says that it needs one; they travel
over that worker's pipe and nowhere else. What a device refused is remembered here, so that a worker that died does
not send it again.
"""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, Self

from hsm.cryptoki import channel
from hsm.cryptoki.answers import Message, sense
from hsm.cryptoki.asking import Asking
from hsm.cryptoki.channel import pack_bytes, pack_info, pack_public_key, pack_ref, unpack_bytes, unpack_info, unpack_ref
from hsm.cryptoki.desk import PinDesk
from hsm.cryptoki.factory import check_new
from hsm.cryptoki.found import FoundKey, StoredCertificate
from hsm.cryptoki.info import DeviceInfo, KeyAttributes
from hsm.cryptoki.patience import GENERATION_SECONDS
from hsm.cryptoki.presence import Presence
from hsm.cryptoki.standing import ModulePath, ModuleState
from hsm.cryptoki.station_key import StationKey as StationKey  # noqa: PLC0414  (asked for here too)
from hsm.cryptoki.supervisor import Supervisor
from hsm.cryptoki.watch import Watch
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import Pin, PinSource


class Station:
    """Every module of this PC. Safe for many threads."""

    def __init__(
        self, modules: Sequence[ModulePath], *, timeout: float = 30.0, beside: "Station | None" = None
    ) -> None:
        """Name the modules; each worker starts with the first call that needs it.

        :param timeout: seconds for each call into a module (key generation and PIN pads apart).
        :param beside: another station on the same devices: who is at the PIN, and which PINs were refused, is shared.
        """
        self._supervisors = [Supervisor(each, timeout=timeout) for each in modules]
        self._presence = Presence(self._supervisors, timeout=timeout)
        self.desk: PinDesk = PinDesk() if beside is None else beside.desk
        self._asking = Asking(self.desk, timeout=timeout)
        self._watches: list[Watch] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Log out everywhere and end the workers. Idempotent."""
        for watch in self._watches:
            watch.close()
        for each in self._supervisors:
            each.close()

    def modules(self) -> list[ModuleState]:
        """Return how each module stands; a module that was not called yet, as far as its file says."""
        return [each.state for each in self._supervisors]

    def worker_pids(self) -> list[int]:
        """Return the process ids of the workers that run now."""
        return [pid for each in self._supervisors if (pid := each.pid) is not None]

    def devices(self) -> list[DeviceInfo]:
        """Return the devices present, of all modules; one seen through two modules counts once. Asks for no PIN.

        A module that fails is left out; `modules` says so.
        """
        return self._presence.devices()

    def watch(self, changed: Callable[[list[DeviceInfo]], None], *, every: float = 0.5) -> Watch:
        """Call `changed`, on a thread of its own, when devices come or go or their flags change.

        The first call says what is there. A module that is busy counts as unchanged.

        :param every: seconds between two looks.
        """
        watch = Watch(self._presence.glance, changed, every=every)
        self._watches.append(watch)
        return watch

    def key(self, ref: KeyRef, pins: PinSource, *, always_authenticate: bool | None = None) -> StationKey:
        """See `Module.key`."""
        message = {"call": "key", "ref": pack_ref(ref), "always_authenticate": always_authenticate}
        value = self._asking.with_source(self._presence.holding(ref.device_label, ref.device_serial), message, pins)
        with sense():
            public_key = channel.unpack_public_key(value["public_key"])
            always = bool(value["always_authenticate"])
            algorithms = tuple(SignatureAlgorithm(each) for each in value["algorithms"])
        call = {
            "call": "sign",
            "ref": pack_ref(ref),
            "always_authenticate": always,
            "public_key": pack_public_key(public_key),
        }

        def sign(message: bytes, algorithm: SignatureAlgorithm) -> bytes:
            said = call | {"message": pack_bytes(message), "algorithm": algorithm.value}
            at = self._presence.holding(ref.device_label, ref.device_serial)
            value = self._asking.with_source(at, said, pins)
            with sense():
                return unpack_bytes(value)

        return StationKey(
            sign, name=repr(ref), public_key=public_key, algorithms=algorithms, always_authenticate=always
        )

    def find_keys(self, device: DeviceInfo, pins: PinSource) -> list[FoundKey]:
        """See `Module.find_keys`."""
        value = self._asking.with_source(
            self._presence.of(device), {"call": "find_keys", "device": pack_info(device)}, pins
        )
        with sense():
            return [
                FoundKey(unpack_ref(ref), label, channel.unpack_public_key(key), bool(always))
                for ref, label, key, always in value
            ]

    def generate_key_pair(
        self,
        *,
        device_label: str,
        device_serial: str,
        kind: KeyKind,
        label: str,
        key_id: bytes,
        pins: PinSource,
        always_authenticate: bool = False,
    ) -> tuple[KeyRef, PublicKey]:
        """See `Module.generate_key_pair`."""
        ref = KeyRef(device_label=device_label, device_serial=device_serial, key_id=key_id)
        call = {
            "call": "generate",
            "ref": pack_ref(ref),
            "kind": kind.value,
            "label": label,
            "always_authenticate": always_authenticate,
        }
        value = self._asking.with_source(
            self._presence.holding(device_label, device_serial), call, pins, timeout=GENERATION_SECONDS
        )
        with sense():
            return ref, channel.unpack_public_key(value)

    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None:
        """See `Module.write_certificate`."""
        call = {"call": "write_certificate", "ref": pack_ref(ref), "der": pack_bytes(der), "label": label}
        self._asking.with_source(self._presence.holding(ref.device_label, ref.device_serial), call, pins)

    def read_certificates(self, device: DeviceInfo) -> list[StoredCertificate]:
        """See `Module.read_certificates`."""
        value = self._asking.plainly(
            self._presence.of(device)[0], {"call": "certificates", "device": pack_info(device)}
        )
        with sense():
            return [StoredCertificate(bytes.fromhex(key_id), label, unpack_bytes(der)) for key_id, label, der in value]

    def key_attributes(self, ref: KeyRef, pins: PinSource) -> KeyAttributes:
        """See `Module.key_attributes`."""
        call = {"call": "key_attributes", "ref": pack_ref(ref)}
        value = self._asking.with_source(self._presence.holding(ref.device_label, ref.device_serial), call, pins)
        with sense():
            return KeyAttributes(**value)

    def initialise(
        self, device: DeviceInfo, *, label: str, so_pin: Pin, pin: Pin, last_try: bool = False
    ) -> DeviceInfo:
        """See `Module.initialise`."""
        check_new(label, so_pin=so_pin, pin=pin)
        call = {"call": "initialise", "label": label, "so_pin": so_pin.reveal(), "new": pin.reveal()}
        value = self._personalise(device, call, last_try=last_try, officer=so_pin)
        with sense():
            return unpack_info(value)

    def change_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        """See `Module.change_pin`."""
        check_new(None, so_pin=None, pin=new)
        call = {"call": "change_pin", "old": old.reveal(), "new": new.reveal()}
        with nullcontext() if device.protected_path else self.desk.refused.one_change(device.serial, old):
            self._personalise(device, call, last_try=last_try)

    def change_so_pin(self, device: DeviceInfo, *, old: Pin, new: Pin, last_try: bool = False) -> None:
        """See `Module.change_so_pin`."""
        check_new(None, so_pin=new, pin=None)
        call = {"call": "change_so_pin", "old": old.reveal(), "new": new.reveal()}
        self._personalise(device, call, last_try=last_try, officer=old)

    def unblock(self, device: DeviceInfo, *, so_pin: Pin, new: Pin, last_try: bool = False) -> None:
        """See `Module.unblock`."""
        check_new(None, so_pin=None, pin=new)
        call = {"call": "unblock", "so_pin": so_pin.reveal(), "new": new.reveal()}
        self._personalise(device, call, last_try=last_try, officer=so_pin)
        self.desk.refused.forget(device.serial)

    def wipe(self, device: DeviceInfo, *, so_pin: Pin, last_try: bool = False) -> None:
        """See `Module.wipe`."""
        self._personalise(device, {"call": "wipe", "so_pin": so_pin.reveal()}, last_try=last_try, officer=so_pin)
        self.desk.refused.forget(device.serial)

    def logout(self, device: DeviceInfo) -> None:
        """Log out of that device, if logged in; the next use of a key asks for the PIN again."""
        supervisor, _ = self._presence.of(device)
        if supervisor.pid is not None:
            self._asking.plainly(supervisor, {"call": "logout", "device": pack_info(device)})

    def _personalise(self, device: DeviceInfo, call: Message, *, last_try: bool, officer: Pin | None = None) -> Any:
        message = {**call, "device": pack_info(device), "last_try": last_try}
        return self._asking.with_secrets(self._presence.of(device), message, officer=officer)
