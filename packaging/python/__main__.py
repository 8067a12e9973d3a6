"""Becomes the program that came with this package, so that signals go to it and its exit code is ours."""

import os
import signal
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

IS_WINDOWS = sys.platform == "win32"
NAME = "glasshttp.exe" if IS_WINDOWS else "glasshttp"


def programs():
    """Where it may lie: where the installer noted that it put it, and beside us (`pip install --target`)."""
    try:
        noted = [file.locate() for file in files("glasshttp") or []]
    except PackageNotFoundError:
        noted = []
    beside = Path(__file__).resolve().parent.parent / "bin" / NAME
    return [Path(path) for path in [*noted, beside] if Path(path).name == NAME]


def become(program):
    command = [str(program), *sys.argv[1:]]
    if not IS_WINDOWS:
        os.execv(program, command)
    # There no process becomes another: `execv` starts one, and ends at once. Ctrl-C and Ctrl-Break come to both, and
    # this one waits. (Where this is tested, there is no SIGBREAK.)
    for event in {signal.SIGINT, getattr(signal, "SIGBREAK", signal.SIGINT)}:
        signal.signal(event, lambda *_: None)
    sys.exit(subprocess.run(command).returncode)


def main():
    reason = "the program is not where it was installed; do so anew: pip install --force-reinstall glasshttp"
    for program in filter(os.path.isfile, programs()):
        try:
            become(program)
        except OSError as error:
            reason = f"{program} does not run on this system: {error.strerror}"
    sys.exit(f"glasshttp: {reason}")


if __name__ == "__main__":
    main()
