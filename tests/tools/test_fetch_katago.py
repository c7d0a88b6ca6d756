"""Tests of fetching KataGo: the folder that is made from the package, and messages if it cannot be had."""

import subprocess
import zipfile

import pytest

from alphazero import files
from tools import fetch_katago

IMAGE = """#!/bin/sh
# Like the AppImage in the package, it unpacks itself.
[ "$1" = --appimage-extract ] || exit 3
mkdir -p squashfs-root/usr/bin squashfs-root/usr/lib
touch squashfs-root/usr/lib/libzip.so.4
printf '#!/bin/sh\\necho "$LD_LIBRARY_PATH|$POCL_CACHE_DIR|$*"\\n' > squashfs-root/usr/bin/katago
chmod +x squashfs-root/usr/bin/katago
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """Our cache folder and pip's index are folders of this test."""
    monkeypatch.setenv("ALPHAZERO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


@pytest.fixture
def package(tmp_path):
    """A package with a small program instead of KataGo."""
    name = f"katrain-{fetch_katago.VERSION}"
    path = tmp_path / f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("katrain/KataGo/katago", IMAGE)
        wheel.writestr(
            f"{name}.dist-info/METADATA",
            f"Metadata-Version: 2.1\nName: katrain\nVersion: {fetch_katago.VERSION}\n",
        )
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    return path


def test_the_program_runs_with_its_libraries_and_settings(package, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(fetch_katago, "SHA256", files.sha256_of(package))
    assert not fetch_katago.is_fetched()
    assert fetch_katago.main([]) == 0
    folder = tmp_path / "cache" / f"katago-{fetch_katago.KATAGO}"
    assert capsys.readouterr().out == f"{folder / 'katago'}\n"
    monkeypatch.delenv("LD_LIBRARY_PATH", raising=False)
    done = subprocess.run([folder / "katago", "gtp", "a b"], capture_output=True, text=True, check=True)
    assert done.stdout == f"{folder}/lib|{folder}/pocl|gtp a b\n"
    quick, tuned = (fetch_katago.settings(tuned=tuned).read_text() for tuned in (False, True))
    settings = dict(line.split(" = ") for line in quick.splitlines())
    tuning = (folder / "opencl.txt").read_text().splitlines()
    assert settings["openclTunerFile"] == str(folder / "opencl.txt")
    assert set(quick.splitlines()) - set(tuned.splitlines()) == {f"openclTunerFile = {folder / 'opencl.txt'}"}
    assert len(tuning) == 22, "as KataGo 1.18 expects"
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing is left behind"


def test_it_is_fetched_once(tmp_path, capsys):
    path = fetch_katago.program()
    path.parent.mkdir(parents=True)
    path.touch(0o755)
    assert fetch_katago.main([]) == 0
    assert capsys.readouterr().out == f"{path}\n"


def test_another_package_is_refused(package, capsys):
    assert fetch_katago.main([]) == 1
    message = capsys.readouterr().err
    assert message == (
        f"KataGo {fetch_katago.KATAGO} was not fetched: {package.name} has the sha256 "
        f"{files.sha256_of(package)}, expected {fetch_katago.SHA256}\n"
    )
    assert not fetch_katago.is_fetched()


def test_without_the_package_it_is_one_line_and_exit_code_1(capsys):
    assert fetch_katago.main([]) == 1
    assert capsys.readouterr().err == (
        f"KataGo {fetch_katago.KATAGO} was not fetched: "
        f"ERROR: No matching distribution found for katrain=={fetch_katago.VERSION}\n"
    )


def test_other_machines_are_named(monkeypatch, capsys):
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert fetch_katago.main([]) == 1
    assert "has it for Linux on x86-64, not for linux aarch64" in capsys.readouterr().err


def test_what_is_missing_is_named_with_the_command_that_helps(monkeypatch, tmp_path):
    assert "`python -m tools.fetch_katago` fetches it" in (fetch_katago.missing() or "")
    fetch_katago.program().parent.mkdir(parents=True)
    fetch_katago.program().touch(0o755)
    monkeypatch.setattr(fetch_katago, "VENDORS", tmp_path / "vendors")
    assert fetch_katago.missing() == (
        "KataGo finds no OpenCL; `apt-get install pocl-opencl-icd ocl-icd-libopencl1` as root installs it"
    )
    (tmp_path / "vendors").mkdir()
    (tmp_path / "vendors" / "pocl.icd").touch()
    monkeypatch.setattr("ctypes.util.find_library", lambda name: f"lib{name}.so.1")
    assert fetch_katago.missing() is None
