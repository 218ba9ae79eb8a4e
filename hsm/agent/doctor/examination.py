"""The connection doctor: what stands between this PC and a signature. It asks for no PIN and signs nothing."""

import os
import platform
import ssl
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from hsm.agent import VERSION
from hsm.agent.codes import HelpDesk
from hsm.agent.config import AgentConfig, read_config
from hsm.agent.errors import AgentError

from .connection import examine_server, trusted_authorities
from .devices import examine_certificates, examine_device
from .display import examine_display, standing_walls
from .findings import Finding, Level, fail, good, warn
from .readers import Reader, ServiceStopped, readers
from .url_scheme import is_ours, registered

if TYPE_CHECKING:
    from hsm.cryptoki.info import DeviceInfo
    from hsm.cryptoki.objects import StoredCertificate
    from hsm.cryptoki.standing import ModuleState

__all__ = ["Finding", "Instruments", "Level", "examine"]

ANCHOR_WARN = timedelta(days=30)
OTHERS = stat.S_IRWXG | stat.S_IRWXO
DRIVER_KEYS = {
    "missing": ("driver-missing", HelpDesk.DRIVER_MISSING),
    "wrong-architecture": ("driver-architecture", HelpDesk.DRIVER_ARCHITECTURE),
    "not-pkcs11": ("driver-not-pkcs11", HelpDesk.DRIVER_MISSING),
    "crashed": ("driver-crashed", HelpDesk.DRIVER_CRASHED),
    "hung": ("driver-crashed", HelpDesk.DRIVER_CRASHED),
}
READY = "ready"


class Drivers(Protocol):
    """What the doctor asks of `hsm.cryptoki.station.Station`."""

    def modules(self) -> Sequence["ModuleState"]: ...
    def devices(self) -> Sequence["DeviceInfo"]: ...
    def read_certificates(self, device: "DeviceInfo") -> Sequence["StoredCertificate"]: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...


def open_drivers(config: AgentConfig) -> Drivers:
    """The configured drivers, each in a process of its own."""
    from hsm.cryptoki.standing import ModulePath
    from hsm.cryptoki.station import Station

    paths = [
        ModulePath(path=path, softhsm_conf=config.softhsm_conf, environment=config.module_environment)
        for path in config.modules
    ]
    return Station(paths, timeout=15.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruments:
    """What the doctor looks with; tests replace each."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tls: Callable[[], ssl.SSLContext] = trusted_authorities
    drivers: Callable[[AgentConfig], Drivers] = open_drivers
    readers: Callable[[Mapping[str, str]], Sequence[Reader]] = readers
    scheme: Callable[[], str] = registered
    walls: Callable[[], Sequence[str] | None] = standing_walls


def examine(path: Path, instruments: Instruments | None = None) -> list[Finding]:
    """Look at everything, in the order in which faults cause one another.

    Blocks for as long as service and drivers take (half a minute at most, as a rule). Raises nothing: what cannot be
    looked at is a finding too.
    """
    with_ = instruments or Instruments()
    try:
        config = read_config(path)
    except AgentError as error:
        # What can be seen without a configuration is still looked at: the help desk needs it.
        found = [fail("configuration", "misconfigured", HelpDesk.CONFIGURATION, what=_bare(error), path=path)]
        return found + [each for name, look in _alone(with_).items() for each in _looked(name, look)]
    findings = [good("configuration", "configured", server=config.server, environment=config.environment)]
    for name, look in (_alone(with_) | _configured(config, with_)).items():
        findings += _looked(name, look)
    return findings


def _bare(error: AgentError) -> str:
    """The sentence's own part: what is wrong with the file."""
    return str(error.fields.get("what", error))


def _alone(with_: Instruments) -> dict[str, Callable[[], Iterator[Finding]]]:
    return {
        "version": _version,
        "core dumps": _core_dumps,
        "address": lambda: _scheme(with_),
        "display": lambda: examine_display(with_.walls),
    }


def _configured(config: AgentConfig, with_: Instruments) -> dict[str, Callable[[], Iterator[Finding]]]:
    return {
        "anchor": lambda: _anchor(config, with_.now()),
        "spool": lambda: _spool(config),
        "server": lambda: examine_server(config.server, tls=with_.tls, now=with_.now),
        "device": lambda: _devices(config, with_),
    }


def _looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """The findings of one look; a look that breaks is one itself, and the others go on."""
    try:
        yield from look()
    except Exception as error:  # noqa: BLE001  # its kind alone: the words of a foreign error could hold anything
        yield fail(name, "not-looked", HelpDesk.UNEXPECTED, what=type(error).__name__)


def _version() -> Iterator[Finding]:
    bits = "64-bit" if sys.maxsize > 2**32 else "32-bit"
    system = f"{platform.system()} {platform.release()}, {bits}"
    yield good("version", "version", version=VERSION, python=platform.python_version(), system=system)


def _core_dumps() -> Iterator[Finding]:
    if sys.platform == "win32":
        yield _windows_dumps()
        return
    import resource

    off = resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    key = "dumps-off" if off else "dumps-shell"
    yield good("core dumps", key) if off else warn("core dumps", key, HelpDesk.CORE_DUMPS)


def _windows_dumps() -> Finding:
    if sys.platform == "win32":  # for the type checker: winreg is not elsewhere
        import winreg

        try:
            key = r"SOFTWARE\Microsoft\Windows\Windows Error Reporting\LocalDumps"
            winreg.CloseKey(winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key))
        except FileNotFoundError:
            return good("core dumps", "dumps-off")
    return warn("core dumps", "dumps-kept", HelpDesk.CORE_DUMPS)


def _anchor(config: AgentConfig, now: datetime) -> Iterator[Finding]:
    try:
        anchor = config.anchor()
    except AgentError:
        yield fail("anchor", "anchor-unreadable", HelpDesk.MANIFEST_ANCHOR, path=config.manifest_anchor)
        return
    ends = anchor.not_valid_after_utc
    until = f"{ends:%Y-%m-%d}"
    if not anchor.not_valid_before_utc <= now <= ends:
        yield fail("anchor", "anchor-expired", HelpDesk.MANIFEST_ANCHOR, until=until)
    elif ends - now < ANCHOR_WARN:
        yield warn("anchor", "anchor-ends", HelpDesk.MANIFEST_ANCHOR, until=until)
    else:
        yield good("anchor", "anchor-good", until=until)


def _spool(config: AgentConfig) -> Iterator[Finding]:
    root = config.spool
    if root.is_symlink() or (root.exists() and not _is_own(root)):
        yield fail("spool", "spool-unsafe", HelpDesk.SPOOL, path=root)
        return
    count = len(list(root.glob("*/value-*.json"))) if root.is_dir() else 0
    yield warn("spool", "spool-waits", HelpDesk.SPOOL, count=count) if count else good("spool", "spool-empty")


def _is_own(folder: Path) -> bool:
    """Whether it is a folder of this user alone. Windows: the profile's folders are so by their place."""
    if sys.platform == "win32":
        return folder.is_dir()
    status = folder.stat()
    return folder.is_dir() and status.st_uid == os.geteuid() and not status.st_mode & OTHERS


def _scheme(with_: Instruments) -> Iterator[Finding]:
    try:
        found = with_.scheme()
    except OSError as error:
        yield warn("address", "scheme-unknown", HelpDesk.URL_SCHEME, what=str(error))
        return
    if is_ours(found):
        yield good("address", "scheme-ours")
    elif found:
        yield fail("address", "scheme-other", HelpDesk.URL_SCHEME, found=found)
    else:
        yield fail("address", "scheme-none", HelpDesk.URL_SCHEME)


def _devices(config: AgentConfig, with_: Instruments) -> Iterator[Finding]:
    """Drivers, readers, devices and certificates: how grave one is depends on whether another way works."""
    with with_.drivers(config) as drivers:
        present = drivers.devices()
        states = drivers.modules()
        usable = [device for device in present if device.initialised]
        yield from _drivers(states)
        yield from _readers(config, with_, needed=not usable)
        if not present:
            yield fail("device", "device-absent", HelpDesk.DEVICE_ABSENT)
        for device in present:
            yield examine_device(device)
        yield from examine_certificates(drivers, usable, with_.now())


def _drivers(states: Sequence["ModuleState"]) -> Iterator[Finding]:
    another = any(state.state.value == READY for state in states)
    for state in states:
        if state.state.value == READY:
            yield good("driver", "driver-ready", path=state.path)
            continue
        key, code = DRIVER_KEYS[state.state.value]
        graveness = warn if another else fail
        yield graveness("driver", key, code, path=state.path, said=state.said)


def _readers(config: AgentConfig, with_: Instruments, *, needed: bool) -> Iterator[Finding]:
    """Readers are a failure only where no device is seen: a device may be no card at all."""
    graveness = fail if needed else warn
    try:
        found = with_.readers(config.module_environment)
    except ServiceStopped:
        yield graveness("reader", "reader-service", HelpDesk.READER)
        return
    except OSError as error:
        yield graveness("reader", "reader-unknown", HelpDesk.READER, what=str(error))
        return
    if not found:
        yield graveness("reader", "reader-none", HelpDesk.READER)
        return
    yield good("reader", "reader-ready", count=len(found), cards=sum(each.card for each in found))
    no_card = not any(each.card for each in found)
    for each in found:
        if each.mute:
            yield graveness("reader", "reader-mute", HelpDesk.DEVICE_FAILED, reader=each.name)
        elif no_card:
            yield graveness("reader", "reader-empty", HelpDesk.DEVICE_ABSENT, reader=each.name)
