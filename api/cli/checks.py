"""The looks of `khatam doctor`. None changes anything but what a look itself leaves (a log line, a cache)."""

from __future__ import annotations

import contextlib
import ctypes
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import inspect, text

from .findings import Finding, fail, ok, warn

if TYPE_CHECKING:
    from api.settings import Settings
    from pki.records import Records

FREE_WARN, FREE_FAIL = 2 * 1024**3, 200 * 1024**2
CERTIFICATE_WARN = timedelta(days=60)
_STA_UNSYNC = 0x0040
_TIME_ERROR = 5


def folder(settings: Settings) -> Iterable[Finding]:
    """Owner-only where secrets lie."""
    loose = [
        str(path.relative_to(settings.data))
        for path in (settings.data, settings.secrets, *settings.secrets.rglob("*"))
        if path.stat().st_mode & 0o077
    ]
    if loose:
        yield fail("folder", f"readable by others: {', '.join(loose)}", f"chmod -R go-rwx {settings.data}")
    else:
        yield ok("folder", f"{settings.data}, {settings.environment.value}")


def release_key(settings: Settings) -> Iterable[Finding]:
    """The key that opens unlock secrets: there, owner-only, strong."""
    from api.release import ReleaseKey
    from api.settings import SettingsRefused

    path = settings.release_key
    fix = f"openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072 -out {path} && chmod 600 {path}; keep a copy."
    try:
        key = ReleaseKey.load(path)
    except SettingsRefused as refusal:
        yield fail("release key", str(refusal), f"chmod 600 {path}, or restore it from its copy.")
        return
    if key is None:
        yield fail("release key", "there is none: no device can be personalised or unlocked", fix)
    else:
        yield ok("release key", str(path))


def disk(settings: Settings) -> Iterable[Finding]:
    """Room for documents and records."""
    free = shutil.disk_usage(settings.data).free
    seen = f"{free / 1024**3:.1f} GiB free"
    if free < FREE_FAIL:
        yield fail("disk", seen, "Make room now: signatures cannot be stored on a full disk.")
    elif free < FREE_WARN:
        yield warn("disk", seen, "Make room soon.")
    else:
        yield ok("disk", seen)


def clock(settings: Settings) -> Iterable[Finding]:
    """Whether the kernel says that the clock is kept in step."""
    if settings.clock == "unguarded":
        yield warn("clock", "unguarded: time-stamps are worth nothing", "Production sets clock = guarded.")
        return
    # struct timex begins with modes; 208 bytes hold it on every Linux of ours.
    state = ctypes.CDLL(None).adjtimex(ctypes.byref(ctypes.create_string_buffer(256)))
    if state in {-1, _TIME_ERROR}:
        yield fail("clock", "not synchronised", "Start chrony or systemd-timesyncd; the time-stamp authority waits.")
    else:
        yield ok("clock", "synchronised, says the kernel")


def database(settings: Settings) -> Iterable[Finding]:
    """Reachable, and at the head of its history."""
    from api.migrations.history import revisions

    with opened_records(settings) as records:
        current, head = revisions(records)
        if current != head:
            yield fail("database", f"revision {current}, the program expects {head}", "Migrate it before serving.")
            return
        name = records.reading_engine.dialect.name
        if name == "sqlite":
            with records.reading() as session:
                said = session.scalar(text("PRAGMA quick_check"))
            if said != "ok":
                yield fail("database", f"SQLite says: {said}", "Stop the service and restore the last copy.")
                return
        yield ok("database", f"{name}, revision {current}")


def queue(settings: Settings) -> Iterable[Finding]:
    """Deferred work that waits or gave up."""
    with opened_records(settings) as records:
        engine = records.reading_engine
        schema = None if engine.dialect.name == "sqlite" else "dbos"
        if not inspect(engine).has_table("workflow_status", schema=schema):
            yield fail("queue", "its tables are missing", "Run `khatam init` again on a new folder.")
            return
        table = "workflow_status" if schema is None else "dbos.workflow_status"
        with records.reading() as session:
            rows = session.execute(text(f"SELECT status, count(*) FROM {table} GROUP BY status"))  # noqa: S608
            counts: dict[str, int] = {str(status): int(number) for status, number in rows}
    waiting, failed = counts.get("ENQUEUED", 0) + counts.get("PENDING", 0), counts.get("ERROR", 0)
    seen = f"{waiting} waiting, {counts.get('SUCCESS', 0)} done, {failed} given up"
    if failed:
        yield warn("queue", seen, "Read the log of the jobs process; sweeps enqueue again what is still to be done.")
    else:
        yield ok("queue", seen)


def books(settings: Settings) -> Iterable[Finding]:
    """Every balance of seats and purchases, recomputed from the entries of the ledger."""
    from pki.quota.differences import differences

    with opened_records(settings) as records, records.reading() as session:
        found = differences(session)
    if found:
        named = "; ".join(f"{each.what} stored {each.stored}, by its entries {each.recomputed}" for each in found[:5])
        more = f"; {len(found) - 5} more" if len(found) > 5 else ""  # noqa: PLR2004
        fix = "Something wrote past the service. Stop orders, keep `khatam quota export` and a copy of the database,"
        yield fail("books", f"they do not balance: {named}{more}", f"{fix} and compare with the last good copy.")
    else:
        yield ok("books", "every balance is what its entries say")


@contextlib.contextmanager
def opened_records(settings: Settings) -> Iterator[Records]:
    """The records, closed after the look."""
    from pki.records import Records

    records = Records.open(settings.database)
    try:
        yield records
    finally:
        records.close()


def devices(settings: Settings) -> Iterable[Finding]:
    """Each role's device and key, through the keys process when one runs, else in the module itself."""
    from api.ground import Closing, close_all, open_keyring
    from hsm.cryptoki.roles import KeysConfig
    from hsm.errors import HsmError

    if settings.keys_at == "software":
        yield warn("devices", "keys are in memory", "Fine for tests only: set keys_at = device.")
        return
    roles = KeysConfig.load(settings.keys_configuration).roles
    running = settings.keys_socket.exists()
    closing: Closing = []
    try:
        keyring = open_keyring(settings, closing, here=not running)
        for role, configured in roles.items():
            label = f"{configured.ref.device_label} ({configured.ref.device_serial})"
            try:
                key = keyring.key(role)
            except HsmError as error:
                yield fail(f"key {role}", str(error), f"Check the device {label} and its PIN file.")
            else:
                yield ok(f"key {role}", f"{label}, {key.algorithms[0].value}")
    finally:
        close_all(closing)


def certificates(settings: Settings) -> Iterable[Finding]:
    """When each of the service's own certificates ends."""
    from pki.ca.certificates import service_certificate
    from pki.ca.keyring import ISSUING, MANIFEST, OCSP, ROOT, SEAL, TSA

    at = datetime.now(UTC)
    with opened_records(settings) as records, records.reading() as session:
        for role in (ROOT, ISSUING, OCSP, TSA, MANIFEST, SEAL):
            found = service_certificate(session, role)
            if found is None:
                yield fail(f"certificate {role}", "there is none", "Run `khatam init` on a new folder.")
            elif found.not_after <= at:
                yield fail(f"certificate {role}", f"over since {found.not_after:%Y-%m-%d}", "Issue a new one now.")
            elif found.not_after <= at + CERTIFICATE_WARN:
                yield warn(f"certificate {role}", f"ends {found.not_after:%Y-%m-%d}", "Plan its successor.")
            else:
                yield ok(f"certificate {role}", f"until {found.not_after:%Y-%m-%d}")


def revocation_lists(settings: Settings) -> Iterable[Finding]:
    """Each issuer's newest list, and how long it still holds."""
    from pki.ca.issuers import issuers
    from pki.ca.tables import IssuerKind
    from pki.status.lists import latest_list

    at = datetime.now(UTC)
    with opened_records(settings) as records, records.reading() as session:
        for issuer in issuers(session):
            subject = f"revocation list of {issuer.name}"
            found, ours = latest_list(session, issuer.id), issuer.kind is IssuerKind.EMBEDDED
            fix = "See that the jobs process runs." if ours else "Give its newest list: POST /v1/issuers/…/crl."
            if found is None:
                yield (fail if ours else warn)(subject, "there is none", fix)
            elif found.next_update <= at:
                yield fail(subject, f"over since {found.next_update:%Y-%m-%d %H:%M} UTC", fix)
            elif found.next_update <= at + timedelta(hours=12):
                yield warn(subject, f"holds until {found.next_update:%Y-%m-%d %H:%M} UTC", fix)
            else:
                yield ok(subject, f"number {found.number}, until {found.next_update:%Y-%m-%d %H:%M} UTC")


def responders(settings: Settings) -> Iterable[Finding]:
    """A real OCSP question to the running responders, about our own time-stamp certificate."""
    import httpx2
    from cryptography import x509
    from cryptography.x509 import ocsp

    from pki.ca.certificates import service_certificate
    from pki.ca.issuers import issuer_by_id
    from pki.ca.keyring import TSA
    from pki.status.ocsp import build_ocsp_request

    with opened_records(settings) as records, records.reading() as session:
        own = service_certificate(session, TSA)
        if own is None:
            yield fail("responders", "there is nothing to ask about", "Run `khatam init` on a new folder.")
            return
        request = build_ocsp_request(x509.load_der_x509_certificate(own.der), issuer_by_id(session, own.issuer))
    url = f"http://{settings.responders_host}:{settings.responders_port}/ocsp"
    try:
        answer = httpx2.post(url, content=request, headers={"Content-Type": "application/ocsp-request"}, timeout=5)
    except httpx2.HTTPError as error:
        yield warn("responders", f"no answer at {url} ({type(error).__name__})", "Start them: khatam serve.")
        return
    said = ocsp.load_der_ocsp_response(answer.content) if answer.is_success else None
    if said is None or said.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        yield fail("responders", f"{url} answered {answer.status_code}", "See the log, and the keys above.")
    else:
        yield ok("responders", f"{url} says {said.certificate_status.name.lower()} of our own certificate")


def confinement(settings: Settings) -> Iterable[Finding]:
    """Which walls stand around the workers that read foreign files."""
    from dataclasses import asdict

    from api.workshop import Workshop

    del settings
    with Workshop(count=1) as workshop:
        walls = asdict(workshop.walls())
    missing = [name for name, stands in walls.items() if not stands]
    if missing:
        fix = "Allow unprivileged namespaces or run as a service unit with its own network."
        yield warn("confinement", f"this system does not allow: {', '.join(missing)}", fix)
    else:
        yield ok("confinement", ", ".join(walls))
