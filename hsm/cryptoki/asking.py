"""Calls to a worker that may need a person: at our own PIN question, or at the device's PIN pad."""

from contextlib import suppress
from typing import Any, Final

from hsm.cryptoki.answers import Message, sense, value_of
from hsm.cryptoki.desk import PinDesk
from hsm.cryptoki.info import DeviceInfo
from hsm.cryptoki.patience import PERSON_SECONDS
from hsm.cryptoki.presence import Found
from hsm.cryptoki.supervisor import Supervisor
from hsm.errors import DeviceUnavailable
from hsm.pin import Pin, PinSource

_QUESTIONS: Final = 2
"""The PIN, and once more if meanwhile it became the last try."""


class Asking:
    """Asks the worker, and whoever has the PIN. A PIN goes over that worker's pipe and nowhere else."""

    def __init__(self, desk: PinDesk, *, timeout: float) -> None:
        """:param timeout: seconds for a worker's answer while nobody is being asked."""
        self._desk = desk
        self._timeout = timeout

    def plainly(self, supervisor: Supervisor, call: Message) -> Any:
        """Make a call that needs nobody."""
        return value_of(supervisor.call({**call, "pin": None}, timeout=self._timeout))

    def with_source(self, found: Found, call: Message, source: PinSource, *, timeout: float = 0.0) -> Any:
        """Call without a PIN; if one is wanted, ask for it here and call again. One try: a refusal ends it.

        :param timeout: seconds, where the call takes longer than others.
        """
        supervisor, device = found
        seconds = self._seconds(device, timeout)
        bare = {**call, "pin": None}
        answer = self._sent(supervisor, bare, seconds)
        if "pin_for" not in answer:
            return value_of(answer)
        with self._desk.person():
            # Someone else may have logged in while this caller waited for the person.
            answer = self._sent(supervisor, bare, seconds)
            for _ in range(_QUESTIONS):
                if "pin_for" not in answer:
                    return value_of(answer)
                answer = self._with_pin(supervisor, call, answer, source, seconds)
        if "pin_for" in answer:
            raise DeviceUnavailable("The device asks for its PIN again and again. Nothing was done: try again.")
        return value_of(answer)

    def with_secrets(self, found: Found, call: Message, *, officer: Pin | None = None) -> Any:
        """Make a call that brings the PINs it needs; `officer` is the SO PIN among them."""
        supervisor, device = found
        typed_here = None if device.protected_path else officer
        with self._desk.person(), self._desk.refused.one_try(f"SO of {device.serial}", typed_here):
            answer = self._sent(supervisor, {**call, "pin": None}, self._seconds(device, 0.0))
            return value_of(answer)

    def _seconds(self, device: DeviceInfo, longer: float) -> float:
        """How long a worker may be silent: a person has time of its own only where the worker waits for one."""
        # THREAT: a driver that hangs, or a worker that was stopped, keeps the signer's window for minutes.
        # DEFENCE: a person's time counts in the worker's only at a PIN pad; our own question is asked between calls.
        # TEST: tests/hsm/cryptoki/test_worker.py::test_a_frozen_worker_is_given_up_in_time
        return max(self._timeout, longer) + (PERSON_SECONDS if device.protected_path else 0.0)

    @staticmethod
    def _sent(supervisor: Supervisor, message: Message, seconds: float) -> Message:
        """Send it once the calls before it are over: one of them may have a person at its PIN pad."""
        return supervisor.call(message, timeout=seconds, patience=PERSON_SECONDS + seconds)

    def _with_pin(
        self, supervisor: Supervisor, call: Message, answer: Message, source: PinSource, seconds: float
    ) -> Message:
        """Ask for the PIN that `answer` wants, and call again with it."""
        with sense():
            asked = answer["pin_for"]
            label, serial, last_try = str(asked["label"]), str(asked["serial"]), asked["last_try"] is True
        pin = source.pin(device_label=label, device_serial=serial, last_try=last_try)
        with suppress(_NotSent), self._desk.refused.one_try(serial, pin):
            brought = {"pin": pin.reveal(), "last_try": last_try}
            answer = self._sent(supervisor, {**call, "pin": brought}, seconds)
            if "pin_for" in answer:
                raise _NotSent
            value_of(answer)
        return answer


class _NotSent(Exception):
    """The worker asks again, with another question: the PIN that came was not sent to the device."""
