#!/usr/bin/env python3
"""What workers share: counted, on however few cores (needs wrk and strace; valgrind and objdump for the last table).

    cargo build --release && benches/compare/sharing.py
    benches/compare/sharing.py --workers 1,2,64 --seconds 3 --path /100k.js

More workers than cores show what workers do to each other and nothing else. For each number of workers, with 128
kept-alive connections: processor time, switches of the processor from one thread to another, and waits for a lock
(futex) for each request; and how many workers had a share of the work.

Then, for one request on a kept-alive connection: its locked instructions, those by which a processor takes a line of
memory away from all others. callgrind counts how often each instruction runs, and objdump says which of them are locked
(and where, if the program was built with its symbols). Only those on lines that several workers write can be in the way
of one another: docs/sharing.md names them.
"""
import argparse
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import run

CONNECTIONS, FEW, MANY = 128, 200, 1200


def start(command, port, before=()):
    process = subprocess.Popen([*before, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        try:
            run.get(port, "/1k.html", timeout=30)
            return process
        except run.FAILURES:
            time.sleep(0.02)
    sys.exit("it did not start: " + " ".join(command))


def stop(process):
    """Ends the server, and with it strace, if that is what was started."""
    for pid in run.tree(process.pid).keys() - {process.pid} or {process.pid}:
        os.kill(pid, signal.SIGTERM)
    process.wait(20)


def threads(pid):
    """{name: (seconds on a core, switches)} of the workers."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text()
        name = re.search(r"^Name:\s+(\S+)", status, re.M)[1]
        switches = sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", status)))
        if name.startswith("worker"):
            found[name] = int((task / "schedstat").read_text().split()[0]) / 1e9, switches
    return found


def loaded(o, workers, port):
    """Microseconds and switches for each request, and how many workers did at least a hundredth of the work."""
    process = start(o.command(workers, port), port)
    try:
        time.sleep(0.3)
        before = threads(process.pid)
        done = run.wrk(port, o.path, CONNECTIONS, o.seconds)["requests"]
        after = threads(process.pid)
    finally:
        stop(process)
    spent = [after[name][0] - before[name][0] for name in after]
    switches = sum(after[name][1] - before[name][1] for name in after)
    return sum(spent) / done * 1e6, switches / done, sum(part > sum(spent) / 100 for part in spent)


def calls(o, workers, port):
    """Waits for locks, and bytes written to wake another worker, for each request. strace makes all of it slow."""
    with tempfile.NamedTemporaryFile("r") as out:
        trace = ["strace", "-c", "-f", "-e", "trace=futex,write", "-o", out.name]
        process = start(o.command(workers, port), port, trace)
        try:
            done = run.wrk(port, o.path, CONNECTIONS, o.seconds)["requests"]
        finally:
            stop(process)
        counts = {line.split()[-1]: int(line.split()[3]) for line in out.read().splitlines()
                  if re.match(r"\s*\d+\.\d+ .* (futex|write)$", line)}
    return counts.get("futex", 0) / done, counts.get("write", 0) / done


def executed(file, program):
    """{address: how often} of the program's own instructions, from a callgrind file with --dump-instr=yes."""
    found, names, here, address, is_call = {}, {}, None, 0, False
    for line in file.read_text().splitlines():
        if match := re.match(r"(c?)ob=\((\d+)\)(?: (.*))?", line):
            # A name stands where it comes up first, also as that of an object that is called.
            name = names.setdefault(match[2], match[3])
            here = here if match[1] else name
        elif line.startswith("calls="):
            is_call = True
        elif match := re.match(r"(0x[0-9a-f]+|\+\d+|-\d+|\*) \S+ (\d+)", line):
            place = match[1]
            address = address if place == "*" else int(place, 16) if place[0] == "0" else address + int(place)
            # The line behind "calls=" says what the call cost, and the call itself was counted.
            if not is_call and here and here.endswith(program):
                found[address] = found.get(address, 0) + int(match[2])
            is_call = False
    return found


def locked(o, port):
    """[(times for each request, instruction, function)] of one worker's locked instructions."""
    program = o.command(1, port)[0]
    counts = []
    for requests in (FEW, MANY):
        with tempfile.TemporaryDirectory() as work:
            file = Path(work, "out")
            # valgrind writes its file at the end, which the sandbox would not allow.
            process = start([*o.command(1, port), "--no-sandbox"], port, [
                "valgrind", "--tool=callgrind", "--dump-instr=yes", f"--callgrind-out-file={file}"])
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            for _ in range(requests):
                client.request("GET", o.path)
                client.getresponse().read()
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            counts.append(executed(file, Path(program).name))
    text = subprocess.run(["objdump", "-d", "--no-show-raw-insn", "-C", program], stdout=subprocess.PIPE, text=True,
                          check=True).stdout
    rows, function = [], ""
    for line in text.splitlines():
        if match := re.match(r"[0-9a-f]+ <(.*)>:$", line):
            function = match[1]
        elif match := re.match(r"\s+([0-9a-f]+):\s+((?:lock |xchg .*\().*)", line):
            address = int(match[1], 16)
            times = (counts[1].get(address, 0) - counts[0].get(address, 0)) / (MANY - FEW)
            if times > 0.01:
                rows.append((times, " ".join(match[2].split()), function))
    return sorted(rows, reverse=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--ours", default="target/release/glasshttp -q --threads {threads} --port {port} {root}")
    ap.add_argument("--workers", default="1,2,4,8,16,32,64")
    ap.add_argument("--seconds", type=int, default=2)
    ap.add_argument("--path", default="/1k.html")
    ap.add_argument("--port-base", type=int, default=18600)
    ap.add_argument("--docroot", type=Path, help="keep the document root here for next time (default: a temp dir)")
    ap.add_argument("--no-instructions", action="store_true", help="leave out what needs valgrind")
    o = ap.parse_args()
    ports = iter(range(o.port_base, 65536))
    run.FILES = {name: size for name, size in run.FILES.items() if size <= 1 << 20}
    run.MANY = 0
    with tempfile.TemporaryDirectory() as scratch:
        root = (o.docroot or Path(scratch)).resolve()
        run.build_root(root)
        o.command = lambda workers, port: [
            word.format(threads=workers, port=port, root=root) for word in o.ours.split()]
        rows = []
        for workers in map(int, o.workers.split(",")):
            cost, switches, active = loaded(o, workers, next(ports))
            waits, wakes = calls(o, workers, next(ports))
            rows.append([str(workers), f"{cost:.1f}", f"{switches:.3f}", f"{waits:.4f}", f"{wakes:.4f}", str(active)])
        print(run.grid(["workers", "µs", "switches", "futex", "write", "workers with work"], rows))
        if not o.no_instructions:
            rows = [[f"{times:.2f}", f"`{what}`", function] for times, what, function in locked(o, next(ports))]
            print(run.grid(["times a request", "locked instruction", "in"], rows))


if __name__ == "__main__":
    main()
