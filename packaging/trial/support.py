"""What all checks use: the packages, the server that came with one, and a copy of this system to change."""

import os
import re
import signal
import subprocess
import threading
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from common import Failure, output

# Nothing takes so long, however busy the machine is.
PATIENCE_SECONDS = 60


class Left(Exception):
    """What a check can't try on this machine, and says so."""


@dataclass(frozen=True)
class Packages:
    """Those in a folder."""

    folder: Path

    def one(self, pattern):
        """The first of a kind. A run of `packaging/release` may have made none: that is a reason to fail, too."""
        found = sorted(self.folder.glob(pattern))
        if not found:
            raise Failure(f"there is no {pattern} in {self.folder}")
        return found[0]

    def all(self, pattern):
        return sorted(self.folder.glob(pattern))


def expect(is_so, what):
    if not is_so:
        raise Failure(f"expected: {what}")


def all_below(folder):
    """Files and links; but not what Python compiles for itself."""
    found = (os.path.join(above, name) for above, _, names in os.walk(folder) for name in names)
    return {os.path.relpath(path, folder) for path in found if not path.endswith(".pyc")}


def one_file(scratch):
    site = scratch / "site"
    site.mkdir(exist_ok=True)
    (site / "a.txt").write_text("aaaaa")
    return site


class Server:
    """A command that serves a folder (or what its variables say) until the block ends."""

    def __init__(self, command, folder=None, env=os.environ, **more):
        options = [] if folder is None else ["--port", "0", "--bind", "127.0.0.1", folder]
        # A home where nobody can write, not even root.
        environment = dict(env) | {"HOME": "/proc"}
        self.process = subprocess.Popen(
            [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, **more
        )

    def __enter__(self):
        # Who is too slow is ended, and then there are no more lines.
        too_slow = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        too_slow.start()
        said = []
        try:
            for line in self.process.stdout:
                said.append(line)
                if found := re.match(r"Listening on (http://\S+/)", line):
                    self.url = found[1]
                    return self
        finally:
            too_slow.cancel()
        raise Failure(f"it does not start: {''.join(said[-1:]).strip()} ({self.process.wait(PATIENCE_SECONDS)})")

    def __exit__(self, *_):
        # Not until all have closed it: a launcher that is killed leaves its program behind.
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def get(self, name):
        with urllib.request.urlopen(self.url + name, timeout=PATIENCE_SECONDS) as answer:
            return answer.read().decode()

    def end(self, by=None):
        """The exit code, after a signal."""
        if by is not None:
            self.process.send_signal(by)
        try:
            return self.process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired as error:
            raise Failure("it does not end") from error


def serves_and_ends(command, folder, by=signal.SIGTERM, **more):
    with Server(command, folder, **more) as server:
        expect(server.get("a.txt") == "aaaaa", "it serves the file")
        code = server.end(by)
        expect(code == 0, f"it ends with 0 after {by.name}, and not {code}")


def wait_until(what, is_so):
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        expect(time.monotonic() < end, what)
        time.sleep(0.01)


def fails_in_one_line(command, code, about):
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_SECONDS, stdin=subprocess.DEVNULL)
    said = (done.stdout + done.stderr).strip()
    expect(done.returncode == code, f"exit code {code}, and not {done.returncode}: {said}")
    expect(about in said and "\n" not in said, f"one line about {about!r}, and not {said!r}")


@contextmanager
def copy_of_this_system(scratch):
    """A root folder that looks like ours, and the one where all is noted that changes in it."""
    disk, root, changes = (scratch / name for name in ["disk", "root", "disk/changes"])
    disk.mkdir()
    root.mkdir()
    output("mount", "-t", "tmpfs", "tmpfs", disk)
    changes.mkdir()
    (disk / "work").mkdir()
    options = f"lowerdir=/,upperdir={changes},workdir={disk}/work"
    output("mount", "-t", "overlay", "-o", options, "overlay", root)
    for name in ["proc", "dev"]:
        output("mount", "--rbind", f"/{name}", root / name)
    try:
        yield root, changes
    finally:
        for path in [root / "proc", root / "dev", root, disk]:
            output("umount", "--lazy", "--recursive", path)
