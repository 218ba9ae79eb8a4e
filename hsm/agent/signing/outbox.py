"""Values that leave the PC: posted from the spool, forgotten once the service has them or will never take them."""

from collections.abc import Callable

from hsm.agent.errors import AgentCode, AgentError
from hsm.agent.report import ItemState
from hsm.agent.service.refusals import VALUE_PROBLEMS, ends_the_list
from hsm.agent.service.server import OK, UNAUTHORIZED, Answer, failed
from hsm.agent.service.sitting import Sitting
from hsm.agent.spool import Spool, SpooledValue

from .course import Course

LAPSED_PROBLEMS = frozenset({"lease-lapsed", "item-not-prepared"})
RECEIPT_PROBLEM = "display-receipt-missing"
KEPT_STATES, REFUSED_STATE = frozenset({"kept", "signed"}), "refused"


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
        # DEFENCE: spooled through to the disk before it is posted, keyed alike on both sides, dropped only when the
        #   service acknowledges that very key or refuses the value for good.
        # TEST: tests/hsm/agent/signing/test_resumption.py::test_killed_between_signature_and_post
        answer = self._post(value)
        if answer.problem == RECEIPT_PROBLEM and self.send_receipt is not None:
            self.send_receipt()
            answer = self._post(value)
        if answer.status == UNAUTHORIZED:
            raise AgentError(AgentCode.SESSION_ENDED, problem=answer.problem)
        if answer.problem is None:
            return self._acknowledged(value, answer)
        if answer.problem in LAPSED_PROBLEMS or answer.problem == RECEIPT_PROBLEM:
            self._drop(value, ItemState.UNSIGNED, answer.problem)
            return False
        if answer.problem not in VALUE_PROBLEMS:
            raise failed(answer)
        return self._refused(value, answer)

    def _acknowledged(self, value: SpooledValue, answer: Answer) -> bool:
        """The service has this very value, by its key; or it stays."""
        state, said = answer.document.get("state"), answer.document
        is_of_this = (said.get("item"), said.get("attributes_sha256")) == (value.item, value.attributes_sha256)
        if answer.status != OK or not is_of_this or state not in (*KEPT_STATES, REFUSED_STATE):
            raise failed(answer)
        if state == REFUSED_STATE:  # stored, and given up before its time-stamp: rights ended meanwhile
            return self._refused(value, answer)
        self._drop(value, ItemState.KEPT)
        return True

    def _refused(self, value: SpooledValue, answer: Answer) -> bool:
        reason = answer.document.get("reason") if answer.problem in (None, "item-refused") else answer.problem
        self._drop(value, ItemState.REFUSED, str(reason or answer.problem or REFUSED_STATE))
        stopping = ends_the_list(answer.problem or "item-refused", answer.document)
        if stopping is not None:
            raise stopping
        return True

    def _drop(self, value: SpooledValue, state: ItemState, reason: str | None = None) -> None:
        self._spool.drop_value(value)
        self._course.mark(value.item, value.reference, state, reason)

    def _post(self, value: SpooledValue) -> Answer:
        return self._sitting.ask("POST", f"/v1/agent/items/{value.item}/value", json=value.body())
