"""`khatam-agent doctor`: what stands between this PC and a signature, without a PIN and without signing."""

import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .config import AgentConfig, read_config
from .devices import open_devices, pin_state, plugged_in
from .errors import AgentCode, AgentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at."""

    name: str
    ok: bool
    said: str

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        return {"name": self.name, "ok": self.ok, "said": self.said}


def examine(path: Path) -> list[Finding]:
    """Look at configuration, anchor, spool, core dumps, service, driver and devices."""
    try:
        config = read_config(path)
    except AgentError as error:
        return [Finding(name="configuration", ok=False, said=str(error))]
    findings = [Finding(name="configuration", ok=True, said=f"{config.server} ({config.environment})")]
    looks = {"anchor": _anchor, "spool": _spool, "core dumps": _core_dumps, "service": _service, "devices": _devices}
    for name, look in looks.items():
        findings += _look(name, look, config)
    return findings


def _look(name: str, look: Callable[[AgentConfig], Iterator[str]], config: AgentConfig) -> list[Finding]:
    try:
        return [Finding(name=name, ok=True, said=said) for said in look(config)]
    except AgentError as error:
        return [Finding(name=name, ok=False, said=str(error))]
    except Exception as error:  # noqa: BLE001  # a doctor reports whatever it meets, and goes on
        return [Finding(name=name, ok=False, said=f"{type(error).__name__}")]


def _anchor(config: AgentConfig) -> Iterator[str]:
    anchor = config.anchor()
    ends = anchor.not_valid_after_utc
    if ends < datetime.now(UTC):
        raise AgentError(AgentCode.CONFIGURATION, what=f"the manifest anchor expired on {ends:%Y-%m-%d}")
    yield f"valid until {ends:%Y-%m-%d}"


def _spool(config: AgentConfig) -> Iterator[str]:
    left = list(config.spool.glob("*/value-*.json")) if config.spool.is_dir() else []
    yield f"{len(left)} signatures wait to be sent" if left else "nothing waits to be sent"


def _core_dumps(config: AgentConfig) -> Iterator[str]:
    del config
    yield "off" if resource.getrlimit(resource.RLIMIT_CORE) == (0, 0) else "on in this shell; the agent turns them off"


def _service(config: AgentConfig) -> Iterator[str]:
    import httpx2

    response = httpx2.get(f"{config.server}/healthz", timeout=10, trust_env=False)
    response.raise_for_status()
    yield "answers"


def _devices(config: AgentConfig) -> Iterator[str]:
    devices = open_devices(config)
    found = plugged_in(devices)
    if not found:
        yield "the driver loads; no device is plugged in"
    for device in found:
        count = len(devices.read_certificates(device))
        yield f"{device.label} ({device.serial}): {count} certificates; PIN {pin_state(device).value}"
