#!/usr/bin/env python3
"""Measure how cost grows, and draw it: ours, nginx, lighttpd, h2o and the floor, on loopback (needs wrk, openssl)

    cargo build --release; (cd benches/compare/limit && cargo build --release)
    benches/compare/growth.py                       measures all, writes docs/growth/ and the tables of docs/growth.md
    benches/compare/growth.py --rows memory-idle    measures some rows; the others stay as they were
    benches/compare/growth.py --draw                draws again what docs/growth/data.json has

A server is started anew for each point, with two workers where the row is not about them (lighttpd: its one process).
For each point all servers have their turn before the next point comes. wrk on one thread keeps all its connections
busy: each asks again when it has its answer, so a median at 10,000 connections is mostly the time in the queue. Unless
a row says otherwise, 64 of them ask for the same 1 kB.

    connections  1 to 10,000. From 1,000 on, what it takes to open them is taken out: of a run and one twice as long,
                 the difference counts.
    size         one file of 100 B to 100 MB, 8 connections
    files        10 to 100,000 files of 1 kB in one folder, a random one each time; ours keeps some 64 MB of them in
                 memory. A second of the same comes before.
    entries      the listing of a folder of 10 to 100,000 empty files, one connection
    depth        the file is 1 to 32 folders deep
    requests     1 to 1,000 requests on each connection
    workers      1 and 2
    memory-*     PSS of all processes with 1 to 10,000 connections: that had an answer and are idle (idle, tls), that
                 have sent half a request (slow), or ask all the time (active, a figure of `connections`). The
                 kernel's buffers are not in it.

A figure is processor time for each request, or a percentile of latency. An answer that was cut off by the end counts in
part, by its bytes. A curve's exponent: see curves.py. All takes about ten minutes; after --minutes no point is begun.
"""
import argparse
import contextlib
import itertools
import json
import os
import shutil
import socket
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from growth_document import ENTRIES, FILES, LOAD, MEMORY, ROWS, SIZES, TENS, write
from instructions import PROGRAM
from peers import glasshttp, table
from run import FAILURES, Run, cpu_seconds, end_in_order, get, idle_connections, memory_mb, raise_file_limit, wrk
from tables import machine
from tls import make_certificate

FOLDER = Path(__file__).resolve().parents[2] / "docs/growth"
MOST = 16384                    # connections that a server may have; for nginx also how many it has memory for
HEAD = 300                      # about the bytes of an answer's head


def build_root(root, rows):
    """What the chosen rows ask for; all of it is old."""
    folders = {"size": [], "files": [], "entries": [f"entries/{n}" for n in ENTRIES], "depth": ["d/" * 32]}
    for folder in ["", "size", "files", *itertools.chain(*(folders.get(row, []) for row in rows))]:
        (root / folder).mkdir(parents=True, exist_ok=True)
    files = {"1k.html": 1024}
    if "size" in rows:
        files |= {f"size/{n}": n for n in SIZES}
    if "files" in rows:
        files |= {f"files/{i}": 1024 for i in range(FILES[-1])}
    if "entries" in rows:
        files |= {f"entries/{n}/file-{i:05}.txt": 0 for n in ENTRIES for i in range(n)}
    if "depth" in rows:
        files |= {"d/" * n + "1k.html": 1024 for n in ROWS["depth"].xs}
    for name, size in files.items():
        (root / name).write_bytes(b"x" * size)
    for path in (root, *root.rglob("*")):
        os.utime(path, (1e9, 1e9))


class Growth:
    def __init__(self, scratch, servers, o):
        self.scratch, self.root, self.servers, self.o = scratch, scratch / "root", servers, o
        self.ports = itertools.count(o.port_base)
        build_root(self.root, o.rows)
        make_certificate(scratch)

    @contextlib.contextmanager
    def running(self, name, workers=2, **settings):
        run = Run(self.servers[name], False, self.root, self.ports, self.scratch, SimpleNamespace(seconds=0),
                  connections=MOST, workers=workers, processes=settings.pop("processes", 0),
                  cert=self.scratch / "cert.pem", key=self.scratch / "key.pem", **settings)
        try:
            run.start()
            yield run
        finally:
            if run.proc:
                run.stop()

    def point(self, row, name, x):
        """{figure: value}"""
        return getattr(self, row.replace("-", "_"))(name, x)

    def load(self, run, path="/1k.html", conns=64, seconds=None, requests=(), length=1024):
        """Figures of a load, and what they were made of."""
        cpu, seconds = cpu_seconds(run.pid), seconds or self.o.seconds
        w = wrk(run.port, path, conns, seconds, midway=lambda: memory_mb(run.pid), requests=requests)
        cpu = cpu_seconds(run.pid) - cpu
        if w["errors"]:
            print(f"{run.peer.name}, {path}, {conns} connections: {w['errors']}", file=sys.stderr)
        if w["bad"] > w["requests"] / 100:
            raise RuntimeError(f"{w['bad']} of {w['requests']} answers refuse")
        # Small answers are counted, of large ones those that are on their way, too.
        count = w["requests"] if length < 100_000 else max(w["requests"], w["bytes"] / (length + HEAD))
        if not count:
            raise RuntimeError("no answer")
        return {"cpu": cpu / count * 1e6, **{p: w[p] for p in ("p50", "p99", "p999") if w[p]}, "memory": w["extra"],
                "made of": (cpu, count)}

    def connections(self, name, x):
        with self.running(name) as run:
            # To open 10,000 takes about a second.
            seconds = max(self.o.seconds, 3) if x > 1000 else self.o.seconds
            found = self.load(run, conns=x, seconds=seconds)
            if x >= 1000:
                longer = self.load(run, conns=x, seconds=2 * seconds)
                (cpu, count), (cpu_longer, count_longer) = found["made of"], longer["made of"]
                found = longer | {"cpu": (cpu_longer - cpu) / max(count_longer - count, 1) * 1e6}
            return found

    memory_active = connections

    def size(self, name, x):
        with self.running(name, body=x) as run:
            return self.load(run, f"/size/{x}", conns=8, length=x)

    def files(self, name, x):
        with self.running(name) as run:
            wrk(run.port, "/files/", 64, 1, requests=("files", str(x)))
            return self.load(run, "/files/", requests=("files", str(x)))

    def entries(self, name, x):
        with self.running(name) as run:
            status, _, body = get(run.port, f"/entries/{x}/", timeout=30)
            if status != 200 or body.count(b"file-") < x:
                raise RuntimeError(f"no listing of {x} entries (status {status})")
            # Of 100,000 one takes up to a second.
            seconds = max(self.o.seconds, 3) if x > 10_000 else self.o.seconds
            return self.load(run, f"/entries/{x}/", conns=1, seconds=seconds, length=len(body))

    def depth(self, name, x):
        with self.running(name) as run:
            return self.load(run, "/" + "d/" * x + "1k.html")

    def requests(self, name, x):
        with self.running(name) as run:
            return self.load(run, requests=("requests", str(x)))

    def workers(self, name, x):
        with self.running(name, workers=x, processes=x if x > 1 else 0) as run:
            return self.load(run)

    def memory_idle(self, name, x, tls=False):
        with self.running(name, tls=tls) as run:
            socks, answered = idle_connections(run.port, x, tls)
            return self.with_connections(run, socks, len(answered), x)

    def memory_tls(self, name, x):
        return self.memory_idle(name, x, tls=True)

    def memory_slow(self, name, x):
        with self.running(name) as run:
            socks = []
            for _ in range(x):
                socks.append(socket.create_connection(("127.0.0.1", run.port), timeout=2))
                socks[-1].sendall(b"GET /1k.html HTTP/1.1\r\nHost: localhost\r\nX-Slow: a")
            # It has read what the others sent when the last one has its answer.
            socks[-1].settimeout(10)
            socks[-1].sendall(b"\r\n\r\n")
            if not socks[-1].recv(4096).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("the last one has no answer")
            return self.with_connections(run, socks, len(socks), x)

    def with_connections(self, run, socks, held, x):
        try:
            if held < x:
                raise RuntimeError(f"it holds {held} connections of {x}")
            return {"memory": memory_mb(run.pid)}
        finally:
            for sock in socks:
                sock.close()


def add(found, row, name, x, point):
    for figure, y in point.items():
        into = "memory-active" if figure == "memory" and row == "connections" else row
        if figure in (MEMORY if into.startswith("memory") else LOAD):
            curves = found.setdefault(into, {}).setdefault(name, {})
            curves.setdefault(figure, []).append([x, float(f"{y:.4g}")])


def measure(growth, o):
    """{row: {server: {figure: [[x, y], ...]}}}, of each point the median of the rounds."""
    found, until = {}, time.monotonic() + 60 * o.minutes
    # Both are measured by one load.
    for row in (row for row in o.rows if row != "memory-active" or "connections" not in o.rows):
        for x in ROWS[row].xs:
            for name in growth.servers:
                if (growth.servers[name].floor and x > ROWS[row].floor) or time.monotonic() > until:
                    continue
                if row == "memory-tls" and not growth.servers[name].tls:
                    continue
                points = []
                for _ in range(o.rounds):
                    try:
                        points.append(growth.point(row, name, x))
                    except FAILURES as error:
                        print(f"{row} {x} {name}: {error}", file=sys.stderr)
                point = {figure: statistics.median(p[figure] for p in points if figure in p)
                         for figure in (*LOAD, *MEMORY) if any(figure in p for p in points)}
                print(f"{row} {x} {name}:", *(f"{k}={v:.4g}" for k, v in point.items()), file=sys.stderr)
                add(found, row, name, x, point)
    if time.monotonic() > until:
        print(f"the {o.minutes} minutes were over before the last point", file=sys.stderr)
    return found


def main():
    known = table()
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ours", default=PROGRAM, type=Path, metavar="PROGRAM", help="default: %(default)s")
    ap.add_argument("--servers", default="nginx,lighttpd,h2o,limit", help="comma list (default: %(default)s)")
    ap.add_argument("--rows", default=",".join(ROWS), help="comma list (default: %(default)s)")
    ap.add_argument("--seconds", type=int, default=2, help="length of each load (default: %(default)s)")
    ap.add_argument("--rounds", type=int, default=1, help="of which each point is the median (default: %(default)s)")
    ap.add_argument("--minutes", type=float, default=15, help="after which no point is begun (default: %(default)s)")
    ap.add_argument("--port-base", type=int, default=22000)
    ap.add_argument("--folder", type=Path, default=FOLDER, help="of data.json and the pictures (default: docs/growth)")
    ap.add_argument("--draw", action="store_true", help="measure nothing")
    o = ap.parse_args()
    o.rows = [row for row in ROWS if row in o.rows.split(",")]
    data = json.loads((o.folder / "data.json").read_text()) if (o.folder / "data.json").exists() else {"rows": {}}
    if not o.draw:
        end_in_order()
        hard = raise_file_limit()
        if hard < 2 * max(TENS):
            print(f"{hard} open files are not enough for {max(TENS)} connections (ulimit -n)", file=sys.stderr)
        scratch = Path(tempfile.mkdtemp(prefix="httpbench-"))
        scratch.chmod(0o755)
        try:
            servers = {"glasshttp": glasshttp(o.ours.resolve())}
            servers |= {name: known[name] for name in o.servers.split(",") if known[name].exe()}
            data["rows"] |= measure(Growth(scratch, servers, o), o)
            data["where"] = machine()
            write(data, o.folder)
        finally:
            # Minutes, of a disk that discards what is free; TMPDIR names another place.
            shutil.rmtree(scratch, ignore_errors=True)
    else:
        write(data, o.folder)


if __name__ == "__main__":
    main()
