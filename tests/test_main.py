"""The console script finds the front doors that exist."""

import sys

import pytest

import alphazero.__main__ as console


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_only_doors_that_exist(arguments, monkeypatch, capsys, project):
    monkeypatch.setattr(sys, "argv", ["alphazero", *arguments])
    console.main()
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert listed == [name for name in console.DOORS if (project / "alphazero" / f"{name}.py").exists()]


def test_unknown_door_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["alphazero", "nowhere"])
    with pytest.raises(SystemExit) as left:
        console.main()
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("alphazero nowhere: unknown command; there are ")


def test_door_gets_the_rest_of_the_arguments(monkeypatch):
    called = []
    monkeypatch.setattr(sys, "argv", ["alphazero", "gtp", "--help"])
    monkeypatch.setattr(console.importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(
        console.runpy, "run_module", lambda name, run_name, alter_sys: called.append((name, sys.argv[1:]))
    )
    console.main()
    assert called == [("alphazero.gtp", ["--help"])]
