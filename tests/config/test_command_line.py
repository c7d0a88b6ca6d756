"""Tests of mistakes on the command line: one line and exit code 2."""

import pytest

from alphazero.config import command_line


@pytest.fixture
def parser():
    parser = command_line.Parser(prog="program")
    parser.add_argument("--size", type=command_line.whole_number(2, 19), default=9)
    parser.add_argument("--komi", type=command_line.number(-400, 400))
    parser.add_argument("--kind", choices=("a", "b"))
    return parser


def test_values_are_converted(parser):
    options = parser.parse_args(["--size", "19", "--komi", "-7.5"])
    assert (options.size, options.komi) == (19, -7.5)


MISTAKES = [
    (["--size", "20"], "program: argument --size: 20: must be a whole number from 2 to 19\n"),
    (["--size", "9.5"], "program: argument --size: 9.5: must be a whole number from 2 to 19\n"),
    (["--komi", "nan"], "program: argument --komi: nan: must be a number from -400 to 400\n"),
    (["--komi", "many"], "program: argument --komi: many: must be a number from -400 to 400\n"),
    (["--si", "9"], "program: unrecognized arguments: --si 9\n"),
    (["stray"], "program: unrecognized arguments: stray\n"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistakes(parser, capsys, arguments, message):
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(arguments)
    assert exit_.value.code == 2
    assert capsys.readouterr().err == message


@pytest.mark.parametrize("default", [32, None])
def test_simulations_have_two_names(default):
    parser = command_line.Parser(prog="program")
    command_line.add_simulations(parser, most=100, default=default)
    assert parser.parse_args([]).simulations == default
    assert parser.parse_args(["--simulations", "7"]).simulations == 7
    assert parser.parse_args(["--visits", "7"]).simulations == 7


@pytest.mark.parametrize("numbers", [("32", "7"), ("7", "32"), ("7", "7")])
def test_only_one_name_of_the_simulations_may_be_given(numbers, capsys):
    """Even if a number is the default."""
    parser = command_line.Parser(prog="program")
    command_line.add_simulations(parser, most=100, default=32)
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(["--simulations", numbers[0], "--visits", numbers[1]])
    assert exit_.value.code == 2
    assert capsys.readouterr().err == "program: argument --visits: not allowed with argument --simulations\n"


@pytest.mark.parametrize("name", ["--simulations", "--visits"])
def test_both_names_of_the_simulations_have_the_same_range(name, capsys):
    parser = command_line.Parser(prog="program")
    command_line.add_simulations(parser, most=100)
    with pytest.raises(SystemExit):
        parser.parse_args([name, "101"])
    assert capsys.readouterr().err == f"program: argument {name}: 101: must be a whole number from 1 to 100\n"


def test_a_choice_lists_what_there_is(parser, capsys):
    with pytest.raises(SystemExit):
        parser.parse_args(["--kind", "c"])
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "'c'" in error
