"""What of the installed distributions the package carries: Qt as far as the window loads it, three languages."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

ALWAYS = frozenset({"QtCore", "QtGui", "QtWidgets", "QtSvg"})
"""Qt modules that stay: those, and what `hsm.agent` imports beyond them. QtSvg draws the icon."""
PLUGINS = (
    "platforms/libqxcb.so",
    "platforms/libqoffscreen.so",
    "platforms/libqminimal.so",
    "imageformats/libqsvg.so",
    "iconengines/libqsvgicon.so",
    "platforminputcontexts/libcomposeplatforminputcontextplugin.so",
    "platforminputcontexts/libibusplatforminputcontextplugin.so",
    "platformthemes/libqxdgdesktopportal.so",
)
"""X11 (Wayland desktops have Xwayland), the icon, input methods."""
LANGUAGES = ("ar", "en", "fr")
_RESOLVED = re.compile(r"^\s*(\S+) => (not found|\S+)", re.MULTILINE)

_NAMED = re.compile(r"\(NEEDED\).*\[([^\]]+)\]")


def trim(site: Path, hsm: Path) -> None:
    """Take away what the agent does not load."""
    _trim_qt(site / "PySide6", ALWAYS | set(_qt_imports(hsm)))
    for path in (site / "babel/locale-data").glob("*.dat"):
        if path.stem.split("_")[0] not in (*LANGUAGES, "root"):
            path.unlink()
    for path in (*site.rglob("*.pyi"), *site.rglob("*.pyx"), *site.glob("*.dist-info/RECORD")):
        path.unlink()


def _qt_imports(hsm: Path) -> Iterator[str]:
    """Names of the Qt modules that the agent's sources import."""
    for path in (hsm / "agent").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "PySide6":
                rest = node.module.split(".")[1:]
                yield from rest[:1] or [alias.name for alias in node.names]
            elif isinstance(node, ast.Import):
                yield from (each.name.split(".")[1] for each in node.names if each.name.startswith("PySide6."))


def _trim_qt(folder: Path, modules: set[str] | frozenset[str]) -> None:
    qt = folder / "Qt"
    roots = [folder / f"{module}.abi3.so" for module in sorted(modules)]
    plugins = [qt / "plugins" / name for name in PLUGINS]
    kept = {*roots, *plugins, *folder.glob("*.py"), *folder.glob("libpyside6.abi3.so*")}
    kept |= {path for path in (qt / "translations").glob("qtbase_*.qm") if path.stem.split("_")[1] in LANGUAGES}
    kept |= {path for root in (*roots, *plugins) for path in _needed(root) if folder in path.parents}
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in kept:
            path.unlink()
    shutil.rmtree(folder / "__pycache__", ignore_errors=True)


def _needed(library: Path) -> list[Path]:
    """Every library that the loader would take for `library`, and theirs.

    :raise SystemExit: one of them is not on this system.
    """
    said = subprocess.run(["/usr/bin/ldd", str(library)], check=True, capture_output=True, text=True).stdout  # noqa: S603
    found = []
    for name, place in _RESOLVED.findall(said):
        if place == "not found":
            raise SystemExit(f"{library.name} needs {name}, which is not installed here.")
        # The name that the loader asks for may be a link; the file behind it is needed as well.
        asked = Path(place)
        parent = asked.parent.resolve()
        found += [parent / asked.name, asked.resolve()]
    return list(dict.fromkeys(found))


def system_libraries(site: Path) -> list[str]:
    """Debian packages of the libraries that the package's own libraries name, sorted; what those need is their own."""
    outside = {
        path
        for library in (*site.rglob("*.so"), *site.rglob("*.so.*"))
        for path in _needed(library)
        if path.name in _named(library) and site.resolve() not in path.parents
    }
    return _packages(outside)


def _named(library: Path) -> set[str]:
    """The libraries that this file itself asks the loader for (DT_NEEDED)."""
    said = subprocess.run(["/usr/bin/readelf", "-d", str(library)], check=True, capture_output=True, text=True).stdout  # noqa: S603
    return set(_NAMED.findall(said))


def _packages(libraries: Iterable[Path]) -> list[str]:
    """The packages that hold them, sorted. Since /usr was merged, dpkg may know a library by either path."""
    paths = {path: {str(path), f"/usr{path}", "/" + str(path).removeprefix("/usr/")} for path in libraries}
    asked = sorted(set().union(*paths.values()))
    said = subprocess.run(["/usr/bin/dpkg-query", "-S", *asked], check=False, capture_output=True, text=True).stdout  # noqa: S603
    holders = {
        path: holder.partition(":")[0] for holder, _, path in (line.rpartition(": ") for line in said.splitlines())
    }
    missing = sorted(path for path, known in paths.items() if not known & holders.keys())
    if missing:
        raise SystemExit(f"No package of this system holds {', '.join(map(str, missing))}.")
    return sorted({holders[each] for known in paths.values() for each in known & holders.keys()})
