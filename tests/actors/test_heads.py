"""Tests of programs at the address of a cluster: real sockets, and processes that connect to them."""

import contextlib
import http.server
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from ray import util

from actors import heads
from tests.actors import half_head

PROJECT = Path(__file__).resolve().parents[2]
HOST = half_head.HOST
WITHIN_S = 10
OTHER = "another program answers there, not a Ray head"
SILENT = "the program there does not answer within 5 s"
DROPPED = "nothing answers there (no reply within 5 s)"
REFUSED = "nothing answers there (Connection refused)"


@contextlib.contextmanager
def accepting(greet):
    """A port that calls greet(connection) for each connection."""
    kept = []

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                kept.append(connection)
                greet(connection)

    with socket.create_server((HOST, 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in kept:
                connection.close()


@contextlib.contextmanager
def web():
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format, *args):
            pass

    with http.server.ThreadingHTTPServer((HOST, 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def dropping():
    """A port whose queue is full: the kernel drops further connections, like a firewall."""
    with socket.create_server((HOST, 0), backlog=0) as server, contextlib.ExitStack() as clients:
        for _ in range(4):
            client = clients.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield server.getsockname()[1]


@contextlib.contextmanager
def closed():
    with socket.socket() as server:
        server.bind((HOST, 0))
        yield server.getsockname()[1]


def ssh():
    return accepting(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"))


def silent():
    return accepting(lambda connection: None)


def closing():
    return accepting(lambda connection: connection.close())


KINDS = {
    "web server": (web, OTHER),
    "ssh server": (ssh, OTHER),
    "closes at once": (closing, OTHER),
    "refuses": (closed, REFUSED),
    "says nothing": (silent, SILENT),
    "drops": (dropping, DROPPED),
}


@pytest.mark.parametrize("kind", ["web server", "ssh server", "closes at once", "refuses"])
def test_another_program_is_reported_at_once(kind):
    serve, expected = KINDS[kind]
    with serve() as port:
        began = time.monotonic()
        assert heads.find_fault(HOST, port) == expected
        assert time.monotonic() - began < heads.CHECK_S


@pytest.mark.parametrize(("serve", "expected"), [(silent, "does not answer"), (dropping, "no reply")])
def test_silence_ends_in_time(serve, expected):
    with serve() as port:
        began = time.monotonic()
        assert expected in heads.find_fault(HOST, port, within_s=0.5)
        assert time.monotonic() - began < 5


def test_a_head_has_no_fault():
    with half_head.serve() as head:
        heads.check("cluster.address", head.address)


@pytest.mark.slow
def test_the_end_of_a_tunnel_is_not_a_head():
    """Ray would search for it at the machine's own address, for minutes."""
    own = util.get_node_ip_address()
    if own == "127.0.0.1":
        pytest.skip("this machine has no address but loopback")
    with half_head.serve("127.0.0.1") as head:
        port = int(head.address.rpartition(":")[2])
        assert heads.find_fault("127.0.0.1", port) == f"Ray replaces 127.0.0.1 by {own}, and {REFUSED}"


def test_a_name_that_is_too_long_is_unknown():
    assert heads.find_fault("x" * 64, 6379) == f"the name {'x' * 64} is unknown"


@pytest.mark.parametrize(
    ("setting", "variable", "expected"),
    [
        ("auto", None, ("cluster.address", "auto")),
        ("auto", "", ("cluster.address", "auto")),
        ("auto", "10.0.0.5:6379", ("RAY_ADDRESS", "10.0.0.5:6379")),
        ("auto", "auto", ("RAY_ADDRESS", "auto")),
        ("auto", "local", ("RAY_ADDRESS", "private")),
        ("private", "10.0.0.5:6379", ("cluster.address", "private")),
        ("10.0.0.6:6379", "10.0.0.5:6379", ("cluster.address", "10.0.0.6:6379")),
    ],
)
def test_the_key_that_names_the_address(setting, variable, expected, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if variable is not None:
        monkeypatch.setenv("RAY_ADDRESS", variable)
    assert heads.named_address(setting) == expected


@pytest.mark.parametrize("name", ["RAY_TLS_CA_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_SERVER_CERT"])
def test_a_missing_certificate_is_named(name, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("RAY_USE_TLS", "1")
    for other in ("RAY_TLS_CA_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_SERVER_CERT"):
        monkeypatch.setenv(other, str(tmp_path / "file"))
    monkeypatch.setenv(name, str(tmp_path / "missing"))
    with half_head.serve() as head, pytest.raises(ValueError, match=f"^{name}=.*missing: must be a file"):
        heads.check("cluster.address", head.address)


@pytest.mark.parametrize(
    ("key", "variables", "expected"),
    [
        ("cluster.address", {}, ""),
        ("cluster.address", {"RAY_AUTH_MODE": "disabled", "RAY_AUTH_TOKEN": "a"}, ""),
        ("cluster.address", {"RAY_AUTH_MODE": "token"}, "of the home"),
        ("cluster.address", {"RAY_AUTH_MODE": "Token", "RAY_AUTH_TOKEN": "a\n"}, "a"),
        ("cluster.address", {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "other"}, "of a path"),
        ("cluster.address", {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN_PATH": "missing"}, None),
        ("RAY_ADDRESS", {}, ""),
        ("/tmp/ray/ray_current_cluster", {}, "of the home"),
        ("/tmp/ray/ray_current_cluster", {"RAY_AUTH_MODE": "disabled"}, ""),
    ],
)
def test_the_token_is_the_one_that_ray_shows(key, variables, expected, monkeypatch, tmp_path):
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ray").mkdir()
    (tmp_path / ".ray" / "auth_token").write_text("of the home\n")
    (tmp_path / "other").write_text("of a path")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert heads._token(key) == expected


def start(folder, *words, **variables):
    environment = {**os.environ, "PYTHONPATH": str(PROJECT), "RAY_AUTH_MODE": "disabled", **variables}
    if not variables:
        environment.pop("RAY_ADDRESS", None)
    return subprocess.Popen(
        [sys.executable, "-m", "alphazero.run", "conf=smoke", f"run.dir={folder}", *words],
        env=environment,
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        # Background jobs of a shell ignore SIGINT, and their children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.slow
@pytest.mark.parametrize("is_variable", [False, True], ids=["cluster.address", "RAY_ADDRESS"])
@pytest.mark.parametrize("kind", KINDS)
def test_the_command_ends_in_one_line(kind, is_variable, tmp_path):
    serve, reason = KINDS[kind]
    with serve() as port:
        address, began = f"{HOST}:{port}", time.monotonic()
        if is_variable:
            process = start(tmp_path / "run", "cluster=auto", RAY_ADDRESS=address)
        else:
            process = start(tmp_path / "run", f"cluster.address={address}")
        _, errors = process.communicate(timeout=60)
        seconds = time.monotonic() - began
    key, last = ("RAY_ADDRESS", "unset it") if is_variable else ("cluster.address", "use cluster=private")
    assert errors == (
        f"{key}={address}: {reason}; correct the address, start its head (ray start --head), or {last}\n"
    )
    assert process.returncode == 2
    assert seconds < WITHIN_S
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["says nothing", "drops"])
def test_ctrl_c_ends_the_check(kind, tmp_path):
    with KINDS[kind][0]() as port:
        process = start(tmp_path / "run", f"cluster.address={HOST}:{port}")
        wait_for_connection(process.pid, port)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
        assert time.monotonic() - began < 3
    assert errors == "interrupted; run the same command again\n"
    assert process.returncode == 130


def wait_for_connection(pid, port):
    """Waits until the process has a connection to `port` or has requested one."""
    wanted = re.compile(rf":{port:04X} 0[12] ")  # established, or its first packet sent
    deadline = time.monotonic() + 60
    while True:
        table = "".join(Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6"))
        sockets = set()
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                sockets.add(os.readlink(entry))
        for line in table.splitlines():
            if wanted.search(line) and f"socket:[{line.split()[9]}]" in sockets:
                return
        assert time.monotonic() < deadline
        time.sleep(0.05)
