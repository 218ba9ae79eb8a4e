"""What a worker answers, read by the station: a value, one of our errors, or nothing that makes sense."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hsm.cryptoki.leaves import LEAVES
from hsm.errors import DeviceUnavailable

Message = dict[str, Any]


def value_of(answer: Message) -> Any:
    """Return the value that came.

    :raise hsm.errors.HsmError: the error that came instead.
    """
    if "error" in answer:
        raise LEAVES.get(str(answer["error"]), DeviceUnavailable)(str(answer.get("said", "The driver refused.")))
    if "value" not in answer:
        raise DeviceUnavailable("The driver gave an answer that makes no sense. No value came out of it.")
    return answer["value"]


@contextmanager
def sense() -> Iterator[None]:
    """A worker's answer has the shape that was agreed on, or is none."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError):
        raise DeviceUnavailable("The driver gave an answer that makes no sense. No value came out of it.") from None
