"""Check, bounded in time, that a Ray head answers at an address.

Ray itself waits for minutes in C++ code that ignores Ctrl-C. This module imports Ray only when needed.
"""

import contextlib
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import grpc

from alphazero.config import cluster as cluster_config

CHECK_S = 5.0
"""Longest duration of the whole check."""
KEYS = _SETTING, _VARIABLE = "cluster.address", "RAY_ADDRESS"
"""The setting and the variable that can hold the user's address."""
_METHOD = "/ray.rpc.NodeInfoGcsService/GetClusterId"
"""The first call of every Ray process to a head; its message is empty."""
NO_TOKEN = "it requires its token: put that into ~/.ray/auth_token and set RAY_AUTH_MODE=token"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""Hosts that Ray replaces by the machine's own address."""


def named_address(setting: str) -> tuple[str, str]:
    """The key that names the cluster, cluster.address or RAY_ADDRESS, and its value.

    setting: cluster.address. RAY_ADDRESS counts only if that is auto. The value auto means this host's
    cluster; Ray's value local means private.
    """
    variable = os.environ.get(_VARIABLE)
    if setting != "auto" or not variable:
        return _SETTING, setting
    return _VARIABLE, "private" if variable == "local" else variable


def check_named(setting: str) -> None:
    """Raises ValueError in one line if the user gave an address at which no Ray head answers."""
    key, address = named_address(setting)
    if address not in ("auto", "private"):
        check(key, address)


def check(key: str, address: str) -> None:
    """Raises ValueError in one line unless a Ray head at `address` accepts this process.

    key: cluster.address, RAY_ADDRESS or the file that holds the address.
    """
    host, port = cluster_config.split_address(key, address)
    reason = find_fault(host, port, token=_token(key))
    if reason:
        raise ValueError(refusal(key, address, reason))


def refusal(key: str, address: str, reason: str) -> str:
    """One line for the user: the place, the mistake and the remedy."""
    if reason == NO_TOKEN:
        return f"{key}={address}: {reason}"
    last = "unset it" if key == _VARIABLE else "use cluster=private"
    return f"{key}={address}: {reason}; correct the address, start its head (ray start --head), or {last}"


def find_fault(host: str, port: int, within_s: float = CHECK_S, token: str | None = None) -> str:
    """The reason why Ray cannot join a cluster at this address; empty if it can.

    token: sent to the head; with None a head that requires a token is accepted.
    """
    deadline = time.monotonic() + within_s
    reason, is_refused = _probe(host, port, deadline, token)
    if host not in _LOOPBACK or (reason and not is_refused):
        return reason
    # Only Ray knows its own address, and importing it takes half a second.
    from ray import util

    own = util.get_node_ip_address()
    if own == host:
        return reason
    own_reason, _ = _probe(own, port, max(deadline, time.monotonic() + 1), token)
    if reason:
        return own_reason and reason
    return own_reason and f"Ray replaces {host} by {own}, and {own_reason}"


def _token(key: str) -> str | None:
    """The token that Ray will send to a head, empty for none; None if only Ray can know it.

    key: without RAY_AUTH_MODE Ray sends its token only to the cluster in this host's file.
    """
    mode = os.environ.get("RAY_AUTH_MODE", "disabled" if key in KEYS else "token")
    if mode.lower() != "token":
        return ""
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    path = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
    with contextlib.suppress(OSError, UnicodeDecodeError):
        token = (token or path.read_text()).strip()
    return token if token and token.isascii() and token.isprintable() else None


def _probe(host: str, port: int, deadline: float, token: str | None) -> tuple[str, bool]:
    """The reason why `host` is not a Ray head, empty if it is one; and whether it refuses connections."""
    try:
        places = _look_up(host, port, deadline)
    except TimeoutError:
        return f"the name {host} cannot be looked up within {CHECK_S:.0f} s", False
    # UnicodeError: an invalid name, such as one with a label of more than 63 characters.
    except (OSError, UnicodeError):
        return f"the name {host} is unknown", False
    error: OSError | None = None
    for number, place in enumerate(places):
        share = (deadline - time.monotonic()) / (len(places) - number)
        try:
            socket.create_connection(place, timeout=max(0.1, share)).close()
        except OSError as latest:
            error = latest
        else:
            return _probe_at(place, host, max(0.5, deadline - time.monotonic()), token), False
    why = f"no reply within {CHECK_S:.0f} s" if isinstance(error, TimeoutError) else error and error.strerror
    return f"nothing answers there ({why})", isinstance(error, ConnectionRefusedError)


def _look_up(host: str, port: int, deadline: float) -> list[tuple[str, int]]:
    """Numeric addresses of `host`. TimeoutError after the deadline; OSError or UnicodeError if unknown.

    The lookup runs in a separate thread, as it can be neither bounded nor interrupted.
    """
    outcome: list[Any] = []

    def resolve() -> None:
        try:
            outcome.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(max(0, deadline - time.monotonic()))
    if not outcome:
        raise TimeoutError
    if isinstance(outcome[0], Exception):
        raise outcome[0]
    return [(entry[4][0], entry[4][1]) for entry in outcome[0]]


def _probe_at(place: tuple[str, int], host: str, within_s: float, token: str | None) -> str:
    """The reason why the program at `place` is not a Ray head, empty if it is one."""
    numeric = f"[{place[0]}]" if ":" in place[0] else place[0]
    shown = (("authorization", f"Bearer {token}"),) if token else None
    with _channel(f"{numeric}:{place[1]}", host) as channel:
        try:
            channel.unary_unary(_METHOD)(b"", timeout=within_s, metadata=shown)
        except grpc.RpcError as error:
            code = error.code()  # pyright: ignore[reportAttributeAccessIssue] it is a Call as well
            if code is grpc.StatusCode.UNAUTHENTICATED:
                return "" if token is None else NO_TOKEN
            if code is grpc.StatusCode.DEADLINE_EXCEEDED:
                return f"the program there does not answer within {CHECK_S:.0f} s"
            return "another program answers there, not a Ray head"
    return ""


def _channel(address: str, host: str) -> grpc.Channel:
    """A connection like Ray's own: without proxies, and encrypted if RAY_USE_TLS is set."""
    options: list[tuple[str, Any]] = [("grpc.enable_http_proxy", 0)]
    if os.environ.get("RAY_USE_TLS", "0").lower() not in ("1", "true"):
        return grpc.insecure_channel(address, options)
    names = ("RAY_TLS_CA_CERT", "RAY_TLS_SERVER_KEY", "RAY_TLS_SERVER_CERT")
    files = [Path(os.environ.get(name, "")) for name in names]
    for name, path in zip(names, files, strict=True):
        if not path.is_file():
            raise ValueError(f"{name}={os.environ.get(name, '')}: must be a file, as RAY_USE_TLS is set")
    authority, key, certificate = (path.read_bytes() for path in files)
    credentials = grpc.ssl_channel_credentials(authority, key, certificate)
    return grpc.secure_channel(address, credentials, [*options, ("grpc.ssl_target_name_override", host)])
