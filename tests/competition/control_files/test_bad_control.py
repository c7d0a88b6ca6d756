"""Error messages for bad control files: one line with file, line, place, value and allowed values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphazero.competition.control_files import control, sourced
from tests.competition.control_files.files import ALL, GOOD, GOOD_YAML, read, refusal

WHOLE_BOARD = "must be a whole number, from 2 to 19 (gomill's sizes above 19 are not played here)"
KOMI = "must be a multiple of one half from -400 to 400"
SECONDS = "must be a number of seconds greater than 0 and at most 1e+08"
IDENTIFIER = (
    "must be 1 to 64 of the characters a-z A-Z 0-9 - ! $ % & * + . : ; < = > ? ^ _ ~, and not . or .."
)
LINE = "must be a line of text without control characters"
COMMAND = "must be a command line or a list of texts that begins with a program"
GTP_COMMAND = "must be a GTP command, which begins with its name"
NAMES = "must map names to text"
NO_MATCHUP = "must be a Matchup(...) or a mapping of its settings"
OF_MATCHUPS = (
    "board_size, komi, move_limit, scorer, internal_scorer_handicap_compensation, move_time_limit_s, "
    "game_time_limit_s, late, openings, opening_plies, handicap, handicap_style, alternating, number_of_games"
)
OPENINGS = "must be a folder of SGF files or a player with weights"

BAD_GAMES = {  # line 6, appended to GOOD -> the message
    "board_size = 1": f"line 6: board_size=1: {WHOLE_BOARD}",
    "board_size = 25": f"line 6: board_size=25: {WHOLE_BOARD}",
    "board_size = 9.0": f"line 6: board_size=9.0: {WHOLE_BOARD}",
    "board_size = True": f"line 6: board_size=True: {WHOLE_BOARD}",
    "board_size = '9'": f"line 6: board_size='9': {WHOLE_BOARD}",
    "board_size = None": f"line 6: board_size=None: {WHOLE_BOARD}",
    "komi = 7.25": f"line 6: komi=7.25: {KOMI}",
    "komi = 400.5": f"line 6: komi=400.5: {KOMI}",
    "komi = -401": f"line 6: komi=-401: {KOMI}",
    "komi = '7'": f"line 6: komi='7': {KOMI}",
    "komi = 1e999": f"line 6: komi=inf: {KOMI}",
    "komi = False": f"line 6: komi=False: {KOMI}",
    "handicap = 1": "line 6: handicap=1: must be a whole number, at least 2",
    "handicap = 10": "line 6: handicap=10: must be None or from 2 to 9 for a fixed handicap on a 9x9 board",
    "handicap = 2\nboard_size = 6": "line 6: handicap=2: must be None for a fixed handicap on a 6x6 board",
    "handicap = 5\nboard_size = 8": "line 6: handicap=5: must be None or from 2 to 4 "
    "for a fixed handicap on a 8x8 board",
    "handicap_style = 'free'\nhandicap = 81": "line 7: handicap=81: must be None or from 2 to 80 "
    "for a free handicap on a 9x9 board",
    "handicap_style = 'any'": "line 6: handicap_style='any': must be fixed or free",
    "move_limit = 0": "line 6: move_limit=0: must be a whole number, at least 1",
    "move_limit = None": "line 6: move_limit=None: must be a whole number, at least 1",
    "scorer = 'us'": "line 6: scorer='us': must be players or internal",
    "scorer = ['players']": "line 6: scorer=['players']: must be players or internal",
    "internal_scorer_handicap_compensation = True": "line 6: internal_scorer_handicap_compensation=True: "
    "must be no or full or short",
    "late = 'never'": "line 6: late='never': must be forfeit or void",
    "move_time_limit_s = 0": f"line 6: move_time_limit_s=0: {SECONDS}",
    "move_time_limit_s = None": f"line 6: move_time_limit_s=None: {SECONDS}",
    "game_time_limit_s = 1e9": f"line 6: game_time_limit_s=1000000000.0: {SECONDS}",
    "alternating = 1": "line 6: alternating=1: must be True or False",
    "number_of_games = -1": "line 6: number_of_games=-1: must be a whole number, at least 0",
    "number_of_games = 2.0": "line 6: number_of_games=2.0: must be a whole number, at least 0",
    "alternating = True\nopenings = 'nowhere'": f"line 7: openings='nowhere': {OPENINGS}",
    "alternating = True\nopenings = 'a'": f"line 7: openings='a': {OPENINGS}",
    "openings = 'net'": "line 6: openings: requires alternating = True, as each opening is played twice",
    "alternating = True\nopenings = 'net'\nhandicap = 2": "line 7: openings: not allowed with a handicap, "
    "as Black moves first",
    "opening_plies = 0": "line 6: opening_plies=0: must be a whole number, from 1 to 400",
    "seed = -1": "line 6: seed=-1: must be a whole number, from 0 to 4294967295",
    "record_games = 'no'": "line 6: record_games='no': must be True or False",
    "stderr_to_log = 0": "line 6: stderr_to_log=0: must be True or False",
    "skip_player_checks = None": "line 6: skip_player_checks=None: must be True or False",
    "description = 3": "line 6: description=3: must be text without control characters",
    "description = '\\x1b[2J'": "line 6: description='\\x1b[2J': must be text without control characters",
    "board_sizes = 9": "line 6: board_sizes: not a setting, and not used; did you mean board_size?",
    "Komi = 7": "line 6: Komi: not a setting, and not used; did you mean komi?",
    "rounds = 5": "line 6: rounds: a setting of allplayall, not of playoff",
    "competition_type = 'cup'": "line 6: competition_type='cup': must be playoff or allplayall",
}

BAD_PLAYERS = {  # replaces the players of GOOD, on line 2
    "{}": "line 2: players={}: must be a non-empty mapping of codes to players",
    "['a']": "line 2: players=['a']: must be a non-empty mapping of codes to players",
    "{'a/b': Player('x')}": f"line 2: players: code='a/b': {IDENTIFIER}",
    "{'..': Player('x')}": f"line 2: players: code='..': {IDENTIFIER}",
    "{'': Player('x')}": f"line 2: players: code='': {IDENTIFIER}",
    "{'a b': Player('x')}": f"line 2: players: code='a b': {IDENTIFIER}",
    "{'é': Player('x')}": f"line 2: players: code='é': {IDENTIFIER}",
    "{1: Player('x')}": "line 2: players: code=1: must be text; put it in quotes",
    "{'a': 1}": "line 2: players.a=1: must be a Player(...), a mapping of its settings, or its command line",
    "{'a': Matchup('x', 'y')}": "line 2: players.a={'player_1': 'x', 'player_2': 'y'}: "
    "must be a Player(...), a mapping of its settings, or its command line",
    "{'a': Player()}": "line 2: players.a: must have either a command or weights",
    "{'a': Player('x', weights='y')}": "line 2: players.a: must have either a command or weights",
    "{'a': Player('x', visits=3)}": "line 2: players.a.visits: not allowed for players with command",
    "{'a': Player(weights='x', cwd='y')}": "line 2: players.a.cwd: not allowed for players with weights",
    "{'a': Player(weights='x', visits=0)}": "line 2: players.a.visits=0: "
    "must be a whole number, from 1 to 1000000",
    "{'a': Player(weights='')}": f"line 2: players.a.weights='': {LINE}",
    "{'a': Player('x',\n  commands='y')}": "line 3: players.a.commands: unknown key; "
    "players.a has command, weights, visits, cwd, environ, startup_gtp_commands, gtp_aliases, "
    "is_reliable_scorer, allow_claim, discard_stderr, sgf_player_name_from_gtp (did you mean command?)",
    "{'a': {'com mand': 'x'}}": "line 2: players.a: 'com mand' is not the name of a setting",
    "{'a': {1: 'x'}}": "line 2: players.a: 1 is not the name of a setting",
    "{'a': Player('')}": f"line 2: players.a.command='': {COMMAND}",
    "{'a': ''}": f"line 2: players.a.command='': {COMMAND}",
    "{'a': Player([])}": f"line 2: players.a.command=[]: {COMMAND}",
    "{'a': Player(['', 'x'])}": f"line 2: players.a.command=['', 'x']: {COMMAND}",
    "{'a': Player(['x', 1])}": f"line 2: players.a.command=['x', 1]: {COMMAND}",
    "{'a': Player('x \\0')}": f"line 2: players.a.command='x \\x00': {COMMAND}",
    "{'a': Player(3)}": "line 2: players.a.command=3: must be a command line or a list of texts",
    "{'a': Player('\"x')}": "line 2: players.a.command='\"x': must be a command line; no closing quotation",
    "{'a': Player('x', cwd='')}": f"line 2: players.a.cwd='': {LINE}",
    "{'a': Player('x', cwd='a\\nb')}": f"line 2: players.a.cwd='a\\nb': {LINE}",
    "{'a': Player('x', environ={'A': 1})}": f"line 2: players.a.environ: 'A': 1: {NAMES}",
    "{'a': Player('x', environ={'A=B': '1'})}": f"line 2: players.a.environ: 'A=B': '1': {NAMES}",
    "{'a': Player('x', environ=['A'])}": "line 2: "
    "players.a.environ=['A']: must be a mapping of names to text",
    "{'a': Player('x', gtp_aliases={'a b': 'c'})}": "line 2: players.a.gtp_aliases: 'a b': 'c': "
    "must map GTP commands to GTP commands",
    "{'a': Player('x', gtp_aliases={'a': ''})}": "line 2: players.a.gtp_aliases: 'a': '': "
    "must map GTP commands to GTP commands",
    "{'a': Player('x', startup_gtp_commands='boardsize 9')}": "line 2: "
    "players.a.startup_gtp_commands='boardsize 9': must be a list of GTP commands",
    "{'a': Player('x', startup_gtp_commands=['a\\nquit'])}": "line 2: "
    f"players.a.startup_gtp_commands.0='a\\nquit': {LINE}",
    "{'a': Player('x', startup_gtp_commands=['a',\n ['b', 1]])}": "line 3: "
    f"players.a.startup_gtp_commands.1.1=1: {LINE}",
    "{'a': Player('x', startup_gtp_commands=[[]])}": "line 2: players.a.startup_gtp_commands.0=[]: "
    "must be a GTP command",
    "{'a': Player('x', startup_gtp_commands=['# a'])}": "line 2: "
    f"players.a.startup_gtp_commands.0='# a': {GTP_COMMAND}",
    "{'a': Player('x', startup_gtp_commands=['1 name'])}": "line 2: "
    f"players.a.startup_gtp_commands.0='1 name': {GTP_COMMAND}",
    "{'a': Player('x', is_reliable_scorer='no')}": "line 2: players.a.is_reliable_scorer='no': "
    "must be True or False",
}

BAD_MATCHUPS = {  # replaces the matchups of GOOD, on line 5
    "[]": "line 5: matchups=[]: must be a non-empty list",
    "{}": "line 5: matchups={}: must be a list",
    "Matchup('a', 'b')": "line 5: matchups={'player_1': 'a', 'player_2': 'b'}: must be a list",
    "[3]": f"line 5: matchups.0=3: {NO_MATCHUP}",
    "[Player('x')]": f"line 5: matchups.0={{'command': 'x'}}: {NO_MATCHUP}",
    "[Matchup('a')]": "line 5: matchups.0: must name two players",
    "[{'players': ['a', 'b', 'a']}]": "line 5: matchups.0: must name two players",
    "[{'players': ['a', 'b'], 'player_1': 'a'}]": "line 5: matchups.0.players: "
    "not allowed with player_1 or player_2",
    "[Matchup('a', 'a')]": "line 5: matchups.0: "
    "a cannot play itself; define a second player with the same command",
    "[Matchup('a', 'c')]": "line 5: matchups.0.player_2='c': must be the code of a player: a, b, net",
    "[Matchup('a', 1)]": "line 5: matchups.0.player_2=1: must be the code of a player: a, b, net",
    "[Matchup('a', 'b'),\n Matchup('b', 'a', id='0')]": "line 6: matchups.1: "
    "the id '0' belongs to another matchup",
    "[Matchup('a', 'b', id='a/b')]": f"line 5: matchups.0.id='a/b': {IDENTIFIER}",
    "[Matchup('a', 'b', id='.')]": f"line 5: matchups.0.id='.': {IDENTIFIER}",
    "[Matchup('a', 'b', id='" + 65 * "x" + "')]": "line 5: matchups.0.id='" + 56 * "x" + f"...: {IDENTIFIER}",
    "[Matchup('a', 'b', id=1)]": "line 5: matchups.0.id=1: must be text; put it in quotes",
    "[Matchup('a', 'b', name='a\\nb')]": f"line 5: matchups.0.name='a\\nb': {LINE}",
    "[Matchup('a', 'b', kommi=7)]": "line 5: matchups.0.kommi: unknown key; "
    f"matchups.0 has player_1, player_2, players, id, name, {OF_MATCHUPS} (did you mean komi?)",
    "[Matchup('a', 'b'),\n Matchup('a', 'b', board_size=20)]": f"line 6: "
    f"matchups.1.board_size=20: {WHOLE_BOARD}",
}

BAD_YAML = {
    "": "line 1: a control file must be a mapping of settings",
    "- a": "line 1: a control file must be a mapping of settings",
    "a: b": "competition_type: missing; must be playoff or allplayall",
    "competition_type: mc_tuner": "line 1: competition_type='mc_tuner': must be playoff or allplayall",
    "competition_type: playoff": "players: missing; must be a mapping of codes to players",
    "competition_type: playoff\nplayers: {a: x}": "matchups: missing; must be a list of Matchup(...)",
    GOOD_YAML
    + "boardsize: 9": "line 6: boardsize: unknown key; there are competition_type, players, description, "
    "record_games, stderr_to_log, skip_player_checks, seed, matchups, "
    f"{OF_MATCHUPS} (did you mean board_size?)",
    GOOD_YAML + "rounds: 9": "line 6: rounds: a setting of allplayall, not of playoff",
    GOOD_YAML + "1: 9": "line 6: 1 is not the name of a setting",
    GOOD_YAML + "komi: 7": "line 6: 'komi' is given twice",
    GOOD_YAML.replace("x,", "x, a: y,"): "line 2: 'a' is given twice",
    GOOD_YAML.replace("a: x", "1: x"): "line 2: players: code=1: must be text; put it in quotes",
    GOOD_YAML.replace("a: x", "a: {command: x, environ: {A: 1}}"): "line 2: players.a.environ: 'A': 1: "
    "must map names to text",
    GOOD_YAML.replace("komi: 7", "komi:\n  7.3"): f"line 4: komi=7.3: {KOMI}",
    GOOD_YAML.replace(
        "komi: 7", ""
    ): "matchups.0.komi: missing; must be set for the matchup or the whole file",
    GOOD_YAML.replace("komi: 7", "? [a]\n: 7"): "line 4: a key must be a text or a number",
    "a: [": "line 1: not valid YAML: expected the node content, but found '<stream end>'",
    "a: 1\n\tb: 2": "line 2: not valid YAML: found character '\\t' that cannot start any token",
    "a: b\n---\nc: d": "line 2: not valid YAML: but found another document",
    "a: 1\nb: \x01": "line 2: not valid YAML: special characters are not allowed",
    'a: "\\UFFFFFFFF"': "line 1: not valid YAML: Python int too large to convert to C int",
    'a: "\\ud800"': "line 1: '\\ud800' contains half of a surrogate pair",
    "a: !!python/object/apply:os.system [x]": "line 1: "
    "tags such as 'tag:yaml.org,2002:python/object/apply:os.system' are not supported",
    "a: !!int x": "line 1: tags such as 'tag:yaml.org,2002:int' are not supported",
    "a: 0b_": "line 1: '0b_' is not a number",
    "a: *b": "line 1: not valid YAML: found undefined alias 'b'",
    "a: &a [*a]": "line 1: refers to itself",
    "a: {<<: 1}": "line 1: << needs a mapping or a list of mappings",
    "a: " + "[" * 1000: "nested too deeply",
}

BAD_ALL = {  # line 6, appended to ALL -> the message
    "competitors = ['a']": "line 6: competitors=['a']: must be a list of 2 to 702 players",
    "competitors = 'ab'": "line 6: competitors='ab': must be a list",
    "competitors = ['a', 'c']": "line 6: competitors.1='c': must be the code of a player: a, b",
    "competitors = ['a', 'b',\n 'a']": "line 7: competitors.2: a is listed twice",
    "rounds = -1": "line 6: rounds=-1: must be a whole number, at least 0",
    "handicap = 2": "line 6: handicap: a setting of playoff, not of allplayall",
    "number_of_games = 2": "line 6: number_of_games: a setting of playoff, not of allplayall",
    "round = 3": "line 6: round: not a setting, and not used; did you mean rounds?",
}


@pytest.mark.parametrize("text", [GOOD, ALL])
def test_the_templates_of_the_bad_files_are_valid(tmp_path, text):
    assert len(read(tmp_path, text).matchups) == 1


@pytest.mark.parametrize("line", BAD_GAMES)
def test_bad_settings(tmp_path, line):
    assert refusal(tmp_path, GOOD + line) == BAD_GAMES[line]


@pytest.mark.parametrize("players", BAD_PLAYERS)
def test_bad_players(tmp_path, players):
    text = GOOD.replace("{'a': Player('x'), 'b': Player('y'), 'net': Player(weights='none')}", players)
    assert refusal(tmp_path, text) == BAD_PLAYERS[players]


@pytest.mark.parametrize("matchups", BAD_MATCHUPS)
def test_bad_matchups(tmp_path, matchups):
    assert refusal(tmp_path, GOOD.replace("[Matchup('a', 'b')]", matchups)) == BAD_MATCHUPS[matchups]


@pytest.mark.parametrize("line", BAD_ALL)
def test_bad_all_play_alls(tmp_path, line):
    assert refusal(tmp_path, ALL + line) == BAD_ALL[line]


@pytest.mark.parametrize("text", BAD_YAML)
def test_bad_yaml(tmp_path, text):
    assert refusal(tmp_path, text, ".yaml") == BAD_YAML[text]


def test_code_in_a_control_file(tmp_path):
    assert refusal(tmp_path, GOOD + "import os") == (
        "line 6: an import is not supported; a control file may contain assignments, conditions, for loops, "
        "functions, Player(...) and Matchup(...)"
    )


def test_missing_settings(tmp_path):
    assert refusal(tmp_path, "") == "competition_type: missing; must be playoff or allplayall"
    assert refusal(tmp_path, ALL.replace("komi", "# komi")).startswith("komi: missing; ")
    assert refusal(tmp_path, ALL.replace("competitors", "# c")).startswith("competitors: missing; ")


def test_files_that_are_not_control_files(tmp_path):
    assert refusal(tmp_path, GOOD, ".txt") == "the name of a control file must end in .ctl, .yaml or .yml"
    assert refusal(tmp_path, "#" * 2**18 + "\n") == "a control file must not be larger than 262144 bytes"
    path = tmp_path / "cup.ctl"
    path.write_bytes(b"a = 1\nb = '\xff'\n")
    with pytest.raises(ValueError, match=r": line 2: not UTF-8 text$"):
        control.read(path)
    with pytest.raises(FileNotFoundError):
        control.read(tmp_path / "absent.ctl")


def test_yaml_with_nested_references_is_refused(tmp_path):
    """Nine references to nine references, and so on: a small file whose value exceeds the memory."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, 20):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]")
    assert refusal(tmp_path, "\n".join(lines), ".yaml").startswith("line 7: too large; ")


def test_yaml_with_repeated_merges_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sourced, "MOST_SIZE", 10_000)
    lines = ["a0: &a0 {k0: 1}"]
    for level in range(1, 200):
        lines.append(f"a{level}: &a{level} {{<<: *a{level - 1}, k{level}: 1}}")
    assert "too large; " in refusal(tmp_path, "\n".join(lines), ".yaml")


PIECES = [
    *GOOD.splitlines(keepends=True),
    *GOOD_YAML.splitlines(keepends=True),
    *(
        "Player('x', ",
        "Matchup(",
        "weights=",
        "openings: ",
        "- ",
        "&a ",
        "*a",
        "<<: ",
        "!!int ",
        "? ",
        "|\n",
        "---\n",
    ),
    *"{}[](),:;'\"#%\\\n\t -0.7ab\0\x85\u2028\ufeff",
]


edits = st.lists(st.tuples(st.integers(0, 300), st.integers(0, 3), st.sampled_from(PIECES)), max_size=6)


def edited(text, changes):
    """The text with pieces inserted, each in place of `length` characters."""
    for start, length, piece in changes:
        text = text[:start] + piece + text[start + length :]
    return text.encode()


@given(
    st.binary(max_size=80)
    | st.builds(edited, st.sampled_from(["", GOOD, GOOD_YAML, ALL]), edits)
    | st.lists(st.sampled_from(PIECES), max_size=20).map(lambda pieces: "".join(pieces).encode())
)
def test_errors_for_bad_files_are_one_line(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    for suffix in (".ctl", ".yaml"):
        path = folder / f"any{suffix}"
        path.write_bytes(data)
        try:
            competition = control.read(path)
        except ValueError as error:
            message = str(error)
        else:
            message = f"{path}: {competition.kind.value}"
        assert message.startswith(f"{path}: ")
        assert len(message.splitlines()) == 1
