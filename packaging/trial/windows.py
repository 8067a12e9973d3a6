"""The packages for Windows, as far as Linux can tell: what is in them; and, where Wine is, that the program runs."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import zipfile
from contextlib import contextmanager

from build import Program
from common import CHECKOUT, output
from trial.npm import launcher, registry
from trial.support import Left, all_below, expect, one_file, serves_and_ends
from trial.wheel import QUIETLY, new_environment

# What stands in for the program where only the one that starts it is tried.
STAND_IN = "#!/bin/sh\necho it was told $*\nexit 7\n"
DEBIANS_WINE = "/usr/lib/wine"


def windows_archive_holds_the_program_and_its_texts(packages, scratch):
    name = the_archive(packages).stem
    program = unpacked(packages, scratch)
    there = {
        f"{name}/{file}"
        for file in [
            "LICENSE-APACHE",
            "LICENSE-MIT",
            "README.md",
            "THIRD-PARTY.txt",
            "glasshttp-completion.ps1",
            "glasshttp.exe",
        ]
    }
    found = all_below(scratch / "zip")
    expect(found == there, f"these are in it, and no others: {sorted(found ^ there)}")
    target = Program.read(program).target
    expect(target == "x86_64-pc-windows-gnu", f"the program is for Windows, and not {target}")
    completion = (program.parent / "glasshttp-completion.ps1").read_text()
    expect("Register-ArgumentCompleter" in completion and "--port" in completion, "PowerShell completes its options")


def windows_manifests_name_the_archive_and_its_hash(packages, scratch):
    archive = the_archive(packages)
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    version = archive.name.split("-")[1]
    path = unpacked(packages, scratch).relative_to(scratch / "zip")
    winget = {file.name: yaml(file) for file in packages.all("glasshttp.glasshttp*.yaml")}
    expect(len(winget) == 3, f"three manifests for winget, and not {sorted(winget)}")
    for name, said in winget.items():
        kind = {"installer": "installer", "locale": "defaultLocale"}.get(name.split(".")[2], "version")
        expect(said["ManifestType"] == kind, f"{name} says that it is one of the kind {kind}")
        about = (said["PackageIdentifier"], said["PackageVersion"])
        expect(about == ("glasshttp.glasshttp", version), f"{name} is about this version, and not {about}")
    installer = winget["glasshttp.glasshttp.installer.yaml"]
    [one] = installer["Installers"]
    expect(one["InstallerSha256"].lower() == digest, "winget's hash is that of the archive")
    expect(one["InstallerUrl"].endswith(f"/{archive.name}"), "winget takes the archive")
    [nested] = installer["NestedInstallerFiles"]
    expect(nested["RelativeFilePath"] == str(path).replace("/", "\\"), f"the program is where winget looks: {nested}")
    scoop = json.loads(packages.one("glasshttp.json").read_text())
    one = scoop["architecture"]["64bit"]
    expect(one["hash"] == digest, "Scoop's hash is that of the archive")
    expect(one["url"].endswith(f"/{archive.name}") and scoop["version"] == version, "Scoop takes the archive")
    expect(str(path) == f"{one['extract_dir']}/{scoop['bin']}", "the program is where Scoop looks")
    newer = scoop["autoupdate"]["architecture"]["64bit"]
    expect(newer["url"].replace("$version", version) == one["url"], "a newer one is where this one was")


def windows_npm_installs_the_program_and_starts_it(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "--os=win32", "--cpu=x64", "glasshttp")
    modules = scratch / "here/node_modules"
    found = [path.name for path in (modules / "@glasshttp").iterdir()]
    expect(found == ["win32-x64"], f"Windows gets its own, and not {found}")
    facts = json.loads((modules / "@glasshttp/win32-x64/package.json").read_text())
    expect((facts["os"], facts["cpu"], "libc" in facts) == (["win32"], ["x64"], False), f"it says so: {facts}")
    program = modules / "@glasshttp/win32-x64/bin/glasshttp.exe"
    expect(is_the_program_of_the_archive(program, packages, scratch), "all packages have the same program")
    program.write_text(STAND_IN)
    program.chmod(0o755)
    on_windows = scratch / "windows.js"
    on_windows.write_text(
        'Object.defineProperty(process, "platform", { value: "win32" });\n'
        'Object.defineProperty(process, "arch", { value: "x64" });\n'
    )
    passes_on(["node", "--require", on_windows, launcher(scratch)])


def windows_npm_is_not_for_linux(packages, scratch):
    with registry(packages, scratch) as npm:
        npm("install", "glasshttp")
    found = [path.name for path in (scratch / "here/node_modules/@glasshttp").iterdir()]
    expect("win32-x64" not in found, f"no program for Windows: {found}")


def windows_wheel_installs_the_program_and_starts_it(packages, scratch):
    python, apart = new_environment(scratch), scratch / "apart"
    wheel = packages.one("glasshttp-*-py3-none-win_amd64.whl")
    # As pip on Windows, it refuses one of another system.
    there = ["--platform=win_amd64", "--only-binary=:all:", "--target", apart]
    output(python, "-m", "pip", "install", *QUIETLY, *there, wheel)
    [info] = apart.glob("*.dist-info")
    expect("Tag: py3-none-win_amd64\n" in (info / "WHEEL").read_text(), "the tag in it is the one of its name")
    # pip makes Scripts\glasshttp.exe of it, where it installs for the Python that it runs in.
    scripts = [name for name in zipfile.ZipFile(wheel).namelist() if ".data/" in name]
    expect([name.split("/", 1)[1] for name in scripts] == ["scripts/glasshttp.exe"], f"one program: {scripts}")
    program = apart / "bin/glasshttp.exe"
    expect(is_the_program_of_the_archive(program, packages, scratch), "all packages have the same program")
    program.write_text(STAND_IN)
    program.chmod(0o755)
    # Python itself is told late, as much of it would look for what only Windows has.
    on_windows = (
        "import runpy, subprocess, sys; from importlib import metadata\n"
        "sys.platform = 'win32'; runpy.run_module('glasshttp', run_name='__main__', alter_sys=True)"
    )
    passes_on([python, "-c", on_windows], env=os.environ | {"PYTHONPATH": str(apart)})


def windows_program_says_its_version_serves_and_ends(packages, scratch):
    program = unpacked(packages, scratch)
    site = one_file(scratch)
    with wine(scratch, beside=program) as (command, environment):
        said = output(*command, program, "--version", env=environment)
        version = the_archive(packages).name.split("-")[1]
        expect(said.strip() == f"glasshttp {version}", f"it says its version: {said!r}")
        # Of a SIGINT Wine makes a Ctrl-C.
        serves_and_ends([*command, program], folder=f"Z:{site}", by=signal.SIGINT, env=environment)


def the_archive(packages):
    return packages.one("glasshttp-*-x86_64-windows.zip")


def unpacked(packages, scratch):
    """Its program, in the folder `zip`."""
    with zipfile.ZipFile(the_archive(packages)) as archive:
        archive.extractall(scratch / "zip")
    return scratch / "zip" / the_archive(packages).stem / "glasshttp.exe"


def is_the_program_of_the_archive(path, packages, scratch):
    return path.read_bytes() == unpacked(packages, scratch).read_bytes()


def passes_on(command, **more):
    done = subprocess.run([*command, "one", "two"], capture_output=True, text=True, **more)
    expect((done.stdout, done.returncode) == ("it was told one two\n", 7), f"arguments and exit code: {done}")


def yaml(file):
    """As what packaging/tools installs reads it."""
    script = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    return json.loads(output("python3", "-c", script, input=file.read_text()))


@contextmanager
def wine(scratch, beside):
    """Gives the command that runs a program for Windows, and its variables. Nothing of it stays."""
    path = os.pathsep.join([DEBIANS_WINE, os.environ["PATH"]])
    found = shutil.which("wine64", path=path) or shutil.which("wine", path=path)
    if not found:
        raise Left("there is no Wine here, so nothing ran the program for Windows")
    disk = scratch / "wine"
    environment = os.environ | {
        "WINEPREFIX": str(disk),
        "WINEDEBUG": "-all",
        # It would ask whether to fetch these, and none is needed.
        "WINEDLLOVERRIDES": "mscoree,mshtml=",
    }
    try:
        output(found, "wineboot", "--init", env=environment)
        if not (disk / "drive_c/windows/system32/bcryptprimitives.dll").exists():
            # Wine before version 9 lacks it, and Windows does not: Rust takes random numbers from there.
            library, source = beside.parent / "bcryptprimitives.dll", CHECKOUT / "packaging/trial/bcryptprimitives.c"
            output("x86_64-w64-mingw32-gcc", "-shared", "-o", library, source, "-ladvapi32")
            environment["WINEDLLOVERRIDES"] += ";bcryptprimitives=n"
        yield [found], environment
    finally:
        # What serves all programs of this disk would stay for some seconds, and write to it.
        server = shutil.which("wineserver", path=path)
        subprocess.run([server, "--kill"], env=environment, stderr=subprocess.DEVNULL)
