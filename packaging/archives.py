"""Archives that come out the same each time: sorted, of one time, and all root's.

What goes in is a dictionary from a path to a `File`.
"""

import base64
import gzip
import hashlib
import io
import lzma
import tarfile
import time
import zipfile
from pathlib import PurePosixPath
from typing import NamedTuple


class File(NamedTuple):
    content: bytes
    is_program: bool = False

    @property
    def mode(self):
        return 0o755 if self.is_program else 0o644


def gz(content):
    packed = io.BytesIO()
    # Without a name and a time in it.
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as file:
        file.write(content)
    return packed.getvalue()


def tar(files, seconds, above="."):
    """A tar archive of the files, and of the folders that they are in."""
    folders = {str(folder) for path in files for folder in PurePosixPath(path).parents if str(folder) != "."}
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted([*files, *folders]):
            entry = tarfile.TarInfo(f"{above}/{path}")
            entry.mtime, entry.uname, entry.gname = seconds, "root", "root"
            if path in folders:
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(entry)
            else:
                entry.size, entry.mode = len(files[path].content), files[path].mode
                archive.addfile(entry, io.BytesIO(files[path].content))
    return made.getvalue()


def tar_gz(files, seconds, above):
    return gz(tar(files, seconds, above))


def deb(control, files, seconds):
    """Debian's format (deb(5)): an archive as `ar` writes it, with two tar archives in it."""
    members = {
        "debian-binary": b"2.0\n",
        "control.tar.xz": lzma.compress(tar(control, seconds)),
        "data.tar.xz": lzma.compress(tar(files, seconds)),
    }
    made = b"!<arch>\n"
    for name, content in members.items():
        made += f"{name:<16}{seconds:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def wheel(files, seconds, info):
    """Python's format: a zip with a list of all in it, RECORD, in its folder `info`."""
    record = f"{info}/RECORD"
    lines = [f"{path},{urlsafe_sha256(file.content)},{len(file.content)}" for path, file in sorted(files.items())]
    lines.append(f"{record},,")
    files = files | {record: File("".join(f"{line}\n" for line in lines).encode())}
    # The folder of the list comes last, so that it can be changed without the rest being written again.
    return packed_as_zip(files, seconds, sorted(files, key=lambda path: (path.startswith(info), path)))


def zipped(files, seconds, above):
    files = {f"{above}/{path}": file for path, file in files.items()}
    return packed_as_zip(files, seconds, sorted(files))


def packed_as_zip(files, seconds, order):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in order:
            entry = zipfile.ZipInfo(path, time.gmtime(seconds)[:6])
            entry.create_system, entry.compress_type = 3, zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | files[path].mode) << 16
            archive.writestr(entry, files[path].content, compresslevel=9)
    return made.getvalue()


def urlsafe_sha256(content):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
