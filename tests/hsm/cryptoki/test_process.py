"""The keys process: who may ask, what hostile bytes do to it, and life after its death."""

import os
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hsm.cryptoki import wire
from hsm.cryptoki.process import KeysServer, RemoteKeyring
from hsm.cryptoki.provisioning import SOFTHSM_MODULE
from hsm.cryptoki.roles import KeysConfig, RoleKey
from hsm.errors import DeviceTimeout, DeviceUnavailable, KeyNotFound, MechanismUnsupported, PinRefused
from hsm.keys import KeyRef, PublicKey, SignatureAlgorithm, verify
from hsm.software import SoftwareKey, SoftwareKeys
from tests.hsm.conftest import RIGHT, WRONG, Device
from tests.hsm.cryptoki.conftest import KeysProcess, wait_until

ECDSA = SignatureAlgorithm.ECDSA_SHA256


class Slow(SoftwareKey):
    """A key whose device takes its time, or fails, as the test says."""

    def __init__(self) -> None:
        super().__init__(ec.generate_private_key(ec.SECP256R1()))
        self.before: Callable[[], None] = lambda: None

    def sign(self, message: bytes, algorithm: SignatureAlgorithm) -> bytes:
        self.before()
        return super().sign(message, algorithm)


class Ring:
    def __init__(self, **keys: SoftwareKey) -> None:
        self.keys = keys

    def key(self, role: str) -> SoftwareKey:
        if role not in self.keys:
            raise KeyNotFound("no such role")
        return self.keys[role]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.sock"


@pytest.fixture
def slow(path: Path) -> Iterator[Slow]:
    key = Slow()
    with KeysServer(path, Ring(slow=key)):
        yield key


@pytest.fixture
def remote(path: Path, slow: Slow) -> Iterator[RemoteKeyring]:
    keyring = RemoteKeyring(path, timeout=0.5)
    yield keyring
    keyring.close()


def works(keyring: RemoteKeyring, role: str = "slow") -> None:
    key = keyring.key(role)
    verify(key.public_key, key.sign(b"m", ECDSA), b"m", ECDSA)


def config(device: Device, ref: KeyRef, pin_file: Path | None = None) -> KeysConfig:
    role = RoleKey(ref=ref, pin_file=pin_file or device.pin_file)
    return KeysConfig(module=SOFTHSM_MODULE, softhsm_conf=device.conf, roles={"ocsp": role})


def made(device: Device) -> tuple[KeyRef, PublicKey]:
    with device.module() as module:
        ref = device.generate(module)
        return ref, module.key(ref, device.typed()).public_key


def test_a_real_process_signs_dies_and_comes_back(device: Device, keys_process: KeysProcess) -> None:
    ref, public_key = made(device)
    keys_process.start(config(device, ref))
    keyring = RemoteKeyring(keys_process.socket)
    key = keyring.key("ocsp")
    assert key.public_key == public_key
    works(keyring, "ocsp")
    assert keys_process.socket.stat().st_mode & 0o777 == 0o600
    keys_process.kill()  # the socket's file stays behind
    with pytest.raises(DeviceUnavailable, match="once it is back"):
        key.sign(b"m", ECDSA)
    with pytest.raises(DeviceUnavailable):
        RemoteKeyring(keys_process.socket).key("ocsp")
    keys_process.start()
    verify(public_key, key.sign(b"after", ECDSA), b"after", ECDSA)
    assert keys_process.stop() == 0
    assert not keys_process.socket.exists()
    keyring.close()


def test_the_process_starts_with_a_wrong_pin_and_sends_it_once(
    device: Device, keys_process: KeysProcess, tmp_path: Path
) -> None:
    ref, _ = made(device)
    wrong = tmp_path / "wrong"
    wrong.touch(mode=0o600)
    wrong.write_text(WRONG, encoding="utf-8")
    keys_process.start(config(device, ref, wrong))
    keyring = RemoteKeyring(keys_process.socket)
    for _ in range(3):
        with pytest.raises(PinRefused, match="not sent again"):
            keyring.key("ocsp")
    assert keys_process.alive()
    assert "role ocsp: The device refused the PIN" in keys_process.output
    assert WRONG not in keys_process.output
    wrong.write_text(RIGHT, encoding="utf-8")  # the person corrected the file
    works(keyring, "ocsp")
    keyring.close()
    keys_process.stop()
    assert RIGHT not in keys_process.output


def test_only_one_process_owns_a_socket(path: Path, slow: Slow, remote: RemoteKeyring) -> None:
    with pytest.raises(DeviceUnavailable, match="Another keys process"):
        KeysServer(path, Ring(slow=slow))
    works(remote)


HOSTILE = {
    "nothing": b"",
    "half a length": b"\x00\x00",
    "length zero": struct.pack(">I", 0),
    "length one": struct.pack(">I", 1) + b"\x00",
    "a huge length": struct.pack(">I", 0xFFFFFFFF) + b"x" * 1000,
    "just too long": struct.pack(">I", wire.MAX_MESSAGE + 1),
    "cut short": struct.pack(">IH", 100, 50) + b"{}",
    "header beyond the message": struct.pack(">IH", 4, 0xFFFF) + b"{}",
    "not JSON": struct.pack(">IH", 6, 4) + b"\xff\xfe{{",
    "deep JSON": struct.pack(">IH", 60002, 60000) + b"[" * 60000,
    "a list": struct.pack(">IH", 4, 2) + b"[]",
    "a number inside": struct.pack(">IH", 11, 9) + b'{"act":1}',
    "a pickle": b"\x80\x04\x95" + b"cos\nsystem\n(S'true'\ntR." * 10,
    "HTTP": b"GET / HTTP/1.1\r\nHost: keys\r\n\r\n",
    "random": bytes(range(256)) * 64,
}


@pytest.mark.parametrize("name", list(HOSTILE))
def test_hostile_bytes_leave_the_process_up(name: str, path: Path, remote: RemoteKeyring) -> None:
    works(remote)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(path))
        with_error = b""
        try:
            stranger.sendall(HOSTILE[name])
            stranger.shutdown(socket.SHUT_WR)
            with_error = stranger.recv(1000)
        except ConnectionError:
            pass
        assert with_error == b""  # closed without a word
    works(remote)


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"act": "explode"},
        {"act": "key"},
        {"act": "key", "role": "slow", "more": "x"},
        {"act": "sign", "role": "slow"},
        {"act": "sign", "role": "slow", "key": "0" * 64, "algorithm": "ecdsa-sha256"},
        {"act": "sign", "role": "../slow", "key": "", "algorithm": "none"},
    ],
)
def test_strange_requests_get_a_typed_refusal(header: dict[str, str], path: Path, remote: RemoteKeyring) -> None:
    with socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(5)
        caller.connect(str(path))
        wire.send(caller, header, b"body")
        answer = wire.receive(caller)
        assert answer is not None
        assert answer[0]["error"] in {"MechanismUnsupported", "KeyNotFound"}
        assert answer[1] == b""
    works(remote)


def test_a_half_message_does_not_hold_a_connection_for_ever(
    path: Path, remote: RemoteKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hsm.cryptoki.process.MESSAGE_SECONDS", 0.2)
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(path))
        stranger.sendall(b"\x00")
        assert stranger.recv(1) == b""
    works(remote)


def test_too_many_connections_are_turned_away(
    path: Path, remote: RemoteKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    works(remote)
    monkeypatch.setattr("hsm.cryptoki.process.MAX_CONNECTIONS", 1)
    with pytest.raises(DeviceUnavailable):
        RemoteKeyring(path).key("slow")
    works(remote)


def test_a_message_too_long_is_refused_before_it_is_sent(remote: RemoteKeyring) -> None:
    key = remote.key("slow")
    with pytest.raises(MechanismUnsupported, match="Nothing was signed"):
        key.sign(bytes(wire.MAX_MESSAGE), ECDSA)
    works(remote)


def test_a_stranger_at_either_end_is_refused(
    path: Path, remote: RemoteKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    works(remote)
    monkeypatch.setattr(wire, "peer_uid", lambda _: os.geteuid() + 1)
    with pytest.raises(DeviceUnavailable, match="another user"):
        RemoteKeyring(path).key("slow")
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(5)
        stranger.connect(str(path))
        assert stranger.recv(1) == b""


def test_a_slow_device_is_a_time_out_and_its_late_answer_goes_to_nobody(slow: Slow, remote: RemoteKeyring) -> None:
    key = remote.key("slow")
    slow.before = lambda: time.sleep(3.0)
    began = time.monotonic()
    with pytest.raises(DeviceTimeout, match="unknown"):
        key.sign(b"late", ECDSA)
    assert time.monotonic() - began < 2.9  # before the device answered
    slow.before = lambda: None
    for number in range(20):
        message = b"%d" % number
        verify(key.public_key, key.sign(message, ECDSA), message, ECDSA)


def test_errors_cross_with_their_type_and_words(slow: Slow, remote: RemoteKeyring) -> None:
    key = remote.key("slow")
    for leaf in wire.LEAVES.values():

        def fail(leaf: type[Exception] = leaf) -> None:
            raise leaf(f"words of {leaf.__name__}")

        slow.before = fail
        with pytest.raises(leaf, match=f"words of {leaf.__name__}"):
            key.sign(b"m", ECDSA)


def test_an_unexpected_error_tells_nothing_of_itself(slow: Slow, remote: RemoteKeyring) -> None:
    key = remote.key("slow")

    def fail() -> None:
        raise RuntimeError("secret detail")

    slow.before = fail
    with pytest.raises(DeviceUnavailable) as caught:
        key.sign(b"m", ECDSA)
    assert "secret" not in str(caught.value)


def test_a_role_that_changed_its_key_is_noticed(path: Path) -> None:
    ring = Ring(seal=SoftwareKeys("rehearsal").key("seal"))
    with KeysServer(path, ring):
        remote = RemoteKeyring(path)
        key = remote.key("seal")
        ring.keys["seal"] = SoftwareKeys("rehearsal").key("seal")
        with pytest.raises(KeyNotFound, match="another key"):
            key.sign(b"m", ECDSA)
        works(remote, "seal")
        assert remote.key("seal").public_key != key.public_key
        remote.close()


def test_a_caller_waiting_in_line_has_its_time_out_too(
    slow: Slow, remote: RemoteKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = remote.key("slow")
    released = threading.Event()
    slow.before = lambda: released.wait(10) and None  # type: ignore[assignment]
    outcomes: list[type[Exception]] = []

    def call() -> None:
        try:
            key.sign(b"m", ECDSA)
        except DeviceTimeout as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)
    assert len(outcomes) == 20
    released.set()
    slow.before = lambda: None
    wait_until(lambda: bool(key.sign(b"m", ECDSA)))


def test_a_socket_in_a_deep_folder(tmp_path: Path) -> None:
    """A unix socket's name is short; a folder's need not be."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    folder.mkdir(parents=True)
    path = folder / "keys.sock"
    with KeysServer(path, Ring(slow=Slow())):
        remote = RemoteKeyring(path)
        works(remote)
        remote.close()
    assert not path.exists()


def test_the_process_is_not_dumpable() -> None:
    program = (
        "import ctypes, resource; from hsm.cryptoki.process import forbid_dumps; forbid_dumps();"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30, cwd=root
    )
    assert done.stdout.split() == ["0", "0", "0"]


def test_asking_loads_no_driver() -> None:
    program = "import sys, hsm.cryptoki.process; print('pkcs11' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30, cwd=root
    )
    assert done.stdout.strip() == "False"
