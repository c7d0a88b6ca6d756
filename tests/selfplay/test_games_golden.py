"""Self-play of Leela Zero's family with fixed seeds, recorded once: moves, ends and results."""

from alphazero import evaluator as evaluators
from alphazero.go import rules
from tests.selfplay import test_worker

_SHOWN = 16


def line_of(record) -> str:
    moves = " ".join(rules.format_move(int(move), record.size) for move in record.moves[:_SHOWN])
    return f"{record.game_id} {len(record.moves)} moves, {record.end}, {record.score:+g}: {moves}"


def test_games(golden):
    config = test_worker.config_for(full_search_fraction=0.5)
    played = test_worker.play_games(config, evaluators.HashedEvaluator(test_worker.SIZE), moves=70)
    assert len(played) > 5
    golden("selfplay_5x5.txt", "\n".join(map(line_of, played)) + "\n")
