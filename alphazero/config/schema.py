"""The whole tree of settings, for `alphazero run` and `alphazero supervised`."""

from dataclasses import dataclass, field, replace

from alphazero.config import checks
from alphazero.config import cluster as cluster_config
from alphazero.config import data as data_config
from alphazero.config import game as game_config
from alphazero.config import gate as gate_config
from alphazero.config import ladder as ladder_config
from alphazero.config import mirror as mirror_config
from alphazero.config import net as net_config
from alphazero.config import optimizer as optimizer_config
from alphazero.config import replay as replay_config
from alphazero.config import run as run_config
from alphazero.config import search as search_config
from alphazero.config import selfplay as selfplay_config
from alphazero.config import training as training_config


@dataclass(kw_only=True, slots=True)
class Config:
    """All settings of a run; each field is documented in its own module."""

    run: run_config.RunConfig = field(default_factory=run_config.RunConfig)
    stop: run_config.StopConfig = field(default_factory=run_config.StopConfig)
    init: run_config.InitConfig = field(default_factory=run_config.InitConfig)
    game: game_config.GameConfig = field(default_factory=game_config.GameConfig)
    net: net_config.NetConfig = field(default_factory=net_config.NetConfig)
    search: search_config.SearchConfig = field(default_factory=search_config.SearchConfig)
    selfplay: selfplay_config.SelfPlayConfig = field(default_factory=selfplay_config.SelfPlayConfig)
    replay: replay_config.ReplayConfig = field(default_factory=replay_config.ReplayConfig)
    training: training_config.TrainingConfig = field(default_factory=training_config.TrainingConfig)
    optimizer: optimizer_config.OptimizerConfig = field(default_factory=optimizer_config.OptimizerConfig)
    schedule: optimizer_config.ScheduleConfig = field(default_factory=optimizer_config.ScheduleConfig)
    data: data_config.DataConfig = field(default_factory=data_config.DataConfig)
    gate: gate_config.GateConfig = field(default_factory=gate_config.GateConfig)
    ladder: ladder_config.LadderConfig = field(default_factory=ladder_config.LadderConfig)
    mirror: mirror_config.MirrorConfig = field(default_factory=mirror_config.MirrorConfig)
    cluster: cluster_config.ClusterConfig = field(default_factory=cluster_config.ClusterConfig)

    def __post_init__(self) -> None:
        is_bare = self.search.algorithm is search_config.Algorithm.none
        fitting = (
            training_config.PolicyLoss.reinforce if is_bare else training_config.PolicyLoss.cross_entropy
        )
        loss, search = self.training.policy_loss, self.search.algorithm.value
        key = "training.policy_loss"
        checks.require(loss is fitting, key, loss.value, f"{fitting.value} with search={search}")
        # Moves that are not sampled from the policy would bias the estimate of its gradient.
        fraction = self.selfplay.full_search_fraction
        checks.require(
            fraction == 1 or not is_bare, "selfplay.full_search_fraction", fraction, "1 with search=none"
        )
        is_rso = self.optimizer.name is optimizer_config.OptimizerName.rso
        checks.require(
            not (is_bare and is_rso), "optimizer", "rso", "one that follows gradients with search=none"
        )
        weight = self.replay.surprise_weight
        checks.require(weight == 0 or not is_bare, "replay.surprise_weight", weight, "0 with search=none")
        self._check_game()

    def _check_game(self) -> None:
        """What varies between games must be among the network's inputs."""
        spread, is_leela = self.game.komi_spread, self.net.family is net_config.Family.leela
        allowed = "0 with net.family=leela, whose inputs have no komi"
        checks.require(spread == 0 or not is_leela, "game.komi_spread", spread, allowed)
        sizes, allowed = self.game.sizes, "null with net.family=leela, whose networks have one board size"
        checks.require(sizes is None or not is_leela, "game.sizes", sizes, allowed)

    def of_size(self, size: int) -> "Config":
        """The settings for boards of one of `game.sizes`; these settings if there is no other size."""
        if self.game.sizes is None:
            return self
        return replace(self, game=self.game.of_size(size))
