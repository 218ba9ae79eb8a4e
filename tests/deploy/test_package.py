"""The Debian package: built, installed for real in a private root, opened by an address, removed without a trace."""

import hashlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.agent.build import _copy_installed, _install, build
from deploy.agent.selection import entries, wanted
from tests.deploy.private_root import PrivateRoot
from tests.hsm.prepared.authority import Authority

ROOT = Path(__file__).parents[2]
TICKET = "Zz-9_" + "a" * 38
URL = f"khatam://ceremony/{TICKET}"
NOBODY = 65534
pytestmark = pytest.mark.timeout(480)  # the package is built by whichever test comes first


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("package"), quick=True)


@pytest.fixture(scope="module")
def listing(package: Path) -> dict[str, str]:
    """Modes by path."""
    said = subprocess.run(["dpkg-deb", "-c", str(package)], check=True, capture_output=True, text=True).stdout
    return {line.split()[5]: line.split()[0] + " " + line.split()[1] for line in said.splitlines()}


@dataclass(slots=True)
class Service:
    """A service on loopback that knows no ticket; `asked` has each request's body."""

    asked: "Queue[tuple[str, dict[str, Any]]]" = field(default_factory=Queue)
    port: int = 0


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    made = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            made.asked.put((self.path, body))
            problem = {"type": "urn:khatam:problem:ticket-unknown", "status": 404, "code": "ticket-unknown"}
            said = json.dumps(problem | {"detail": "None."}).encode()
            self.send_response(404)
            self.send_header("Content-Type", "application/problem+json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        made.port = server.server_port
        yield made
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def installed(package: Path, service: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateRoot]:
    """The package, installed by dpkg with its dependencies checked, and this PC configured."""
    folder = tmp_path_factory.mktemp("root")
    with PrivateRoot(folder / "root") as root:
        subprocess.run(root.command("sh", "-c", "cat > /tmp/agent.deb"), check=True, input=package.read_bytes())
        done = root.run("dpkg", "--install", "/tmp/agent.deb", DEBIAN_FRONTEND="noninteractive")
        assert done.returncode == 0, done.stderr
        anchor = Authority.make().certificate.public_bytes(Encoding.PEM).decode()
        root.write("/etc/khatam/manifest-anchor.pem", anchor)
        root.write(
            "/etc/khatam/agent.toml",
            f'server = "http://127.0.0.1:{service.port}"\nenvironment = "rehearsal"\n'
            'manifest_anchor = "/etc/khatam/manifest-anchor.pem"\nspool = "/tmp/spool"\n'
            'modules = ["/usr/lib/softhsm/libsofthsm2.so"]\n',
        )
        yield root


def test_the_selection_is_part_of_the_lock() -> None:
    locked = entries((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    names = wanted()
    assert names <= locked.keys()
    assert {"pyside6-essentials", "pypdfium2", "python-pkcs11", "cryptography"} <= names
    assert not names & {"fastapi", "sqlalchemy", "uvicorn", "dbos", "typst", "pytest", "hatchling"}
    assert all("--hash=sha256:" in locked[name] for name in names)


@pytest.mark.soak
def test_the_quick_package_holds_what_pip_installs(tmp_path: Path) -> None:
    """The tests' package is laid out of this environment; a release's by pip, against the hashes."""
    _install(by_pip := tmp_path / "pip", tmp_path / "selection.txt")
    _copy_installed(by_copy := tmp_path / "copy")
    assert digests(by_pip) == digests(by_copy)


def digests(site: Path) -> dict[str, str]:
    """By path, but for what an installer writes of itself."""
    own = {"RECORD", "INSTALLER", "REQUESTED", "direct_url.json"}
    return {
        str(path.relative_to(site)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in site.rglob("*")
        if path.is_file() and path.name not in own and path.suffix != ".pyc"
    }


def test_nothing_signs_without_a_person(listing: dict[str, str], installed: PrivateRoot) -> None:
    assert not [path for path in listing if "unattended" in path]
    done = installed.run("khatam-agent", "sign", URL, "--unattended", user=NOBODY)
    assert done.returncode == 3
    assert "Unattended signing is for rehearsals, and this is production. Nothing was signed." in done.stderr


def test_nothing_of_the_server_is_in_it(listing: dict[str, str]) -> None:
    site = "./opt/khatam-agent/lib/python3.11/site-packages/"
    assert f"{site}hsm/agent/cli.py" in listing
    assert not [path for path in listing if re.match(rf"{re.escape(site)}(pki|signer|api|tests|bench)/", path)]
    assert f"{site}hsm/software.py" not in listing


def test_modes_and_places(listing: dict[str, str]) -> None:
    places = ("./etc/khatam/", "./opt/khatam-agent/", "./usr/bin/khatam-agent", "./usr/share/")
    for path, mode in listing.items():
        kind = mode.split()[0]
        assert mode.endswith("root/root")
        assert kind[0] in "-dl", path
        assert kind[0] == "l" or (kind[5] == kind[8] == "-" and "s" not in kind and "t" not in kind), (path, mode)
        assert path.startswith(places) or kind[0] == "d", path


def test_desktop_entry() -> None:
    files = ROOT / "deploy/agent/files"
    subprocess.run(["desktop-file-validate", str(files / "khatam-agent.desktop")], check=True)
    entry = (files / "khatam-agent.desktop").read_text(encoding="utf-8")
    assert "Exec=/usr/bin/khatam-agent open -- %u\n" in entry
    assert "MimeType=x-scheme-handler/khatam;\n" in entry


def test_control(package: Path) -> None:
    said = subprocess.run(["dpkg-deb", "-f", str(package)], check=True, capture_output=True, text=True).stdout
    depends = re.search(r"^Depends: (.*)$", said, re.MULTILINE)
    assert depends is not None
    for each in ("pcscd", "fonts-hosny-amiri", "libegl1", "libxcb-cursor0", "libc6"):
        assert each in depends[1].split(", ")
    assert package.name == f"khatam-agent_{re.search(r'^Version: (.*)$', said, re.MULTILINE)[1]}_amd64.deb"  # type: ignore[index]


def test_it_runs_alone(installed: PrivateRoot) -> None:
    """From its own environment: no other Python path, every module of the agent loads, Qt opens."""
    every = (
        "import importlib, pkgutil, hsm.agent\n"
        "for m in pkgutil.walk_packages(hsm.agent.__path__, 'hsm.agent.'):\n"
        "    m.name.endswith('__main__') or importlib.import_module(m.name)\n"
        "from PySide6.QtWidgets import QApplication, QLabel\n"
        "from PySide6.QtSvg import QSvgRenderer\n"
        "a = QApplication([]); l = QLabel('x'); l.show(); a.processEvents()\n"
        "r = QSvgRenderer('/usr/share/icons/hicolor/scalable/apps/khatam-agent.svg'); assert r.isValid()\n"
        "import sys; assert all(p.startswith(('/opt/khatam-agent', '/usr/lib/python3')) for p in sys.path), sys.path\n"
    )
    python = "/opt/khatam-agent/bin/python3"
    done = installed.run(python, "-I", "-c", every, user=NOBODY, QT_QPA_PLATFORM="offscreen", HOME="/tmp")
    assert done.returncode == 0, done.stderr


def test_doctor_says_that_it_opens_addresses(installed: PrivateRoot) -> None:
    done = installed.run("khatam-agent", "doctor", "--json", user=NOBODY, HOME="/tmp")
    told = {each["name"]: each for each in json.loads(done.stdout)["findings"]}
    assert told["address"]["level"] == "OK"
    assert told["configuration"]["level"] == "OK"
    # A plain user inside a root of its own may be refused a network of its own; the filter stands for everybody.
    assert told["display"]["code"] is None, told["display"]
    assert ("system calls" in told["display"]["said"]) is (told["display"]["level"] == "OK"), told["display"]


@pytest.fixture
def display(installed: PrivateRoot) -> Iterator[str]:
    server = installed.start(
        *("Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert server.stdout is not None
    number = server.stdout.readline().strip()
    assert number
    yield f":{number}"
    installed.run("pkill", "Xvfb")  # of this process namespace alone
    server.communicate(timeout=20)


def test_an_address_opens_the_agent(installed: PrivateRoot, service: Service, display: str) -> None:
    """The desktop hands the address over; the agent redeems exactly this ticket, with nothing else of it."""
    environment = {"DISPLAY": display, "HOME": "/tmp", "QT_QPA_PLATFORM": "xcb"}
    opening = installed.start("xdg-open", URL, user=NOBODY, environment=environment, stderr=subprocess.PIPE)
    path, body = service.asked.get(timeout=60)
    assert path == "/v1/agent/sessions"
    assert body["ticket"] == TICKET
    assert set(body) == {"ticket", "agent_nonce", "agent_version"}
    running = installed.run("pgrep", "-fa", "khatam-agent open").stdout
    line = f"/opt/khatam-agent/bin/python3 -I /usr/bin/khatam-agent open -- {URL}"
    assert line in {each.partition(" ")[2] for each in running.splitlines()}
    installed.run("pkill", "-f", "khatam-agent open")  # of this process namespace alone
    opening.communicate(timeout=30)


@pytest.mark.parametrize("bad", [f"{URL}x", "khatam://ceremony/short", f"khatam://ceremony/{TICKET}?server=evil"])
def test_another_address_is_refused(installed: PrivateRoot, service: Service, bad: str) -> None:
    done = installed.run("khatam-agent", "sign", bad, user=NOBODY, HOME="/tmp")
    assert done.returncode == 2
    assert service.asked.empty()


def test_removed_without_a_trace(package: Path, tmp_path: Path) -> None:
    with PrivateRoot(tmp_path / "root") as root:
        subprocess.run(root.command("sh", "-c", "cat > /tmp/agent.deb"), check=True, input=package.read_bytes())
        assert root.run("dpkg", "--install", "/tmp/agent.deb").returncode == 0
        assert root.run("dpkg", "--verify", "khatam-agent").stdout == ""
        done = root.run("dpkg", "--purge", "khatam-agent")
        assert done.returncode == 0, done.stderr
        left = root.run("sh", "-c", "ls -d /opt/khatam-agent /usr/bin/khatam-agent /etc/khatam").stdout
        assert left == ""
        assert "khatam" not in root.run("cat", "/usr/share/applications/mimeinfo.cache").stdout


def test_building_says_what_it_made() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.agent.build", "--help"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert "--into" in done.stdout
