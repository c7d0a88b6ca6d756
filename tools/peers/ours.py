"""Our self-play, a whole worker with one math thread: python -m tools.peers.ours NET GAMES SIMULATIONS SEED.

A contestant (tools/peers/turns.py). It chooses its backend as a run does, and does everything that
a worker of a run does, records of finished games included.
"""

import sys

import numpy as np

from alphazero.benchmarks import nets, settings
from alphazero.config import game as game_config
from alphazero.config import schema
from alphazero.config import search as search_config
from alphazero.config import selfplay as selfplay_config
from alphazero.net import inference
from alphazero.selfplay import worker
from tools.peers import turns

SIZE = 9
_WARM_UP_MOVES = 10  # more than the openings, which are played without a search


def main(net: str, num_games: int, num_simulations: int, seed: int) -> None:
    """Compiles, plays the openings, and waits for turns."""
    output = turns.claim_stdout()
    shape = settings.parse_net(net)
    evaluator = inference.make_evaluator(nets.random_weights(shape, SIZE), device="cpu")
    config = schema.Config(
        game=game_config.GameConfig(size=SIZE, komi=7),
        net=shape,
        search=search_config.SearchConfig(num_simulations=num_simulations),
        selfplay=selfplay_config.SelfPlayConfig(num_games=num_games, early_games=0),
    )
    player = worker.SelfPlayWorker(config, evaluator, name="peers", rng=np.random.default_rng(seed))

    def play() -> int:
        before = player.work.simulations
        player.play_move()
        return player.work.simulations - before

    for _ in range(_WARM_UP_MOVES):
        play()
    facts = {"device": "cpu", "backend": evaluator.describe()}
    turns.serve(play, facts, lines=sys.stdin, output=output)


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:5]))
