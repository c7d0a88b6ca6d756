"""The former name of `alphazero supervised`: one line on stderr, then the same command."""

import signal

import pytest

from alphazero import train
from alphazero.supervised import __main__ as supervised_command

RENAMED = "alphazero train: this command is now called alphazero supervised\n"


@pytest.fixture(autouse=True)
def keep_signals():
    """The command sets a handler of SIGTERM for its process."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def said(main, words, monkeypatch, capsys):
    """Exit code, output and errors of a command."""
    monkeypatch.setattr("sys.argv", ["alphazero", *words])
    try:
        code = main()
    except SystemExit as left:
        code = left.code
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["conf=smoke"], 2),
        (["conf=nowhere"], 2),
        (["conf=smoke", "data.path=/nowhere/*.gz"], 2),
        (["conf=smoke", "--cfg", "job"], 0),
    ],
)
def test_the_former_name_says_so_and_does_the_same(words, code, tmp_path, monkeypatch, capsys):
    words = [f"run.dir={tmp_path}", *words]
    new = said(supervised_command.main, words, monkeypatch, capsys)
    assert new[0] == code and len(new[1] + new[2]) > 40
    assert said(train.main, words, monkeypatch, capsys) == (code, new[1], RENAMED + new[2])


def test_an_interruption_has_the_same_exit_code(tmp_path, monkeypatch, capsys):
    def interrupt(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(supervised_command.dataset, "survey", interrupt)
    words = ["conf=smoke", "data.path=games", f"run.dir={tmp_path}"]
    code, _, errors = said(train.main, words, monkeypatch, capsys)
    assert code == 130 and errors.startswith(RENAMED)
