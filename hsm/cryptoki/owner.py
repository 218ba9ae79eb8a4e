"""The one thread that may touch a PKCS#11 module.

python-pkcs11 calls C_Initialize(NULL), which promises the module a single thread, and releases the
interpreter's lock in every call: two threads on one module end in a crash or an endless spin. So every call
into a module is handed to its owner, one at a time, and the caller waits no longer than it said.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from hsm.errors import DeviceTimeout, DeviceUnavailable, HsmError

T = TypeVar("T")
Job = tuple[Future[Any], Callable[[], Any]]


class Owner:
    """Runs calls one after another on a thread of its own."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._closed = False
        # A daemon: a call that hangs inside a vendor's library must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name=f"owner of {name}", daemon=True)
        self._thread.start()

    def call(self, function: Callable[[], T], *, act: str, timeout: float) -> T:
        """Run `function` on the owner's thread and return its value.

        :param timeout: seconds, counted from now, waiting for earlier calls included.
        :raise DeviceTimeout: no answer in time. A call that had not begun never will; of one that had,
            the outcome is unknown, and what it returns later goes to nobody.
        :raise DeviceUnavailable: the owner was closed, or belongs to a process that forked.
        """
        if self._closed or not self._thread.is_alive():
            raise DeviceUnavailable(f"The PKCS#11 module is closed in this process. Nothing was done ({act}).")
        future: Future[T] = Future()
        self._jobs.put((future, function))
        try:
            return future.result(timeout)
        except FutureTimeout:
            if future.cancel():
                raise DeviceTimeout(
                    f"The device was busy for {timeout:g} s. This call never reached it, nothing was done ({act})."
                ) from None
            raise DeviceTimeout(
                f"The device gave no answer in {timeout:g} s ({act}). Whether it acted is unknown; "
                "no value came out of it."
            ) from None

    def close(self) -> None:
        """Take no more calls; those under way end on their own."""
        self._closed = True
        self._jobs.put(None)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, function = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                value = function()
            except BaseException as error:  # noqa: BLE001  (handed to the caller)
                future.set_exception(_bare(error))
            else:
                future.set_result(value)
            # Nothing of a finished call stays here until the next one comes: its locals may hold a PIN.
            del job, future, function


def _bare(error: BaseException) -> BaseException:
    """Cut what hangs on our own errors: frames of this thread, which hold PINs and live handles among their locals.

    Printing a handle would call into the module from whatever thread prints. Anything else is a bug of ours,
    and keeps its story.
    """
    if isinstance(error, HsmError):
        error.__context__ = error.__cause__ = None
        return error.with_traceback(None)
    return error
