"""Connection to a Ray cluster: joins one, or starts a private one."""

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
from alphazero.config import cluster as cluster_config
from alphazero.config import schema
from alphazero.report import logs

_logger = logging.getLogger(__name__)
_AUTH_MODE, _TOKEN, _TOKEN_PATH = "RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"
_OPEN = "any process that reaches the cluster's ports can run code"
_ADDRESS_LENGTH = 300
_LAST_SESSION_S = 60.0
_POLL_S = 0.5


def connect(config: schema.Config, log_file: str, namespace: str) -> str:
    """Connects this process to a cluster and returns a description of the cluster.

    log_file: the log of the workers on this machine. namespace: of the run's named actors.
    ValueError: there is no cluster at the configured address, or it refuses this process.
    """
    key, address = heads.named_address(config.cluster.address)
    # Ray warns that it requires tokens, which is intended.
    logging.getLogger("ray._private.authentication").setLevel(logging.ERROR)
    environment = {
        # A worker's math library must not start threads: teams collapse on shared cores (ADR 3).
        "OMP_NUM_THREADS": "1",
        # Each of glibc's arenas keeps free memory that other threads could use.
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
    # "auto" lets Ray use the token that it finds. RAY_ADDRESS fixes the cluster, which Ray would search for.
    variables = {} if key in heads.KEYS else {"RAY_ADDRESS": address}
    try:
        with joining.watched(key, address), _environment(variables):
            runtime_env = {"env_vars": environment}
            ray.init(address="auto" if variables else address, runtime_env=runtime_env, **options)
    except (ConnectionError, exceptions.AuthenticationError) as error:
        raise ValueError(f"{key}={address}: {_refusal(error)}") from error
    # Ray sets the variable if it finds a token. With a token, a cluster that requires none fails later.
    if os.environ.get(_AUTH_MODE) != "token":
        _logger.warning("this cluster requires no token: %s there (docs/security.md)", _OPEN)
    return f"the cluster at {ray.get_runtime_context().gcs_address}"


def wait_for_last_session(namespace: str) -> None:
    """Waits until `namespace` has no actors of a killed driver, which would still write to the folder.

    ValueError if they stay, because their driver is then alive.
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
    """The file with the address of this host's cluster, and that address; or "", "private".

    `ray start` writes the file. Ray's own search would also find the private clusters of other runs, which
    end with those runs; they have a separate folder here. A file of another user is ignored, as all users may
    write to the folder. If the file's cluster is dead, a warning gives the reason and a private one starts.
    """
    path = Path(os.environ.get("RAY_TMPDIR", "/tmp")) / "ray" / "ray_current_cluster"
    try:
        reason, address = _read_address(path)
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


def _read_address(path: Path) -> tuple[str, str]:
    """The reason not to join the cluster that the file names, empty if it can be joined, and its address."""
    found = path.lstat()
    if found.st_uid not in (0, os.getuid()):
        return "it belongs to another user", ""
    if not stat.S_ISREG(found.st_mode):
        return "it is not a regular file", ""
    with path.open() as file:
        address = file.read(_ADDRESS_LENGTH).strip()
    try:
        host, port = cluster_config.split_address("", address)
    except ValueError:
        return "it does not hold HOST:PORT", ""
    return heads.find_fault(host, port), address


def _refusal(error: BaseException) -> str:
    """The reason why a cluster cannot be joined, from Ray's chain of errors."""
    chain, link = [], error
    while link is not None:
        chain.append(str(link))
        link = link.__cause__ or link.__context__
    if any("AuthToken" in text or "auth_token" in text for text in chain):
        return heads.NO_TOKEN
    return "a head answers, but Ray cannot join: this machine must be a node of its cluster (ray start)"


def _new_token() -> dict[str, str]:
    """Environment variables with which a private cluster accepts only its own processes.

    Empty if the user chose a token or disabled tokens. Ray's own token would be in ~/.ray, readable by other
    users, and all clusters of this user would require it from then on.
    """
    if os.environ.get(_AUTH_MODE) == "disabled":
        _logger.warning("%s=disabled: %s here (docs/security.md)", _AUTH_MODE, _OPEN)
        return {}
    if _TOKEN in os.environ or _TOKEN_PATH in os.environ:
        return {}
    return {_TOKEN: secrets.token_hex(32)}


def _private_folder() -> Path:
    """The folder for sockets and logs of private clusters, closed to other users.

    ValueError if another user owns it.
    """
    folder = Path(tempfile.gettempdir()) / f"alphazero-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise ValueError(f"{folder}: must be a folder that you own; TMPDIR can name another place for it")
    folder.chmod(0o700)
    # A subfolder, as Ray opens its own folder to all users.
    return folder / "ray"


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Sets variables for the processes that are started inside the context, and for their children.

    A runtime environment would do the same, but with one Ray does not use its prestarted workers.
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
        # Explicit, as Ray would otherwise print a page of advice if it is not in shared memory.
        _plasma_directory=str(place),
        _temp_dir=str(folder),
        **options,
    )
    size = f"{store_bytes / memory.MIB:,.0f} MiB"
    return f"a private cluster on this machine ({cores} cores, object store of {size})"
