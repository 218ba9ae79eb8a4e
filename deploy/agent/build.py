"""`python -m deploy.agent.build [--into FOLDER] [--quick]`: the agent as a Debian package.

The tree is laid out by hand and packed by dpkg-deb: a private environment in /opt/khatam-agent on the system's
Python 3.11, holding `hsm` and the locked distributions that it needs, installed by pip with their hashes. What the
window does not load of Qt is left out, and so is `hsm/agent/unattended.py`: this package asks a person, always.
"""

import argparse
import compileall
import hashlib
import importlib.metadata
import os
import py_compile
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from deploy.agent.selection import ROOT, entries, select, wanted
from deploy.agent.stripping import system_libraries, trim

PYTHON = (3, 11)
HOME = "opt/khatam-agent"
FILES = Path(__file__).with_name("files")
LEFT_OUT = ("agent/unattended.py", "software.py")
"""Of `hsm`: consent without a person, and keys in memory."""

LAUNCHER = f"""\
#!/{HOME}/bin/python3 -I
from hsm.agent.cli import app

app()
"""
POSTINST = """\
#!/bin/sh
set -e
if [ "$1" = configure ] && command -v update-desktop-database >/dev/null; then
  update-desktop-database -q /usr/share/applications
fi
"""
POSTRM = """\
#!/bin/sh
set -e
if [ "$1" != upgrade ] && command -v update-desktop-database >/dev/null; then
  update-desktop-database -q /usr/share/applications || true
fi
"""
CONTROL = """\
Package: khatam-agent
Version: {version}
Architecture: {architecture}
Section: misc
Priority: optional
Maintainer: Khatam <agent@khatam.ma>
Installed-Size: {kib}
Depends: {depends}
Recommends: xdg-utils, opensc-pkcs11
Description: signs permits on the signer's own PC
 Opened by khatam:// addresses. Shows every document of a closed list, hashes
 its own copy of each, and signs them with the signer's own device after one
 explicit yes and his PIN. It never signs without a person.
"""
DEPENDS = ("python3 (>= 3.11)", "python3 (<< 3.12)", "pcscd", "fonts-hosny-amiri", "desktop-file-utils")
CHANGELOG = "khatam-agent ({version}) stable; urgency=medium\n\n  * See the project's history.\n\n"
COPYRIGHT = (
    "Files: *\nCopyright: the Khatam project\n\nFiles: opt/khatam-agent/lib/python3.11/site-packages/*\n"
    "Copyright: their authors\nComment: each distribution's licence lies in its .dist-info folder there.\n"
)


def build(into: Path, *, quick: bool = False) -> Path:
    """Build the package into that folder and return its path.

    :param quick: for tests: little compression, and the distributions of this environment, which the lock's hashes
        let in at its own set-up. The installed files are the same.
    :raise SystemExit: another Python than the package is for, a library that no package of this system holds.
    """
    if sys.version_info[:2] != PYTHON:
        raise SystemExit("The package is for Debian 12: build it with Python 3.11.")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    architecture = _output("dpkg", "--print-architecture").strip()
    package = into / f"khatam-agent_{version}_{architecture}.deb"
    with tempfile.TemporaryDirectory(dir=into) as folder:
        tree = Path(folder) / "tree"
        tree.mkdir(mode=0o755)
        site = tree / HOME / f"lib/python{PYTHON[0]}.{PYTHON[1]}/site-packages"
        if quick:
            _copy_installed(site)
        else:
            _install(site, Path(folder) / "selection.txt")
        _add_agent(site)
        _lay_out_environment(tree / HOME)
        _lay_out_system(tree, version)
        trim(site, ROOT / "hsm")
        _compile(site, tree)
        depends = (*DEPENDS, *system_libraries(site))
        _control(tree, version=version, architecture=architecture, depends=depends)
        packing = ["-Zgzip", "-z1"] if quick else ["-Zxz", "-z6"]
        _run("dpkg-deb", "--root-owner-group", *packing, "--build", str(tree), str(package))
    return package


def _install(site: Path, selection: Path) -> None:
    """The locked distributions, by pip with their hashes."""
    selection.write_text(select(), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    pip += ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(site)]
    _run(*pip, "--requirement", str(selection))
    shutil.rmtree(site / "bin", ignore_errors=True)


def _copy_installed(site: Path) -> None:
    """The same distributions out of this environment, file by file as they say themselves.

    :raise SystemExit: it holds another version than the lock.
    """
    locked = entries((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for name in sorted(wanted()):
        held = importlib.metadata.distribution(name)
        if not locked[name].startswith(f"{name}=={held.version} "):
            raise SystemExit(f"This environment holds {name} {held.version}, the lock another: run `make setup`.")
        for file in held.files or ():
            if ".." not in file.parts and file.suffix != ".pyc":
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(held.locate_file(file), site / file)


def _add_agent(site: Path) -> None:
    """`hsm`, but for what no installed agent may hold."""
    shutil.copytree(ROOT / "hsm", site / "hsm", ignore=shutil.ignore_patterns("__pycache__"))
    # THREAT: an installed agent signs with nobody at the PC, because an option or a page asked it to.
    # DEFENCE: the module that can say yes without a person is not in the package; keys in memory are not either.
    # TEST: tests/deploy/test_package.py::test_nothing_signs_without_a_person
    for name in LEFT_OUT:
        (site / "hsm" / name).unlink()


def _lay_out_environment(home: Path) -> None:
    """A virtual environment is a file and two links; made here, nothing in it names the build machine."""
    (home / "bin").mkdir(parents=True)
    (home / "pyvenv.cfg").write_text("home = /usr/bin\ninclude-system-site-packages = false\n", encoding="utf-8")
    (home / "bin/python3").symlink_to("/usr/bin/python3.11")
    launcher = home / "bin/khatam-agent"
    launcher.write_text(LAUNCHER, encoding="utf-8")
    launcher.chmod(0o755)


def _lay_out_system(tree: Path, version: str) -> None:
    """What lies outside /opt: command, desktop entry, icon, manual, documents, example."""
    command = tree / "usr/bin/khatam-agent"
    command.parent.mkdir(parents=True)
    command.symlink_to(f"/{HOME}/bin/khatam-agent")
    for name, place in (
        ("khatam-agent.desktop", "usr/share/applications"),
        ("khatam-agent.svg", "usr/share/icons/hicolor/scalable/apps"),
        ("agent.toml.example", "usr/share/doc/khatam-agent/examples"),
        ("agent.toml.example", "etc/khatam"),
        ("opensc.conf", "etc/khatam"),
    ):
        (tree / place).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FILES / name, tree / place / name)
    documents = tree / "usr/share/doc/khatam-agent"
    (documents / "copyright").write_text(COPYRIGHT, encoding="utf-8")
    _gzip(CHANGELOG.format(version=version).encode(), documents / "changelog.gz")
    _gzip((FILES / "khatam-agent.1").read_bytes(), tree / "usr/share/man/man1/khatam-agent.1.gz")


def _gzip(content: bytes, path: Path) -> None:
    import gzip

    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content, mtime=0))


def _compile(site: Path, tree: Path) -> None:
    """Byte code for users who may not write into /opt; never checked against the source, which does not change."""
    compiled = compileall.compile_dir(
        site,
        quiet=2,
        workers=0,
        stripdir=str(tree),
        prependdir="/",
        rx=re.compile(r"/PySide6/(support|scripts)/|_template"),
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    if not compiled:
        raise SystemExit("A module of the package does not compile.")


def _control(tree: Path, *, version: str, architecture: str, depends: tuple[str, ...]) -> None:
    """Modes, sums and the control files."""
    sums, bytes_held = [], 0
    for path in sorted(tree.rglob("*")):
        if path.is_symlink():
            continue
        path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
        if path.is_file():
            content = path.read_bytes()
            bytes_held += len(content)
            digest = hashlib.md5(content, usedforsecurity=False).hexdigest()
            sums.append(f"{digest}  {path.relative_to(tree)}\n")
    control = tree / "DEBIAN"
    control.mkdir(mode=0o755)
    text = CONTROL.format(
        version=version, architecture=architecture, kib=bytes_held // 1024, depends=", ".join(depends)
    )
    for name, content, mode in (
        ("control", text, 0o644),
        ("md5sums", "".join(sums), 0o644),
        ("conffiles", "/etc/khatam/agent.toml.example\n/etc/khatam/opensc.conf\n", 0o644),
        ("postinst", POSTINST, 0o755),
        ("postrm", POSTRM, 0o755),
    ):
        (control / name).write_text(content, encoding="utf-8")
        (control / name).chmod(mode)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  (our own words)


def _output(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def main() -> None:
    """Build it and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m deploy.agent.build", description="The agent as a Debian package.")
    parser.add_argument("--into", type=Path, default=ROOT / "var/packages", help="folder for the package")
    parser.add_argument("--quick", action="store_true", help="compress little")
    asked = parser.parse_args()
    os.umask(0o022)
    asked.into.mkdir(parents=True, exist_ok=True)
    package = build(asked.into, quick=asked.quick)
    sys.stdout.write(f"{package} {package.stat().st_size / 1e6:.1f} MB\n")


if __name__ == "__main__":
    main()
