"""Joining a Ray cluster, or starting a private one."""

import contextlib
import logging
import os
import secrets
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ray
from ray import exceptions, util

from actors import heads, joining, memory
from actors import plan as plans
from alphazero.config import cluster as settings
from alphazero.config import schema
from alphazero.report import logs

_logger = logging.getLogger(__name__)
_AUTH_MODE, _TOKEN, _TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
_OPEN = "whoever reaches the cluster's ports can run code"
_ADDRESS_LENGTH = 300
_LAST_SESSION_S = 60.0
_POLL_S = 0.5


def connect(config: schema.Config, log_file: str, namespace: str) -> str:
    """Connects this process and returns, in words, what it is connected to.

    log_file: where workers on this machine write their log. namespace: of the run's named actors.
    ValueError: there is no cluster at the address asked for, or it does not let us in.
    """
    key, address = heads.named_address(config.cluster.address)
    # Ray warns that it asks for tokens, which is what we want.
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    environment = {
        # A worker's math library must not start threads: teams collapse on shared cores (ADR 3).
        "OMP_NUM_THREADS": "1",
        # Each of glibc's arenas for threads keeps free memory that the others could use.
        "MALLOC_ARENA_MAX": "1",
        logs.LOG_FILE_VARIABLE: log_file,
    }
    options: dict[str, Any] = {
        "logging_level": logging.WARNING,
        "log_to_driver": True,
        "namespace": namespace,
    }
    if address == "auto":
        key, address = _cluster_on_this_host()
    if address == "private":
        with _environment(environment | _new_token()):
            return _start_private(config, options)
    heads.check(key, address)
    # "auto" lets Ray use the token that it finds; where that leads is decided here and not by its search.
    variables = {} if key in heads.KEYS else {"RAY_ADDRESS": address}
    try:
        with joining.watched(key, address), _environment(variables):
            runtime_env = {"env_vars": environment}
            ray.init(address="auto" if variables else address, runtime_env=runtime_env, **options)
    except (ConnectionError, exceptions.AuthenticationError) as error:
        raise ValueError(f"{key}={address}: {_refusal(error)}") from error
    # Ray has set it where it found a token. With one, a cluster that asks for none fails later (tried).
    if os.environ.get(_AUTH_MODE) != "token":
        _logger.warning("this cluster asks nobody for a token: %s there (docs/security.md)", _OPEN)
    return f"the cluster at {ray.get_runtime_context().gcs_address}"


def wait_for_last_session(namespace: str) -> None:
    """Waits until no actor of a driver that was killed is left in `namespace`: they write to the folder.

    ValueError when they stay, which means that the driver lives.
    """
    deadline = time.monotonic() + _LAST_SESSION_S
    left: list[Any]
    while left := util.list_named_actors(all_namespaces=True):
        names = [entry["name"] for entry in left if entry["namespace"] == namespace]
        if not names:
            return
        if time.monotonic() > deadline:
            raise ValueError(f"another driver still runs this run on the cluster: its {names[0]} is alive")
        time.sleep(_POLL_S)


def _cluster_on_this_host() -> tuple[str, str]:
    """File in which `ray start` left the address of this host's cluster, and that address; or "", "private".

    Ray would also find the private clusters of other runs; those have a folder of their own, and
    what dies with another run must not be joined. Nor what another user left: the folder is open to all.
    A dead cluster's file stops nobody from training: a warning says why it is not joined.
    """
    path = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray" / "ray_current_cluster"
    try:
        reason, address = _look_into(path)
    except FileNotFoundError:
        return "", "private"
    except UnicodeDecodeError:
        reason, address = "it is not text", ""
    except OSError as error:
        reason, address = f"{error.strerror}", ""
    if not reason:
        return str(path), address
    where = f"{path}={address}" if address else str(path)
    _logger.warning("%s: %s; a private cluster starts instead (cluster=private reads no file)", where, reason)
    return "", "private"


def _look_into(path: Path) -> tuple[str, str]:
    """Why the cluster that the file names is not joined, empty if it can be, and its address."""
    found = path.lstat()
    if found.st_uid not in (0, os.getuid()):
        return "it belongs to another user", ""
    if not stat.S_ISREG(found.st_mode):
        return "it is not a file", ""
    with path.open() as file:
        address = file.read(_ADDRESS_LENGTH).strip()
    try:
        host, port = settings.split_address("", address)
    except ValueError:
        return "it does not hold HOST:PORT", ""
    return heads.find_fault(host, port), address


def _refusal(error: BaseException) -> str:
    """Why a cluster cannot be joined: Ray says it somewhere in a chain of errors."""
    chain, link = [], error
    while link is not None:
        chain.append(str(link))
        link = link.__cause__ or link.__context__
    if any("AuthToken" in text or "auth_token" in text for text in chain):
        return heads.NO_TOKEN
    return "a head answers, but Ray cannot join: this machine must be a node of its cluster (ray start)"


def _new_token() -> dict[str, str]:
    """Variables by which a private cluster takes commands from its own processes alone.

    Ray would make a token in ~/.ray that other users may read, and as soon as it is there all of this user's
    clusters ask for it. Empty where the user chose a token or none.
    """
    if os.environ.get(_AUTH_MODE) == "disabled":
        _logger.warning("%s=disabled: %s here (docs/security.md)", _AUTH_MODE, _OPEN)
        return {}
    if _TOKEN in os.environ or _TOKEN_PATH in os.environ:
        return {}
    return {_TOKEN: secrets.token_hex(32)}


def _private_folder() -> Path:
    """Where private clusters have their sockets and logs, closed to others; ValueError if others own it."""
    folder = Path(tempfile.gettempdir()) / f"alphazero-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ValueError(f"{folder}: must be a folder of yours; TMPDIR names another place for it")
    folder.chmod(0o700)
    # Ray opens its own folder to everyone.
    return folder / "ray"


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for the processes that are started meanwhile, and for those that they start.

    A runtime environment would do it too; with one Ray uses none of the workers that it has ready.
    """
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _start_private(config: schema.Config, options: dict[str, Any]) -> str:
    cores = len(os.sched_getaffinity(0))
    folder = _private_folder()
    wanted = memory.object_store_bytes(config, memory.of_machine())
    store_bytes, place, trouble = memory.store_place(wanted, folder.parent)
    if trouble:
        _logger.warning(trouble)
    ray.init(
        address="local",
        num_cpus=int(plans.private_cpus(config, cores)),
        include_dashboard=False,
        object_store_memory=store_bytes,
        # Named, as Ray would write a page of advice where it is not in shared memory.
        _plasma_directory=str(place),
        _temp_dir=str(folder),
        **options,
    )
    size = f"{store_bytes / memory.MIB:,.0f} MiB"
    return f"a private cluster on this machine ({cores} cores, object store of {size})"
