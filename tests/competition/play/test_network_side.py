"""Tests of networks as sides, and of whole competitions between networks."""

import json

import pytest
from sgfmill import sgf

from alphazero.competition.control_files import settings
from alphazero.competition.play import competitions, network_side, opening_book, sides, stopping
from alphazero.competition.results import ledger, record
from alphazero.go import rules
from alphazero.net import leela
from alphazero.run_files import promotion
from tests.evaluation import networks

SIZE = 5
UNIFORM = settings.PlayerSettings(code="u", weights="none", visits=4)
GAME = settings.GameSettings(board_size=SIZE, komi=2.5)


@pytest.fixture
def loaded():
    with network_side.Networks(num_games=4) as made:
        yield made


def make_context(color, game=GAME):
    return sides.SideContext(game_id="0_0", color=color, game=game)


def started(loaded, color=rules.BLACK, player=UNIFORM, game=GAME):
    side = loaded.make_side(player, make_context(color, game))
    side.start()
    return side


def test_it_chooses_legal_moves_and_plays_the_opponent_s(loaded):
    side = started(loaded)
    own = side.genmove().move
    other = 0 if own != 0 else 1
    side.play(rules.WHITE, other)
    assert side.genmove().move not in (own, other)
    assert side.seconds > 0 and side.cpu_s is None
    side.close()
    side.close()


def test_it_rejects_moves_that_its_rules_forbid(loaded):
    side = started(loaded, rules.WHITE)
    side.play(rules.BLACK, 7)
    with pytest.raises(sides.Rejection, match=r"^rejected C2 as illegal$"):
        side.play(rules.WHITE, 7)


def test_handicap_stones_and_the_score(loaded):
    game = settings.GameSettings(board_size=9, komi=0.5, handicap=2)
    side = started(loaded, rules.WHITE, game=game)
    side.place_fixed([20, 60])
    reply = side.genmove()
    assert reply.move not in (20, 60)
    assert side.final_score() == "B+0.5"  # two stones against one, and komi
    silent = settings.PlayerSettings(code="s", weights="none", visits=2, is_reliable_scorer=False)
    assert started(loaded, player=silent).final_score() is None
    free = started(loaded, game=game)
    assert free.place_free(2) == [20, 60]


def test_names_contain_network_and_search(loaded, tmp_path):
    assert started(loaded).name == "uniform network, 4 simulations a move"
    plain = settings.PlayerSettings(code="p", weights="none", visits=4, sgf_player_name_from_gtp=False)
    side = started(loaded, player=plain)
    assert (side.name, side.description) == ("p", "uniform network, 4 simulations a move")


@pytest.mark.parametrize(
    ("weights", "reason"),
    [("net.txt", "network for 5x5, not 7x7"), ("missing.txt", "missing.txt: No such file or directory")],
)
def test_weights_that_do_not_fit_are_refused(loaded, tmp_path, weights, reason):
    (tmp_path / "net.txt").write_text(leela.to_text(networks.make_weights(size=SIZE)).decode())
    player = settings.PlayerSettings(code="w", weights=str(tmp_path / weights))
    with pytest.raises(sides.Broken, match=reason):
        started(loaded, player=player, game=settings.GameSettings(board_size=7, komi=2.5))


@pytest.mark.parametrize("form", [".", "weights", "weights/promoted"])
def test_a_folder_is_its_newest_promoted_network(loaded, tmp_path, form):
    promotion.Promotions(tmp_path / "weights" / "promoted").promote(networks.make_weights(size=SIZE), {})
    player = settings.PlayerSettings(code="w", weights=str(tmp_path / form), visits=2)
    assert "b1c2" in started(loaded, player=player).description


def test_a_stopped_run_ends_its_games(loaded):
    side = started(loaded)
    side.abort()
    with pytest.raises(sides.Broken, match=r"^aborted$"):
        side.genmove()


PLAYOFF = """competition_type: playoff
players:
  u: {weights: none, visits: 2}
  v: {weights: none, visits: 12}
board_size: 5
komi: 2.5
seed: 3
matchups:
- {player_1: v, player_2: u, alternating: true, number_of_games: 12, openings: v, opening_plies: 3,
   scorer: internal, move_limit: 80}
"""


def run(path, folder, most_games=None, jobs=4):
    competitions.play(
        path, folder, jobs=jobs, most_games=most_games,
        should_stop=lambda: stopping.Stop.no, on_event=lambda line: None,
    )  # fmt: skip


def test_networks_play_pairs_from_stored_openings(tmp_path):
    path, folder = tmp_path / "trial.yaml", tmp_path / "out"
    path.write_text(PLAYOFF)
    run(path, folder, most_games=5)
    drawn = (folder / "openings" / "0.json").read_bytes()
    first = (folder / "games.jsonl").read_bytes()
    run(path, folder)
    assert (folder / "openings" / "0.json").read_bytes() == drawn
    assert (folder / "games.jsonl").read_bytes().startswith(first)
    games = {game.number: game for game in ledger.read(folder).results}
    assert sorted(games) == list(range(12))
    openings = [tuple(opening) for opening in json.loads(drawn)]
    for number, game in games.items():
        points = [node.get_move()[1] for node in _sgf(folder, game).get_main_sequence()[1:4]]
        assert points == [divmod(action, SIZE) for action in openings[number // 2]]
        assert game.opening == number // 2
        assert (game.black, game.white) == (("v", "u") if number % 2 == 0 else ("u", "v"))
    assert len(set(openings)) > 6
    report = (folder / "report.txt").read_text()
    assert "v v u (12/12 games)" in report and "distinct" in report


def _sgf(folder, game: record.GameResult):
    return sgf.Sgf_game.from_bytes((folder / "games" / f"{game.game_id}.sgf").read_bytes())


def book_of(tmp_path, loaded, openings, plies=2):
    matchup = settings.Matchup(
        id="m", name="", player_1="u", player_2="v", game=GAME, alternating=True, openings=str(openings),
        opening_plies=plies,
    )  # fmt: skip
    pair = {code: settings.PlayerSettings(code=code, weights="none", visits=2) for code in ("u", "v")}
    competition = settings.Competition(
        kind=settings.CompetitionKind.playoff, players=pair, matchups=(matchup,)
    )
    return opening_book.Book(competition, tmp_path / "out", loaded), matchup


def write_sgf(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_folder_s_openings_are_shuffled_and_repeated(tmp_path, loaded):
    games = tmp_path / "sgf"
    for number, moves in enumerate((";B[aa];W[bb];B[cc]", ";B[ab];W[bb]", ";B[aa];W[bb]", ";B[ee];W[dd]")):
        write_sgf(games / f"{number}.sgf", f"(;SZ[5]{moves})")
    write_sgf(games / "short.sgf", "(;SZ[5];B[aa])")
    write_sgf(games / "large.sgf", "(;SZ[9];B[aa];W[bb])")
    write_sgf(games / "white.sgf", "(;SZ[5];W[aa];B[bb])")
    write_sgf(games / "broken.sgf", "(;SZ[5];B[aa];W[aa])")
    write_sgf(games / "none.sgf", "nothing")
    book, matchup = book_of(tmp_path, loaded, games)
    drawn = [book.opening(matchup, index) for index in range(6)]
    assert len(set(drawn[:3])) == 3 and drawn[3:] == drawn[:3]
    again, _ = book_of(tmp_path, loaded, games)
    assert [again.opening(matchup, index) for index in range(6)] == drawn
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("make", "reason"),
    [(False, "neither a folder nor a player"), (True, "no SGF file with a 5x5 game of at least 2 moves")],
)
def test_folders_without_openings_are_refused(tmp_path, loaded, make, reason):
    if make:
        (tmp_path / "sgf").mkdir()
    book, matchup = book_of(tmp_path, loaded, tmp_path / "sgf")
    with pytest.raises(ValueError, match=reason):
        book.opening(matchup, 0)


def test_drawn_openings_are_unlimited_and_corruption_is_reported(tmp_path, loaded):
    book, matchup = book_of(tmp_path, loaded, "u", plies=3)
    many = [book.opening(matchup, index) for index in range(70)]
    assert len(set(many)) > 60
    assert {len(opening.moves) for opening in many} == {3}
    (tmp_path / "out" / "openings" / "m.json").write_text("[[1,")
    again, _ = book_of(tmp_path, loaded, "u", plies=3)
    with pytest.raises(ValueError, match=r"openings/m\.json: corrupt"):
        again.opening(matchup, 0)
