"""All writers of a run's folder on a disk that becomes full and is emptied again; prints their results.

python -m tests.actors.full_disk_job FOLDER, which must be on a separate small disk.
"""

import json
import logging
import os
import sys
import time
from pathlib import Path

from actors import replay_buffer
from alphazero.config import compose
from alphazero.data import gamelog
from alphazero.net import weights as network_weights
from alphazero.report import logs, reporter, tensorboard
from alphazero.run_files import promotion
from alphazero.training import checkpoint, trainer
from tests.datasets import corpus
from tests.net import networks

GAMES = [corpus.game_of(number) for number in range(4)]
ENOUGH = 100
"""Number of reports, more than the queue of TensorBoard's thread holds."""


class Learner:
    step, samples, learning_rate_factor = 20, 0, 1.0

    def state(self):
        return {"step": self.step, "samples": 0, "rate_factor": 1.0, "filling": "x" * 50_000}

    def load_state(self, state):
        self.step = state["step"]


class Disk:
    def __init__(self, folder):
        self.filler = folder / "filler"

    def fill(self):
        with self.filler.open("ab", buffering=0) as file:
            for size in (4096, 1):
                try:
                    while file.write(bytes(size)):
                        pass
                except OSError:
                    continue

    def empty(self):
        self.filler.unlink()


def main(folder: Path) -> None:
    told = {}
    logs.set_up(folder / "log.txt")
    config = compose.compose(["conf=smoke", f"run.dir={folder}"])
    buffer = replay_buffer.ReplayBuffer(config)
    checkpoints = checkpoint.Checkpoints(folder / "checkpoints", keep=3)
    training = trainer.Trainer(Learner(), checkpoints, config.training)
    promotions = promotion.Promotions(folder / "weights" / "promoted")
    tensorboard._RETRY_S = 0.0
    reporter.WRITE_INTERVAL_S = 0.0
    report = reporter.Reporter(folder)
    disk = Disk(folder)

    told["before"] = [buffer.add_games(GAMES[:1], "one").trouble, training.save()]
    report.record("learner", {"loss": 1.0}, 20)
    disk.fill()
    Learner.step = 40
    told["full"] = [buffer.add_games(GAMES, "two").trouble, training.save()]
    told["total"] = buffer.state().total_games
    try:
        promotions.promote(networks.random_weights(), {"steps": 40})
    except OSError as error:
        told["promotion"] = os.strerror(error.errno or 0)
    for step in range(ENOUGH):
        report.record("learner", {"loss": 2.0}, 20 + step)
        logging.getLogger("job").info("lost %d", step)
        time.sleep(0.001)
    disk.empty()

    told["after"] = [buffer.add_games(GAMES, "one").trouble, training.save()]
    told["steps"] = checkpoint.newest_step(folder / "checkpoints")
    promotions.promote(networks.random_weights(), {"steps": 40})
    told["promoted"] = [network_weights.size_of(each.load()) for each in promotions.all()]
    report.record("learner", {"loss": 3.0, "step": 140}, 140)
    report.close()
    logging.getLogger("job").info("found")
    corruptions: list[gamelog.CorruptRecord] = []
    log = gamelog.GameLog(folder / "games").read_all(corruptions.append)
    told["games"] = [game.game_id for game in log]
    told["corruptions"] = len(corruptions)
    told["message"] = (folder / "log.txt").read_text().splitlines()[-1]
    told["status"] = json.loads((folder / "status.json").read_text())["step"]
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
