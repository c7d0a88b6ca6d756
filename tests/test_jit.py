"""Compilation: the cache follows edits of everything below a kernel."""

import os
import subprocess
import sys
import time

import numpy as np
import pytest

from alphazero import jit

IS_COMPILED = os.environ.get("NUMBA_DISABLE_JIT") != "1"


def test_a_kernel_keeps_its_name_and_text():
    @jit.jit
    def add(a, b):
        """Sum."""
        return a + b

    assert (add(1, 2), add.__name__, add.__doc__) == (3, "add", "Sum.")
    if IS_COMPILED:
        assert jit.num_signatures(add) == 1
        assert add(1.5, 2) == 3.5
        assert jit.num_signatures(add) == 2
    assert jit.num_signatures(len) == 0


@pytest.mark.skipif(not IS_COMPILED, reason="plain Python raises")
def test_division_by_zero_does_not_raise():
    @jit.jit
    def divide(a, b):
        return a / b

    assert divide(np.float32(1), np.float32(0)) == np.inf


@pytest.mark.skipif(not IS_COMPILED, reason="plain Python counts and allocates")
def test_kernels_cannot_make_arrays():
    """For they are compiled without what would count references to them."""

    @jit.jit
    def first_sum(values):
        return (values + 1)[0]

    with pytest.raises(Exception, match="NRT required"):
        first_sum(np.ones(3))


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of ours in miniature: top imports middle imports bottom, and other stands alone."""
    texts = {
        "top": "from alphazero.room import middle\n",
        "middle": "import alphazero.room.bottom\n",
        "bottom": "LIMIT = 1\n",
        "other": "import numpy\n",
    }
    folder = tmp_path / "alphazero" / "room"
    folder.mkdir(parents=True)
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.setattr(jit, "ROOT", tmp_path)
    monkeypatch.setenv("ALPHAZERO_CACHE_DIR", str(tmp_path / "cache"))
    forget()
    yield folder
    forget()


def forget():
    jit.cache_folder.cache_clear()
    jit._direct_imports.cache_clear()


def test_imported_files(package):
    assert jit.imported_files(package / "top.py") == {
        package / f"{name}.py" for name in ("top", "middle", "bottom")
    }
    assert jit.imported_files(package / "other.py") == {package / "other.py"}


def test_an_edit_below_means_another_folder(package):
    folders = [jit.cache_folder(package / f"{name}.py") for name in ("top", "other")]
    (package / "bottom.py").write_text("LIMIT = 2\n")
    forget()
    again = [jit.cache_folder(package / f"{name}.py") for name in ("top", "other")]
    assert again[0] != folders[0]
    assert again[1] == folders[1]


def test_cache_folders_are_private_and_old_ones_go(package):
    old = jit.cache_folder(package / "top.py")
    other = jit.cache_folder(package / "other.py")
    assert old is not None
    assert other is not None
    assert old.stat().st_mode & 0o077 == 0
    long_ago = time.time() - 40 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    os.utime(other, (long_ago, long_ago))
    (package / "bottom.py").write_text("LIMIT = 3\n")
    forget()
    new = jit.cache_folder(package / "top.py")
    assert new is not None
    assert (old.exists(), new.exists(), other.exists()) == (False, True, True)


def test_without_a_cache_kernels_still_work(package, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ALPHAZERO_CACHE_DIR", str(tmp_path / "file"))
    forget()
    assert jit.cache_folder(package / "top.py") is None
    assert jit.cache_folder(package / "missing.py") is None


@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled")
def test_compiled_code_follows_a_constant_in_another_file(tmp_path, project):
    """The case that numba's own cache gets wrong."""
    package = tmp_path / "alphazero"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("jit.py", "imports.py", "locks.py"):
        (package / name).write_text((project / "alphazero" / name).read_text())
    (package / "kernel.py").write_text(
        "from alphazero import constants\nfrom alphazero.jit import jit\n\n\n"
        "@jit\ndef answer():\n    return constants.ANSWER\n"
    )
    environment = os.environ | {"ALPHAZERO_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    code = (
        "from alphazero import kernel; print(kernel.answer(), sum(kernel.answer.stats.cache_hits.values()))"
    )
    printed = []
    for answer in (1, 1, 2):
        (package / "constants.py").write_text(f"ANSWER = {answer}\n")
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout.strip())
    assert printed == ["1 0", "1 1", "2 0"]


LAYOUTS = """
import sys
import numpy as np
from alphazero import kernel
for capacity in map(int, sys.argv[1:]):
    dtype = np.dtype([("front", np.int64, capacity), ("back", np.int64)], align=True)
    records = np.zeros(1, np.dtype((np.record, dtype)))
    records["back"] = capacity
    print(kernel.read(records))
"""


@pytest.mark.skipif(not IS_COMPILED, reason="nothing is compiled")
def test_layouts_that_different_processes_compiled_are_not_confused(tmp_path, project):
    """numba's names of compiled functions repeat from one process to the next; ours must not."""
    package = tmp_path / "alphazero"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("jit.py", "imports.py", "locks.py"):
        (package / name).write_text((project / "alphazero" / name).read_text())
    # The helper must be too long to be inlined, because only calls go by name.
    (package / "kernel.py").write_text(
        "import numpy as np\nfrom alphazero.jit import jit\n\n\n"
        "@jit\ndef read(records):\n    return _read(records, 0) + _read(records, 0) - _read(records, 0)\n\n\n"
        "@jit\ndef _read(records, index):\n    total = 0.0\n"
        + 40 * "    total += np.sin(total) * np.cos(records[index].back)\n"
        + "    return int(records[index].back + 0 * total)\n"
    )
    environment = os.environ | {"ALPHAZERO_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    printed = []
    for capacities in (["3"], ["5"], ["3", "5"]):
        done = subprocess.run(
            [sys.executable, "-c", LAYOUTS, *capacities],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(done.stdout.split())
    assert printed == [["3"], ["5"], ["3", "5"]]


WARM_UP = """
import sys, time
from pathlib import Path
from alphazero import jit
def call(log):
    with open(log, "a") as file:
        print("begin", file=file, flush=True)
        time.sleep(0.3)
        print("end", file=file, flush=True)
print(jit.is_warm(call, "5"))
jit.warm_up(call, "5", sys.argv[1])
print(jit.is_warm(call, "5"), jit.is_warm(call, "9"))
"""


def test_one_process_warms_up_while_the_others_wait(tmp_path, project):
    """Nobody begins before the first has ended; who comes later need not wait."""
    package = tmp_path / "alphazero"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name in ("jit.py", "imports.py", "locks.py"):
        (package / name).write_text((project / "alphazero" / name).read_text())
    (tmp_path / "main.py").write_text(WARM_UP)
    environment = os.environ | {"ALPHAZERO_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, str(tmp_path / "main.py"), str(tmp_path / "log")]
    started = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    outputs = [process.communicate(timeout=60)[0].split() for process in started]
    log = (tmp_path / "log").read_text().split()
    assert log[:2] == ["begin", "end"] and sorted(log) == 3 * ["begin"] + 3 * ["end"]
    assert ["False", "True", "False"] in outputs
    assert all(output[1:] == ["True", "False"] for output in outputs)
    later = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert later.stdout.split() == ["True", "True", "False"]


def test_without_a_cache_nothing_is_warm(package, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("ALPHAZERO_CACHE_DIR", str(tmp_path / "file"))
    forget()
    called = []
    jit.warm_up(lambda: called.append(1), "5")
    assert called == [1]
