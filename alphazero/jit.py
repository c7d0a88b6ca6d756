"""Compilation of kernels; the only module that imports numba.

Numba's own cache notices an edit in a kernel's file, but not in the files that it imports. Here the compiled
code of a module lies in a folder named by a digest. The digest covers the module and all modules of this
project that it imports, directly or indirectly. An edit of any of them compiles the kernels again.
"""

import ast
import contextlib
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
import numpy as np
from llvmlite import binding
from numba.core import config, types

from alphazero import imports, locks

Function = TypeVar("Function", bound=Callable[..., Any])

Integer = int | np.integer
Real = float | np.floating
Boolean = bool | np.bool_
"""Scalars in annotations of kernels. They are for readers: numba compiles for the arguments of each call."""

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "alphazero"
_WARM = "warm-{}"  # name of an empty file: the cache holds all that a warm-up of this layout compiles
_STALE_AFTER_S = 30 * 24 * 3600
_OPTIONS: Any = {
    "nogil": True,
    "error_model": "numpy",
    # Without its runtime numba does not count references to the arrays in arguments. The atomic instructions
    # for counting took half of a search's time (docs/adr/0024-kernels-count-no-references.md).
    "_nrt": False,
}
_SETTINGS: Any = config  # numba fills this module at run time; type checkers do not see the names


def _name_records_by_layout() -> None:
    """Puts a hash of the record layout into the names of compiled functions.

    numba 0.68 puts a number there that differs from process to process (`types.Record.mangling_args`). Two
    processes could give one name to code for two layouts. A third process that loads both from the cache
    would run one of them for both layouts, silently and with wrong offsets.
    """

    def mangling_args(record: types.Record) -> tuple[str, tuple[str]]:
        return "Record", (hashlib.sha256(record.name.encode()).hexdigest()[:16],)

    record_type: Any = types.Record
    record_type.mangling_args = property(mangling_args)


_name_records_by_layout()
# numba loads this module with the first kernel. It would import scipy, which takes a quarter of a second and
# serves products of matrices only.
with imports.without("scipy.linalg.cython_blas"):
    importlib.import_module("numba.np.arraymath")


def jit(function: Function) -> Function:
    """Compiles `function` at the first call with each combination of argument types.

    - A kernel runs in one thread and releases the GIL. Its compiled code is kept on disk.
    - Indices are checked only with NUMBA_BOUNDSCHECK=1.
    - An integer division by zero returns garbage and raises nothing.
    - A kernel cannot create arrays: code that needs a new array does not compile. `alphazero.arrays` has
      loops that replace statements such as `a[:] = b`.
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
    """Number of argument type combinations that `kernel` has been compiled for."""
    return len(signatures(kernel))


def signatures(kernel: Callable[..., Any]) -> list[tuple[Any, ...]]:
    """Argument types for which `kernel` has been compiled; empty with NUMBA_DISABLE_JIT=1."""
    return list(getattr(kernel, "signatures", []))


def warm_up(call: Callable[..., None], layout: str, *arguments: object) -> None:
    """Compiles the kernels that `call` uses by calling it with `arguments`.

    The first process on this machine compiles. The others wait and then load the code from the cache, so they
    neither repeat the work nor occupy its cores.
    layout: name of the record layouts for which the kernels are compiled.
    """
    folder = cache_folder(Path(call.__code__.co_filename))
    if folder is None or is_warm(call, layout):
        call(*arguments)
        return
    with locks.Lock(folder / "lock", waits=True):
        call(*arguments)
        (folder / _WARM.format(layout)).touch()


def is_warm(call: Callable[..., None], layout: str) -> bool:
    """Whether `warm_up` of this call and layout has finished on this machine."""
    folder = cache_folder(Path(call.__code__.co_filename))
    return folder is not None and (folder / _WARM.format(layout)).exists()


@functools.cache
def cpu_features() -> frozenset[str]:
    """Features that the CPU has and the operating system enables, by LLVM's names, such as "avx512vnni"."""
    try:
        return frozenset(name for name, is_there in binding.get_host_cpu_features().items() if is_there)
    except RuntimeError:  # LLVM does not know this CPU
        return frozenset()


@functools.cache
def cache_folder(source: Path) -> Path | None:
    """Folder for the compiled kernels of the module at `source`, on a local disk; made if it is missing.

    It lies below $ALPHAZERO_CACHE_DIR or ~/.cache/alphazero. Other users must not be able to write there,
    because cached code is executed. None if the folder cannot be written or the source is not a file; then
    nothing is cached.
    """
    try:
        root = os.environ.get("ALPHAZERO_CACHE_DIR") or Path.home() / ".cache" / "alphazero"
        folder = Path(root) / "kernels" / f"{source.stem}-{digest(source)}"
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(OSError):  # another process may remove the same folders
                _remove_stale(folder)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except (OSError, RuntimeError):  # RuntimeError: the user has no home folder
        return None


def digest(source: Path) -> str:
    """Hash of `source` and of all project modules that it imports, as 16 hexadecimal digits."""
    total = hashlib.sha256(f"{numba.__version__} {_SETTINGS.BOUNDSCHECK}".encode())
    for path in sorted(imported_files(source)):
        total.update(path.read_bytes())
    return total.hexdigest()[:16]


def imported_files(source: Path) -> set[Path]:
    """`source` and the project files that it imports, directly or indirectly."""
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
    """Removes cache folders of older states of the same module after 30 days without a write."""
    module = folder.name.rpartition("-")[0]
    for other in folder.parent.glob(f"{module}-*"):
        is_same_module = other.name.rpartition("-")[0] == module
        if is_same_module and time.time() - other.stat().st_mtime > _STALE_AFTER_S:
            shutil.rmtree(other, ignore_errors=True)
