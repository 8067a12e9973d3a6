#!/usr/bin/env python3
"""What it costs to be looked at: the 1 kB file over 64 kept-alive connections (needs wrk and curl)

    off                  glasshttp -q
    log                  with its log written to a file
    explain              --explain, written to a file
    inspect              --inspect, with nobody looking on
    inspect, page open   --inspect, with a page that reads its events

    cargo build --release && benches/compare/glass.py [ROUNDS] [SECONDS]

Odd rounds go through the list backwards. Figures are medians over the rounds: requests a second, and
the server's processor time, user and system, for a million requests.
"""
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from run import cpu_seconds, get, wrk

HERE = Path(__file__).resolve().parent
SERVER = HERE.parent.parent / "target/release/glasshttp"
CASES = {
    "off": ["-q"],
    "log": ["--log", "common"],
    "explain": ["--explain"],
    "inspect": ["--inspect", "-q"],
    "inspect, page open": ["--inspect", "-q"],
}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def measure(name, root, scratch, seconds):
    port, page = free_port(), None
    with open(f"{scratch}/output", "wb") as output:
        server = subprocess.Popen([SERVER, "--port", str(port), *CASES[name], root], stdout=output)
    try:
        for _ in range(500):
            try:
                get(port, "/1k.html")
                break
            except OSError:
                time.sleep(0.01)
        if name.endswith("page open"):
            page = subprocess.Popen(["curl", "-sN", f"http://127.0.0.1:{port}/.glass/events"],
                                    stdout=subprocess.DEVNULL)
        before = cpu_seconds(server.pid)
        load = wrk(port, "/1k.html", 64, seconds)
        cpu = (cpu_seconds(server.pid) - before) / load["requests"] * 1e6
        if load["errors"]:
            print(f"{name}: {load['errors']}", file=sys.stderr)
        return load["rps"], cpu
    finally:
        for process in filter(None, (page, server)):
            process.terminate()
            process.wait()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    found = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch) / "root"
        root.mkdir()
        (root / "1k.html").write_bytes(b"x" * 1024)
        # A file that has changed just now is not kept in memory.
        os.utime(root / "1k.html", (1e9, 1e9))
        time.sleep(2.1)
        for round in range(rounds):
            for name in list(CASES)[::-1 if round % 2 else 1]:
                found[name].append(measure(name, root, scratch, seconds))
    off = [statistics.median(column) for column in zip(*found["off"])]
    print("| | requests/s | of those without | processor seconds per million | of those without |")
    print("|---|--:|--:|--:|--:|")
    for name, figures in found.items():
        rps, cpu = (statistics.median(column) for column in zip(*figures))
        print(f"| {name} | {rps:,.0f} | {rps / off[0]:.0%} | {cpu:.1f} | {cpu / off[1]:.2f} |")


if __name__ == "__main__":
    main()
