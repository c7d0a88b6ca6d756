"""Our self-play, a whole worker with one math thread: python -m tools.peers.ours NET GAMES SIMULATIONS SEED.

The program takes turns (tools/peers/turns.py). It chooses its backend as a run does, and does all the work of
a run's worker, including records of finished games.
"""

import sys

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.benchmarks import nets, settings
from alphazero.config import game as game_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.config import selfplay as selfplay_config
from alphazero.net import inference
from alphazero.selfplay import worker as workers
from tools.peers import turns

SIZE = 9
_WARM_UP_MOVES = 10  # more than the openings, which are played without a search


def main(net: str, num_games: int, num_simulations: int, seed: int) -> None:
    """Compiles, plays the openings, and waits for turns."""
    output = turns.claim_stdout()
    weights = nets.random_weights(settings.parse_net(net), SIZE)
    evaluator = inference.make_evaluator(weights, device="cpu", batch=num_games)
    _compile(evaluator)
    player = _make_player(evaluator, num_games, num_simulations, seed)

    def play() -> int:
        before = player.work.simulations
        player.play_move()
        return player.work.simulations - before

    for _ in range(_WARM_UP_MOVES):
        play()
    turns.serve(play, {"backend": evaluator.describe()}, lines=sys.stdin, output=output)


def _compile(evaluator: evaluators.Evaluator) -> None:
    """Plays small games to their end, so that the kernels for ends of games are compiled before the turns."""
    player = _make_player(evaluator, num_games=2, num_simulations=2, seed=0)
    while player.work.games < 2:
        player.play_move()


def _make_player(
    evaluator: evaluators.Evaluator, num_games: int, num_simulations: int, seed: int
) -> workers.SelfPlayWorker:
    """A worker that gives every move a full search."""
    config = schema.Config(
        game=game_config.GameConfig(size=SIZE, komi=7),
        search=search_config.SearchConfig(num_simulations=num_simulations),
        selfplay=selfplay_config.SelfPlayConfig(num_games=num_games, early_games=0, full_search_fraction=1),
    )
    return workers.SelfPlayWorker(config, evaluator, name="peers", rng=np.random.default_rng(seed))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
