"""A self-play worker: G games that advance together, one move at a time."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from alphazero import evaluator as evaluators
from alphazero.config import schema
from alphazero.data import record as records
from alphazero.go import board, game_kernels, geometry, rules
from alphazero.search import constants, factory, interface, sampling
from alphazero.selfplay import adjudicate, game_builder, komi, resigned_games, search_budget, temperature


@dataclass(slots=True, kw_only=True)
class Work:
    """Totals of a worker since its start."""

    moves: int = 0
    games: int = 0
    simulations: int = 0
    evaluations: int = 0


class SelfPlayWorker:
    """Plays games with one evaluator; each `play_move` advances all of them."""

    def __init__(
        self,
        config: schema.Config,
        evaluator: evaluators.Evaluator,
        *,
        name: str,
        rng: np.random.Generator,
        weights: int = 0,
        num_threads: int = 1,
    ) -> None:
        """name: unique over all workers and restarts; the first part of every game id.

        weights: version of the evaluator's network. num_threads: of the search.
        """
        self._config = config
        self._evaluator = evaluator
        self._name = name
        self._rng = rng
        self._weights = weights
        self._num_started = 0
        self._is_early = config.selfplay.early_games > 0
        self._games = self._new_games(config.selfplay.num_games)
        # The search must value finished games as the value targets do.
        outcome = constants.OutcomeValue(config.replay.score_weight, config.replay.score_scale)
        self._family = evaluators.family(evaluator)
        self._search = factory.make(
            config.search, self._games, rng, outcome, num_threads=num_threads, family=self._family
        )
        self._builders = [self._new_builder() for _ in range(config.selfplay.num_games)]
        self._adjudicator = adjudicate.Adjudicator(config)
        self._resigned = resigned_games.ResignedGames(
            config, self._games.dtype, self._adjudicator, self._family
        )
        self._tables = geometry.make(config.game.size)
        self._scratch = board.make_scratch(config.game.size**2)
        self.work = Work()

    def set_weights(self, evaluator: evaluators.Evaluator, weights: int) -> None:
        """Switches to another network; games in progress keep their moves and lose their trees.

        Its inputs must be those of the first network.
        """
        assert evaluators.family(evaluator) == self._family, "trees are filled for other inputs"
        self._evaluator = evaluator
        self._weights = weights
        self._search.reset(np.arange(len(self._games)))

    def set_total_games(self, total: int) -> None:
        """Sets the number of games of the whole run; enough of them end the smaller early searches."""
        self._is_early = total < self._config.selfplay.early_games

    def metrics(self) -> dict[str, float]:
        """Totals since the worker's start, by name."""
        return dataclasses.asdict(self.work)

    def play_move(self) -> list[records.GameRecord]:
        """Plays one move in every game; returns the games that were finished."""
        indices = np.arange(len(self._games))
        is_opening = np.array([builder.ply < builder.opening_plies for builder in self._builders])
        actions = np.zeros(len(indices), np.int64)
        if is_opening.any():
            actions[is_opening] = self._choose_by_policy(indices[is_opening])
        if not is_opening.all():
            actions[~is_opening] = self._choose_by_search(indices[~is_opening])
        self._search.advance(indices, actions)
        status = game_kernels.play_each(self._tables, self._games, self._scratch, indices, actions)
        assert status == rules.OK, f"the search chose an illegal move ({status})"
        self.work.moves += len(indices)
        self.work.evaluations = self._search.num_evaluations + self._resigned.num_evaluations
        self.work.simulations = self._search.num_simulations
        return self._collect_finished()

    def _choose_by_policy(self, indices: np.ndarray) -> np.ndarray:
        """Opening moves, drawn from the raw policy; a pass only if no other move has a probability."""
        policy = self._search.evaluate_roots(indices, self._evaluator).astype(np.float64)
        without_pass = policy.copy()
        without_pass[:, -1] = 0
        has_move = without_pass.sum(axis=1, keepdims=True) > 0
        actions = sampling.draw(np.where(has_move, without_pass, policy), self._rng)
        for index, action in zip(indices, actions, strict=True):
            self._builders[index].add_unsearched(int(action))
        return actions

    def _choose_by_search(self, indices: np.ndarray) -> np.ndarray:
        """Runs one search for the moves with a full search and one for the others."""
        is_full = search_budget.draw_full(self._config, len(indices), self._rng)
        actions = np.zeros(len(indices), np.int64)
        for group, kind in ((is_full, search_budget.full), (~is_full, search_budget.cheap)):
            if group.any():
                actions[group] = self._search_group(indices[group], kind(self._config, self._is_early))
        return actions

    def _search_group(self, indices: np.ndarray, budget: search_budget.SearchBudget) -> np.ndarray:
        config = self._config.selfplay
        plies = np.array([self._builders[index].ply for index in indices])
        options = interface.SearchOptions(
            num_simulations=budget.num_simulations,
            num_considered=budget.num_considered,
            is_noisy=budget.is_full,
            forbid_pass=plies < config.no_pass_plies,
        )
        result = self._search.search(indices, self._evaluator, options)
        actions = result.actions.copy()
        is_sampled = plies < config.opening_sampled_plies
        if is_sampled.any():
            temperatures = temperature.at(config, self._config.game.size, plies[is_sampled])
            actions[is_sampled] = temperature.draw(result.policy[is_sampled], temperatures, self._rng)
        surprises = _divergence(result.policy, result.raw_policy)
        for slot, index in enumerate(indices):
            builder = self._builders[index]
            value = float(result.values[slot])
            builder.consider_resigning(int(self._games[index]["to_play"]), value)
            builder.add_searched(int(actions[slot]), value, budget.num_simulations)
            if budget.is_full:
                builder.add_policy(result.policy[slot], float(surprises[slot]))
        return actions

    def _collect_finished(self) -> list[records.GameRecord]:
        """Removes the games that ended on this move and starts new ones in their slots."""
        finished = []
        is_settled = self._find_settled()
        for index, builder in enumerate(self._builders):
            position = self._games[index]
            if position["over"] or is_settled[index]:
                builder.resigned_by = 0
                builder.is_settled = bool(is_settled[index])
                finished.append(self._finish(builder, position))
            elif builder.resigned_by:
                self._resigned.add(builder, position)
            else:
                continue
            self._restart(index)
        for builder, final in self._resigned.finish_when_enough(self._evaluator):
            finished.append(self._finish(builder, final))
        self.work.games += len(finished)
        return finished

    def _find_settled(self) -> np.ndarray:
        """[G] bool: games that end by adjudication."""
        plies = np.array([builder.ply for builder in self._builders])
        may_end = np.array([builder.may_resign for builder in self._builders])
        return may_end & self._adjudicator.settled(self._games, np.arange(len(plies)), plies)

    def _finish(self, builder: game_builder.GameBuilder, final: np.void) -> records.GameRecord:
        game = dataclasses.replace(self._config.game, komi=float(final["komi"]))
        return builder.finish(game, self._adjudicator.owner(final), self._weights)

    def _restart(self, index: int) -> None:
        self._games[index] = self._new_games(1)[0]
        self._builders[index] = self._new_builder()
        self._search.reset(np.array([index]))

    def _new_games(self, count: int) -> np.ndarray:
        games = game_kernels.new_games(count, self._config.game)
        games["komi"] = komi.draw(self._config.game, count, self._rng)
        return games

    def _new_builder(self) -> game_builder.GameBuilder:
        self._num_started += 1
        game_id = f"{self._name}-{self._num_started:06d}"
        return game_builder.GameBuilder(game_id, self._config.selfplay, self._rng, self._weights)


def _divergence(policies: np.ndarray, references: np.ndarray) -> np.ndarray:
    """[B] Kullback-Leibler divergence of policies [B, A] from references [B, A], in nats."""
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.maximum(policies, tiny)) - np.log(np.maximum(references, tiny))
    return np.maximum((policies * logs).sum(axis=1), 0)
