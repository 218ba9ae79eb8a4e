"""The course of a run: what is kept so far, who is told, and what is waited for."""

from collections.abc import Callable
from typing import TypeVar

from hsm.agent.consent import Interruption, InterruptionKind, Phase, Progress
from hsm.agent.errors import AgentError
from hsm.agent.report import ItemState, SigningReport
from hsm.agent.surroundings import Surroundings

from .waiting import KINDS, Probe

T = TypeVar("T")


class Course:
    """One run's report, and its line to the person. `mark` and `tell` are safe for the poster's thread too."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._is_left = False
        self.report = SigningReport()

    def tell(self, phase: Phase, *, item: str | None = None, pin_entry: int | None = None) -> None:
        """Tell where the run is."""
        report = self.report
        found = None if item is None else report.items[item]
        self._around.progress(
            Progress(phase=phase, done=report.kept, count=len(report.items), item=found, pin_entry=pin_entry)
        )

    def mark(self, item: str, reference: str, state: ItemState, reason: str | None = None) -> None:
        """Note a document's new state, and tell it."""
        self.report.mark(item, reference, state, reason)
        self.tell(Phase.SIGNING if state is ItemState.SPOOLED else Phase.SENDING, item=item)

    def persist(self, act: Callable[[], T], is_gone: Callable[[], bool]) -> T:
        """Do it, again after each interruption that somebody waited out.

        :param is_gone: whether what stopped it is gone; may take its time.
        :raise AgentError: nothing to wait for, or the person left.
        """
        while True:
            try:
                return act()
            except AgentError as error:
                self.wait(error, is_gone)

    def wait(self, error: AgentError, is_gone: Callable[[], bool]) -> None:
        """Let the person put it right; return to go on.

        :raise AgentError: this one, with what is kept by now, if it is nothing to wait for or he leaves.
        """
        error = self._recounted(error)
        kind = None if self._is_left else KINDS.get(error.code)
        # A PIN that nobody types would be the same again, and cost a second try.
        refused_in_file = kind is InterruptionKind.PIN_REFUSED and getattr(self._around.pins, "held", True)
        if kind is None or refused_in_file:
            raise error
        over = (lambda: True) if kind is InterruptionKind.PIN_REFUSED else Probe(is_gone)
        kept, count = self.report.kept, len(self.report.items)
        try:
            self._around.consent.to_wait(Interruption(kind=kind, error=error, kept=kept, count=count, over=over))
        except AgentError:
            self._is_left = True  # whoever catches this further out does not ask again
            raise

    def _recounted(self, error: AgentError) -> AgentError:
        """The same error with what is kept by now."""
        if "kept" not in error.fields:
            return error
        counts = {"kept": self.report.kept, "count": len(self.report.items)}
        fresh = AgentError(error.code, **(error.fields | counts))
        fresh.__cause__ = error.__cause__
        return fresh
