"""Values on their way to the service while the device is at the next one."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Self

from hsm.agent.errors import AgentError
from hsm.agent.spool import SpooledValue

AHEAD = 4
"""Values, at most, that wait for the service while the device goes on: what a failure leaves in the spool."""


class Poster:
    """Posts spooled values in their order, on one thread. What it did not post stays in the spool."""

    def __init__(self, post: Callable[[SpooledValue], bool]) -> None:
        """:param post: False: the list lapsed, the others are sent but no new one should be signed."""
        self._post = post
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="poster")
        self._sent: deque[Future[bool]] = deque()
        self.lapsed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Post what waits all the same, if the service takes it: what stopped the device need not stop the line."""
        try:
            if kind is not None:
                with suppress(AgentError):
                    self.drain()
        finally:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def send(self, value: SpooledValue) -> None:
        """Hand over one value. Blocks while `AHEAD` are waiting.

        :raise AgentError: what posting an earlier one met.
        """
        self._sent.append(self._thread.submit(self._post, value))
        while self._sent and (self._sent[0].done() or len(self._sent) > AHEAD):
            self._settle()

    def drain(self) -> None:
        """Wait until all are posted.

        :raise AgentError: what posting one met; those behind it were not tried.
        """
        while self._sent:
            self._settle()

    def _settle(self) -> None:
        first = self._sent.popleft()
        try:
            self.lapsed = not first.result() or self.lapsed
        except BaseException:
            # Those behind would only meet the same; they stay in the spool, in their order.
            for each in self._sent:
                each.cancel()
            self._sent.clear()
            raise
