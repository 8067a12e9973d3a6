"""The archive with a program that needs no library."""

import os

from common import output
from trial.support import expect, serves_and_ends


def archive_runs_where_there_is_nothing_else(packages, scratch):
    root = scratch / "root"
    (root / "srv").mkdir(parents=True)
    (root / "srv/a.txt").write_text("aaaaa")
    unpack(packages, root)
    serves_and_ends(["chroot", root, "/bin/glasshttp"], folder="/srv")


def archive_has_the_manual_and_completions(packages, scratch):
    unpack(packages, scratch)
    share = scratch / "share"
    expect("--port" in output("man", "--local-file", share / "man/man1/glasshttp.1"), "the manual tells of --port")
    for path in [
        "bash-completion/completions/glasshttp",
        "zsh/site-functions/_glasshttp",
        "fish/vendor_completions.d/glasshttp.fish",
        "doc/glasshttp/THIRD-PARTY.txt",
    ]:
        expect((share / path).stat().st_size > 1000, f"{path} has something in it")


def unpack(packages, into):
    archive = packages.one(f"glasshttp-*-{os.uname().machine}-linux.tar.gz")
    output("tar", "-C", into, "--strip-components=1", "-xzf", archive)
