#!/usr/bin/env python3
"""What https costs, beside nginx with the same certificate and cipher (needs wrk, curl, openssl, nginx)

    kept alive   wrk -c64 on a 1 kB file
    new          the same with a connection, and so a handshake, per request
    large        8 curl downloads at once of 100 MB

    cargo build --release && benches/compare/tls.py [ROUNDS] [SECONDS]

Each server runs by itself, with and without TLS; odd rounds go through the list backwards. Figures are
medians over the rounds: requests or megabytes a second, and the server's processor time, user and
system, for a million requests or a gigabyte. The certificate has an ECDSA key on P-256, and TLS 1.3 is
spoken with AES-256 in GCM; neither server gives clients a way to leave out a handshake that wrk takes.
"""
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from glass import SERVER, free_port
from run import cpu_seconds, wrk

NGINX = """
worker_processes 2; daemon off; user root; pid {work}/pid; error_log {work}/error.log crit;
events {{ worker_connections 8192; }}
http {{
    access_log off; sendfile on; tcp_nopush on; default_type text/plain;
    keepalive_requests 1000000000;
    server {{ listen 127.0.0.1:{port} {ssl}; root {root};
        ssl_certificate {work}/cert.pem; ssl_certificate_key {work}/key.pem;
        ssl_protocols TLSv1.3; ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384; }}
}}
"""
LARGE = 100 << 20
CASES = ["glasshttp", "glasshttp https", "nginx", "nginx https"]
COLUMNS = ["kept alive, requests/s", "CPU s / 1M", "new, requests/s", "CPU s / 1M", "large, MB/s", "CPU s / GB"]


def make_certificate(folder):
    """cert.pem and key.pem, with an ECDSA key on P-256."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                    "-nodes", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-days", "30",
                    "-subj", "/CN=localhost"], check=True, stderr=subprocess.DEVNULL)


def start(name, port, root, work):
    is_https = name.endswith("https")
    if name.startswith("nginx"):
        conf = Path(work) / "nginx.conf"
        conf.write_text(NGINX.format(work=work, port=port, root=root, ssl="ssl" if is_https else ""))
        return subprocess.Popen(["nginx", "-c", conf], stderr=subprocess.DEVNULL)
    tls = ["--tls-cert", f"{work}/cert.pem", "--tls-key", f"{work}/key.pem"] if is_https else []
    return subprocess.Popen([SERVER, "-q", "--port", str(port), *tls, root])


def curl(url):
    return subprocess.Popen(["curl", "-sSk", "-o", "/dev/null", url])


def measure(name, root, work, seconds):
    port, scheme = free_port(), "https" if name.endswith("https") else "http"
    server = start(name, port, root, work)
    figures = []
    try:
        for _ in range(500):
            if subprocess.run(["curl", "-sko", "/dev/null", f"{scheme}://127.0.0.1:{port}/1k.html"]).returncode == 0:
                break
            time.sleep(0.01)
        for headers in [(), ("Connection: close",)]:
            before = cpu_seconds(server.pid)
            load = wrk(port, "/1k.html", 64, seconds, headers, scheme=scheme)
            if load["errors"]:
                print(f"{name}: {load['errors']}", file=sys.stderr)
            figures += [load["rps"], (cpu_seconds(server.pid) - before) / load["requests"] * 1e6]
        before, began = cpu_seconds(server.pid), time.monotonic()
        for client in [curl(f"{scheme}://127.0.0.1:{port}/100m.bin") for _ in range(8)]:
            if client.wait():
                raise RuntimeError(f"{name}: curl failed")
        amount = 8 * LARGE
        figures += [amount / 1e6 / (time.monotonic() - began), (cpu_seconds(server.pid) - before) / amount * 1e9]
        return figures
    finally:
        server.terminate()
        server.wait()


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    seconds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    found = {name: [] for name in CASES}
    with tempfile.TemporaryDirectory() as work:
        root = Path(work) / "root"
        root.mkdir()
        # nginx's workers are not root.
        Path(work).chmod(0o755)
        (root / "1k.html").write_bytes(b"x" * 1024)
        (root / "100m.bin").write_bytes(b"x" * LARGE)
        make_certificate(work)
        time.sleep(2.1)
        for round in range(rounds):
            for name in CASES[::-1 if round % 2 else 1]:
                found[name].append(measure(name, root, work, seconds))
    print("| | " + " | ".join(COLUMNS) + " |\n|---|" + "--:|" * len(COLUMNS))
    for name, figures in found.items():
        median = [statistics.median(column) for column in zip(*figures)]
        shown = [f"{figure:,.0f}" if index % 2 == 0 else f"{figure:.3g}" for index, figure in enumerate(median)]
        print(f"| {name} | " + " | ".join(shown) + " |")


if __name__ == "__main__":
    main()
