"""Values that leave the PC: posted from the spool, forgotten once the service has them or will never take them."""

from collections.abc import Callable

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import ItemState
from hsm.agent.service.refusals import ends_the_list
from hsm.agent.service.server import UNAUTHORIZED, Answer
from hsm.agent.service.sitting import Sitting
from hsm.agent.spool import Spool, SpooledValue

from .course import Course

LAPSED_PROBLEMS = frozenset({"lease-lapsed", "item-not-prepared"})
RECEIPT_PROBLEM = "display-receipt-missing"


class Outbox:
    """The spool's way to the service."""

    def __init__(self, course: Course, sitting: Sitting, spool: Spool) -> None:
        self._course = course
        self._sitting = sitting
        self._spool = spool
        self.send_receipt: Callable[[], None] | None = None
        """Sends the display receipt of the list at hand once more; None while there is no list."""

    def keep(self, value: SpooledValue) -> None:
        """Write a value through to the disk, before anybody hears of it."""
        self._spool.put_value(value)
        self._course.mark(value.item, value.reference, ItemState.SPOOLED)

    def post_all(self) -> bool:
        """Post what is in the spool, oldest first. False: the list lapsed."""
        posted = [self.post(value) for value in self._spool.values()]
        return all(posted)

    def post(self, value: SpooledValue) -> bool:
        """Post a value. False: the list lapsed, what is left of it must be asked for again.

        :raise AgentError: `SERVER_UNREACHABLE`, `SERVER_FAILED`: it stays in the spool. Or what ends the whole list.
        """
        # THREAT: the PC stops between signature and acknowledgement: a value is lost, or signed for a second time.
        # DEFENCE: spooled through to the disk before it is posted, keyed alike on both sides, dropped when answered.
        # TEST: tests/hsm/agent/signing/test_resumption.py::test_killed_between_signature_and_post
        answer = self._post(value)
        if answer.problem == RECEIPT_PROBLEM and self.send_receipt is not None:
            self.send_receipt()
            answer = self._post(value)
        if answer.status == UNAUTHORIZED:
            raise AgentError(AgentCode.SESSION_ENDED, problem=answer.problem)
        self._spool.drop_value(value)
        if answer.problem is None:
            self._course.mark(value.item, value.reference, ItemState.KEPT)
            return True
        if answer.problem in LAPSED_PROBLEMS or answer.problem == RECEIPT_PROBLEM:
            self._course.mark(value.item, value.reference, ItemState.UNSIGNED, answer.problem)
            return False
        self._course.mark(value.item, value.reference, ItemState.REFUSED, _reason(answer))
        stopping = ends_the_list(answer.problem, answer.document)
        if stopping is not None:
            raise stopping
        return True

    def _post(self, value: SpooledValue) -> Answer:
        return self._sitting.ask("POST", f"/v1/agent/items/{value.item}/value", json=value.body())


def _reason(answer: Answer) -> str:
    """Why an item was refused, in the service's code."""
    reason = answer.document.get("reason") if answer.problem == "item-refused" else None
    return str(reason or answer.problem)
