"""The package for Debian, in a copy of this system."""

import os
import shutil

from common import output
from trial.support import all_below, copy_of_this_system, expect, one_file, serves_and_ends

# Where dpkg, and those that it tells, take notes of their own.
NOTES = ("var/lib/dpkg/", "var/log/dpkg.log", "var/cache/", "run/")


def deb_is_installed_runs_and_is_purged(packages, scratch):
    with copy_of_this_system(scratch) as (root, changes):
        inside = ["chroot", root]
        shutil.copy(the_deb(packages), root / "root/package.deb")
        output(*inside, "dpkg", "--install", "/root/package.deb")
        serves_and_ends([*inside, "glasshttp"], folder=one_file(scratch))
        expect("--port" in output(*inside, "man", "glasshttp"), "the manual is found")
        output(*inside, "systemd-analyze", "verify", "glasshttp.service", "glasshttp.socket")
        output(*inside, "logrotate", "--debug", "/etc/logrotate.d/glasshttp")
        completed = output(*inside, "bash", "-c", ". /usr/share/bash-completion/completions/glasshttp; complete -p")
        expect("glasshttp" in completed, "bash completes its options")
        # As `systemctl enable` and the service leave them.
        output(*inside, "systemctl", "enable", "glasshttp.socket", "glasshttp.service")
        (root / "var/log/glasshttp").mkdir()
        (root / "var/log/glasshttp/access.log").write_text("a line\n")
        output(*inside, "dpkg", "--remove", "glasshttp")
        kept = {"etc/logrotate.d/glasshttp", "var/log/glasshttp/access.log"}
        stays = what_stays(changes)
        expect(stays == kept, f"the log and the file of the administrator stay, and not {sorted(stays)}")
        output(*inside, "dpkg", "--purge", "glasshttp")
        stays = what_stays(changes)
        expect(not stays, f"nothing stays, but {sorted(stays)} did")


def deb_is_what_lintian_wants(packages, scratch):
    output("lintian", "--fail-on=error,warning", "--allow-root", the_deb(packages))


def the_deb(packages):
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    return packages.one(f"glasshttp_*_{machine}.deb")


def what_stays(changes):
    found = {path for path in all_below(changes) if not path.startswith(NOTES)}
    # What was there and is gone is noted as a device, by overlayfs.
    return {path for path in found if (changes / path).is_file()} - {"root/package.deb"}
