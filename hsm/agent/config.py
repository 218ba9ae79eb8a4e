"""The per-machine configuration: which server, which anchor, which driver. It is the PC owner's word, not a page's.

```toml
server = "https://signature.example.ma"   # origin, without a path; plain http only to loopback in a rehearsal
environment = "production"                # or "rehearsal"
manifest_anchor = "/etc/khatam/manifest-anchor.pem"
module = "/usr/lib/softhsm/libsofthsm2.so"
spool = "/home/me/.local/state/khatam"    # unsent signatures; owner-only
softhsm_conf = "…"                        # optional: SoftHSM's own configuration file
held_pin_policy = "…"                     # optional: the document that allows to hold the PIN of a PIN-always key
```
"""

import ipaddress
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import AgentCode, AgentError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

REQUIRED = frozenset({"server", "environment", "manifest_anchor", "module", "spool"})
OPTIONAL = frozenset({"softhsm_conf", "held_pin_policy"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentConfig:
    """The configuration, checked."""

    server: str
    environment: str
    manifest_anchor: Path
    module: Path
    spool: Path
    softhsm_conf: Path | None = None
    held_pin_policy: str | None = None

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
    if missing := REQUIRED - given.keys():
        raise _wrong(f"{path} lacks {', '.join(sorted(missing))}")
    if unknown := given.keys() - REQUIRED - OPTIONAL:
        raise _wrong(f"{path} has the unknown {', '.join(sorted(unknown))}")
    if not all(isinstance(value, str) and value for value in given.values()):
        raise _wrong(f"{path} has a value that is not a text")
    if given["environment"] not in ("rehearsal", "production"):
        raise _wrong("environment is rehearsal or production")
    require_server(given["server"], given["environment"])
    softhsm = given.get("softhsm_conf")
    return AgentConfig(
        server=given["server"],
        environment=given["environment"],
        manifest_anchor=Path(given["manifest_anchor"]),
        module=Path(given["module"]),
        spool=Path(given["spool"]),
        softhsm_conf=None if softhsm is None else Path(softhsm),
        held_pin_policy=given.get("held_pin_policy"),
    )


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
