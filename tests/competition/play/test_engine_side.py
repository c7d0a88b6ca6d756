"""Tests of engines as sides; each engine is a real process."""

import pytest

from alphazero.competition.control_files import settings
from alphazero.competition.play import engine_side, sides
from alphazero.go import rules
from tests.competition.playing import game_settings, player

BLACK, WHITE = rules.BLACK, rules.WHITE


def context(*, color=BLACK, **options):
    names = {"game_id", "slot", "log", "stderr", "registry"} & options.keys()
    own = {name: options.pop(name) for name in names}
    return sides.SideContext(**({"game_id": "0_0"} | own), color=color, game=game_settings(**options))


@pytest.fixture
def start():
    """start(player, **options): a started EngineSide, which is closed after the test."""
    made = []

    def make(player, **options):
        made.append(engine_side.EngineSide(player, context(**options)))
        made[-1].start()
        return made[-1]

    yield make
    for side in made:
        side.close()


def faulty(*arguments, **options):
    return player("f", "faulty", *arguments, **options)


def echo(answers, **options):
    """An engine that answers from a table, by the command or its first word."""
    program = (
        "import os, sys\n"
        f"answers = {answers!r}\n"
        "for line in sys.stdin:\n"
        "    if line.split() == ['quit']: break\n"
        "    number, _, command = line.strip().partition(' ')\n"
        "    text = answers.get(command, answers.get(command.split()[0], '?unknown command'))\n"
        "    mark, text = ('?', text[1:]) if text[:1] == '?' else ('=', os.path.expandvars(text))\n"
        "    print(f'{mark}{number} {text}', end='\\n\\n', flush=True)\n"
    )
    plain = player("e", **options)
    return type(plain)(code="e", command=(*plain.command[:3], "-c", program), **options)


SET_UP = {"boardsize": "", "clear_board": "", "komi": "", "play": "", "fixed_handicap": "C3 G7"}

BROKEN = [
    ("die-at-start", {}, "ended with exit code 1 at 'protocol_version' (stderr: there is no such network)"),
    ("refuse-size", {}, "refused 'boardsize 5': 'unacceptable size'"),
    ("version", {}, "answered '1' to 'protocol_version'; must be 2"),
    ("twice", {}, "answered =1 to 'name', which had the id 2"),
]


@pytest.mark.parametrize(("fault", "options", "reason"), BROKEN)
def test_engines_that_do_not_start(fault, options, reason, start):
    with pytest.raises(sides.Broken) as broken:
        start(faulty(fault), **options)
    assert str(broken.value) == reason


def test_an_engine_that_does_not_exist(start):
    with pytest.raises(sides.Broken, match=r"^no-such-engine: cannot be started \(No such file"):
        start(settings.PlayerSettings(code="x", command=("no-such-engine",)))


def test_an_engine_that_does_not_answer(start):
    with pytest.raises(sides.TooLate, match=r"^no answer to 'protocol_version' within 0\.2 s$"):
        start(faulty("mute"), move_time_limit_s=0.2)


def test_a_startup_command_that_is_refused(start):
    engine = echo(
        SET_UP | {"tune 1": "", "tune 2": "?what is\ntune?"}, startup_gtp_commands=("tune 1", "tune 2")
    )
    with pytest.raises(sides.Broken, match=r"^refused 'tune 2': 'what is tune\?'$"):
        start(engine)


def test_commands_are_sent_in_order(start):
    log = []
    engine = echo(
        SET_UP | {"setup": "", "x-genmove": "C3", "known_command final_score": "false"},
        startup_gtp_commands=("setup now",),
        gtp_aliases={"genmove": "x-genmove", "gomill-cpu_time": "cputime"},
    )
    side = start(engine, log=log.append)
    side.play(BLACK, rules.parse_move("D4", 5))
    side.genmove()
    side.final_score()
    side.close()
    assert [line[2:] for line in log if line[0] == ">"] == [
        "protocol_version", "name", "version", "known_command gomill-describe_engine",
        "setup now", "boardsize 5", "clear_board", "komi 2.5", "play b D4",
        "x-genmove b", "known_command gomill-explain_last_move",
        "known_command final_score", "known_command cputime", "quit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "move"),
    [
        ("D4", 18),
        ("d4", 18),
        ("PASS", 25),
        ("Resign", sides.Word.resign),
    ],
)
def test_moves(answer, move, start):
    assert start(echo(SET_UP | {"genmove": answer})).genmove() == sides.Reply(move)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", "answered '' to 'genmove b'"),
        ("F1", "answered 'F1' to 'genmove b'"),
        ("claim", "answered 'claim' to 'genmove b'"),
        ("A1 and more", "answered 'A1 and more' to 'genmove b'"),
        ("?cannot", "refused 'genmove b': 'cannot'"),
        ("x" * 99, f"answered '{'x' * 60}...' to 'genmove b'"),
    ],
)
def test_answers_that_are_not_moves(answer, reason, start):
    with pytest.raises(sides.Forfeit) as forfeit:
        start(echo(SET_UP | {"genmove": answer})).genmove()
    assert str(forfeit.value) == reason


@pytest.mark.parametrize(
    ("known", "allow", "move"),
    [("true", True, sides.Word.claim), ("true", False, 0), ("false", True, 0)],
)
def test_claims(known, allow, move, start):
    answers = {
        "genmove": "A1",
        "gomill-genmove_ex b claim": "claim",
        "known_command gomill-genmove_ex": known,
    }
    assert start(echo(SET_UP | answers, allow_claim=allow)).genmove().move == move


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ("?illegal move", sides.Rejection, "rejected A1 as illegal"),
        ("?syntax error", sides.Forfeit, "refused 'play w A1': 'syntax error'"),
    ],
)
def test_moves_that_are_refused(answer, kind, reason, start):
    with pytest.raises(kind) as failed:
        start(echo(SET_UP | {"play": answer})).play(WHITE, 0)
    assert str(failed.value) == reason


def test_comments(start):
    answers = {
        "genmove": "A1",
        "known_command gomill-explain_last_move": "true",
        "gomill-explain_last_move": "ha\x07\tha",
    }
    assert start(echo(SET_UP | answers)).genmove().comment == "ha ha"


NAMES = [
    ({}, "e", "e"),
    ({"name": "GNU Go", "version": "3.8"}, "GNU Go:3.8", "GNU Go:3.8"),
    ({"name": "GNU Go", "version": "GNU Go 3.8"}, "GNU Go:3.8", "GNU Go:3.8"),
    ({"name": "GNU\nGo", "version": "\x1b3.8"}, "GNU Go:3.8", "GNU Go:3.8"),
    ({"name": "Mogo", "version": "1. Please read " + "x" * 50}, "Mogo", "Mogo"),
    (
        {"name": "Ours", "known_command gomill-describe_engine": "true", "gomill-describe_engine": "v 7"},
        "Ours",
        "v 7",
    ),
]


@pytest.mark.parametrize(("answers", "name", "description"), NAMES)
def test_names(answers, name, description, start):
    side = start(echo(SET_UP | answers))
    assert (side.name, side.description) == (name, description)
    assert start(echo(SET_UP | answers, sgf_player_name_from_gtp=False)).name == "e"


@pytest.mark.parametrize(
    ("answers", "reliable", "score"),
    [
        ({"final_score": "B+3.5", "known_command final_score": "true"}, True, "B+3.5"),
        ({"final_score": "B+3.5", "known_command final_score": "true"}, False, None),
        ({"final_score": "B+3.5"}, True, None),
        ({"final_score": "?cannot score", "known_command final_score": "true"}, True, None),
    ],
)
def test_scores(answers, reliable, score, start):
    assert start(echo(SET_UP | answers, is_reliable_scorer=reliable)).final_score() == score


def test_an_engine_that_hangs_at_final_score(start):
    side = start(faulty("hang-at-score"), move_time_limit_s=0.3)
    assert side.final_score() is None
    assert side.final_score() is None


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"known_command cputime": "true", "cputime": "12.5"}, 12.5),
        ({"known_command cputime": "true", "cputime": "?no"}, None),
        ({"known_command cputime": "true", "cputime": "nan"}, None),
    ],
)
def test_cpu_time_that_the_engine_reports(answers, expected, start):
    side = start(echo(SET_UP | answers, gtp_aliases={"gomill-cpu_time": "cputime"}))
    side.close()
    assert side.cpu_s == expected


def test_cpu_time_of_the_process(start):
    side = start(player("a"))
    side.close()
    assert 0 < side.cpu_s < 1


def test_fixed_handicap(start):
    side = start(echo(SET_UP), board_size=9)
    side.place_fixed([60, 20])
    with pytest.raises(sides.Broken, match="answered 'C3 G7' to 'fixed_handicap 2'"):
        side.place_fixed([20, 24])


@pytest.mark.parametrize("answer", ["C3", "C3 C3", "C3 pass", "C3 Z9", "", "A1 A2 A3"])
def test_invalid_free_handicaps(answer, start):
    side = start(echo(SET_UP | {"place_free_handicap": answer}))
    with pytest.raises(sides.Broken, match=f"answered '{answer}' to 'place_free_handicap"):
        side.place_free(2)


def test_free_handicap(start):
    side = start(echo(SET_UP | {"place_free_handicap": "A1 B1", "set_free_handicap A1 B1": ""}))
    assert side.place_free(3) == [0, 1]
    side.set_free([0, 1])


def test_environment(start):
    engine = echo(SET_UP | {"name": "$GOMILL_GAME_ID $GOMILL_SLOT $OWN"}, environ={"OWN": "x"})
    assert start(engine, slot=3, game_id="AvB_7").name == "AvB_7 3 x"
    assert start(engine).name == "0_0 $GOMILL_SLOT x"


def test_time_for_a_move(start):
    side = start(faulty("hang"), move_time_limit_s=0.3, game_time_limit_s=60.0)
    with pytest.raises(sides.TooLate, match=r"^no answer to 'genmove b' within 0\.3 s$"):
        side.genmove()
    assert 0.3 <= side.seconds < 2


def test_time_for_a_game(start):
    side = start(player("a", "steady", 0.1), game_time_limit_s=0.25)
    side.genmove()
    side.genmove()
    with pytest.raises(sides.TooLate, match=r"^used up its 0\.25 s for the game$"):
        side.genmove()
    assert side.seconds < 1


def test_a_hang_after_a_move_is_late_at_the_next_command(start):
    slow = {"genmove": "A1", "known_command gomill-explain_last_move": "true"}
    engine = echo(SET_UP | slow)
    hanging = engine.command[-1].replace(
        "    text = ", "    if 'explain' in command[:20]: import time; time.sleep(99)\n    text = "
    )
    side = start(type(engine)(code="e", command=(*engine.command[:-1], hanging)), move_time_limit_s=0.3)
    assert side.genmove() == sides.Reply(0)
    with pytest.raises(sides.TooLate, match="gomill-explain_last_move"):
        side.play(WHITE, 1)


@pytest.mark.parametrize("is_early", [True, False])
def test_abort(is_early):
    side = engine_side.EngineSide(player("a"), context())
    if is_early:
        side.abort()
        with pytest.raises(sides.Broken):
            side.start()
    else:
        side.start()
        side.abort()
        with pytest.raises(sides.Broken, match="SIGKILL"):
            side.genmove()
    side.close()


class Registry:
    """A fake watchdog that records its calls."""

    def __init__(self):
        self.environment = {"GOMILL_SLOT": "marked"}
        self.calls = []

    def add(self, group):
        self.calls.append(("add", group))

    def remove(self, group):
        self.calls.append(("remove", group))


def test_the_watchdog_registers_and_marks_the_engine(start):
    registry = Registry()
    side = start(echo(SET_UP | {"name": "$GOMILL_SLOT"}), registry=registry)
    assert side.name == "marked"
    side.close()
    (added, group), (removed, same_group) = registry.calls
    assert (added, removed, group) == ("add", "remove", same_group)


def test_networks_are_refused():
    with pytest.raises(ValueError, match=r"^players\.n\.weights: only players with a command"):
        engine_side.make(settings.PlayerSettings(code="n", weights="none"), context())
