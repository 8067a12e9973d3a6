"""The packages for npm, which come from a registry that is here: a folder that the program serves."""

import base64
import hashlib
import json
import os
import pty
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path

from common import output
from trial.support import Server, all_below, expect, fails_in_one_line, one_file, serves_and_ends, wait_until


def npm_installs_what_runs_here(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
        site = one_file(scratch)
        for by in [signal.SIGTERM, signal.SIGINT]:
            serves_and_ends([launcher(scratch)], folder=site, by=by)
        expect(npm("exec", "--", "glasshttp", "--version").startswith("glasshttp "), "npx runs it")
        npm("uninstall", "glasshttp")
        stays = [path for path in all_below(scratch / "here") if "node_modules/" in path and "glasshttp" in path]
        expect(not stays, f"nothing stays, but {stays} did")


def npm_passes_arguments_and_exit_codes_on(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
    done = subprocess.run([launcher(scratch), "--port", "none"], capture_output=True, text=True)
    expect((done.returncode, "none" in done.stderr) == (2, True), f"the program's own error: {done}")


def npm_passes_signals_on_and_back(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
    log = scratch / "log"
    with Server([launcher(scratch), "--log-file", log], folder=one_file(scratch)) as server:
        log.rename(scratch / "old")
        server.process.send_signal(signal.SIGHUP)
        wait_until("SIGHUP opens the log anew", log.exists)
        os.kill(child_of(server.process.pid), signal.SIGKILL)
        expect(server.end() == -signal.SIGKILL, "the launcher ends by the signal that ended the program")


def npm_lets_one_interrupt_from_a_terminal_be_one(packages, scratch):
    """A terminal sends Ctrl-C to all that run in it, and the second one would end the program at once."""
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
    ours, theirs = pty.openpty()
    with Server([launcher(scratch)], folder=one_file(scratch), stdin=theirs, start_new_session=True) as server:
        os.killpg(server.process.pid, signal.SIGINT)
        code = server.end()
        expect(code == 0, f"it ends with 0, and not {code}")
    os.close(ours)
    os.close(theirs)


def npm_where_it_cannot_run_says_so_in_one_line(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "--omit=optional", "glasshttp")
    fails_in_one_line([launcher(scratch)], code=1, about="--include=optional")
    other = scratch / "other.js"
    other.write_text('Object.defineProperty(process, "arch", { value: "s390x" });\n')
    fails_in_one_line(["node", "--require", other, launcher(scratch)], code=1, about="no package for linux-s390x")


def npm_tries_the_program_of_each_c_library(packages, scratch):
    """Before version 10 npm installs both."""
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
    modules = scratch / "here/node_modules"
    [name] = [path.name for path in (modules / "@glasshttp").iterdir()]
    facts = json.loads((modules / "glasshttp/package.json").read_text())
    other = f"@glasshttp/{name.removesuffix('-musl')}-other"
    facts["optionalDependencies"] = {other: "1", f"@glasshttp/{name}": "1"}
    (modules / "glasshttp/package.json").write_text(json.dumps(facts))
    program = modules / other / "bin/glasshttp"
    program.parent.mkdir(parents=True)
    program.write_text("#!/lib/ld-of-another-system.so\n")
    program.chmod(0o755)
    expect(output(launcher(scratch), "--version").startswith("glasshttp "), "the second one runs")
    shutil.rmtree(modules / "@glasshttp" / name)
    fails_in_one_line([launcher(scratch)], code=1, about="does not run on this system")


def launcher(scratch):
    return scratch / "here/node_modules/.bin/glasshttp"


def child_of(process):
    [child] = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return int(child)


@contextmanager
def registry(packages, scratch):
    """Gives npm, in the folder `here`, with a registry as large as our packages."""
    folder, here = scratch / "registry", scratch / "here"
    folder.mkdir()
    here.mkdir()
    (here / "package.json").write_text("{}")
    with Server([launcher_of_the_registry(packages, scratch)], folder=folder) as server:
        for archive in packages.all("*-npm-*.tgz"):
            shutil.copy(archive, folder)
            about = json.loads(output("tar", "-xzOf", archive, "package/package.json"))
            sum_of_it = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
            about["dist"] = {"tarball": server.url + archive.name, "integrity": f"sha512-{sum_of_it}"}
            answer = folder / about["name"]
            answer.parent.mkdir(exist_ok=True)
            version = about["version"]
            said = {"name": about["name"], "dist-tags": {"latest": version}, "versions": {version: about}}
            answer.write_text(json.dumps(said))

        def npm(word, *arguments):
            options = [f"--registry={server.url}", f"--cache={scratch}/cache", "--no-audit", "--no-fund"]
            return output("npm", word, *options, "--loglevel=error", *arguments, cwd=here)

        yield npm


def launcher_of_the_registry(packages, scratch):
    """The program as it is in one of the packages."""
    machine = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
    archive = packages.one(f"glasshttp-linux-{machine}*-npm-*.tgz")
    output("tar", "-C", scratch, "-xzf", archive, "package/bin/glasshttp")
    return scratch / "package/bin/glasshttp"
