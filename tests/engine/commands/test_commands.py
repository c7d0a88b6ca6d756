"""Commands of other engines and servers: options, rules, statuses, claims and displays."""

import json

import pytest

from alphazero.config import game as game_config
from tests.engine.sessions import ask, fake_search, make_engine, play_through

SESSIONS = {
    "set-up positions": """
        play b A1
        set_position b A1 w B2 B C3
        last_move -> ? no previous move known
        all_legal w -> = A5 B5 C5 D5 E5 A4 B4 C4 D4 E4 A3 B3 D3 E3 A2 C2 D2 E2 B1 C1 D1 E1
        final_score -> = W+6.0
        set_position
        all_legal b -> = A5 B5 C5 D5 E5 A4 B4 C4 D4 E4 A3 B3 C3 D3 E3 A2 B2 C2 D2 E2 A1 B1 C1 D1 E1
        set_position b -> ? syntax error
        set_position b A6 -> ? syntax error
        set_position b pass -> ? cannot set up a pass: set_position takes stones, as in b D4 w E5
        set_position x A1 -> ? syntax error
        set_position b A1 w A1 -> ? illegal position
        set_position b A1 w A2 w B1 -> ? illegal position
    """,
    "rules": """
        kata-set-rules chinese
        kata-set-rules {"ko": "SITUATIONAL", "suicide": true}
        kata-set-rules tromp-taylor
        play b A2
        play b B1
        play w A1 -> ? illegal move
        kata-set-rules {"ko":"POSITIONAL"}
        kata-set-rules {"ko":"NONE"} -> ? unsupported rules: ko is POSITIONAL, SITUATIONAL or SIMPLE
        kata-set-rules {"suicide":1} -> ? unsupported rules: suicide is true or false
        kata-set-rules {"scoring":"TERRITORY"} -> ? unsupported rules: scoring is "AREA" here
        kata-set-rules {"hasButton":true} -> ? unsupported rules: hasButton is false here
    """,
    "options": """
        lz-setoption name visits value 5
        lz-setoption name Visits value 0
        lz-setoption name visits value 1000000 -> ? syntax error
        lz-setoption name visits -> ? syntax error
        lz-setoption visits value 1 -> ? syntax error
        lz-setoption name pondering value yes -> ? syntax error
        lz-setoption name lagbuffer value 5 -> ? no such option: lagbuffer
        lz-setoption name Resign Percentage value -1
        lz-setoption name resign percentage value 51 -> ? syntax error
    """,
    "statuses": """
        boardsize 3
        set_position b B2 w B3
        final_status_list alive -> =
        final_status_list dead -> =
        final_status_list seki -> = B2|B3
        set_position b A2 b B2 b C2 w B1
        final_status_list alive -> = A2 B2 C2
        final_status_list dead -> = B1
        final_status_list seki -> =
        final_status_list -> ? syntax error
        final_status_list lost -> ? syntax error
        clear_board
        final_status_list alive -> =
    """,
    "cleaning up": """
        kgs-genmove_cleanup -> ? syntax error
        kgs-genmove_cleanup b -> = A1
        kgs-game_over
        stop
    """,
}


@pytest.mark.parametrize("name", SESSIONS)
def test_session(name):
    play_through(make_engine(), SESSIONS[name])


NAMED_RULES = [
    ("tromp-taylor", "POSITIONAL", True),
    ("Chinese", "SIMPLE", False),
    ("chinese-kgs", "POSITIONAL", False),
    ("aga", "SITUATIONAL", False),
    ("new-zealand", "SITUATIONAL", True),
    ('{"ko":"simple","scoring":"AREA","tax":"NONE","whiteHandicapBonus":"N-1"}', "SIMPLE", False),
    ("{}", "POSITIONAL", False),
]


@pytest.mark.parametrize(("text", "ko", "suicide"), NAMED_RULES)
def test_rules_there_and_back(text, ko, suicide):
    engine = make_engine(ko=game_config.Ko.situational)
    assert ask(engine, f"kata-set-rules {text}") == "= "
    found = json.loads(ask(engine, "kata-get-rules").removeprefix("= "))
    assert (found.pop("ko"), found.pop("suicide")) == (ko, suicide)
    assert found == {"hasButton": False, "scoring": "AREA", "tax": "NONE", "whiteHandicapBonus": "0"}
    other = make_engine()
    assert ask(other, f"kata-set-rules {ask(engine, 'kata-get-rules').removeprefix('= ')}") == "= "


@pytest.mark.parametrize("text", ["japanese", "stone-scoring", "", "[]", "7", "{", "[" * 5000])
def test_unsupported_rules(text):
    answer = ask(make_engine(), f"kata-set-rules {text}")
    assert answer.startswith("? unsupported rules: ") and "chinese" in answer and len(answer) < 250


def test_new_rules_hold_for_the_game_so_far():
    engine = make_engine(size=2)
    play_through(engine, "play b A1\nplay w A2\nplay b B1\nplay w B2\nplay b A1\nplay w B1")
    play_through(engine, "play b A1 -> ? illegal move\nkata-set-rules chinese\nplay b A1")
    before = ask(engine, "showboard")
    refusal = "? the game so far is illegal under these rules"
    play_through(engine, f"kata-set-rules chinese-kgs -> {refusal}")
    assert "SIMPLE" in ask(engine, "kata-get-rules"), "they are unchanged"
    play_through(engine, "undo\nkata-set-rules chinese-kgs")
    play_through(engine, "play b A1 -> ? illegal move\nkata-set-rules chinese\nplay b A1")
    assert ask(engine, "showboard") == before
    assert ask(engine, "kata-get-rules").count("SIMPLE") == 1


def test_new_rules_keep_handicap_stones_and_the_end_of_a_game():
    engine = make_engine(size=9)
    play_through(engine, "fixed_handicap 2 -> = C3 G7\nplay w pass\nplay b pass")
    before = ask(engine, "printsgf")
    assert ask(engine, "kata-set-rules tromp-taylor") == "= "
    after = ask(engine, "printsgf")
    assert after != before and "AB[cg][gc]" in after.replace("][", "][")
    assert engine.state.game.is_over


def test_options_are_listed_as_they_are():
    engine = make_engine(resign_threshold=-0.9)
    play_through(engine, "lz-setoption name visits value 20\nlz-setoption name pondering value true")
    assert ask(engine, "lz-setoption").split("\n") == [
        "= ",
        "option name Pondering type check default true",
        "option name Visits type spin default 20 min 0 max 100000",
        "option name Resign Percentage type spin default 5 min -1 max 50",
    ]
    assert engine.state.num_simulations == 20


def test_the_resign_percentage_is_a_win_rate():
    engine = make_engine()
    fake_search(engine).value = -0.85
    play_through(engine, "lz-setoption name resign percentage value 10\ngenmove b -> = resign")
    play_through(engine, "lz-setoption name resign percentage value 7\ngenmove b -> = A1")


def test_caches_are_forgotten():
    engine = make_engine()
    assert ask(engine, "clear_cache") == "= "
    assert fake_search(engine).num_forgotten == 1


CLAIMS = [
    # Black's first rows are settled: ten points, and with a komi of 7 not enough.
    (".X.XX / XXXXX / ..... / ..... / .....", 7, "b", "A1"),
    (".X.XX / XXXXX / ..... / ..... / .....", -6, "b", "claim"),
    (".X.XX / XXXXX / ..... / ..... / .....", -5, "b", "A1"),
    (".X.XX / XXXXX / OOOOO / OOOOO / .O.O.", 7, "w", "claim"),
    (".X.XX / XXXXX / OOOOO / OOOOO / .O.O.", 7, "b", "A5"),
]


@pytest.mark.parametrize(("picture", "komi", "color", "answer"), CLAIMS)
def test_a_win_is_claimed_when_nothing_can_change_it(picture, komi, color, answer):
    rows = picture.replace(" ", "").split("/")[::-1]
    stones = [
        f"{'b' if cell == 'X' else 'w'} {'ABCDE'[x]}{y + 1}"
        for y, row in enumerate(rows)
        for x, cell in enumerate(row)
        if cell != "."
    ]
    engine = make_engine()
    play_through(engine, f"komi {komi}\nset_position {' '.join(stones)}")
    assert ask(engine, f"gomill-genmove_ex {color} claim dance") == f"= {answer}"
    assert len(engine.state.game.moves) == (answer != "claim")


def test_a_claim_needs_the_keyword():
    engine = make_engine()
    assert ask(engine, "gomill-genmove_ex") == "= claim"
    play_through(engine, "komi -26\ngomill-genmove_ex b -> = A1\ngomill-genmove_ex x -> ? syntax error")
    assert ask(engine, "gomill-genmove_ex b claim") == "= claim", "all other points cannot change the result"


def test_no_pass_while_the_opponent_has_dead_stones(monkeypatch):
    engine = make_engine(size=5)
    alive = "b A5 b A4 b B4 b B5 b C4 b C5 b D4 b E4 b E5"
    ask(engine, f"set_position {alive} w A2 w B2 w C2 w D2 w E2 w B1 w D1")
    chosen = []
    choose = fake_search(engine).choose

    def spy(position, limits):
        chosen.append(limits.allowed)
        return choose(position, limits)

    monkeypatch.setattr(engine.state.search, "choose", spy)
    ask(engine, "kgs-genmove_cleanup w")
    assert chosen[0] is None, "nothing is dead"
    ask(engine, f"set_position {alive} w A2 w B2 w C2 w D2 w E2 w D1 b B1")
    ask(engine, "kgs-genmove_cleanup w")
    assert chosen[1].tolist() == [True] * 25 + [False]
    play_through(engine, "play w pass\nplay b pass\nkgs-genmove_cleanup w -> = C1")


def test_gogui_shows_policy_and_ownership():
    engine = make_engine(size=2)
    for line in ask(engine, "gogui-analyze_commands").removeprefix("= ").split("\n"):
        kind, label, command = line.split("/")
        assert kind in ("plist", "hstring", "gfx", "dboard", "string", "none") and label
        assert ask(engine, command.replace("%m", "b")).startswith("=")
    ask(engine, "play b A1")
    assert ask(engine, "alphazero-policy") == "= LABEL B1 13 A2 20 B2 27"
    assert ask(engine, "alphazero-ownership") == "= \n1.00 1.00\n1.00 1.00"


def test_the_time_of_the_process_never_goes_back():
    engine = make_engine()
    first, second = (float(ask(engine, name).split()[1]) for name in ("cputime", "gomill-cpu_time"))
    assert 0 < first <= second
