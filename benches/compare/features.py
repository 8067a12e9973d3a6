#!/usr/bin/env python3
"""What glasshttp and other small file servers do, feature by feature, as a Markdown table.

    npm install --prefix ~/.bench-peers/npm http-server serve live-server sirv-cli
    cargo build
    benches/compare/features.py --into docs/comparison.md

miniserve and static-web-server are looked up in $BENCH_PEERS/bin (default ~/.bench-peers/bin), as
peers.py does it; a server that is not there is left out. --into replaces what stands between the
two "features" comments of a file; without it the table is printed. --servers and --only name some
servers or some features, --show prints each cell as it comes.

How a cell comes about: the server is started over a folder of its own, on a free port of 127.0.0.1,
with its defaults, and the feature is tried. If it is not there and the server has an option for it
(its `flags`), the server is started again with that, and tried again; the cell then names the option. One
trial starts each server without a word about the address, to see where it listens, and one
miniserve with its QR code, which it shows for addresses of a network only. Every wait is bounded,
and only processes that were started here are ended. darkhttpd is not tried: its column is read in
its source and marked so.

The table takes about five minutes. It needs Linux, openssl (for certificates), node, and strace (to see
who asks the kernel for a sandbox; what that keeps out is tried from inside by tests/it/sandbox.rs).
"""
import argparse
import base64
import datetime
import gzip
import hashlib
import html
import http.client
import http.server
import io
import json
import os
import pty
import re
import select
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.parse
import zlib
from dataclasses import dataclass, field
from pathlib import Path

PEERS = os.environ.get("BENCH_PEERS", os.path.expanduser("~/.bench-peers"))
HERE = Path(__file__).resolve().parent
WAIT = 5                # seconds, for one answer
PATIENCE = 130          # seconds, for a server to cut off half a request
FAILURES = (OSError, http.client.HTTPException)

# ---------------------------------------------------------------- the servers


@dataclass
class Server:
    name: str
    command: str                    # {root} and {port} are filled in, {conf} is a folder beside the root
    here: str                       # the option that has it listen on 127.0.0.1 alone
    version: str                    # how to ask for its version
    flags: dict = field(default_factory=dict)       # feature: the options that turn it on
    anywhere: str = ""              # what takes the place of `here` where it may listen as it likes


def node(package, script):
    return f"node {PEERS}/npm/node_modules/{package}/{script}"


TLS = "{conf}/cert.pem", "{conf}/key.pem"
# The password is "pw". The hash is bcrypt with the least cost.
BCRYPT = "$2b$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW"


def servers(ours):
    return [
        Server("glasshttp", f"{ours} -p {{port}} {{root}}", "", f"{ours} --version", {
            "clean": "--clean-urls", "spa": "--spa", "cors": "--cors", "own-header": "-H 'X-Own: yes'",
            "precompressed": "--precompressed", "compress": "--compress", "auth": "--auth user:pw",
            "upload": "--upload", "upload-foreign": "--upload", "reload": "--reload",
            "qr": "--qr", "open": "--open", "bytes": "--explain",
            "https": f"--tls-cert {TLS[0]} --tls-key {TLS[1]}", "renewed": f"--tls-cert {TLS[0]} --tls-key {TLS[1]}",
            "unix": "--bind unix:{conf}/socket", "base": "--base-path /files", "client": "--trust-proxy=127.0.0.1",
            "metrics": "--metrics", "rotated": "--log-file {conf}/log",
        }),
        Server("python", f"{sys.executable} -u -m http.server {{port}} --directory {{root}}",
               "--bind 127.0.0.1", f"{sys.executable} --version", {
            "keep-alive": "-p HTTP/1.1", "pipelining": "-p HTTP/1.1",
        }),
        Server("http-server", node("http-server", "bin/http-server") + " {root} -p {port}", "-a 127.0.0.1",
               node("http-server", "bin/http-server") + " --version", {
            "dotfiles": "--no-dotfiles", "clean": "-e html", "cors": "--cors", "precompressed": "-g -b",
            "auth": "--username user --password pw", "open": "-o",
            "https": f"-S -C {TLS[0]} -K {TLS[1]}", "renewed": f"-S -C {TLS[0]} -K {TLS[1]}",
            "client": "--log-ip", "proxy": "-P http://127.0.0.1:{upstream}",
        }),
        Server("serve", node("serve", "build/main.js") + " -n {root}", "-l tcp://127.0.0.1:{port}",
               node("serve", "build/main.js") + " --version", {
            "spa": "-s", "cors": "-C", "own-header": "-c {conf}/serve.json", "bytes": "-d",
            "modified": "--no-etag", "https": f"--ssl-cert {TLS[0]} --ssl-key {TLS[1]}",
            "renewed": f"--ssl-cert {TLS[0]} --ssl-key {TLS[1]}", "unix": "-l unix:{conf}/socket",
            "base": "-c {conf}/base.json",
        }, anywhere="-p {port}"),
        Server("live-server", node("live-server", "live-server.js") + " --port={port} {root}",
               "--host=127.0.0.1", node("live-server", "live-server.js") + " --version", {
            "spa": "--entry-file=index.html", "cors": "--cors", "auth": "--htpasswd={conf}/htpasswd",
            "https": "--https={conf}/https.js", "renewed": "--https={conf}/https.js", "bytes": "-V",
            "base": "--mount=/files:{root}", "client": "-V",
            "proxy": "--proxy=/api:http://127.0.0.1:{upstream}/api",
        }),
        Server("sirv-cli", node("sirv-cli", "bin.js") + " {root} -p {port}", "-H 127.0.0.1",
               node("sirv-cli", "bin.js") + " --version", {
            "etag": "-e", "if-range": "-e", "if-match": "-e", "spa": "-s", "cors": "-c",
            "https": f"--http2 -C {TLS[0]} -K {TLS[1]}", "renewed": f"--http2 -C {TLS[0]} -K {TLS[1]}",
        }),
        Server("miniserve", f"{PEERS}/bin/miniserve -p {{port}} {{root}}", "-i 127.0.0.1",
               f"{PEERS}/bin/miniserve --version", {
            "links": "--no-symlinks", "clean": "--pretty-urls", "spa": "--spa --index index.html",
            "cors": "--header 'Access-Control-Allow-Origin: *'", "own-header": "--header 'X-Own: yes'",
            "compress": "-C", "auth": "-a user:pw", "archive": "--enable-tar-gz", "readme": "--readme",
            "upload": "-u", "upload-foreign": "-u", "qr": "-q", "https": f"--tls-cert {TLS[0]} --tls-key {TLS[1]}",
            "renewed": f"--tls-cert {TLS[0]} --tls-key {TLS[1]}", "base": "--route-prefix /files", "client": "-v",
            "webdav": "--enable-webdav", "bytes": "-v",
        }),
        Server("static-web-server", f"{PEERS}/bin/static-web-server -d {{root}}", "-a 127.0.0.1 -p {port}",
               f"{PEERS}/bin/static-web-server --version", {
            "listing": "-z", "sort": "-z", "filter": "-z", "gallery": "-z", "readme": "-z",
            "json": "--directory-listing-format json -z",
            "spa": "--page-fallback {root}/index.html", "cors": "-c '*'", "own-header": "-w {conf}/own.toml",
            "precompressed": "--compression-static", "auth": f"--basic-auth 'user:{BCRYPT}'",
            "archive": "--directory-listing-download=targz -z", "bytes": "-g trace",
            "https": f"--http2 --http2-tls-cert {TLS[0]} --http2-tls-key {TLS[1]}",
            "renewed": f"--http2 --http2-tls-cert {TLS[0]} --http2-tls-key {TLS[1]}",
            "systemd": "--fd 0", "base": "-w {conf}/base.toml -z", "metrics": "--health --metrics",
            "client": "--trusted-proxies 127.0.0.1 --log-forwarded-for --log-remote-address -g info",
        }, anywhere="-p {port}"),
    ]


# Options of a configuration file are shown as that file.
SHOWN = {"-c {conf}/serve.json": "serve.json", "-w {conf}/own.toml": "sws.toml",
         "-c {conf}/base.json": "serve.json", "-w {conf}/base.toml -z": "sws.toml"}


def shown(flags):
    """The names of the options alone, for the table."""
    names = [word.split("=")[0] for word in shlex.split(flags) if word.startswith("-")]
    text = SHOWN.get(flags, " ".join(names))
    return text if len(text) < 30 else f"{names[0]} …"


# darkhttpd 1.17, commit beac1fc of January 2026, read in darkhttpd.c and its usage text.
DARKHTTPD = {
    "range": "y", "suffix": "y", "several": ("n", "sends the first range only"),
    "416": ("part", "416 without `Content-Range`"),
    "if-range": ("wrong", "`If-Range` is not looked at: a part is sent although the file has changed"),
    "etag": "n", "modified": ("part", "only if the date is the very same"), "if-match": "n",
    "keep-alive": "y",
    "pipelining": ("wrong", "requests that arrive together: the first is answered, the rest is dropped"),
    "head": "y", "405": ("n", "501"), "charset": "n", "nosniff": "n", "cache": "none",
    "bind": "everybody",
    "dotfiles": ("y `--hide-dotfiles`", "`/.well-known/` is refused, too"),
    "links": ("y `--chroot`", "for which it has to be started as root"),
    "host": "n", "traversal": "y", "half": "30 s",
    "listing": "names, sizes, dates", "sort": "n", "filter": "n", "gallery": "n",
    "readme": "n", "json": "n", "clean": "n", "spa": "n", "query": "n",
    "cors": "y `--header`", "own-header": "y `--header`", "404": "n", "precompressed": "n", "compress": "n",
    "auth": "y `--auth`", "archive": "n", "upload-off": "y", "upload": "n", "upload-foreign": "-",
    "reload": "n", "qr": "n", "open": "n", "bytes": "n", "https": "n", "proxy": "n", "webdav": "n",
    "renewed": "-", "unix": "n", "systemd": "n", "base": "n", "metrics": "n",
    "client": ("part `--trusted-ip`", "the first address counts, which a client may have written itself"),
    "rotated": ("n", "with `--log`: it goes on in the old file"), "progress": "n",
    "sandbox": ("y `--chroot`", "for which it has to be started as root"),
}

# ---------------------------------------------------------------- what is served

POEM = b"".join(b"%03d " % n for n in range(24)) + b"end\n"      # 100 bytes, no two parts alike
HOME = b"<!doctype html><title>home</title><body>home</body>"
PAGE = b"<!doctype html><html><head><title>page</title></head><body><p>page</p></body></html>\n"
BIG = b"<!doctype html><title>big</title><body>" + b"<p>line upon line\n" * 3000 + b"</body>"
PICTURE = base64.b64decode(      # one pixel
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
SECRET = b"this is the secret\n"
THEN = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc).timestamp()


def certificate(folder):
    """A new certificate and its key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=localhost", "-days", "2", "-keyout", folder / "key.pem", "-out",
                    folder / "cert.pem"], check=True, capture_output=True)


def fill(top, own_404):
    """The folder that is served is top/site; what must not be had lies beside it."""
    site = top / "site"
    files = {
        "site/index.html": HOME, "site/page.html": PAGE, "site/about.html": b"<p>about us",
        "site/poem.txt": POEM, "site/script.js": b"let a = 1;\n",
        "site/style.css": b"p { color: red }\n", "site/big.html": BIG,
        "site/.env": SECRET, "site/.git/config": SECRET,
        "site/.well-known/security.txt": b"Contact: us\n",
        "site/data.txt": b"as it is\n", "site/data.txt.gz": gzip.compress(b"made before, with gzip\n"),
        "site/data.txt.br": b"\x0b\x02\x80made\x03",
        "site/listed/a.txt": b"a" * 4567, "site/listed/b.txt": b"b" * 45678, "site/listed/c.txt": b"c" * 456,
        "site/listed/.hidden.txt": b"hidden\n", "site/listed/README.md": b"what-the-readme-says\n",
        "site/listed/photo.png": PICTURE,
        "outside/secret.txt": SECRET, "site-private/secret.txt": SECRET,
        "conf/serve.json": b'{"headers": [{"source": "**", "headers": [{"key": "X-Own", "value": "yes"}]}]}',
        "conf/own.toml": b'[advanced]\n[[advanced.headers]]\nsource = "**"\nheaders = { X-Own = "yes" }\n',
        "conf/base.json": b'{"rewrites": [{"source": "/files/:rest*", "destination": "/:rest*"}]}',
        "conf/base.toml": b'[advanced]\n[[advanced.rewrites]]\nsource = "/files/{**}"\ndestination = "/$1"\n',
        "conf/htpasswd": b"user:{SHA}" + base64.b64encode(hashlib.sha1(b"pw").digest()) + b"\n",
        "conf/browser": f'#!/bin/sh\necho "$1" >> "{top}/conf/opened"\n'.encode(),
    }
    if own_404:
        files["site/404.html"] = b"<p>our own page"     # not always: http-server lists no folder beside it
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (THEN, THEN))
    (top / "conf/browser").chmod(0o755)
    (site / "link-in.txt").symlink_to("poem.txt")
    (site / "link-out.txt").symlink_to("../outside/secret.txt")
    (site / "folder-out").symlink_to("../outside")
    (site / "listed/link-out.txt").symlink_to("../../outside/secret.txt")
    certificate(top / "conf")
    (top / "conf/https.js").write_text(
        f'const fs = require("fs");\nmodule.exports = {{ cert: fs.readFileSync("{top}/conf/cert.pem"), '
        f'key: fs.readFileSync("{top}/conf/key.pem") }};\n')


# ---------------------------------------------------------------- a server that runs, and requests to it


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@dataclass
class Answer:
    status: int                     # 0: none came
    fields: http.client.HTTPMessage
    body: bytes

    def get(self, name):
        return self.fields.get(name) or ""


# Hands over an open socket as systemd does: as number 3, with a word about it in the environment.
HAND_OVER = ("import os, sys; os.dup2(int(sys.argv[1]), 3); "
             "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid())); os.execvp(sys.argv[2], sys.argv[2:])")
CONFINING = "landlock_restrict_self,seccomp,chroot,pivot_root,unshare"


class Run:
    """One process of a server, over a folder of its own."""

    def __init__(self, server, flags="", here=True, terminal=False, own_404=False, upstream=0,
                 handed_over=False, traced=False):
        self.temporary = tempfile.TemporaryDirectory(prefix="features-")
        self.top = Path(self.temporary.name)
        self.site = self.top / "site"
        self.conf = self.top / "conf"
        fill(self.top, own_404)
        self.port = free_port()
        # Where a socket is handed over, the option that takes it comes in place of an address.
        address = "" if handed_over and flags else server.here if here else server.anywhere
        template = f"{server.command} {address} {flags}"
        values = {"{port}": self.port, "{root}": self.site, "{conf}": self.conf, "{upstream}": upstream}

        def filled(word):
            for key, value in values.items():
                word = word.replace(key, str(value))
            return word
        command = [filled(word) for word in shlex.split(template)]
        handed = ()
        if traced:
            command = ["strace", "-D", "-f", "-qq", "-e", f"trace={CONFINING}", "-o", self.conf / "calls", *command]
        self.handed_over = socket.create_server(("127.0.0.1", 0)) if handed_over else None
        if self.handed_over:
            self.port = self.handed_over.getsockname()[1]
            handed = (self.handed_over.fileno(),)
            command = [sys.executable, "-c", HAND_OVER, str(handed[0]), *command]
        # Nothing of this user's settings; and whoever opens a browser opens ours, which takes a note.
        env = {"PATH": os.environ["PATH"], "HOME": str(self.conf), "TERM": "xterm", "LANG": "C.UTF-8",
               "NO_UPDATE_CHECK": "1", "BROWSER": str(self.conf / "browser")}
        self.output = self.conf / "output"
        self.screen = None
        with self.output.open("wb") as out:
            target = out
            if terminal:
                self.screen, target = pty.openpty()
            self.process = subprocess.Popen(command, cwd=self.conf, env=env, stdin=subprocess.DEVNULL,
                                            stdout=target, stderr=subprocess.STDOUT, pass_fds=handed)
            if terminal:
                os.close(target)
            if self.handed_over:
                self.handed_over.close()

    def __enter__(self):
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            for connect in (self.connect, self.connect_unix):
                try:
                    connect().close()
                    return self
                except OSError:
                    time.sleep(0.05)
        said = self.said()
        self.__exit__()
        raise RuntimeError(f"{shlex.join(self.process.args)} does not answer: {said[-300:]}")

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.screen is not None:
            os.close(self.screen)
        self.temporary.cleanup()

    def said(self):
        """What it has printed until now."""
        if self.screen is None:
            return self.output.read_text(errors="replace")
        seen = b""
        while select.select([self.screen], [], [], 1)[0]:
            try:
                seen += os.read(self.screen, 65536)
            except OSError:
                break
        return seen.decode(errors="replace")

    def connect(self, source="127.0.0.1"):
        return socket.create_connection(("127.0.0.1", self.port), WAIT, (source, 0))

    def connect_unix(self):
        s = socket.socket(socket.AF_UNIX)
        s.settimeout(WAIT)
        try:
            s.connect(str(self.conf / "socket"))
        except OSError:
            s.close()
            raise
        return s

    def ask(self, target, method="GET", body=None, host=None, connect=None, **fields):
        """One request on a connection of its own. `If_Range="x"` is the field If-Range."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT)
        try:
            connection.sock = (connect or self.connect)()
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", host or f"localhost:{self.port}")
            connection.putheader("Connection", "close")
            for name, value in fields.items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        except FAILURES:
            return Answer(0, http.client.HTTPMessage(), b"")
        finally:
            connection.close()

    def raw(self, request, enough=lambda seen: False, wait=WAIT):
        """Sends bytes; what comes back until `enough`, the end, or the time is up."""
        seen, until = b"", time.monotonic() + wait
        try:
            with socket.create_connection(("127.0.0.1", self.port), WAIT) as s:
                s.sendall(request)
                while not enough(seen) and (left := until - time.monotonic()) > 0:
                    s.settimeout(left)
                    if not (data := s.recv(65536)):
                        break
                    seen += data
        except OSError:
            pass
        return seen


# ---------------------------------------------------------------- the features

FEATURES = []       # key, title, trial


@dataclass
class Cell:
    mark: str           # y, n, part, wrong, - (does not apply), or what came where that is the answer
    note: str = ""


YES, NO, NEITHER = Cell("y"), Cell("n"), Cell("-")


def part(note):
    return Cell("part", note)


def wrong(note):
    return Cell("wrong", note)


def feature(key, title):
    def add(trial):
        FEATURES.append((key, title, trial))
        return trial
    return add


def what_came(answer):
    if not answer.status:
        return "no answer"
    return f"{answer.status}" + (" with the whole file" if answer.body == POEM else "")


def ranges(run, cases):
    """Asks for each range: {field: the bytes it names}. Those answered whole, and those answered wrong."""
    whole, bad = [], []
    for asked, expected in cases.items():
        answer = run.ask("/poem.txt", Range=asked)
        came, first = answer.get("Content-Range"), POEM.index(expected)
        if answer.status == 200 and answer.body == POEM:
            whole.append(asked)
        elif answer.status != 206:
            bad.append(f"`{asked}` gets {what_came(answer)}")
        elif answer.body != expected or came != f"bytes {first}-{first + len(expected) - 1}/100":
            bad.append(f"`{asked}` gets {came}")
    return whole, bad


@feature("range", "part of a file (video seeking, `curl -C -`)")
def _(run):
    cases = {"bytes=2-5": POEM[2:6], "bytes=0-0": POEM[:1], "bytes=90-": POEM[90:], "bytes=90-200": POEM[90:]}
    whole, bad = ranges(run, cases)
    return NO if len(whole) == len(cases) else wrong(", ".join(bad) or f"{whole} get all") if bad or whole else YES


@feature("suffix", "its last bytes (`bytes=-5`)")
def _(run):
    whole, bad = ranges(run, {"bytes=-5": POEM[-5:]})
    if whole:
        return NO
    return wrong(bad[0]) if bad else YES


@feature("several", "several parts at once")
def _(run):
    # Far apart: parts close together may be sent as one.
    answer = run.ask("/listed/b.txt", Range="bytes=0-3,40000-40003")
    if answer.status == 206 and "multipart/byteranges" in answer.get("Content-Type"):
        named = all(b"bytes %s/45678" % part in answer.body for part in (b"0-3", b"40000-40003"))
        return YES if named else wrong("the parts are not named")
    if answer.status == 206 and answer.get("Content-Range") == "bytes 0-3/45678" and answer.body == b"bbbb":
        return Cell("n", "sends the first range only")
    if answer.status == 200 and len(answer.body) == 45678:
        return NO
    return wrong(f"`bytes=0-3,40000-40003` gets {what_came(answer)} {answer.get('Content-Range')}".rstrip())


@feature("416", "a part that is not there: 416, and how long the file is")
def _(run):
    answer = run.ask("/poem.txt", Range="bytes=500-")
    if answer.status != 416:
        return NO if answer.status == 200 else wrong(what_came(answer))
    if answer.body == POEM:
        return wrong("416 with the whole file as its body")
    return YES if answer.get("Content-Range") == "bytes */100" else part("416 without `Content-Range`")


@feature("if-range", "`If-Range`: no part of a newer file after a part of an older one")
def _(run):
    if run.ask("/poem.txt", Range="bytes=0-3").status != 206:
        return NO
    plain = run.ask("/poem.txt")
    stale = ['"other"', "Mon, 01 Jan 2001 00:00:00 GMT"]
    if any(run.ask("/poem.txt", Range="bytes=0-3", If_Range=value).status == 206 for value in stale):
        return wrong("`If-Range` is not looked at: a part is sent although the file has changed")
    fresh = [v for v in (plain.get("ETag"), plain.get("Last-Modified")) if v and not v.startswith("W/")]
    if any(run.ask("/poem.txt", Range="bytes=0-3", If_Range=value).status == 206 for value in fresh):
        return YES
    return part("always sends the whole file")


@feature("etag", "entity tag, and 304 for it")
def _(run):
    tag = run.ask("/poem.txt").get("ETag")
    if not tag:
        return NO
    if run.ask("/poem.txt", If_None_Match='"other"').status != 200:
        return wrong("304 for another tag, too")
    if run.ask("/poem.txt", If_None_Match=tag).status != 304:
        return part("the tag is sent, but there is no 304 for it")
    listed = run.ask("/poem.txt", If_None_Match=f'"other", {tag}').status == 304
    return YES if listed else part("304 only if the tag stands alone, not in a list")


@feature("modified", "304 by date")
def _(run):
    date = run.ask("/poem.txt").get("Last-Modified")
    if not date or run.ask("/poem.txt", If_Modified_Since=date).status != 304:
        return NO
    later = run.ask("/poem.txt", If_Modified_Since="Sat, 01 Jan 2011 00:00:00 GMT").status
    earlier = run.ask("/poem.txt", If_Modified_Since="Sat, 01 Jan 2000 00:00:00 GMT").status
    if earlier != 200:
        return wrong("304 for an older copy")
    return YES if later == 304 else part("only if the date is the very same")


@feature("if-match", "412 when `If-Match` does not hold")
def _(run):
    status = run.ask("/poem.txt", If_Match='"other"').status
    return YES if status == 412 else NO if status == 200 else wrong(str(status))


@feature("keep-alive", "connections stay open")
def _(run):
    connection = http.client.HTTPConnection("127.0.0.1", run.port, timeout=WAIT)
    connection.connect()
    connection.auto_open = 0        # a second connection would be no proof
    try:
        for _ in range(2):
            connection.request("GET", "/poem.txt", headers={"Host": "localhost"})
            if connection.getresponse().read() != POEM:
                return NO
        return YES
    except FAILURES:
        return NO
    finally:
        connection.close()


@feature("pipelining", "pipelining")
def _(run):
    names, bodies = ["poem.txt", "script.js", "style.css"], [POEM, b"let a = 1;\n", b"p { color: red }\n"]
    requests = "".join(f"GET /{name} HTTP/1.1\r\nHost: localhost:{run.port}\r\n\r\n" for name in names)
    seen = run.raw(requests.encode(), lambda seen: all(body in seen for body in bodies))
    places = [seen.find(body) for body in bodies]
    if -1 not in places:
        return YES if places == sorted(places) else wrong("out of order")
    return NO


@feature("head", "HEAD: the length and no body")
def _(run):
    seen = run.raw(b"HEAD /poem.txt HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n" % run.port)
    head, end, body = seen.partition(b"\r\n\r\n")
    if b" 200 " not in head.split(b"\r\n")[0] or not end:
        return NO
    if body:
        return wrong("a body comes")
    return YES if re.search(rb"(?im)^content-length: 100\r?$", head) else part("no length")


@feature("405", "405 and `Allow` for DELETE")
def _(run):
    answer = run.ask("/poem.txt", method="DELETE")
    if answer.status == 405:
        return YES if answer.get("Allow") else part("405 without `Allow`")
    return wrong("DELETE is answered like GET") if answer.body == POEM else Cell("n", what_came(answer))


@feature("charset", "text says that it is UTF-8")
def _(run):
    answers = [run.ask(path) for path in ("/page", "/page.html", "/poem.txt")]
    bare, page, text = ["utf-8" in a.get("Content-Type").lower() and a.status == 200 for a in answers]
    html = bare or page
    return YES if html and text else part("HTML only") if html else NO


@feature("nosniff", "`X-Content-Type-Options: nosniff`")
def _(run):
    return YES if run.ask("/poem.txt").get("X-Content-Type-Options") == "nosniff" else NO


@feature("cache", "`Cache-Control`, by default")
def _(run):
    value = run.ask("/poem.txt").get("Cache-Control")
    return Cell(f"`{value}`" if value else "none")


@feature("bind", "who can connect, by default")
def _(run):
    addresses = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            _, local, _, state = line.split()[:4]
            address, port = local.split(":")
            if state == "0A" and int(port, 16) == run.port:
                addresses.add(address)
    loopback = {"0100007F", "0" * 24 + "01000000"}
    return Cell("this machine" if addresses <= loopback else "everybody")


@feature("dotfiles", "`.git`, `.env` and other dotfiles are refused")
def _(run):
    if SECRET in (run.ask("/.env").body, run.ask("/.git/config").body):
        listed = b"hidden.txt" in run.ask("/listed/", Accept="text/html").body
        return NO if listed else Cell("n", "they are not listed, but sent")
    well_known = run.ask("/.well-known/security.txt").status == 200
    return YES if well_known else Cell("y", "`/.well-known/` is refused, too")


@feature("links", "links that lead out of the folder are refused")
def _(run):
    reached = [path for path in ("/link-out.txt", "/folder-out/secret.txt") if run.ask(path).body == SECRET]
    if len(reached) == 2:
        return NO
    if reached:
        return part("links to folders are followed" if "folder" in reached[0] else "links to files are followed")
    return YES if run.ask("/link-in.txt").body == POEM else Cell("y", "links within the folder, too")


@feature("host", "a foreign `Host` is refused (DNS rebinding)")
def _(run):
    return NO if run.ask("/poem.txt", host="evil.example").body == POEM else YES


@feature("traversal", "`..%2f` and its kin reach nothing")
def _(run):
    targets = ["/../outside/secret.txt", "/..%2foutside%2fsecret.txt", "/%2e%2e/outside/secret.txt",
               "/..%5coutside%5csecret.txt", "/listed/..%2f..%2foutside/secret.txt", "//../outside/secret.txt",
               "/..%2fsite-private/secret.txt", "/%252e%252e/outside/secret.txt"]
    reached = [target for target in targets if SECRET in run.ask(target).body]
    return wrong(", ".join(f"`{target}`" for target in reached)) if reached else YES


@feature("half", "half a request is cut off after")
def _(run):
    start = time.monotonic()
    run.raw(b"GET / HTTP/1.1\r\nHo", wait=PATIENCE)
    took = time.monotonic() - start
    return Cell(f"{took:.0f} s" if took < PATIENCE - 1 else f"not in {PATIENCE} s")


@feature("listing", "the listing shows")
def _(run):
    page = run.ask("/listed/", Accept="text/html").body.decode(errors="replace")
    found = [word for word, pattern in {
        "names": r"b\.txt", "sizes": r"\b45[.,]?678|45\.[67]\d* ?k|44\.[56]\d* ?K|\b4[56] ?k",
        "dates": r"2001|01-02-03|3-Feb|Feb 3"}.items() if re.search(pattern, page, re.IGNORECASE)]
    return Cell(", ".join(found)) if "names" in found else NO


def views(run):
    """The listing, and what its links show of the same folder in other ways."""
    listing = run.ask("/listed/", Accept="text/html").body
    yield listing
    links = dict.fromkeys(re.findall(rb'href="?([^" >]*\?[^" >]*)', listing))
    for link in list(links)[:12]:
        target = link.decode(errors="replace").replace("&amp;", "&")
        yield run.ask(target if target.startswith("/") else f"/listed/{target}", Accept="text/html").body


@feature("sort", "it can be sorted by size")
def _(run):
    orders = [re.findall(rb">\s*([abc])\.txt", page) for page in views(run)]
    return YES if [b"c", b"a", b"b"] in orders or [b"b", b"a", b"c"] in orders else NO


@feature("filter", "it can be searched by name")
def _(run):
    page = run.ask("/listed/", Accept="text/html").body
    return YES if re.search(rb"<input[^>]*(search|filter)", page) else NO


@feature("gallery", "it can show pictures")
def _(run):
    return YES if any(re.search(rb"<img[^>]*photo\.png", page) for page in views(run)) else NO


@feature("readme", "it shows the folder's README")
def _(run):
    return YES if b"what-the-readme-says" in run.ask("/listed/", Accept="text/html").body else NO


@feature("json", "it can be had as JSON")
def _(run):
    for query in ("", "?format=json", "?json"):
        try:
            if "b.txt" in json.dumps(json.loads(run.ask(f"/listed/{query}", Accept="application/json").body)):
                return YES
        except ValueError:
            pass
    return NO


@feature("archive", "a folder can be downloaded as an archive")
def _(run):
    for query in ("archive=tar.gz", "download=tar_gz", "download=targz"):
        body = run.ask(f"/listed/?{query}").body
        try:
            with tarfile.open(fileobj=io.BytesIO(body), mode="r:gz") as archive:
                if any(name.endswith("b.txt") for name in archive.getnames()):
                    refused = run.ask("/listed/link-out.txt").body != SECRET
                    if refused and SECRET in gzip.decompress(body):
                        return wrong("with what is refused otherwise: links that lead out")
                    return YES
        except (tarfile.TarError, OSError, EOFError, zlib.error):
            pass
    return NO


@feature("clean", "`/about` is `about.html`")
def _(run):
    return YES if run.ask("/about").body == b"<p>about us" else NO


@feature("spa", "one page for all paths of an app; scripts that are missing stay 404")
def _(run):
    page = run.ask("/some/where", Accept="text/html")
    if page.status in range(300, 400):
        return part(f"{page.status} to `{page.get('Location')}`")
    if page.status != 200 or b"home" not in page.body:
        return NO
    script = run.ask("/missing.js", Accept="*/*")
    return YES if script.status == 404 else part("scripts that are missing are the page, too")


@feature("404", "your own 404 page (`404.html`)")
def _(run):
    answer = run.ask("/nothing-here", Accept="text/html")
    if b"our own page" not in answer.body:
        return NO
    if answer.status != 404:
        return wrong(f"with {answer.status}")
    instead = b"our own page" in run.ask("/listed/", Accept="text/html").body
    (run.site / "404.html").unlink()
    if instead and b"b.txt" in run.ask("/listed/", Accept="text/html").body:
        return Cell("y", "which then comes in place of listings, too")
    return YES


@feature("query", "redirects keep the query")
def _(run):
    for target in ("/listed?x=1", "/about.html?x=1"):
        answer = run.ask(target, Accept="text/html")
        if answer.status in range(300, 400):
            return YES if "x=1" in answer.get("Location") else NO
    return Cell("-", "redirects nothing")


@feature("cors", "CORS, and never for all with credentials")
def _(run):
    answer = run.ask("/poem.txt", Origin="http://other.example")
    allowed = answer.get("Access-Control-Allow-Origin")
    if not allowed:
        return NO
    if answer.get("Access-Control-Allow-Credentials") != "true":
        return YES
    if allowed == "*":
        return part("`*` with `Allow-Credentials`: without credentials it works, with them no browser takes it")
    return wrong("any origin is allowed, with credentials")


@feature("own-header", "headers of your own")
def _(run):
    return YES if run.ask("/poem.txt").get("X-Own") == "yes" else NO


@feature("precompressed", "`.gz` and `.br` files beside the original")
def _(run):
    def sent(accept, ending):
        answer = run.ask("/data.txt", Accept_Encoding=accept)
        return answer.get("Content-Encoding") and answer.body == (run.site / f"data.txt.{ending}").read_bytes()
    found = [ending for coding, ending in (("gzip", "gz"), ("br", "br")) if sent(coding, ending)]
    if not found:
        return NO
    if sent("gzip;q=0", "gz"):
        return part("also for clients that refuse it (`gzip;q=0`)")
    return YES if len(found) == 2 else part(f"`.{found[0]}` only")


@feature("compress", "compression on the way")
def _(run):
    found = []
    path = "/big.html" if run.ask("/big.html").status == 200 else "/big"
    for coding in ("gzip", "br", "zstd"):
        answer = run.ask(path, Accept_Encoding=coding)
        if answer.get("Content-Encoding") == coding and len(answer.body) < len(BIG) / 4:
            if coding != "gzip" or gzip.decompress(answer.body) == BIG:
                found.append(coding)
    return Cell("y", ", ".join(found)) if found else NO


@feature("auth", "user and password")
def _(run):
    def status(who):
        return run.ask("/poem.txt", Authorization="Basic " + base64.b64encode(who).decode()).status
    nobody = run.ask("/poem.txt")
    if nobody.status != 401 or "Basic" not in nobody.get("WWW-Authenticate"):
        return NO
    return YES if (status(b"user:pw"), status(b"user:no")) == (200, 401) else wrong("the right password is refused")


def upload(run, **fields):
    """Tries PUT, and the form of miniserve; whether a file came to be."""
    run.ask("/new.txt", method="PUT", body=b"new\n", **fields)
    form = (b'--line\r\nContent-Disposition: form-data; name="path"; filename="new.txt"\r\n'
            b"Content-Type: text/plain\r\n\r\nnew\n\r\n--line--\r\n")
    for target in ("/", "/upload?path=/"):
        run.ask(target, method="POST", body=form, Content_Type="multipart/form-data; boundary=line", **fields)
    return (run.site / "new.txt").exists()


@feature("upload-off", "nobody can add files unless you say so")
def _(run):
    return NO if upload(run) else YES


@feature("upload", "files can be uploaded")
def _(run):
    return YES if upload(run) else NO


@feature("upload-foreign", "but not by a page of another site")
def _(run):
    if upload(run, Origin="http://evil.example", Sec_Fetch_Site="cross-site"):
        return NO
    return YES if upload(run) else NEITHER


@feature("reload", "pages reload when files change")
def _(run):
    page = "/page.html"
    if run.ask(page, Accept="text/html").body == PAGE:
        return NO
    host = b"Host: localhost:%d\r\n" % run.port
    for request in (b"GET /page.html/ws HTTP/1.1\r\n" + host + b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
                    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
                    b"GET /.glass/reload HTTP/1.1\r\n" + host + b"Accept: text/event-stream\r\n\r\n"):
        change = threading.Timer(1.5, lambda: (run.site / "page.html").write_bytes(PAGE + b"<!-- changed -->"))
        change.start()
        seen = run.raw(request, lambda seen: re.search(rb"\x06reload|event: reload", seen), wait=WAIT)
        change.join()
        if re.search(rb"\x06reload|event: reload", seen):
            return YES
    return NO


@feature("qr", "QR code of the address")
def _(run):
    blocks = sum(run.said().count(block) for block in "█▄▀")
    return YES if blocks > 100 else NO


@feature("open", "opens the browser")
def _(run):
    for _ in range(30):
        if (run.conf / "opened").exists():
            return YES
        time.sleep(0.1)
    return NO


@feature("bytes", "shows each exchange: the bytes, and why")
def _(run):
    run.ask("/poem.txt", X_Marker="seen-on-the-wire")
    time.sleep(0.5)
    said = run.said()
    if "seen-on-the-wire" not in said:
        return NO
    return YES if "RFC 9110" in said else part("the bytes alone")


@feature("https", "HTTPS")
def _(run):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        context.set_alpn_protocols(["h2", "http/1.1"])
        with socket.create_connection(("127.0.0.1", run.port), WAIT) as s, context.wrap_socket(s) as tls:
            http2 = tls.selected_alpn_protocol() == "h2"
        context.set_alpn_protocols(["http/1.1"])
        connection = http.client.HTTPSConnection("127.0.0.1", run.port, timeout=WAIT, context=context)
        connection.request("GET", "/poem.txt", headers={"Host": "localhost"})
        whole = connection.getresponse().read() == POEM
        connection.close()
    except FAILURES:
        return NO
    return Cell("y", "and HTTP/2" if http2 else "") if whole else NO


def certificate_seen(run):
    try:
        return ssl.get_server_certificate(("127.0.0.1", run.port), timeout=WAIT)
    except FAILURES:
        return None


@feature("renewed", "a renewed certificate is taken over while it runs")
def _(run):
    if not (before := certificate_seen(run)):
        return NEITHER
    certificate(run.conf)
    for how in "by itself", "at SIGHUP":
        for _ in range(20):
            if (seen := certificate_seen(run)) and seen != before:
                return Cell("y", how)
            time.sleep(0.1)
        run.process.send_signal(signal.SIGHUP)
    return NO


@feature("unix", "listens on a Unix socket")
def _(run):
    return YES if run.ask("/poem.txt", connect=run.connect_unix).body == POEM else NO


@feature("systemd", "takes a socket that systemd has opened (`LISTEN_FDS`)")
def _(run):
    return YES if run.ask("/poem.txt").body == POEM else NO


@feature("base", "all of it below a path, as a proxy may pass it on")
def _(run):
    if run.ask("/files/poem.txt").body != POEM:
        return NO
    redirect = run.ask("/files/listed", Accept="text/html").get("Location")
    page = html.unescape(run.ask("/files/listed/", Accept="text/html").body.decode())
    links = re.findall(r'href="([^"]*b\.txt)"', page)
    if not links:
        return part("files alone, no listings")
    out = [what for what, found in (("redirects", [redirect] if redirect else []), ("links of listings", links))
           for link in found
           if not urllib.parse.urlsplit(urllib.parse.urljoin("/files/listed/", link)).path.startswith("/files/")]
    return part(f"{' and '.join(out)} lead out of it") if out else YES


@feature("client", "the log knows the client behind a proxy, and nobody else is believed")
def _(run):
    # 127.0.0.1 is the proxy, which has added the last address. 127.0.0.2 is none.
    run.ask("/poem.txt", X_Forwarded_For="203.0.113.8, 203.0.113.7")
    run.ask("/poem.txt", X_Forwarded_For="203.0.113.9", connect=lambda: run.connect("127.0.0.2"))
    time.sleep(0.5)
    said = run.said()
    if "203.0.113.9" in said:
        return wrong("whoever writes `X-Forwarded-For` is believed")
    if "203.0.113.8" in said:
        whole = "203.0.113.7" in said
        return part("the log has the whole field" if whole else
                    "the first address counts, which a client may have written itself")
    return YES if "203.0.113.7" in said else NO


@feature("metrics", "health and metrics")
def _(run):
    health = any(run.ask(path).status == 200
                 for path in ("/.glass/health", "/health", "/__miniserve_internal/healthcheck"))
    metrics = any(re.search(rb"^# TYPE \w+ counter", run.ask(path).body, re.MULTILINE)
                  for path in ("/.glass/metrics", "/metrics"))
    return YES if health and metrics else part("health alone") if health else part("metrics alone") if metrics else NO


@feature("rotated", "a log file, opened anew when it was rotated")
def _(run):
    log, older = run.conf / "log", run.conf / "log.1"
    if not log.exists():
        return NO

    def has(line):
        run.ask(line)
        for _ in range(30):
            if log.exists() and line in log.read_text():
                return True
            time.sleep(0.1)
        return False
    if not has("/before"):
        return NO
    log.rename(older)
    run.process.send_signal(signal.SIGHUP)
    time.sleep(0.5)
    return YES if has("/after") else Cell("n", "it goes on in the old file")


@feature("progress", "a terminal shows how far long transfers are")
def _(run):
    (run.site / "long.bin").touch()
    os.truncate(run.site / "long.bin", 64 << 20)
    request = b"GET /long.bin HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % run.port
    run.raw(request, lambda _: time.sleep(0.05), wait=4)        # a client that is slow
    return YES if re.search(r"long\.bin.*(\d ?%|B/s)", run.said()) else NO


@feature("sandbox", "asks the kernel to keep it from all other files (sandbox)")
def _(run):
    done = re.findall(r"(\w+)\(.* = 0$", (run.conf / "calls").read_text(), re.MULTILINE)
    return Cell("y", done[0].split("_")[0].capitalize()) if done else NO


@feature("proxy", "passes requests on to another server")
def _(run):
    return YES if run.ask("/api/hello").body == b"from upstream" else NO


@feature("webdav", "WebDAV")
def _(run):
    answer = run.ask("/", method="PROPFIND", Depth="1")
    return Cell("y", "read only") if answer.status == 207 else NO


# ---------------------------------------------------------------- the table


class Upstream(http.server.BaseHTTPRequestHandler):
    """What a server may pass requests on to."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "13")
        self.end_headers()
        self.wfile.write(b"from upstream")

    def log_message(self, *_):
        pass


# How the server is started for it.
NEEDS = {"bind": {"here": False}, "qr": {"terminal": True}, "404": {"own_404": True},
         "systemd": {"handed_over": True}, "progress": {"terminal": True}, "sandbox": {"traced": True}}
# What these leave behind would be in the way of others.
ALONE = {"upload-off", "upload", "upload-foreign", "reload"} | NEEDS.keys()


def try_all(server, keys, upstream, show):
    """{feature: cell} of one server; the cell's mark has the option in it, if one was needed."""
    cells = {}
    with Run(server, upstream=upstream) as usual:
        for key, _, trial in FEATURES:
            if key not in keys or key == "half":
                continue
            start = dict(NEEDS.get(key, {}), upstream=upstream)
            if key == "qr" and server.name == "miniserve":
                start["here"] = False
            if key in ALONE:
                with Run(server, **start) as run:
                    cell = trial(run)
            else:
                cell = trial(usual)
            if cell.mark in ("n", "-") and key in server.flags:
                try:
                    with Run(server, server.flags[key], **start) as run:
                        with_flag = trial(run)
                except RuntimeError as error:       # an older version, which has no such option
                    print(error, file=sys.stderr)
                    with_flag = NO
                option = f"`{shown(server.flags[key])}`"
                if with_flag.mark not in ("n", "-") or cell.mark == "-":
                    cell = Cell(f"{with_flag.mark} {option}", with_flag.note)
                elif with_flag.note and not cell.note:
                    cell = Cell("n", f"with {option}: {with_flag.note}")
            cells[key] = cell
            if show:
                print(f"{server.name:18} {key:14} {cell.mark}  {cell.note}", flush=True)
    return cells


def half_requests(chosen):
    """How long half a request is waited for, by each server; all at once, for it takes long."""
    trial = next(trial for key, _, trial in FEATURES if key == "half")
    cells = {}

    def wait(server):
        with Run(server) as run:
            cells[server.name] = trial(run)
    waiting = [threading.Thread(target=wait, args=(server,)) for server in chosen]
    for thread in waiting:
        thread.start()
    return waiting, cells


def version(server):
    out = subprocess.run(shlex.split(server.version), capture_output=True, text=True, timeout=20,
                         stdin=subprocess.DEVNULL)
    found = re.search(r"\d+\.\d+[.\w]*", out.stdout + out.stderr)
    return found.group() if found else ""


def table(results, versions):
    """The table and its footnotes; equal notes share a number."""
    notes = {}

    def text(cell):
        if not cell.note:
            return cell.mark
        number = notes.setdefault(cell.note, len(notes) + 1)
        return f"{cell.mark} <sup>{number}</sup>"
    names = list(results)
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---|' * len(names)}"]
    for key, title, _ in FEATURES:
        if all(key in cells for cells in results.values()):
            lines.append(f"| {title} | {' | '.join(text(results[name][key]) for name in names)} |")
    lines.append("")
    if notes:
        lines += ["; ".join(f"<sup>{number}</sup> {note}" for note, number in notes.items()) + ".", ""]
    lines.append(f"Tried on {datetime.date.today()}: {', '.join(f'{name} {v}' for name, v in versions.items())}.")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", default=str(HERE.parent.parent / "target/debug/glasshttp"), help="our executable")
    parser.add_argument("--servers", help="only these, by comma")
    parser.add_argument("--only", help="only these features, by comma")
    parser.add_argument("--into", metavar="FILE", help="the file to put the table into")
    parser.add_argument("--show", action="store_true", help="print each cell as it comes")
    args = parser.parse_args()
    keys = args.only.split(",") if args.only else [key for key, _, _ in FEATURES]
    if "sandbox" in keys and not shutil.which("strace"):
        keys.remove("sandbox")
        print("strace is not there: no sandbox in the table", file=sys.stderr)
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    chosen = []
    for server in servers(os.path.abspath(args.ours)):
        words = shlex.split(server.command)
        if args.servers and server.name not in args.servers.split(","):
            continue
        if os.path.exists(words[1] if words[0] == "node" else words[0]):
            chosen.append(server)
        else:
            print(f"{server.name} is not there: left out", file=sys.stderr)
    versions = {server.name: version(server) for server in chosen}
    waiting, halves = half_requests(chosen if "half" in keys else [])
    results = {server.name: try_all(server, keys, upstream.server_address[1], args.show) for server in chosen}
    for thread in waiting:
        thread.join()
    for name, cell in halves.items():
        results[name]["half"] = cell
    if not args.servers:
        results["darkhttpd (read)"] = {key: Cell(*([value] if isinstance(value, str) else value))
                                       for key, value in DARKHTTPD.items()}
    text = table(results, versions)
    if not args.into:
        print(text)
        return
    into = Path(args.into)
    old = into.read_text()
    into.write_text(re.sub(r"(<!-- features -->\n).*?(<!-- /features -->)",
                           lambda found: found[1] + text + "\n" + found[2], old, flags=re.DOTALL))


if __name__ == "__main__":
    main()
