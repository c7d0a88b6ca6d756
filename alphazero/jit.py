"""Compilation of kernels; the only module that imports numba.

Numba's own cache notices an edit in the file of a kernel, and not in the files whose functions and
constants went into it. Here each module's compiled code lies in a folder named by the digest of the
module and of everything of ours that it imports, so that an edit anywhere below compiles again.
"""

import ast
import contextlib
import fcntl
import functools
import hashlib
import importlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from llvmlite import binding
from numba.core import config, types

from alphazero import imports

Function = TypeVar("Function", bound=Callable[..., Any])

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "alphazero"
_WARM = "warm-{}"  # an empty file: what a warm-up of this layout needs is in the cache
_STALE_AFTER_S = 30 * 24 * 3600
_OPTIONS: Any = {
    "nogil": True,
    "error_model": "numpy",
    # Without its runtime numba counts no references to the arrays in arguments. Counting them, with an atomic
    # instruction each time, took half of a search (docs/adr/0024-kernels-count-no-references.md).
    "_nrt": False,
}
_SETTINGS: Any = config  # numba fills this module when it is imported, unseen by type checkers


def _name_records_by_layout() -> None:
    """Makes the names of compiled functions say which layout of records they were compiled for.

    numba 0.68 puts a number there that each process gives out anew (`types.Record.mangling_args`).
    Code that two processes compiled for two layouts could so get one name, and a third process that
    loads both from the cache would run either for both: silently, on wrong offsets.
    """

    def mangling_args(record: types.Record) -> tuple[str, tuple[str]]:
        return "Record", (hashlib.sha256(record.name.encode()).hexdigest()[:16],)

    record_type: Any = types.Record
    record_type.mangling_args = property(mangling_args)


_name_records_by_layout()
# numba loads this with the first kernel, and it scipy, a quarter of a second, for products of matrices alone.
with imports.without("scipy.linalg.cython_blas"):
    importlib.import_module("numba.np.arraymath")


def jit(function: Function) -> Function:
    """Compiles `function` when it is first called with arguments of some types.

    One thread, GIL released, compiled code kept on disk. Indices are not checked unless
    NUMBA_BOUNDSCHECK=1; integer division by zero gives garbage instead of raising. Kernels make no
    arrays: they work in those of their arguments, and do not compile if they would need a new one
    (`alphazero.arrays` has what replaces `a[:] = b` and the like).
    """
    folder = cache_folder(Path(function.__code__.co_filename))
    before = _SETTINGS.CACHE_DIR
    try:
        _SETTINGS.CACHE_DIR = str(folder or "")
        compiled = numba.njit(cache=folder is not None, **_OPTIONS)(function)
        return cast(Function, compiled)  # callers keep the signature of the Python function
    finally:
        _SETTINGS.CACHE_DIR = before


def num_signatures(kernel: Callable[..., Any]) -> int:
    """How many times `kernel` has been compiled, once for each combination of argument types."""
    return len(signatures(kernel))


def signatures(kernel: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Argument types that `kernel` has been compiled for; empty with NUMBA_DISABLE_JIT=1."""
    return list(getattr(kernel, "signatures", []))


def warm_up(call: Callable[..., None], layout: str, *arguments: object) -> None:
    """Calls `call`, which calls kernels, so that they are compiled when they are needed.

    Of all processes on this machine the first one compiles; the others wait for it, so that they
    neither do the same work at the same time nor take the cores that it needs, and load from the cache.
    layout: name of the record layouts that the kernels are compiled for.
    """
    folder = cache_folder(Path(call.__code__.co_filename))
    if folder is None or is_warm(call, layout):
        call(*arguments)
        return
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        call(*arguments)
        (folder / _WARM.format(layout)).touch()


def is_warm(call: Callable[..., None], layout: str) -> bool:
    """Whether a `warm_up` with these arguments has been finished on this machine."""
    folder = cache_folder(Path(call.__code__.co_filename))
    return folder is not None and (folder / _WARM.format(layout)).exists()


@functools.cache
def cpu_features() -> frozenset[str]:
    """What the CPU can do and the operating system lets it do, in LLVM's words, such as "avx512vnni"."""
    try:
        return frozenset(name for name, is_there in binding.get_host_cpu_features().items() if is_there)
    except RuntimeError:  # LLVM does not know this kind of machine
        return frozenset()


@functools.cache
def cache_folder(source: Path) -> Path | None:
    """Where the compiled kernels of the module at `source` are kept, on a disk of this machine.

    $ALPHAZERO_CACHE_DIR or ~/.cache/alphazero; never a folder that others can write, because the
    cache is executed. None if it cannot be written or the source is not a file: nothing is kept.
    """
    try:
        root = os.environ.get("ALPHAZERO_CACHE_DIR") or Path.home() / ".cache" / "alphazero"
        folder = Path(root) / "kernels" / f"{source.stem}-{digest(source)}"
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(OSError):  # another process may be removing the same
                _remove_stale(folder)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: there is no home folder
        return None


def digest(source: Path) -> str:
    """Name of a state of the sources: of `source` and of all our modules that it imports."""
    total = hashlib.sha256(f"{numba.__version__} {_SETTINGS.BOUNDSCHECK}".encode())
    for path in sorted(imported_files(source)):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def imported_files(source: Path) -> set[Path]:
    """`source` and the files of our package that it imports, directly or through others."""
    found, waiting = set(), [source]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _direct_imports(path)
    return found


@functools.cache
def _direct_imports(source: Path) -> list[Path]:
    names = set()
    for node in ast.walk(ast.parse(source.read_bytes())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
            names.add(node.module)
    files = [ROOT / f"{name.replace('.', '/')}.py" for name in names if name.split(".")[0] == PACKAGE]
    return [path for path in files if path.is_file()]


def _remove_stale(folder: Path) -> None:
    """Removes folders of older states of the same module that nothing was written to for long."""
    module = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{module}-*"):
        is_same_module = other.name.rpartition("-")[0] == module
        if is_same_module and time.time() - other.stat().st_mtime > _STALE_AFTER_S:
            shutil.rmtree(other, ignore_errors=True)
