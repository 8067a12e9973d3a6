#!/usr/bin/env python3
"""Compare ours with one server after another in pairs of short slices (needs wrk, curl)

    cargo build --release; (cd benches/compare/limit && cargo build --release)
    benches/compare/pairs.py --into docs/speed.md

What a machine does beside the measuring changes from minute to minute, and by more than servers differ. So two
servers run at once, and are put to the same work in turn, for a second each: A B B A A B ... Each two neighbours give a
ratio, ours to the other's; what is shown is the median of the ratios, and the interval which has the true median in it
with at least 95 % (that of the sign test: it asks nothing of how they are spread). Where it holds 1, the two are equal
as far as can be seen, and that is marked with "=".

The works are those of run.py. For slow-clients and many-idle two of the same server run, one of them with those
clients, and the ratio is what they leave of its requests per second. Ten pairs of all rows take a quarter of an hour.
"""
import argparse
import contextlib
import itertools
import json
import math
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

from instructions import PROGRAM
from peers import glasshttp, table
from run import (FAILURES, FILES, FLOOR, IDLE, Run, SlowClients, build_root, end_in_order, idle_connections,
                 raise_file_limit)
from tables import grid, in_language, languages, machine, put

# the work, in English and in Chinese, and its figures: a key of run.py's
CPU, RATE, TAIL = ("processor time", "处理器时间"), ("requests/s", "请求/秒"), ("99th percentile", "第 99 百分位")
ROWS = {
    "small-keepalive": (("1 kB, 64 kept-alive connections", "1 kB，64 条长连接"),
                        {"ka_cpu": CPU, "ka_rps": RATE, "ka_p99_ms": TAIL}),
    "small-close": (("the same, a connection per request", "同上，每个请求一条连接"),
                    {"close_cpu": CPU, "close_rps": RATE, "close_p99_ms": TAIL}),
    "medium-keepalive": (("100 kB, kept alive", "100 kB，长连接"), {"med_cpu": CPU, "med_rps": RATE, "med_p99_ms": TAIL}),
    "large": (("100 MB, 8 downloads at once", "100 MB，8 个下载同时进行"), {"large_cpu": CPU, "large_mbps": ("MB/s", "MB/秒")}),
    "ranges": (("206 of 1,000 bytes", "206，1,000 字节"), {"range_cpu": CPU, "range_rps": RATE, "range_p99_ms": TAIL}),
    "not-modified": (("304", "304"), {"nm_cpu": CPU, "nm_rps": RATE, "nm_p99_ms": TAIL}),
    "listing": (("listing of 10,000 entries", "列出 10,000 项的文件夹"), {"list_cpu": CPU, "list_ms": ("time", "时间")}),
    "slow-clients": (("1 kB beside 200 one-byte-a-second clients, of that without",
                      "1 kB，同时有 200 个每秒只发一个字节的客户端，与没有它们时之比"), {"rps": RATE}),
    "many-idle": (("1 kB beside 2,000 idle connections, of that without", "1 kB，同时有 2,000 条空闲连接，与没有它们时之比"),
                  {"rps": RATE}),
}
BESIDE = ("slow-clients", "many-idle")


def interval(ratios):
    """The median, and between which two of the ratios it is with at least 95 %: as many of them are below the true one
    as coins show heads."""
    ranked, n = sorted(ratios), len(ratios)
    tails = [sum(math.comb(n, i) for i in range(k + 1)) / 2 ** n for k in range(n)]
    # Six ratios are the fewest for which even the outermost are sure enough.
    outside = max((k for k in range(n) if tails[k] <= 0.025), default=0)
    return statistics.median(ranked), ranked[outside], ranked[-1 - outside]


def slices(ours, other, pairs):
    """Each is a function that gives {figure: value}: {figure: ratios}."""
    ratios = {}
    for turn in range(pairs):
        found = {}
        for which in ("ours", "other") if turn % 2 == 0 else ("other", "ours"):
            found[which] = (ours if which == "ours" else other)()
        for figure, value in found["ours"].items():
            if value and found["other"].get(figure):
                ratios.setdefault(figure, []).append(value / found["other"][figure])
    return ratios


def right(runs, ratios):
    """The ratios, unless a server gave answers of another kind (refused, not found), which cost less."""
    for note in itertools.chain(*(run.notes for run in runs)):
        if "status" in note:
            raise RuntimeError(note)
    return ratios


class Pairs:
    def __init__(self, scratch, o):
        self.scratch, self.root, self.o, self.ports = scratch, scratch / "root", o, itertools.count(o.port_base)
        build_root(self.root, {name: FILES[name] for name in ("1k.html", "100k.js", "100m.bin")})

    @contextlib.contextmanager
    def running(self, *peers):
        opts = SimpleNamespace(seconds=1, large_file="100m.bin")
        runs = [Run(peer, False, self.root, self.ports, self.scratch, opts) for peer in peers]
        try:
            for run in runs:
                run.start()
            yield runs
        finally:
            for run in runs:
                if run.proc:
                    run.stop()

    def against(self, row, ours, peer):
        """Ours and another one do the same."""
        with self.running(ours, peer) as runs:
            work = [lambda run=run: getattr(run, row.replace("-", "_"))(row) for run in runs]
            return right(runs, slices(*work, self.o.pairs))

    def beside(self, row, peer):
        """One server with those clients, and the same one without."""
        with self.running(peer, peer) as (beset, quiet):
            slow, socks = None, []
            try:
                if row == "many-idle":
                    socks, answered = idle_connections(beset.port, IDLE)
                    if len(answered) < IDLE:
                        raise RuntimeError(f"it holds {len(answered)} idle connections")
                else:
                    slow = SlowClients(beset.port)
                    slow.start()
                    time.sleep(1.5)
                work = [lambda run=run: {"rps": run.load(row, conns=32)["rps"]} for run in (beset, quiet)]
                return right((beset, quiet), slices(*work, self.o.pairs))
            finally:
                if slow:
                    slow.stop.set()
                    slow.join()
                for sock in socks:
                    sock.close()


def measure(pairs, ours, servers, rows):
    """{row: {server: {figure: [median, lower, upper]}}}"""
    found = {row: {} for row in rows}
    for row in rows:
        for name, peer in ({"glasshttp": ours} | servers if row in BESIDE else servers).items():
            if peer.floor and row not in FLOOR:
                continue
            try:
                ratios = pairs.beside(row, peer) if row in BESIDE else pairs.against(row, ours, peer)
                found[row][name] = {figure: interval(ratios[figure]) for figure in ROWS[row][1] if figure in ratios}
                print(f"{row} {name}:", *(f"{k}={cell(v)}" for k, v in found[row][name].items()), file=sys.stderr)
            except FAILURES as error:
                print(f"{row} {name}: {error}", file=sys.stderr)
    return found


def cell(figures):
    if figures is None:
        return "-"
    median, lower, upper = figures
    return f"{median:.2f} ({lower:.2f} – {upper:.2f})" + (" =" if lower <= 1 <= upper else "")


def document(found, names, language):
    rows = []
    for row, servers in found.items():
        for index, (figure, words) in enumerate(ROWS[row][1].items()):
            rows.append([ROWS[row][0][language] if index == 0 else "", words[language]] +
                        [cell(servers.get(name, {}).get(figure)) for name in names])
    return grid([("work", "负载")[language], ("figure", "指标")[language], *names], rows, 2)


def main():
    known = table()
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ours", default=PROGRAM, type=Path, metavar="PROGRAM", help="default: %(default)s")
    ap.add_argument("--servers", default="limit,nginx,lighttpd,h2o", help="comma list (default: %(default)s)")
    ap.add_argument("--rows", default=",".join(ROWS), help="comma list (default: %(default)s)")
    ap.add_argument("--pairs", type=int, default=10, help="at least 6 (default: %(default)s)")
    ap.add_argument("--port-base", type=int, default=20000)
    ap.add_argument("--into", metavar="FILE", help="write the table between its comments, and into its Chinese twin")
    ap.add_argument("--json", metavar="FILE")
    o = ap.parse_args()
    if o.pairs < 6:
        ap.error("of fewer than 6 pairs no interval can be had")
    end_in_order()
    raise_file_limit()
    scratch = Path(tempfile.mkdtemp(prefix="httpbench-"))
    scratch.chmod(0o755)
    servers = {name: known[name] for name in o.servers.split(",") if known[name].exe()}
    try:
        found = measure(Pairs(scratch, o), glasshttp(o.ours.resolve()), servers,
                        [row for row in ROWS if row in o.rows.split(",")])
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    names = [name for name in ("glasshttp", *servers) if any(name in row for row in found.values())]
    print(document(found, names, 0))
    for path, language in languages(o.into) if o.into else []:
        said = (f"{machine()}; {o.pairs} pairs.", f"{in_language(machine(), 1)}；{o.pairs} 对。")[language]
        put(path, "pairs", f"{said}\n\n{document(found, names, language)}")
    if o.json:
        Path(o.json).write_text(json.dumps({"where": machine(), "pairs": o.pairs, "found": found}, indent=1) + "\n")


if __name__ == "__main__":
    main()
