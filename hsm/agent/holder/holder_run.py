"""What a run has that a holder starts with a ticket of an order: its parts, its sitting, its report."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from hsm.agent.config import AgentConfig
from hsm.agent.devices import Devices
from hsm.agent.errors import AgentError
from hsm.agent.service.addresses import Ticket
from hsm.agent.surroundings import Surroundings, opened_devices
from hsm.prepared.enrolment import Road

from .device_consent import DeviceConsent
from .enrolment_sitting import EnrolmentReport, EnrolmentSitting, enrolment_sitting
from .typed_secrets import TypedSecrets


class HolderRun(ABC):
    """One run at one order of its road. What stops it is in the report; the same again is safe."""

    road: ClassVar[Road]

    def __init__(
        self,
        config: AgentConfig,
        ticket: Ticket,
        around: Surroundings,
        *,
        typed: TypedSecrets,
        consent: DeviceConsent,
        device: str = "",
    ) -> None:
        """:param device: its label; empty where the order tells which one is meant."""
        self._config = config
        self._ticket = ticket
        self._around = around
        self._typed = typed
        self._consent = consent
        self._label = device
        self.report = EnrolmentReport()

    def run(self) -> EnrolmentReport:
        """Redeem the ticket, open the devices, do it, report."""
        try:
            with (
                enrolment_sitting(self._config, self._ticket, self._around, self.road, self.report) as sitting,
                opened_devices(self._around) as devices,
            ):
                self._run(sitting, devices)
        except AgentError as error:
            self.report.error = error
        return self.report

    @abstractmethod
    def _run(self, sitting: EnrolmentSitting, devices: Devices) -> None:
        """What this road does.

        :raise AgentError: what stopped it.
        """
