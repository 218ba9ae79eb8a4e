"""The per-machine configuration: which server, which anchor, which drivers. It is the PC owner's word, not a page's.

```toml
server = "https://signature.example.ma"   # origin, without a path; plain http only to loopback in a rehearsal
environment = "production"                # or "rehearsal"
manifest_anchor = "/etc/khatam/manifest-anchor.pem"
modules = ["/usr/lib/libeToken.so", "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so"]
# All that follows is optional.
spool = "~/.local/state/khatam"           # unsent signatures; one folder a user (~ is his), owner-only
requester = "Rokhas.ma"                   # who asks, in the words of the window; else the server's host
help_phone = "+212 5 37 00 00 00"
language = "ar"                           # or "fr", "en": the window's first language
pin_documents = 200                       # one PIN of an ordinary key serves so many signatures at most,
pin_minutes = 30                          # and so many minutes; then it is asked again
held_pin_policy = "…"                     # the document that allows to hold the PIN of a PIN-always key
station = "holder"                        # or "officer": there no holder's device is made in production, but by
station_approval = "…"                    # the document that allows it
management_keys_changed_by = "…"          # who replaced PIV cards' management keys and PUKs, and the document
softhsm_conf = "…"                        # SoftHSM's own configuration file
[module_environment]                      # what the drivers need to find in their environment
OPENSC_CONF = "/etc/khatam/opensc.conf"
```
"""

import ipaddress
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from .config_path import DEFAULT_SPOOL
from .errors import AgentCode, AgentError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

TEXTS = frozenset({"server", "environment", "manifest_anchor"})
OPTIONAL_TEXTS = frozenset({"spool", "softhsm_conf", "held_pin_policy", "requester", "help_phone", "language"}) | {
    *("station", "station_approval", "management_keys_changed_by")
}
CAPS = {"pin_documents": (200, 500), "pin_minutes": (30, 480)}
"""Default and most of each cap; the least is 1."""
LANGUAGES = ("ar", "fr", "en")
STATIONS = ("holder", "officer")
MAX_MODULES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """The configuration, checked."""

    server: str
    environment: str
    manifest_anchor: Path
    modules: tuple[Path, ...]
    spool: Path
    softhsm_conf: Path | None = None
    module_environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    requester: str | None = None
    help_phone: str | None = None
    language: str | None = None
    pin_documents: int = CAPS["pin_documents"][0]
    """Signatures, at most, for one PIN of an ordinary key."""
    pin_minutes: int = CAPS["pin_minutes"][0]
    """Minutes, at most, for one PIN of an ordinary key."""
    held_pin_policy: str | None = None
    station: str = "holder"
    station_approval: str | None = None
    management_keys_changed_by: str | None = None
    """Who vouches for PIV cards, whose driver shows nothing of them; needed where one is enrolled or presented."""

    def anchor(self) -> "Certificate":
        """Load the manifest anchor."""
        from cryptography.x509 import load_pem_x509_certificate

        try:
            return load_pem_x509_certificate(self.manifest_anchor.read_bytes())
        except (OSError, ValueError) as error:
            raise _wrong(f"the manifest anchor {self.manifest_anchor} cannot be read") from error


def _wrong(what: str) -> AgentError:
    return AgentError(AgentCode.CONFIGURATION, what=what)


def read_config(path: Path) -> AgentConfig:
    """Read and check a configuration file.

    :raise AgentError: unreadable, a field missing or unknown, a server that this agent may not talk to.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _wrong(f"{path} cannot be read") from error
    _require_names(path, given)
    texts: dict[str, str | None] = {name: _text(path, given, name) for name in TEXTS | OPTIONAL_TEXTS}
    server, environment = str(texts["server"]), str(texts["environment"])
    if environment not in ("rehearsal", "production"):
        raise _wrong("environment is rehearsal or production")
    if texts["language"] not in (None, *LANGUAGES):
        raise _wrong(f"language is one of {', '.join(LANGUAGES)}")
    if texts["station"] not in (None, *STATIONS):
        raise _wrong(f"station is one of {', '.join(STATIONS)}")
    require_server(server, environment)
    return AgentConfig(
        server=server,
        environment=environment,
        manifest_anchor=Path(str(texts["manifest_anchor"])),
        modules=_modules(path, given["modules"]),
        spool=_at_home(texts["spool"]),
        softhsm_conf=None if texts["softhsm_conf"] is None else Path(texts["softhsm_conf"]),
        module_environment=_variables(path, given.get("module_environment", {})),
        requester=texts["requester"],
        help_phone=texts["help_phone"],
        language=texts["language"],
        pin_documents=_cap(path, given, "pin_documents"),
        pin_minutes=_cap(path, given, "pin_minutes"),
        held_pin_policy=texts["held_pin_policy"],
        station=texts["station"] or "holder",
        station_approval=texts["station_approval"],
        management_keys_changed_by=texts["management_keys_changed_by"],
    )


def _require_names(path: Path, given: dict[str, Any]) -> None:
    required = TEXTS | {"modules"}
    if missing := required - given.keys():
        raise _wrong(f"{path} lacks {', '.join(sorted(missing))}")
    if unknown := given.keys() - required - OPTIONAL_TEXTS - CAPS.keys() - {"module_environment"}:
        raise _wrong(f"{path} has the unknown {', '.join(sorted(unknown))}")


def _text(path: Path, given: dict[str, Any], name: str) -> str | None:
    value = given.get(name)
    if value is not None and not (isinstance(value, str) and value):
        raise _wrong(f"{path}: {name} is not a text")
    return value


def _modules(path: Path, value: object) -> tuple[Path, ...]:
    modules = value if isinstance(value, list) else []
    if not 1 <= len(modules) <= MAX_MODULES or not all(isinstance(each, str) and each for each in modules):
        raise _wrong(f"{path}: modules is a list of 1 to {MAX_MODULES} paths")
    if len(set(modules)) != len(modules):
        raise _wrong(f"{path}: modules names one twice")
    return tuple(Path(each) for each in modules)


def _variables(path: Path, value: object) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise _wrong(f"{path}: module_environment is a table of texts")
    return MappingProxyType(value)


def _cap(path: Path, given: dict[str, Any], name: str) -> int:
    default, most = CAPS[name]
    value = given.get(name, default)
    if type(value) is not int or not 1 <= value <= most:
        raise _wrong(f"{path}: {name} is a number from 1 to {most}")
    return value


def _at_home(spool: str | None) -> Path:
    path = DEFAULT_SPOOL if spool is None else Path(spool)
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise _wrong("spool: this user has no home folder") from error


def require_server(server: str, environment: str) -> None:
    """Refuse a server that is not an https origin, loopback in a rehearsal apart.

    :raise AgentError: with the reason.
    """
    # THREAT: what is to be signed, or a ticket, travels where anyone can read and change it.
    # DEFENCE: TLS always; plain http only to this very machine, and only in a rehearsal.
    # TEST: tests/hsm/agent/test_config.py::test_plain_http_is_for_loopback_in_rehearsal
    parts = urlsplit(server)
    if parts.path or parts.query or parts.fragment or parts.username or not parts.hostname:
        raise _wrong("server is an origin, such as https://signature.example.ma")
    if parts.scheme == "https":
        return
    if parts.scheme != "http" or environment != "rehearsal" or not _is_loopback(parts.hostname):
        raise _wrong("server must be reached by https (plain http only to loopback, in a rehearsal)")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
