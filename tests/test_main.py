"""The console script: its list of commands, and how it runs them."""

import importlib.util
import sys

import pytest

import alphazero.__main__ as console


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_all_commands(arguments, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["alphazero", *arguments])
    console.main()
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]]
    assert listed == list(console.COMMANDS)


@pytest.mark.parametrize("name", console.COMMANDS)
def test_commands_exist(name):
    assert importlib.util.find_spec(f"alphazero.{name}")


def test_unknown_command_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["alphazero", "nowhere"])
    with pytest.raises(SystemExit) as left:
        console.main()
    assert left.value.code == 2
    assert capsys.readouterr().err.startswith("alphazero nowhere: unknown command; there are ")


def test_a_command_gets_the_rest_of_the_arguments(monkeypatch):
    called = []
    monkeypatch.setattr(sys, "argv", ["alphazero", "gtp", "--help"])
    monkeypatch.setattr(
        console.runpy, "run_module", lambda name, run_name, alter_sys: called.append((name, sys.argv[1:]))
    )
    console.main()
    assert called == [("alphazero.gtp", ["--help"])]
