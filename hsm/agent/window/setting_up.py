"""The first set-up behind its page: the lights, the PIN that is chosen on the way, and what is plugged in meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from hsm.agent.config import AgentConfig, read_config
from hsm.agent.devices import Devices, open_devices, plugged_in, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.holder.first_setup import FirstSetup, Light, LightName, LightState
from hsm.agent.holder.pin_change import change_pin, first_pin
from hsm.agent.holder.pin_rules import PinRules
from hsm.agent.holder.typed_secrets import JustTyped
from hsm.agent.presence import EVERY_SECONDS, watched, watching
from hsm.pin import Pin, PinSource

from .questions import NewPin
from .setup_bridge import SetupBridge, Wish

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo

FIRST_PIN = frozenset({AgentCode.PIN_TO_BE_CHANGED, AgentCode.PIN_UNSET})
"""The third light goes on once the holder chose his own PIN."""
ANEW = frozenset(
    {AgentCode.PIN_WRONG, AgentCode.UNLOCK_REFUSED, AgentCode.PIN_RULE, AgentCode.PIN_LAST_TRY, AgentCode.DEVICE}
)
"""Said on the form, to be filled in once more: by the holder, or not at all."""
SEEN_BY_LIGHT = frozenset(
    {AgentCode.DEVICE_REMOVED, AgentCode.DEVICE_ABSENT, AgentCode.SEVERAL_DEVICES, AgentCode.PIN_LOCKED}
)
"""What ends the form and is what the lights say."""
OF_DEVICES = frozenset({LightName.KEY, LightName.CERTIFICATE, LightName.TEST_SIGNATURE})


class SettingUp:
    """One window's set-up. `run` blocks until the window leaves, and raises nothing."""

    def __init__(
        self,
        path: Path,
        bridge: SetupBridge,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        open: Callable[[AgentConfig], Devices] = open_devices,  # noqa: A002  (as the engine's own)
        every: float = EVERY_SECONDS,
    ) -> None:
        """:param path: the configuration file."""
        self._path = path
        self._bridge = bridge
        self._now = now
        self._open = open
        self._every = every
        self._stopped: Light | None = None
        self._seen: frozenset[tuple[str, str]] = frozenset()

    def run(self) -> None:
        """Look, rest, do what is wished, look again."""
        wish = Wish.LOOK
        while wish is not Wish.LEAVE:
            error = None
            try:
                self._act(wish)
            except AgentError as stopped:
                error = stopped
            except Exception as broken:  # noqa: BLE001  (its kind alone: its words could hold anything)
                error = AgentError(AgentCode.UNEXPECTED, kind=type(broken).__name__, kept=0, count=0)
            self._bridge.forget_wishes()
            self._bridge.rested.emit(error)
            wish = self._rest()

    def _act(self, wish: Wish) -> None:
        pins: PinSource = self._bridge
        is_own = wish is Wish.LOOK
        while True:
            try:
                pins = pins if is_own else self._own_pin()
            except AgentError as error:
                if error.code not in SEEN_BY_LIGHT:
                    raise
            self._look(pins)
            stopped = self._stopped
            if stopped is None or stopped.error is None or stopped.error.code not in FIRST_PIN:
                return
            pins, is_own = self._bridge, False

    def _look(self, pins: PinSource) -> None:
        """All five, each told as soon as it is known."""
        self._bridge.looking.emit()
        opened: list[Devices] = []

        def keep(config: AgentConfig) -> Devices:
            opened.append(self._open(config))
            return opened[0]

        self._stopped = None
        first = FirstSetup(path=self._path, pins=pins, consent=self._bridge, now=self._now, open=keep)
        with ExitStack() as meanwhile:
            for light in first.lights():
                lit = light.state in (LightState.OK, LightState.WARN)
                self._stopped = self._stopped or (None if lit else light)
                if lit and light.name is LightName.KEY and first.device is not None:
                    present = meanwhile.enter_context(watched(opened[0], first.device, every=self._every))
                    meanwhile.enter_context(self._bridge.beside(present))
                self._bridge.lit.emit(light)
        self._seen = _named(first.present)

    def _own_pin(self) -> PinSource:
        """The PIN changed by the form; then the source that gives the new one once.

        :raise AgentError: `CONSENT`, or what makes another try of no use.
        """
        # THREAT: a program that tries the typed PIN again, or sends a new one that the device refuses, locks the key.
        # DEFENCE: each form is one try; what was refused is said on the next one, which its reader fills in or leaves.
        # TEST: tests/hsm/agent/window/test_pin_change_page.py::test_a_wrong_present_pin_is_tried_once_and_said
        refused: AgentError | None = None
        with self._opened() as devices:
            while True:
                device = _the_one(devices)
                with watched(devices, device, every=self._every) as present, self._bridge.beside(present):
                    typed = self._bridge.new_pin(device, refused)
                try:
                    with spoken():
                        return self._change(devices, device, typed)
                except AgentError as error:
                    if error.code not in ANEW:
                        raise
                    refused = error
                del typed

    def _change(self, devices: Devices, device: DeviceInfo, typed: NewPin) -> PinSource:
        change = change_pin if device.pin_set else first_pin
        new = change(devices, device, _Form(typed), self._bridge)
        if new is None or device.protected_path:
            return self._bridge
        return JustTyped(new, device.label, self._bridge)

    def _rest(self) -> Wish:
        """Until a wish comes; plugging in or pulling out is one while a light waits for it."""
        if self._stopped is None or self._stopped.name not in OF_DEVICES:
            return self._bridge.await_wish()

        def changed(found: list[DeviceInfo]) -> None:
            if _named(each for each in found if each.initialised) != self._seen:
                self._bridge.want(Wish.LOOK)

        try:
            with self._opened() as devices, watching(devices, changed, every=self._every):
                return self._bridge.await_wish()
        except AgentError:
            return self._bridge.await_wish()

    @contextmanager
    def _opened(self) -> Iterator[Devices]:
        devices = self._open(read_config(self._path))
        try:
            yield devices
        finally:
            if callable(close := getattr(devices, "close", None)):
                close()


class _Form:
    """What one form gave, for one call into the device. At a PIN pad it is typed there, and this is of no use."""

    def __init__(self, typed: NewPin) -> None:
        self._typed = typed

    def present_pin(self, device: str) -> Pin:
        del device
        return self._typed.present or Pin("typed on the pad")

    def new_pin(self, device: str, rules: PinRules, *, before: Pin | None = None) -> Pin:
        if self._typed.new is None:
            return Pin("typed on the pad!")
        del device
        rules.require(self._typed.new, before=before)
        return self._typed.new

    def earlier_pin(self, device: str) -> Pin:
        return self.present_pin(device)

    def unlock_secret(self, device: str, *, twice: bool = False) -> Pin:
        del twice
        return self.present_pin(device)


def _the_one(devices: Devices) -> DeviceInfo:
    """The only device that is plugged in.

    :raise AgentError: `DEVICE_ABSENT`, `SEVERAL_DEVICES`, `PIN_LOCKED`.
    """
    present = plugged_in(devices)
    if not present:
        raise AgentError(AgentCode.DEVICE_ABSENT, wanted="yours")
    if len(present) > 1:
        raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(present), label=present[0].label)
    if present[0].pin_locked:
        raise AgentError(AgentCode.PIN_LOCKED)
    return present[0]


def _named(devices: Iterable[DeviceInfo]) -> frozenset[tuple[str, str]]:
    return frozenset((each.label, each.serial) for each in devices)
