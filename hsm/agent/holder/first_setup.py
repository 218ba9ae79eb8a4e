"""The first set-up of a PC: five lights, from the program itself to a test signature. Command and window show them.

The test signature is a message of its own purpose under the *authentication* key; it is sent nowhere. The signature
key signs nothing here. What this learns of it (whether it asks its PIN each time) is remembered for the first sitting.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from hsm.agent import VERSION
from hsm.agent.config import AgentConfig, read_config
from hsm.agent.devices import Devices, leave, open_devices, plugged_in, spoken
from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.memory import Memory
from hsm.keys import default_algorithm, verify
from hsm.pin import PinSource
from hsm.prepared.authentication import Purpose, authentication_message
from hsm.prepared.enrolment import KeyPurpose

from .device_consent import DeviceConsent
from .pair import HolderPair, held_certificates, pair_of
from .personalising import require_no_default, require_ready

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo


class LightName(StrEnum):
    """The five, in their order; each waits for the ones before."""

    AGENT = "agent"
    DRIVER = "driver"
    KEY = "key"
    CERTIFICATE = "certificate"
    TEST_SIGNATURE = "test-signature"


class LightState(StrEnum):
    """What a light shows."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    WAITING = "waiting"
    """For the lights before it, or for the device to be plugged in."""


class Remark(StrEnum):
    """What a light says that is lit, for the catalogue; its fields are in `Light.fields`."""

    PROGRAM = "program"
    """`environment`"""
    DRIVER = "driver"
    DRIVER_BROKEN = "driver-broken"
    """One of several; the others work."""
    KEY = "key"
    """`device`, and `pad`: the PIN is typed on its reader; so in the next two."""
    LAST_TRY = "last-try"
    WRONG_PIN = "wrong-pin"
    """A wrong PIN was entered since the last good one."""
    CERTIFICATE = "certificate"
    """`named`, `on`: its last day, ISO 8601."""
    SIGNED_ONCE = "signed-once"
    """It signed a test; the signature key asks its PIN once for a list."""
    SIGNED_EACH = "signed-each"
    """It signed a test; the signature key asks its PIN for each signature."""
    NO_TEST_KEY = "no-test-key"


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """One light. `said` is English; for the catalogue a lit one has `remark` and `fields`, another one its `error`."""

    name: LightName
    state: LightState
    said: str
    fix: str = ""
    error: AgentError | None = None
    remark: Remark | None = None
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def help_desk(self) -> str | None:
        """What to read out on the telephone."""
        return None if self.error is None else self.error.help_desk.value

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        code = None if self.error is None else self.error.code.value
        return {
            "name": self.name.value,
            "state": self.state.value,
            "said": self.said,
            "fix": self.fix,
            "code": code,
            "help_desk": self.help_desk,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lit:
    """What a step saw that ended well."""

    said: str
    remark: Remark
    state: LightState = LightState.OK
    fields: Mapping[str, object] = field(default_factory=dict)


FIXES: dict[AgentCode, str] = {
    AgentCode.CONFIGURATION: "Correct this PC's configuration, or install the package again.",
    AgentCode.DRIVER: "Install the driver that came with the device.",
    AgentCode.DRIVER_ARCHITECTURE: "Install the driver of the other kind (32 or 64 bits).",
    AgentCode.DEVICE_ABSENT: "Plug the device in.",
    AgentCode.SEVERAL_DEVICES: "Leave one device plugged in.",
    AgentCode.PIN_LOCKED: "Ask the officer of keys to have it unlocked.",
    AgentCode.PIN_TO_BE_CHANGED: "khatam-agent device pin --device LABEL",
    AgentCode.PIN_WRONG: "Try once more, slowly.",
    AgentCode.NO_CERTIFICATE: "Ask the officer of keys: the device is empty, or another's.",
    AgentCode.CERTIFICATE_EXPIRED: "Ask the officer of keys for a new certificate.",
    AgentCode.CONSENT: "Plug in your own device.",
}
_NOT_NOW = frozenset({AgentCode.CONSENT, AgentCode.PIN_LAST_TRY})
"""Who gives no PIN for the test now may do it later: nothing is wrong."""


@dataclass(slots=True, kw_only=True)
class FirstSetup:
    """One look at this PC. Every step keeps what the next one needs."""

    path: Path
    """The configuration file."""
    pins: PinSource
    consent: DeviceConsent
    now: Callable[[], datetime]
    open: Callable[[AgentConfig], Devices] = open_devices
    _config: AgentConfig | None = None
    _found: Devices | None = None
    present: Sequence[DeviceInfo] = ()
    """The devices that were plugged in when the third light was looked at."""
    device: DeviceInfo | None = None
    """The one that was found."""
    _pair: HolderPair | None = None

    def lights(self) -> Iterator[Light]:
        """The five lights, each as soon as it is known; after one that is not OK or WARN the others wait."""
        steps = {
            LightName.AGENT: self._agent,
            LightName.DRIVER: self._driver,
            LightName.KEY: self._key,
            LightName.CERTIFICATE: self._certificate,
            LightName.TEST_SIGNATURE: self._test_signature,
        }
        try:
            yield from self._lights(steps)
        finally:
            if callable(close := getattr(self._found, "close", None)):
                close()

    def _lights(self, steps: dict[LightName, Callable[[], _Lit]]) -> Iterator[Light]:
        stopped: LightName | None = None
        for name, step in steps.items():
            if stopped is None:
                light = self._light(name, step)
                stopped = name if light.state in (LightState.FAIL, LightState.WAITING) else None
                yield light
            else:
                yield Light(name=name, state=LightState.WAITING, said=f"It waits for the light {stopped.value!r}.")

    def _light(self, name: LightName, step: Callable[[], _Lit]) -> Light:
        try:
            with spoken():
                lit = step()
        except AgentError as error:
            waits = error.code is AgentCode.DEVICE_ABSENT or (
                name is LightName.TEST_SIGNATURE and error.code in _NOT_NOW
            )
            state = LightState.WAITING if waits else LightState.FAIL
            return Light(name=name, state=state, said=str(error), fix=FIXES.get(error.code, ""), error=error)
        return Light(name=name, state=lit.state, said=lit.said, remark=lit.remark, fields=lit.fields)

    def _agent(self) -> _Lit:
        self._config = config = read_config(self.path)
        ends = config.anchor().not_valid_after_utc
        if ends < self.now():
            raise AgentError(AgentCode.CONFIGURATION, what=f"the manifest anchor expired on {ends:%Y-%m-%d}")
        said = f"khatam-agent {VERSION}, for {config.server} ({config.environment})"
        return _Lit(said=said, remark=Remark.PROGRAM, fields={"environment": config.environment})

    def _driver(self) -> _Lit:
        assert self._config is not None
        self._found = self.open(self._config)
        modules = getattr(self._found, "modules", None)
        bad = [each.said for each in modules() if each.state != "ready"] if callable(modules) else []
        if bad:
            return _Lit(said=" ".join(bad), remark=Remark.DRIVER_BROKEN, state=LightState.WARN)
        names = ", ".join(path.name for path in self._config.modules)
        return _Lit(said=f"loaded: {names}", remark=Remark.DRIVER)

    def _key(self) -> _Lit:
        assert self._found is not None
        self.present = present = plugged_in(self._found)
        if not present:
            raise AgentError(AgentCode.DEVICE_ABSENT, wanted="yours")
        if len(present) > 1:
            raise AgentError(AgentCode.SEVERAL_DEVICES, count=len(present), label=present[0].label)
        self.device = device = present[0]
        require_ready(device, None)
        require_no_default(device)
        if device.pin_locked:
            raise AgentError(AgentCode.PIN_LOCKED)
        if device.pin_to_be_changed:
            raise AgentError(AgentCode.PIN_TO_BE_CHANGED)
        said = f"{device.label} ({device.model}, serial {device.serial})"
        fields = {"device": f"{device.label} ({device.serial})", "pad": device.protected_path}
        warn = LightState.WARN
        if device.pin_final_try:
            return _Lit(said=f"{said}: one PIN try is left", remark=Remark.LAST_TRY, state=warn, fields=fields)
        if device.pin_count_low:
            return _Lit(said=f"{said}: a wrong PIN was entered", remark=Remark.WRONG_PIN, state=warn, fields=fields)
        return _Lit(said=said, remark=Remark.KEY, fields=fields)

    def _certificate(self) -> _Lit:
        """There is one, it signs, it is valid now, and the person says that it is his."""
        assert self._found is not None
        assert self.device is not None
        held = held_certificates(self._found.read_certificates(self.device))
        signing = [each for each in held if each.purpose is KeyPurpose.SIGNATURE]
        if not signing:
            raise AgentError(AgentCode.NO_CERTIFICATE, device=self.device.label, wanted="yours")
        newest = max(signing, key=lambda each: each.certificate.not_valid_after_utc)
        ends = newest.certificate.not_valid_after_utc.date().isoformat()
        if (begins := newest.certificate.not_valid_before_utc) > self.now():
            raise AgentError(AgentCode.CERTIFICATE_NOT_YET, wanted=newest.named, on=begins.date().isoformat())
        if not newest.is_valid(self.now()):
            raise AgentError(AgentCode.CERTIFICATE_EXPIRED, wanted=newest.named, on=ends)
        self.consent.to_be_mine(newest.named)
        self._pair = pair_of(self.device, held, newest)
        fields = {"named": newest.named, "on": ends}
        return _Lit(said=f"{newest.named}, until {ends}", remark=Remark.CERTIFICATE, fields=fields)

    def _test_signature(self) -> _Lit:
        """Open the signature key to learn how it asks; sign with the authentication key alone."""
        # THREAT: a "test" makes the signature key sign something that its holder did not see.
        # DEFENCE: only the authentication key signs, a message of a purpose that no server accepts.
        # TEST: tests/hsm/agent/holder/test_first_setup.py::test_only_the_authentication_key_signs
        assert self._config is not None
        assert self._found is not None
        assert self._pair is not None
        device, pair = self._pair.device, self._pair
        try:
            opened = self._found.key(pair.signature.ref(device), self.pins)
            Memory(self._config.spool).learn(pair.signature.sha256, always_authenticate=opened.always_authenticate)
            if pair.authentication is None:
                said = "The PIN is right. The device has no key for tests; the first signature is one."
                return _Lit(said=said, remark=Remark.NO_TEST_KEY, state=LightState.WARN)
            key = self._found.key(pair.authentication.ref(device), self.pins)
            nonces = (secrets.token_urlsafe(32), secrets.token_urlsafe(32))
            message = authentication_message(Purpose.FIRST_SETUP, self._config.server, *nonces, self.now())
            algorithm = default_algorithm(key.public_key)
            verify(key.public_key, key.sign(message, algorithm), message, algorithm)
        except InvalidSignature as error:
            raise AgentError(AgentCode.VALUE, kept=0, count=0) from error
        finally:
            leave(self._found, device)
        asks = "each time" if opened.always_authenticate else "once for a list"
        remark = Remark.SIGNED_EACH if opened.always_authenticate else Remark.SIGNED_ONCE
        return _Lit(said=f"The device signed a test. Its signature key asks the PIN {asks}.", remark=remark)
