"""The road to the service, step by step: name, TCP, TLS, HTTP, clock; so that each fault has its own name."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from hsm.agent.codes import HelpDesk

from .findings import Finding, fail, good, warn

SECONDS = 8.0
CLOCK_WARN, CLOCK_FAIL = timedelta(seconds=30), timedelta(minutes=2)
"""More than the first is a warning; the second or more fails: manifests and proofs of possession are minutes long."""
CERTIFICATE_WARN = timedelta(days=14)
EXPIRED = 10
"""X509_V_ERR_CERT_HAS_EXPIRED."""
HTTP_OK = 200
NAME = "server"


def trusted_authorities() -> ssl.SSLContext:
    """What the agent's own client trusts: this system's authorities, no variable of the environment."""
    import httpx2

    return httpx2.create_ssl_context(trust_env=False)


def examine_server(
    origin: str,
    *,
    tls: Callable[[], ssl.SSLContext] = trusted_authorities,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Finding]:
    """Findings "server" and, once it answered, "clock". Sends one GET without any credential.

    :param origin: checked by the configuration: https, or http to loopback.
    """
    parts = urlsplit(origin)
    host, secure = str(parts.hostname), parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        yield fail(NAME, "server-unknown", HelpDesk.SERVER_UNREACHABLE, host=host)
        return
    try:
        if secure:
            yield from _certificate(host, port, tls(), now())
    except ssl.SSLCertVerificationError as error:
        yield _untrusted(host, error)
        return
    except OSError:
        yield fail(NAME, "server-unreachable", HelpDesk.SERVER_UNREACHABLE, host=host, port=port)
        return
    yield from _answer(origin, host, port, tls if secure else None, now)


def _untrusted(host: str, error: ssl.SSLCertVerificationError) -> Finding:
    if error.verify_code == EXPIRED:
        return fail(NAME, "server-certificate-expired", HelpDesk.SERVER_UNREACHABLE, host=host)
    what = error.verify_message or "its certificate is not trusted"
    return fail(NAME, "server-untrusted", HelpDesk.SERVER_UNREACHABLE, host=host, what=what)


def _certificate(host: str, port: int, context: ssl.SSLContext, now: datetime) -> Iterator[Finding]:
    """A handshake; a word when the server's certificate ends soon.

    :raise OSError: no connection; `ssl.SSLCertVerificationError`: not trusted.
    """
    with (
        closing(socket.create_connection((host, port), timeout=SECONDS)) as plain,
        closing(context.wrap_socket(plain, server_hostname=host)) as secured,
    ):
        presented: Any = secured.getpeercert()
    until = datetime.fromtimestamp(ssl.cert_time_to_seconds(presented["notAfter"]), UTC)
    if until - now < CERTIFICATE_WARN:
        yield warn(NAME, "server-certificate-ends", HelpDesk.SERVER_UNREACHABLE, host=host, until=f"{until:%Y-%m-%d}")


def _answer(
    origin: str,
    host: str,
    port: int,
    tls: Callable[[], ssl.SSLContext] | None,
    now: Callable[[], datetime],
) -> Iterator[Finding]:
    import httpx2

    asked = now()
    try:
        client = httpx2.Client(verify=tls() if tls else True, timeout=SECONDS, trust_env=False, follow_redirects=False)
        with client:
            response = client.get(f"{origin}/healthz")
    except httpx2.HTTPError:
        yield fail(NAME, "server-unreachable", HelpDesk.SERVER_UNREACHABLE, host=host, port=port)
        return
    if response.status_code == HTTP_OK:
        yield good(NAME, "server-answers", host=host)
    else:
        yield fail(NAME, "server-failed", HelpDesk.SERVER_FAILED, host=host, status=response.status_code)
    yield _clock(response.headers.get("date", ""), asked, now())


def _clock(date: str, asked: datetime, answered: datetime) -> Finding:
    """The service's clock (whole seconds) against the middle of the question."""
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return warn("clock", "clock-unknown", HelpDesk.CLOCK)
    # A Date header is cut to the second: half a second is the best guess of what was cut.
    difference = abs(theirs + timedelta(seconds=0.5) - (asked + (answered - asked) / 2))
    seconds = int(difference.total_seconds())
    if difference >= CLOCK_FAIL:
        return fail("clock", "clock-off", HelpDesk.CLOCK, seconds=seconds)
    if difference > CLOCK_WARN:
        return warn("clock", "clock-off", HelpDesk.CLOCK, seconds=seconds)
    return good("clock", "clock-right", seconds=seconds)
