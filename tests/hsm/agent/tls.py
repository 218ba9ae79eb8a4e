"""A service over TLS on loopback, with whatever certificate a test gives it; it tells what it heard."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.hsm.prepared.authority import name

SESSION = {"access_token": "token", "token_type": "DPoP", "kind": "ceremony", "subject": "of a false server"}


@dataclass(slots=True)
class Service:
    """A served /healthz that tells what the test wants; whoever posts gets a session."""

    status: int = 200
    ahead: timedelta = timedelta()
    port: int = 0
    heard: list[bytes] = field(default_factory=list)
    """The first line of each request, and the body of each post."""

    @contextmanager
    def served(self, tls: ssl.SSLContext | None = None) -> Iterator[str]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.heard.append(self.requestline.encode())
                self.send_response_only(service.status)
                self.send_header("Date", format_datetime(datetime.now(UTC) + service.ahead, usegmt=True))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                service.heard += [self.requestline.encode(), self.rfile.read(int(self.headers["Content-Length"]))]
                content = json.dumps(SESSION).encode()
                self.send_response_only(201)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                pass  # a client that refuses our certificate goes away: that is the test

        with Quiet(("127.0.0.1", 0), Handler) as server:
            if tls is not None:
                server.socket = tls.wrap_socket(server.socket, server_side=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            self.port = server.server_port
            try:
                yield f"{'http' if tls is None else 'https'}://127.0.0.1:{self.port}"
            finally:
                server.shutdown()
                thread.join()


def tls_sides(folder: Path, until: datetime, *, address: str = "127.0.0.1") -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side with a certificate of that address that ends then, and a client's that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder().subject_name(name("server")).issuer_name(name("server"))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(datetime.now(UTC) - timedelta(days=90)).not_valid_after(until)
    names = x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(address))])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = made.public_bytes(Encoding.PEM)
    path = folder / "server.pem"
    path.write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(path)
    return server, ssl.create_default_context(cadata=pem.decode())
