"""What the doctor may find: one table of sentences and remedies, for the terminal, the window and the telephone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hsm.agent.codes import HelpDesk


class Level(StrEnum):
    """How grave a finding is."""

    OK = "OK"
    WARN = "WARN"
    """Signing works, or will soon not."""
    FAIL = "FAIL"
    """Nothing can be signed on this PC until it is mended."""


FINDINGS: dict[str, tuple[str, str]] = {
    "configured": ("This PC signs for {server} ({environment}).", ""),
    "misconfigured": ("{what}", "Ask the help desk for this PC's configuration file, {path}."),
    "version": ("Agent {version}, Python {python}, {system}.", ""),
    "anchor-good": ("The list's anchor is valid until {until}.", ""),
    "anchor-unreadable": ("{path} cannot be read.", "Put the anchor that came with the installation's papers there."),
    "anchor-expired": ("The list's anchor expired on {until}.", "Ask the help desk for the new anchor file."),
    "anchor-ends": ("The list's anchor ends on {until}.", "Ask the help desk for the new anchor before that day."),
    "spool-empty": ("No signature waits to be sent.", ""),
    "spool-waits": ("{count} signatures wait to be sent.", "Open the same list again from the page: they are sent."),
    "spool-unsafe": ("{path} is not a folder of yours alone.", "Ask the help desk: others can read that folder."),
    "dumps-off": ("A crash writes no memory to disk.", ""),
    "dumps-shell": ("Core dumps are on here; the agent turns them off for itself.", ""),
    "dumps-kept": ("This system keeps the memory of crashed programs.", "Ask the help desk to turn that off."),
    "display-good": ("Documents are drawn by a process that is walled off: {walls}.", ""),
    "display-open": (
        "The process that draws documents lacks walls: {missing}.",
        "You can sign. Tell the help desk: this system does not give them.",
    ),
    "display-fails": ("Documents cannot be drawn ({what}).", "Ask the help desk to install the agent's package again."),
    "clock-right": ("The clock differs by {seconds} s from the service's.", ""),
    "clock-off": ("The clock differs by {seconds} s from the service's.", "Set the clock: date, hour and time zone."),
    "clock-unknown": ("The service told no time.", "Look at the clock yourself: date, hour and time zone."),
    "server-answers": ("{host} answers.", ""),
    "server-unknown": (
        "The name {host} is not found.",
        "Look whether this PC is on the internet: open any page. Then ask the help desk.",
    ),
    "server-unreachable": (
        "{host} does not answer.",
        "Look at the internet connection; a firewall may stop port {port}.",
    ),
    "server-untrusted": (
        "{host} does not prove who it is ({what}).",
        "Do not sign. Look at the clock first; then tell the help desk: something stands between.",
    ),
    "server-certificate-expired": (
        "The certificate of {host} has expired.",
        "Look at the clock; then tell the help desk.",
    ),
    "server-certificate-ends": (
        "The certificate of {host} ends on {until}.",
        "Tell the help desk; you can sign today.",
    ),
    "server-failed": ("{host} answers with an error ({status}).", "Wait some minutes, then tell the help desk."),
    "driver-ready": ("{path} works.", ""),
    "driver-missing": ("{said}", "Install the driver of your device, as its maker's paper says."),
    "driver-architecture": ("{said}", "Install the driver for this kind of program (usually the 64-bit one)."),
    "driver-not-pkcs11": ("{said}", "Ask the help desk: the configuration names a file that is no driver."),
    "driver-crashed": ("{said}", "Take the device out and put it in again; else install the driver anew."),
    "reader-ready": ("{count} readers, {cards} with a card.", ""),
    "reader-service": (
        "The smart-card service does not run.",
        "Start this PC again. On Windows the service is called Smart Card (SCardSvr), on Linux pcscd.",
    ),
    "reader-none": ("No reader or USB token is plugged in.", "Plug the USB token in, another USB port if need be."),
    "reader-empty": ("The reader {reader} is empty.", "Put the card in, chip first."),
    "reader-mute": ("The card in {reader} does not answer.", "Take it out, wipe the chip, put it in again."),
    "reader-unknown": ("It cannot be told whether there is a reader ({what}).", "Ask the help desk."),
    "device-good": ("{device}: its PIN is in order.", ""),
    "device-absent": ("No driver shows a device.", "Plug your device in and wait for its light."),
    "device-empty": ("An empty device is plugged in.", "It holds no key yet: your officer has it made ready."),
    "device-unreadable": ("{device} does not answer.", "Take it out, put it in again, and look again."),
    "pin-locked": ("{device} is locked.", "Ask your officer to have it unlocked. No document is lost."),
    "pin-to-be-changed": ("{device} still has its first PIN.", "Choose your own PIN: khatam-agent device pin."),
    "pin-never-set": ("{device} has no PIN yet.", "Ask your officer: the device is not ready."),
    "pin-last-try": ("{device}: one PIN try is left.", "Type slowly. If you are not sure, ask your officer first."),
    "pin-low": ("{device}: a wrong PIN was entered.", "Type slowly. The next right PIN mends it."),
    "certificate-good": ("{whose}: {kind} certificate, valid until {until} ({days} days).", ""),
    "certificate-ends": ("{whose}: {kind} certificate, {days} days left.", "Ask your officer for the next one now."),
    "certificate-expired": ("{whose}: {kind} certificate, expired on {until}.", "Ask your officer for a new one."),
    "certificate-early": ("{whose}: {kind} certificate, valid from {since}.", "Look at the clock; else wait."),
    "certificate-none": ("{device} holds no certificate.", "Ask your officer: the key is not finished."),
    "certificate-no-signature": (
        "{device} holds no signature certificate, only: {kind}.",
        "Plug in the device that your officer gave you for signing.",
    ),
    "certificate-unreadable": ("{device} holds a certificate that cannot be read.", "Ask the help desk."),
    "scheme-ours": ("khatam:// addresses open this agent.", ""),
    "scheme-none": ("Nothing opens khatam:// addresses.", "Install the agent's package again."),
    "scheme-other": ("khatam:// addresses open something else ({found}).", "Install the agent's package again."),
    "scheme-unknown": ("It cannot be told what opens khatam:// addresses ({what}).", "Try it from the page."),
    "not-looked": ("Not looked at: {what}.", "Run it again; if it stays, tell the help desk."),
}
"""By key: what is said, and what to do about it; empty where there is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at. `key` and `fields` are for a catalogue; `said` and `fix` are the English."""

    name: str
    level: Level
    key: str
    code: HelpDesk | None = None
    """For the help desk; every FAIL has one."""
    fields: Mapping[str, object] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What was found."""
        return FINDINGS[self.key][0].format_map(dict(self.fields))

    @property
    def fix(self) -> str:
        """What a person can do about it; empty when nothing needs doing."""
        return FINDINGS[self.key][1].format_map(dict(self.fields))

    def to_json(self) -> dict[str, object]:
        """JSON-safe."""
        code = None if self.code is None else self.code.value
        return {"name": self.name, "level": self.level.value, "code": code, "said": self.said, "fix": self.fix}


def good(name: str, key: str, **fields: object) -> Finding:
    """A finding that needs nothing."""
    return Finding(name=name, level=Level.OK, key=key, fields=fields)


def warn(name: str, key: str, code: HelpDesk | None, **fields: object) -> Finding:
    """A finding that does not stop a signature today."""
    return Finding(name=name, level=Level.WARN, key=key, code=code, fields=fields)


def fail(name: str, key: str, code: HelpDesk, **fields: object) -> Finding:
    """A finding that stops every signature."""
    return Finding(name=name, level=Level.FAIL, key=key, code=code, fields=fields)
