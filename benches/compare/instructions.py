#!/usr/bin/env python3
"""Count what a request costs: instructions and system calls (needs valgrind, strace, openssl)

    cargo build --release; (cd benches/compare/limit && cargo build --release)
    benches/compare/instructions.py --into docs/speed.md

Counts, and not time: they are the same on a busy machine. Each server runs in one process with one worker, below
`valgrind --tool=callgrind` for its instructions (those of the whole tree, the kernel's not among them) and below
`strace -f -c` for its system calls. A row is taken twice, with few and with many requests; the figure is the
difference for each request more, so that what a start, a first request and an end cost is not in it. One client asks
for one thing after another: where 64 ask at once, a server waits once for several, and takes fewer calls.

Every answer is read to its end, and its status and length are looked at. The requests have the fields that wrk sends
(Host), but for the row with the fields of a browser. A listing is asked for without Accept, and as a browser does:
ours has a short form for programs, the others have one form. Valgrind's processor has AES and AVX2, and no AVX-512.

    benches/compare/instructions.py --check release target/release/glasshttp

counts ours alone, in the rows that have a bound (BOUNDS), and fails if one has risen above it. CI runs that with
the program that its packages are tried with.
"""
import argparse
import contextlib
import itertools
import json
import os
import platform
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from http.client import HTTPResponse
from pathlib import Path

from peers import glasshttp, table
from run import FAILURES, FILES, MANY, TRUSTING, Run, build_root, end_in_order, get, tree
from tables import grid, in_language, languages, machine, put, show
from tls import make_certificate

PROGRAM = Path(__file__).resolve().parent.parent.parent / "target/release/glasshttp"
# What must not rise: instructions and system calls for each request, by the profile that the program was built with, on
# x86_64. Where they fall, lower them: the bound is what was counted, and HEAD_ROOM for what differs among machines.
HEAD_ROOM = 1.03
BOUNDS = {
    "release": {"kept": (5_840, 4), "browser": (9_715, 4)},
    # That of packaging/trial/image.py, without optimisation: CI has that one anyway.
    "packages": {"kept": (31_070, 4), "browser": (63_430, 4)},
}
# Those of Firefox, for a page on this machine.
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5", "Accept-Encoding": "gzip, deflate, br, zstd", "DNT": "1", "Sec-GPC": "1",
    "Connection": "keep-alive", "Upgrade-Insecure-Requests": "1", "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none", "Sec-Fetch-User": "?1", "Priority": "u=0, i",
}


@dataclass
class Row:
    key: str
    words: tuple                     # English, Chinese
    path: str = "/1k.html"
    fields: dict = field(default_factory=dict)
    status: int = 200
    length: int | None = FILES["1k.html"]       # None: any
    few: int = 50
    many: int = 850                  # below 1,000, after which some servers end a connection
    closes: bool = False             # each request on a connection of its own
    tls: bool = False
    conditional: bool = False        # with the validators of an answer before
    floor: bool = False              # the floor can answer it


CLOSE = {"Connection": "close"}
ROWS = [
    Row("kept", ("1 kB, kept alive", "1 kB，长连接"), floor=True),
    Row("browser", ("the same, with the 13 fields of a browser", "同上，带浏览器的 13 个字段"), fields=BROWSER,
        floor=True),
    Row("close", ("1 kB, a connection per request", "1 kB，每个请求一条连接"), fields=CLOSE, closes=True, floor=True),
    Row("304", ("304", "304"), status=304, length=0, conditional=True),
    Row("206", ("206 of 1,000 bytes", "206，1,000 字节"), "/100k.js", {"Range": "bytes=50000-50999"}, 206, 1000),
    Row("404", ("404", "404"), "/none.html", status=404, length=None),
    Row("100k", ("100 kB, kept alive", "100 kB，长连接"), "/100k.js", length=FILES["100k.js"], many=450),
    Row("listing", ("listing of 10,000 entries", "列出 10,000 项的文件夹"), "/many/", length=None, few=1, many=5),
    Row("page", ("the same, for a browser", "同上，给浏览器"), "/many/", {"Accept": BROWSER["Accept"]}, length=None,
        few=1, many=5),
    Row("tls", ("https: 1 kB, kept alive", "https：1 kB，长连接"), tls=True),
    Row("handshake", ("https: 1 kB, a connection per request", "https：1 kB，每个请求一条连接"), fields=CLOSE, few=10,
        many=110, closes=True, tls=True),
]


# ------------------------------------------------------------ the client
class Client:
    """Asks one thing after another, and looks at each answer."""

    def __init__(self, row, port, validators):
        self.row, self.port, self.socket = row, port, None
        fields = {"Host": f"127.0.0.1:{port}", **row.fields, **validators}
        lines = [f"GET {row.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        self.request = "\r\n".join([*lines, "", ""]).encode()

    def ask(self, times):
        for _ in range(times):
            self.ask_once()
        self.end()

    def ask_once(self):
        if self.socket is None:
            self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.row.tls:
                self.socket = TRUSTING.wrap_socket(self.socket)
        self.socket.sendall(self.request)
        answer = HTTPResponse(self.socket, method="GET")
        answer.begin()
        length, row = len(answer.read()), self.row
        right = length == row.length if row.length is not None else length > (10 * MANY if row.path == "/many/" else 0)
        if answer.status != row.status or not right:
            raise RuntimeError(f"{row.path}: status {answer.status}, {length} bytes")
        if answer.will_close or row.closes:
            self.end()

    def end(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None


# ------------------------------------------------------------ counting
CALLGRIND = ["valgrind", "-q", "--tool=callgrind", "--trace-children=yes"]


def end(server, patience=30):
    """To its regular end, after which valgrind and strace write what they counted. strace lets no signal end it; and a
    server that looks for its signals before it waits (nginx) misses one between, below valgrind more often."""
    until = time.monotonic() + patience
    while server.proc and server.proc.poll() is None and time.monotonic() < until:
        for pid in tree(server.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.proc.wait(0.5)
    if server.proc:
        server.stop()


class Bench:
    def __init__(self, scratch):
        self.scratch, self.root, self.ports = scratch, scratch / "root", itertools.count(19000)
        build_root(self.root, {name: FILES[name] for name in ("1k.html", "100k.js")})
        make_certificate(scratch)

    def run(self, peer, row, requests, prefix):
        server = Run(peer, False, self.root, self.ports, self.scratch, None, prefix, workers=1, single=True, gzip="off",
                     tls=row.tls, cert=self.scratch / "cert.pem", key=self.scratch / "key.pem")
        try:
            server.start()
            had = get(server.port, row.path)[1] if row.conditional else {}
            validators = {k: had[v] for k, v in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified"))
                          if had and had[v]}
            Client(row, server.port, validators).ask(requests)
        finally:
            end(server)

    def instructions(self, peer, row, requests):
        """Of one run in all, and the file that says where they were."""
        folder = Path(tempfile.mkdtemp(dir=self.scratch))
        folder.chmod(0o777)                     # h2o that root started is somebody else
        self.run(peer, row, requests, [*CALLGRIND, f"--callgrind-out-file={folder}/out.%p"])
        files = [file for file in folder.iterdir() if file.stat().st_size]
        totals = [re.search(r"^totals: (\d+)", file.read_text(errors="replace"), re.M) for file in files]
        if not files or not all(totals):
            raise RuntimeError("callgrind wrote no totals: the server did not come to its end")
        return sum(int(total[1]) for total in totals), max(files, key=lambda file: file.stat().st_size)

    def calls(self, peer, row, requests):
        """{name: how often} in one run."""
        summary = Path(tempfile.mkdtemp(dir=self.scratch)) / "calls"
        self.run(peer, row, requests, ["strace", "-f", "-c", "-o", str(summary)])
        # % time, seconds, usecs/call, calls, errors if there are any, the name
        lines = (line.split() for line in summary.read_text().splitlines())
        return {words[-1]: int(words[3]) for words in lines if len(words) >= 5 and words[3].isdigit() and
                words[-1] != "total"}

    def cell(self, peer, row):
        """{figure: for each request more}, and the file of callgrind's longer run."""
        (few, _), (many, file) = (self.instructions(peer, row, n) for n in (row.few, row.many))
        before, after = (self.calls(peer, row, n) for n in (row.few, row.many))
        more = row.many - row.few
        by_name = {name: round((count - before.get(name, 0)) / more, 2) for name, count in after.items()}
        often = {name: times for name, times in sorted(by_name.items(), key=lambda item: -item[1]) if times >= 0.02}
        return {"instructions": round((many - few) / more), "calls": round(sum(by_name.values()), 2),
                "by_name": often}, file


def measure(bench, servers, rows):
    found = {name: {} for name in servers}
    for name, peer in servers.items():
        for row in rows:
            if (row.tls and not peer.tls) or (peer.floor and not row.floor):
                continue
            try:
                found[name][row.key], _ = bench.cell(peer, row)
                print(f"{name} {row.key}: {found[name][row.key]}", file=sys.stderr)
            except FAILURES as error:
                print(f"{name} {row.key}: {error}", file=sys.stderr)
    return found


def document(found, language):
    """The table: a row, and both figures of each server."""
    head = [("row", "负载"), ("figure", "指标")]
    figures = [("instructions", ("instructions", "指令"), 0), ("calls", ("system calls", "系统调用"), 1)]
    rows = [[row.words[language] if figure == "instructions" else "", words[language]] +
            [show(found[name].get(row.key, {}).get(figure), digits) for name in found]
            for row in ROWS for figure, words, digits in figures if any(row.key in cells for cells in found.values())]
    return grid([words[language] for words in head] + list(found), rows, 2)


# ------------------------------------------------------------ CI
HOW_TO_LOOK = """
A request takes more than it may. Where the instructions are: callgrind_annotate target/callgrind.{row} | head -60
It has names if the program has: CARGO_PROFILE_RELEASE_STRIP=none cargo build --release --target-dir target/named, and
then benches/compare/instructions.py --check release target/named/release/glasshttp. If it must take that, raise BOUNDS
in instructions.py, and say why."""


def check(bench, profile, program):
    """Whether a request takes what it may; a line says for each figure."""
    risen = None
    for row in (row for row in ROWS if row.key in BOUNDS[profile]):
        cell, file = bench.cell(glasshttp(program), row)
        for figure, words, counted in zip(("instructions", "calls"), ("instructions", "system calls"),
                                          BOUNDS[profile][row.key]):
            bound = round(counted * HEAD_ROOM, 2 if figure == "calls" else None)
            said = "ok    " if cell[figure] <= bound else "RISEN "
            print(f"{said} {row.words[0]}: {cell[figure]:,} {words} for a request, at most {bound:,} ({profile})", flush=True)
            if cell[figure] > bound:
                risen = row.key
                print("       the calls:", ", ".join(f"{name} {times}" for name, times in cell["by_name"].items()))
        shutil.copy(file, PROGRAM.parents[1] / f"callgrind.{row.key}")
    if risen:
        sys.exit(HOW_TO_LOOK.strip().format(row=risen))


def main():
    peers = table()
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ours", default=PROGRAM, type=Path, metavar="PROGRAM", help="default: %(default)s")
    ap.add_argument("--servers", default="limit,lighttpd,nginx,h2o", help="comma list (default: %(default)s)")
    ap.add_argument("--rows", default=",".join(row.key for row in ROWS), help="comma list (default: %(default)s)")
    ap.add_argument("--into", metavar="FILE", help="write the table between its comments, and into its Chinese twin")
    ap.add_argument("--json", metavar="FILE", help="write the counts, those of each system call among them")
    ap.add_argument("--check", nargs=2, metavar=("PROFILE", "PROGRAM"), help=f"profiles: {', '.join(BOUNDS)}")
    o = ap.parse_args()
    end_in_order()
    scratch = Path(tempfile.mkdtemp(prefix="httpbench-"))
    scratch.chmod(0o755)
    try:
        if o.check and platform.machine() != "x86_64":
            return print(f"instructions.py: nothing counted, for there are no bounds for {platform.machine()}")
        bench = Bench(scratch)
        if o.check:
            return check(bench, o.check[0], Path(o.check[1]).resolve())
        servers = {"glasshttp": glasshttp(o.ours.resolve())}
        servers |= {name: peers[name] for name in o.servers.split(",") if peers[name].exe()}
        found = measure(bench, servers, [row for row in ROWS if row.key in o.rows.split(",")])
    except FAILURES as error:
        sys.exit(f"instructions.py: {error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(document(found, 0))
    for path, language in languages(o.into) if o.into else []:
        where = (machine() + ".", in_language(machine(), 1) + "。")[language]
        put(path, "instructions", f"{where}\n\n{document(found, language)}")
    if o.json:
        Path(o.json).write_text(json.dumps({"where": machine(), "servers": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
