"""The program for each kind of system, and what its file says about itself.

zig is linker, C compiler and C library for Linux: one that links against a glibc as old as we say, and that has musl.
For Windows MinGW is all that, and Cargo finds it by itself. Where Rust's toolchain has no standard library for a
target, Debian's (its packages rustc-web, cargo-web and rust-web-src) makes it from its sources.
"""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from common import Failure, output

TARGETS = [
    "x86_64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-unknown-linux-gnu",
    "aarch64-unknown-linux-musl",
    "x86_64-pc-windows-gnu",
]
# Of 2012; Rust itself wants no older one.
OLDEST_GLIBC = "2.17"


def build(project, target):
    """Compiles it, unless it is there, and gives its path."""
    command = "build" if is_for_windows(target) else "zigbuild"
    cargo(project, command, target, "--release", "--quiet", "--bin", project.name)
    name = f"{project.name}.exe" if is_for_windows(target) else project.name
    return folder_for(project, target) / target / "release" / name


def is_for_windows(target):
    return "-windows-" in target


def folder_for(project, target):
    """For Windows it is a folder of its own, where what is compiled for tests lies, too."""
    return project.root / ("target/windows" if is_for_windows(target) else "target")


def cargo(project, command, target, *options, **more):
    """Cargo's command for a target: what it makes is the same in whatever folder the checkout lies."""
    names = names_of_folders(project)
    flags = [f"--remap-path-prefix={path}={name}" for path, name in names]
    if target.endswith("-musl"):
        # The C library is zig's, and no copy that comes with Rust; the addresses are random, as they are with glibc.
        flags += ["-C", "link-self-contained=no", "-C", "link-arg=-pie"]
    environment = os.environ | {
        # MinGW's linker writes it into the program, too.
        "SOURCE_DATE_EPOCH": str(project.time),
        "RUSTFLAGS": " ".join(flags),
        "CFLAGS": " ".join(f"-ffile-prefix-map={path}={name}" for path, name in names),
        "CARGO_ZIGBUILD_CACHE_DIR": str(project.root / "target/zig"),
        "ZIG_GLOBAL_CACHE_DIR": str(project.root / "target/zig"),
    }
    program = "cargo" if is_for_windows(target) else "cargo-zigbuild"
    linked = f"{target}.{OLDEST_GLIBC}" if target.endswith("-linux-gnu") else target
    command = [command, "--locked", "--target", linked, "--target-dir", str(folder_for(project, target))]
    if not has_std(target):
        environment |= {"RUSTC": "/usr/bin/rustc", "CARGO": "/usr/bin/cargo", "RUSTC_BOOTSTRAP": "1"}
        command += ["-Z", "build-std=std,panic_unwind"]
        program = "/usr/bin/cargo" if program == "cargo" else program
    command = [program, *command]
    try:
        subprocess.run([*command, *options], cwd=project.root, env=environment | more, check=True)
    except OSError as error:
        raise Failure(f"{program}: {error.strerror} (packaging/tools installs it)") from error
    except subprocess.CalledProcessError as error:
        raise Failure(f"{' '.join(command[:2])} for {target} failed, see above") from error


def names_of_folders(project):
    """Folders of this machine, and what they are called in the program instead."""
    crates = os.environ.get("CARGO_HOME") or Path.home() / ".cargo"
    return [(crates, "/cargo"), (project.root, f"/{project.name}")]


def has_std(target):
    folder = Path(output("rustc", "--print=target-libdir", f"--target={target}").strip())
    return any(folder.glob("libstd-*.rlib"))


@dataclass(frozen=True)
class Program:
    """A program, and the system that it is for: as its file says, and not the one who built it."""

    path: Path
    machine: str
    # The oldest one that will do, as (2, 17); none for a program that needs no library, and on Windows.
    glibc: tuple | None
    is_for_windows: bool = False

    @property
    def is_static(self):
        return self.glibc is None and not self.is_for_windows

    @property
    def target(self):
        if self.is_for_windows:
            return f"{self.machine}-pc-windows-gnu"
        return f"{self.machine}-unknown-linux-{'musl' if self.is_static else 'gnu'}"

    def named(self, name):
        """What the program is called where it is installed."""
        return f"{name}.exe" if self.is_for_windows else name

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            is_for_windows = file.read(2) == b"MZ"
        return Program.read_pe(path) if is_for_windows else Program.read_elf(path)

    @staticmethod
    def read_pe(path):
        said = output("objdump", "--private-headers", path)
        [name] = re.findall(r"file format (\S+)", said)
        if name != "pei-x86-64":
            raise Failure(f"{path} is {name}, and there are no packages for that")
        # MinGW has libraries of its own, of which no Windows knows; what of them is used has to be in the program.
        if missing := re.findall(r"DLL Name: (lib\S+)", said):
            raise Failure(f"{path} needs {', '.join(missing)}, and Windows does not have that")
        return Program(path, "x86_64", glibc=None, is_for_windows=True)

    @staticmethod
    def read_elf(path):
        said = output("readelf", "--wide", "--file-header", "--program-headers", "--version-info", path)
        machine = {"Advanced Micro Devices X86-64": "x86_64", "AArch64": "aarch64"}
        [name] = re.findall(r"Machine: +(.+)", said)
        if name not in machine:
            raise Failure(f"{path} is for {name}, and there are no packages for that")
        is_static = not re.search(r"^ +INTERP", said, re.MULTILINE)
        versions = [tuple(map(int, found)) for found in re.findall(r"GLIBC_(\d+)\.(\d+)", said)]
        return Program(path, machine[name], None if is_static else max(versions))
