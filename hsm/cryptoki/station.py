"""All the devices of this PC, through all its modules: each module in a worker process of its own.

The port is `Module`'s. PINs are asked here, on the caller's thread, when a worker says that it needs one; they travel
over that worker's pipe and nowhere else. What a device refused is remembered here, so that a worker that died does
not send it again.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Any, Final, Self

from hsm.cryptoki import channel
from hsm.cryptoki.channel import pack_bytes, pack_info, pack_public_key, pack_ref, unpack_bytes, unpack_info, unpack_ref
from hsm.cryptoki.factory import check_new
from hsm.cryptoki.found import FoundKey, StoredCertificate
from hsm.cryptoki.info import DeviceInfo, KeyAttributes
from hsm.cryptoki.leaves import LEAVES
from hsm.cryptoki.refused import RefusedPins
from hsm.cryptoki.standing import ModulePath, ModuleState
from hsm.cryptoki.supervisor import Message, Supervisor
from hsm.cryptoki.watch import Watch
from hsm.errors import (
    DeviceError,
    DeviceMismatch,
    DeviceTimeout,
    DeviceUnavailable,
    MechanismUnsupported,
)
from hsm.keys import KeyKind, KeyRef, PublicKey, SignatureAlgorithm
from hsm.pin import Pin, PinSource

PERSON_SECONDS: Final = 180.0
"""For a person at a PIN pad, and for one caller waiting for another one's person."""
GENERATION_SECONDS: Final = 300.0
_QUESTIONS: Final = 2
"""The PIN, and once more if meanwhile it became the last try."""


class PinDesk:
    """Who is at the PIN, and which PINs were refused. Shared by stations on the same devices."""

    def __init__(self) -> None:
        self.refused = RefusedPins()
        self._taken = threading.Lock()

    @contextmanager
    def person(self) -> Iterator[None]:
        """One caller at a time where a person may be asked."""
        if not self._taken.acquire(timeout=PERSON_SECONDS):
            raise DeviceTimeout(
                f"Someone else was at the PIN for {PERSON_SECONDS:g} s. This call never reached the device, "
                "nothing was done."
            )
        try:
            yield
        finally:
            self._taken.release()


class Station:
    """Every module of this PC. Safe for many threads."""

    def __init__(
        self, modules: Sequence[ModulePath], *, timeout: float = 30.0, beside: "Station | None" = None
    ) -> None:
        """Name the modules; each worker starts with the first call that needs it.

        :param timeout: seconds for each call into a module (key generation and PIN pads apart).
        :param beside: another station on the same devices: who is at the PIN, and which PINs were refused, is shared.
        """
        self._timeout = timeout
        self._supervisors = [Supervisor(each, timeout=timeout) for each in modules]
        self.desk: PinDesk = PinDesk() if beside is None else beside.desk
        self._watches: list[Watch] = []
        self._last: dict[Supervisor, list[DeviceInfo]] = {}

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
        return self._merged({each: self._present(each) for each in self._supervisors})

    def watch(self, changed: Callable[[list[DeviceInfo]], None], *, every: float = 0.5) -> Watch:
        """Call `changed`, on a thread of its own, when devices come or go or their flags change.

        The first call says what is there. A module that is busy counts as unchanged.

        :param every: seconds between two looks.
        """
        watch = Watch(self._glance, changed, every=every)
        self._watches.append(watch)
        return watch

    def key(self, ref: KeyRef, pins: PinSource, *, always_authenticate: bool | None = None) -> "StationKey":
        """See `Module.key`."""
        message = {"call": "key", "ref": pack_ref(ref), "always_authenticate": always_authenticate}
        value = self._ask_person(self._holding(ref.device_label, ref.device_serial), message, pins)
        with _sense():
            return StationKey(
                self,
                ref,
                pins,
                public_key=channel.unpack_public_key(value["public_key"]),
                algorithms=tuple(SignatureAlgorithm(each) for each in value["algorithms"]),
                always_authenticate=bool(value["always_authenticate"]),
            )

    def sign(self, key: "StationKey", message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        """For `StationKey` only."""
        call = {
            "call": "sign",
            "ref": pack_ref(key.ref),
            "always_authenticate": key.always_authenticate,
            "public_key": pack_public_key(key.public_key),
            "message": pack_bytes(message),
            "algorithm": algorithm.value,
        }
        value = self._ask_person(self._holding(key.ref.device_label, key.ref.device_serial), call, key.pins)
        with _sense():
            return unpack_bytes(value)

    def find_keys(self, device: DeviceInfo, pins: PinSource) -> list[FoundKey]:
        """See `Module.find_keys`."""
        value = self._ask_person(self._of(device), {"call": "find_keys", "device": pack_info(device)}, pins)
        with _sense():
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
        seconds = max(GENERATION_SECONDS, self._timeout)
        value = self._ask_person(self._holding(device_label, device_serial), call, pins, timeout=seconds)
        with _sense():
            return ref, channel.unpack_public_key(value)

    def write_certificate(self, ref: KeyRef, der: bytes, *, label: str, pins: PinSource) -> None:
        """See `Module.write_certificate`."""
        call = {"call": "write_certificate", "ref": pack_ref(ref), "der": pack_bytes(der), "label": label}
        self._ask_person(self._holding(ref.device_label, ref.device_serial), call, pins)

    def read_certificates(self, device: DeviceInfo) -> list[StoredCertificate]:
        """See `Module.read_certificates`."""
        value = self._value(self._of(device), {"call": "certificates", "device": pack_info(device)})
        with _sense():
            return [StoredCertificate(bytes.fromhex(key_id), label, unpack_bytes(der)) for key_id, label, der in value]

    def key_attributes(self, ref: KeyRef, pins: PinSource) -> KeyAttributes:
        """See `Module.key_attributes`."""
        call = {"call": "key_attributes", "ref": pack_ref(ref)}
        value = self._ask_person(self._holding(ref.device_label, ref.device_serial), call, pins)
        with _sense():
            return KeyAttributes(**value)

    def initialise(
        self, device: DeviceInfo, *, label: str, so_pin: Pin, pin: Pin, last_try: bool = False
    ) -> DeviceInfo:
        """See `Module.initialise`."""
        check_new(label, so_pin=so_pin, pin=pin)
        call = {"call": "initialise", "label": label, "so_pin": so_pin.reveal(), "new": pin.reveal()}
        value = self._personalise(device, call, last_try=last_try, officer=so_pin)
        with _sense():
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
        supervisor = self._of(device)
        if supervisor.pid is not None:
            self._value(supervisor, {"call": "logout", "device": pack_info(device)})

    def _personalise(self, device: DeviceInfo, call: Message, *, last_try: bool, officer: Pin | None = None) -> Any:
        message = {**call, "device": pack_info(device), "last_try": last_try}
        typed_here = None if device.protected_path else officer
        with self.desk.person(), self.desk.refused.one_try(f"SO of {device.serial}", typed_here):
            return self._value(self._of(device), message, timeout=PERSON_SECONDS + self._timeout)

    def _ask_person(
        self, supervisor: Supervisor, call: Message, source: PinSource, *, timeout: float | None = None
    ) -> Any:
        """Call without a PIN; if one is wanted, ask for it here and call again. One try: a refusal ends it."""
        seconds = PERSON_SECONDS + (self._timeout if timeout is None else timeout)
        bare = {**call, "pin": None}
        answer = supervisor.call(bare, timeout=seconds)
        if "pin_for" not in answer:
            return _value(answer)
        with self.desk.person():
            # Someone else may have logged in while this caller waited for the person.
            answer = supervisor.call(bare, timeout=seconds)
            for _ in range(_QUESTIONS):
                if "pin_for" not in answer:
                    return _value(answer)
                answer = self._with_pin(supervisor, call, answer, source, seconds)
        if "pin_for" in answer:
            raise DeviceUnavailable("The device asks for its PIN again and again. Nothing was done: try again.")
        return _value(answer)

    def _with_pin(
        self, supervisor: Supervisor, call: Message, answer: Message, source: PinSource, seconds: float
    ) -> Message:
        """Ask for the PIN that `answer` wants, and call again with it."""
        with _sense():
            asked = answer["pin_for"]
            label, serial, last_try = str(asked["label"]), str(asked["serial"]), asked["last_try"] is True
        pin = source.pin(device_label=label, device_serial=serial, last_try=last_try)
        with suppress(_NotSent), self.desk.refused.one_try(serial, pin):
            brought = {"pin": pin.reveal(), "last_try": last_try}
            answer = supervisor.call({**call, "pin": brought}, timeout=seconds)
            if "pin_for" in answer:
                raise _NotSent
            _value(answer)
        return answer

    def _value(self, supervisor: Supervisor, call: Message, *, timeout: float | None = None) -> Any:
        return _value(supervisor.call({**call, "pin": None}, timeout=self._timeout if timeout is None else timeout))

    def _present(self, supervisor: Supervisor) -> list[DeviceInfo]:
        """What one module shows; nothing of one that fails."""
        try:
            value = self._value(supervisor, {"call": "devices"})
            with _sense():
                found = [unpack_info(each) for each in value]
        except DeviceError:
            found = []
        self._last[supervisor] = found
        return found

    def _glance(self) -> list[DeviceInfo]:
        """Look at every module that is free; a busy one counts as it was."""
        seen: dict[Supervisor, list[DeviceInfo]] = {}
        for each in self._supervisors:
            seen[each] = self._last.get(each, []) if each.busy else self._present(each)
        return self._merged(seen)

    @staticmethod
    def _merged(seen: dict[Supervisor, list[DeviceInfo]]) -> list[DeviceInfo]:
        found: dict[tuple[str, str, str, object], DeviceInfo] = {}
        for supervisor, infos in seen.items():
            for info in infos:
                # Empty devices of two modules have no name to tell them by.
                told = supervisor if not info.initialised else None
                found.setdefault((info.label, info.serial, info.model, told), info)
        return list(found.values())

    def _of(self, device: DeviceInfo) -> Supervisor:
        """The module that shows that device."""
        for each in self._supervisors:
            if device.module is not None and each.shows(device.module):
                return each
        return self._holding(device.label, device.serial)

    def _holding(self, label: str, serial: str) -> Supervisor:
        """The module that shows the device of that label and serial: as last seen, else after a look at all."""
        for each, infos in self._last.items():
            if any((info.label, info.serial) == (label, serial) for info in infos):
                return each
        same_label = False
        for each in self._supervisors:
            for info in self._present(each):
                if (info.label, info.serial) == (label, serial):
                    return each
                same_label = same_label or info.label == label
        if same_label:
            raise DeviceMismatch(f"The device present is not {label!r} (serial {serial}). Nothing was done.")
        failed = [state.said for state in self.modules() if state.said]
        reason = " ".join(failed) if failed else "Connect it and try again."
        raise DeviceUnavailable(f"The device {label!r} (serial {serial}) is not there. Nothing was done. {reason}")


class _NotSent(Exception):
    """The worker asks again, with another question: the PIN that came was not sent to the device."""


class StationKey:
    """A key in a device as a `SigningKey`. Safe for several threads; the device signs one at a time."""

    def __init__(
        self,
        station: Station,
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


def _value(answer: Message) -> Any:
    if "error" in answer:
        raise LEAVES.get(str(answer["error"]), DeviceUnavailable)(str(answer.get("said", "The driver refused.")))
    if "value" not in answer:
        raise DeviceUnavailable("The driver gave an answer that makes no sense. No value came out of it.")
    return answer["value"]


@contextmanager
def _sense() -> Iterator[None]:
    """A worker's answer has the shape that was agreed on, or is none."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DeviceUnavailable("The driver gave an answer that makes no sense. No value came out of it.") from None
