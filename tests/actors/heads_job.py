"""Runs against a head of `ray start` in a private world; prints JSON. Argument: a folder."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests import tiny_run

FOLDER = Path(sys.argv[1])
ADDRESS = "cluster.address=127.0.0.1:6379"
ONE_GAME = ["stop.games=1", "selfplay.num_actors=1"]
RAY = ["ray", "start", "--head", "--port=6379", "--num-cpus=4", "--include-dashboard=false"]


def start(name, *words, **variables):
    words = [*tiny_run.WORDS, f"run.dir={FOLDER / name}", *words]
    return subprocess.Popen(
        [sys.executable, "-m", "alphazero.run", *words],
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Background jobs of a shell ignore SIGINT, and their children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def end(process, began):
    output, errors = process.communicate(timeout=120)
    return {
        "code": process.returncode,
        "seconds": time.monotonic() - began,
        "output": output,
        "errors": errors,
    }


def run(name, *words, **variables):
    began = time.monotonic()
    return end(start(name, *words, **variables), began)


def stopped_late(head):
    """A run whose first check passes; the head stops while the process imports Ray and torch."""
    process = start("late", ADDRESS)
    assert process.stdout is not None
    process.stdout.readline()
    os.kill(head, signal.SIGSTOP)
    found = end(process, time.monotonic())
    os.kill(head, signal.SIGCONT)
    return found


def main():
    os.environ["RAY_AUTH_TOKEN"] = "a" * 64
    subprocess.run(RAY, check=True, capture_output=True)
    head = int(subprocess.run(["pgrep", "-x", "gcs_server"], capture_output=True, check=True).stdout)
    found = {"joined": run("joined", "cluster=auto", *ONE_GAME)}
    found["localhost"] = run("localhost", "cluster.address=localhost:6379", *ONE_GAME)
    found["other token"] = run("token", ADDRESS, RAY_AUTH_TOKEN="b" * 64)
    found["no token"] = run("open", ADDRESS, RAY_AUTH_MODE="disabled")
    found["late"] = stopped_late(head)
    os.kill(head, signal.SIGSTOP)
    found["stopped"] = run("stopped", ADDRESS)
    found["variable"] = run("variable", "cluster=auto", RAY_ADDRESS="127.0.0.1:6379")
    os.kill(head, signal.SIGKILL)
    time.sleep(1)
    found["stale"] = run("stale", "cluster=auto", *ONE_GAME)
    found["unknown name"] = run("unknown", "cluster.address=nobody.invalid:6379")
    # The test has replaced /etc/resolv.conf: the name server of this world does not answer.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.3", 53))
        found["lookup"] = run("lookup", "cluster.address=nobody.invalid:6379")
        process = start("lookup", "cluster.address=interrupted.invalid:6379")
        server.settimeout(60)
        while b"interrupted" not in server.recv(1000):
            pass
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        found["lookup interrupted"] = end(process, began)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
