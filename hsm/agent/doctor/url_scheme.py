"""What this PC opens `khatam://` addresses with."""

import contextlib
import shutil
import subprocess
import sys

OURS = "khatam-agent"
SCHEME = "khatam"
SECONDS = 10.0


def registered() -> str:
    """The program that opens them: a desktop entry's name, or on Windows a command line. Empty: none.

    :raise OSError: it cannot be told on this desktop.
    """
    if sys.platform == "win32":
        return _windows()
    tool = shutil.which("xdg-mime")
    if tool is None:
        raise OSError("xdg-mime is not installed")
    try:
        said = subprocess.run(  # noqa: S603  (found on this PC's path; no word of another's)
            [tool, "query", "default", f"x-scheme-handler/{SCHEME}"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise OSError("xdg-mime does not answer") from error
    return said.stdout.strip()


def _windows() -> str:
    if sys.platform == "win32":  # for the type checker: winreg is not elsewhere
        import winreg

        with contextlib.suppress(FileNotFoundError):
            return str(winreg.QueryValue(winreg.HKEY_CLASSES_ROOT, rf"{SCHEME}\shell\open\command"))
    return ""


def is_ours(found: str) -> bool:
    """Whether that is this agent."""
    return OURS in found.lower()
