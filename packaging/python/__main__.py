"""Becomes the program that came with this package, so that signals go to it and its exit code is ours."""

import os
import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path


def programs():
    """Where it may lie: where the installer noted that it put it, and beside us (`pip install --target`)."""
    try:
        noted = [file.locate() for file in files("glasshttp") or []]
    except PackageNotFoundError:
        noted = []
    beside = Path(__file__).resolve().parent.parent / "bin" / "glasshttp"
    return [Path(path) for path in [*noted, beside] if Path(path).parts[-2:] == ("bin", "glasshttp")]


def main():
    reason = "the program is not where it was installed; do so anew: pip install --force-reinstall glasshttp"
    for program in filter(os.path.isfile, programs()):
        try:
            os.execv(program, [str(program), *sys.argv[1:]])
        except OSError as error:
            reason = f"{program} does not run on this system: {error.strerror}"
    sys.exit(f"glasshttp: {reason}")


if __name__ == "__main__":
    main()
