"""The container's image: no engine, but what contrib/Dockerfile says, by hand.

Of such files this knows what is in ours: RUN of the first stage; ENV, USER, ENTRYPOINT and HEALTHCHECK of the second.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from common import CHECKOUT, output
from trial.support import Server, expect

# What is tried here is how it is put together, and not how fast it is.
QUICKLY = {
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_LTO": "off",
    "CARGO_PROFILE_RELEASE_OPT_LEVEL": "0",
}


def image_serves_as_a_user_who_can_write_nothing(_, scratch):
    said = instructions(CHECKOUT / "contrib/Dockerfile")
    source, image = scratch / "src", scratch / "image"
    copy_of_the_checkout(source)
    script = said["RUN"].replace("/image", str(image))
    done = subprocess.run(["sh", "-ec", script], cwd=source, env=os.environ | QUICKLY)
    expect(done.returncode == 0, "RUN succeeds")
    (image / "srv/a.txt").write_text("aaaaa")
    # As `docker run --read-only` does.
    output("mount", "--bind", image, image)
    output("mount", "-o", "remount,bind,ro", image)
    try:
        runs_as_it_says(said, image)
    finally:
        output("umount", image)


def runs_as_it_says(said, image):
    variables = dict(pair.split("=", 1) for pair in said["ENV"].split()) | {"GLASSHTTP_PORT": free_port()}
    inside = [shutil.which("chroot"), f"--userspec={said['USER']}", "--groups=", image]
    with Server([*inside, *json.loads(said["ENTRYPOINT"])], env=variables) as server:
        expect(server.get("a.txt") == "aaaaa", "it serves the file")
        check = said["HEALTHCHECK"].split("CMD ")[1]
        output(*inside, *json.loads(check), env=variables)
        code = server.end(by=signal.SIGTERM)
        expect(code == 0, f"it ends with 0 when `docker stop` asks it to, and not {code}")


def instructions(dockerfile):
    """The last of each kind."""
    lines = [line for line in dockerfile.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return dict(line.split(" ", 1) for line in joined.splitlines() if line)


def copy_of_the_checkout(into):
    """COPY: all but what Dockerfile.dockerignore names. What was compiled for an earlier try is taken again."""
    ignored = (CHECKOUT / "contrib/Dockerfile.dockerignore").read_text().split()
    shutil.copytree(CHECKOUT, into, symlinks=True, ignore=lambda above, names: [
        name for name in names if str((Path(above) / name).relative_to(CHECKOUT)) in ignored
    ])
    compiled = CHECKOUT / "target/packaging-image"
    compiled.mkdir(parents=True, exist_ok=True)
    (into / "target").symlink_to(compiled)


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return str(taken.getsockname()[1])
