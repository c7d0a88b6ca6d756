"""Tests of the build of Leela Zero for 9x9: the compiled files, and messages if the build is impossible."""

import pytest

from tools import build_leela_zero

HEADER = "static constexpr auto BOARD_SIZE = 19;\nstatic constexpr auto KOMI = 7.5f;\n"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder of scripts that replaces all programs of the machine."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("ALPHAZERO_CACHE_DIR", str(tmp_path / "cache"))

    def add(name, script):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return add


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "src"
    folder.mkdir()
    (folder / "config.h").write_text(HEADER)
    for name in ("GTP", "Network", "OpenCL", "OpenCLScheduler", "Tuner"):
        (folder / f"{name}.cpp").write_text(f"// {name}\n" * len(name))
    return folder


def test_it_is_built_for_our_board_without_gpu_support(programs, sources):
    programs("g++", 'echo "$@" >> asked; [ "$1" != -o ] || echo built > leelaz')
    assert build_leela_zero.build(sources).read_text() == "built\n"
    assert (sources / "config.h").read_text() == HEADER.replace("19", "9")
    *compiled, linked = (sources / "asked").read_text().splitlines()
    assert sorted(line.split()[-1] for line in compiled) == ["GTP.cpp", "Network.cpp"]
    assert all("-DUSE_CPU_ONLY" in line for line in compiled)
    assert linked.startswith("-o leelaz Network.o GTP.o -lboost")


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'GTP.cpp:1: fatal error: boost: none' >&2; exit 1", "GTP.cpp:1: fatal error: boost: none; "),
        ("exit 4", "g++ ended with 4; "),
        (None, "g++ is not installed; "),
    ],
)
def test_a_failed_compilation_names_the_packages_to_install(script, reason, programs, sources):
    if script:
        programs("g++", script)
    with pytest.raises(build_leela_zero.Failed) as caught:
        build_leela_zero.build(sources)
    assert str(caught.value).startswith(f"{reason}run `apt-get install g++ libboost-")


def test_other_sources_are_refused(sources):
    (sources / "config.h").write_text("")
    with pytest.raises(
        build_leela_zero.Failed, match=r"config.h: must contain 'BOARD_SIZE = 19;' exactly once"
    ):
        build_leela_zero.build(sources)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (None, "there is no apt-get; this needs Debian"),
        ("exit 0", "apt has no index of a Debian archive; run `apt-get update` as root"),
        (
            'case "$*" in *indextargets*) echo http://127.0.0.1/debian/ stable;;'
            " *update*) echo 'E: Failed to fetch' >&2; exit 100;; esac",
            "E: Failed to fetch",
        ),
    ],
)
def test_without_the_source_package_it_is_one_line_and_exit_code_1(script, reason, programs, capsys):
    if script:
        programs("apt-get", script)
    assert build_leela_zero.main([]) == 1
    assert capsys.readouterr() == ("", f"Leela Zero for 9x9 was not built: {reason}\n")
    assert not build_leela_zero.is_built()


def test_it_is_built_once(programs, tmp_path, capsys):
    path = tmp_path / "cache" / "leela-zero-9x9" / "leelaz"
    path.parent.mkdir(parents=True)
    path.touch(0o755)
    assert build_leela_zero.main([]) == 0
    assert capsys.readouterr().out == f"{path}\n"
