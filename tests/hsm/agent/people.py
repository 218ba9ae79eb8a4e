"""People at the signer's PC: say yes, wait, stop, and keep what they were shown."""

from collections.abc import Callable

from hsm.agent.consent import Interruption, InterruptionKind, SigningRequest, Yes
from hsm.agent.unattended import Unattended


class Person(Unattended):
    """Says yes to `count` (None: all), mends what is interrupted by `mend`, stops when `stop` says so."""

    def __init__(
        self,
        *,
        count: int | None = None,
        mend: Callable[[Interruption], None] | None = None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self.count = count
        self.mend = mend
        self.stop = stop
        self.requests: list[SigningRequest] = []
        self.entries: list[int] = []
        self.interruptions: list[Interruption] = []

    def to_sign(self, request: SigningRequest) -> Yes:
        self.requests.append(request)
        count = len(request.documents)
        opened = frozenset({request.documents[0].id})
        return Yes(opened=opened, count=min(self.count or count, count), language="ar")

    def to_pin_entries(self, count: int) -> int:
        self.entries.append(count)
        return min(self.count or count, count)

    def to_wait(self, interruption: Interruption) -> None:
        self.interruptions.append(interruption)
        if self.mend is None:
            raise interruption.error
        self.mend(interruption)
        assert interruption.kind is not InterruptionKind.PIN_REFUSED or interruption.over()

    def stop_wanted(self) -> bool:
        return self.stop()
