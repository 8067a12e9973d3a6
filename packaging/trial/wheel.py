"""The wheel. Nothing comes from a registry here."""

import os
import shutil

from common import output
from trial.support import all_below, expect, fails_in_one_line, one_file, serves_and_ends

QUIETLY = ["--quiet", "--no-index", "--no-cache-dir", "--disable-pip-version-check"]


def wheel_gives_a_command_and_a_module(packages, scratch):
    python = new_environment(scratch)
    before = all_below(scratch / "env")
    output(python, "-m", "pip", "install", *QUIETLY, the_wheel(packages))
    site = one_file(scratch)
    for command in [[scratch / "env/bin/glasshttp"], [python, "-m", "glasshttp"]]:
        serves_and_ends(command, folder=site)
        expect(output(*command, "--version").startswith("glasshttp "), "it says its version")
    output(python, "-m", "pip", "uninstall", "--yes", "glasshttp")
    stays = all_below(scratch / "env") - before
    expect(not stays, f"nothing stays, but {sorted(stays)} did")


def wheel_in_a_folder_of_its_own_has_the_module(packages, scratch):
    python = new_environment(scratch)
    output(python, "-m", "pip", "install", *QUIETLY, "--target", scratch / "apart", the_wheel(packages))
    environment = os.environ | {"PYTHONPATH": str(scratch / "apart")}
    serves_and_ends([python, "-m", "glasshttp"], folder=one_file(scratch), env=environment)


def wheel_of_another_system_is_refused_in_one_line(packages, scratch):
    python = new_environment(scratch)
    name = the_wheel(packages).name.replace("x86_64", "s390x").replace("aarch64", "s390x")
    shutil.copy(the_wheel(packages), scratch / name)
    command = [python, "-m", "pip", "install", *QUIETLY, scratch / name]
    fails_in_one_line(command, code=1, about="is not a supported wheel on this platform")


def wheel_whose_program_is_missing_or_strange_says_so_in_one_line(packages, scratch):
    python = new_environment(scratch)
    output(python, "-m", "pip", "install", *QUIETLY, the_wheel(packages))
    program, module = scratch / "env/bin/glasshttp", [python, "-m", "glasshttp"]
    program.write_bytes(b"\x7fELF for another processor")
    fails_in_one_line(module, code=1, about="does not run on this system")
    # Looks as one does whose loader, and so whose C library, is not there.
    program.write_text("#!/lib/ld-of-another-system.so\n")
    fails_in_one_line(module, code=1, about="does not run on this system")
    program.unlink()
    fails_in_one_line(module, code=1, about="--force-reinstall")


def the_wheel(packages):
    return packages.one(f"glasshttp-*-manylinux_*_{os.uname().machine}.whl")


def new_environment(scratch):
    output("python3", "-m", "venv", scratch / "env")
    return scratch / "env/bin/python"
