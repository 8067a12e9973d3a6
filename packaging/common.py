"""What all that makes packages stands on: facts of the project, and programs that are asked for something."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# Where packaging/tools puts what is not Debian's.
TOOLS = [CHECKOUT / "target/packaging-tools" / folder for folder in ["bin", "python/bin"]]
os.environ["PATH"] = os.pathsep.join([*map(str, TOOLS), os.environ["PATH"]])


class Failure(Exception):
    """What goes wrong for a reason that one line can tell."""


def output(program, *arguments, **more):
    """What a program prints; how it failed, if it did, in its own last line."""
    try:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, **more)
    except OSError as error:
        raise Failure(f"{program}: {error.strerror} (packaging/tools installs what is needed)") from error
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no word").splitlines()[-1]
        raise Failure(f"{program} {arguments[0]} failed ({done.returncode}): {last}")
    return done.stdout


@dataclass(frozen=True)
class Project:
    """What Cargo.toml says, so that nothing is said twice; and when this version was made."""

    root: Path
    name: str
    version: str
    description: str
    licence: str
    repository: str
    keywords: list
    # Seconds since 1970: the time of the commit, and of all files in packages.
    time: int

    @staticmethod
    def of_this_checkout():
        root = CHECKOUT
        said = json.loads(output("cargo", "metadata", "--format-version=1", "--no-deps", cwd=root))["packages"][0]
        if not said["repository"]:
            raise Failure("Cargo.toml says no `repository`, and packages have to say where they come from")
        time = os.environ.get("SOURCE_DATE_EPOCH") or output("git", "log", "-1", "--format=%ct", cwd=root)
        return Project(
            root=root,
            name=said["name"],
            version=said["version"],
            description=said["description"],
            licence=said["license"],
            repository=said["repository"],
            keywords=said["keywords"],
            time=int(time),
        )

    def read(self, path):
        return (self.root / path).read_bytes()
