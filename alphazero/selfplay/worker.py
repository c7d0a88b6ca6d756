"""One self-play worker: G games advanced together, a move at a time."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from alphazero.config import schema
from alphazero.data import record as records
from alphazero.go import board, game, geometry, rules
from alphazero.search import evaluator as evaluators
from alphazero.search import kinds, lockstep, sampling, settings
from alphazero.selfplay import adjudicate, effort, playout, temperature
from alphazero.selfplay import draft as drafts


@dataclass(slots=True, kw_only=True)
class Work:
    """What a worker has done since it started."""

    moves: int = 0
    games: int = 0
    simulations: int = 0
    evaluations: int = 0


class SelfPlayWorker:
    """Plays games with one evaluator; `play_move` is its heartbeat."""

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
        """name: unique over all workers and restarts, the first part of every game id.

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
        # Finished games must be worth in the search what the network is taught that they are worth.
        outcome = settings.Outcome(config.replay.score_weight, config.replay.score_scale)
        self._search = kinds.make(config.search, self._games, rng, outcome, num_threads)
        self._drafts = [self._new_draft() for _ in range(config.selfplay.num_games)]
        self._adjudicator = adjudicate.Adjudicator(config)
        self._play_out = playout.PlayOut(config, self._games.dtype, self._adjudicator)
        self._tables = geometry.make(config.game.size)
        self._scratch = board.make_scratch(config.game.size**2)
        self.work = Work()

    def set_weights(self, evaluator: evaluators.Evaluator, weights: int) -> None:
        """Goes on with another network; games under way keep their moves and lose their trees."""
        self._evaluator = evaluator
        self._weights = weights
        self._search.reset(np.arange(len(self._games)))

    def set_total_games(self, total: int) -> None:
        """Tells how many games the whole run has, which ends the cheaper search of its beginning."""
        self._is_early = total < self._config.selfplay.early_games

    def figures(self) -> dict[str, float]:
        """Totals since the worker was made, by name."""
        return dataclasses.asdict(self.work)

    def play_move(self) -> list[records.GameRecord]:
        """Plays one move in every game and returns the games that were finished."""
        indices = np.arange(len(self._games))
        is_opening = np.array([draft.ply < draft.opening_plies for draft in self._drafts])
        actions = np.zeros(len(indices), np.int64)
        if is_opening.any():
            actions[is_opening] = self._choose_by_policy(indices[is_opening])
        if not is_opening.all():
            actions[~is_opening] = self._choose_by_search(indices[~is_opening])
        self._search.advance(indices, actions)
        status = game.play_each(self._tables, self._games, self._scratch, indices, actions)
        assert status == rules.OK, f"the search chose an illegal move ({status})"
        self.work.moves += len(indices)
        self.work.evaluations = self._search.num_evaluations + self._play_out.num_evaluations
        self.work.simulations = self._search.num_simulations
        return self._collect_finished()

    def _choose_by_policy(self, indices: np.ndarray) -> np.ndarray:
        """Opening moves: one draw each from the raw policy, never a pass."""
        policy = self._search.evaluate_roots(indices, self._evaluator).astype(np.float64)
        without_pass = policy.copy()
        without_pass[:, -1] = 0
        has_move = without_pass.sum(axis=1, keepdims=True) > 0
        actions = sampling.draw(np.where(has_move, without_pass, policy), self._rng)
        for index, action in zip(indices, actions, strict=True):
            self._drafts[index].add_unsearched(int(action))
        return actions

    def _choose_by_search(self, indices: np.ndarray) -> np.ndarray:
        """One search for the moves that are searched in full, one for the others."""
        is_full = effort.draw_full(self._config, len(indices), self._rng)
        actions = np.zeros(len(indices), np.int64)
        for group, kind in ((is_full, effort.full), (~is_full, effort.cheap)):
            if group.any():
                actions[group] = self._search_group(indices[group], kind(self._config, self._is_early))
        return actions

    def _search_group(self, indices: np.ndarray, how: effort.Effort) -> np.ndarray:
        config = self._config.selfplay
        plies = np.array([self._drafts[index].ply for index in indices])
        options = lockstep.SearchOptions(
            num_simulations=how.num_simulations,
            num_considered=how.num_considered,
            is_noisy=how.is_full,
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
            draft = self._drafts[index]
            value = float(result.values[slot])
            draft.consider_resigning(int(self._games[index]["to_play"]), value)
            draft.add_searched(int(actions[slot]), value, how.num_simulations)
            if how.is_full:
                draft.add_policy(result.policy[slot], float(surprises[slot]))
        return actions

    def _collect_finished(self) -> list[records.GameRecord]:
        """Takes the games away that ended on this move, and begins new ones in their places."""
        finished = []
        is_settled = self._find_settled()
        for index, draft in enumerate(self._drafts):
            position = self._games[index]
            if position["over"] or is_settled[index]:
                draft.resigned_by = 0
                draft.is_settled = bool(is_settled[index])
                finished.append(self._finish(draft, position))
            elif draft.resigned_by:
                self._play_out.add(draft, position)
            else:
                continue
            self._restart(index)
        for draft, final in self._play_out.run_when_enough(self._evaluator):
            finished.append(self._finish(draft, final))
        self.work.games += len(finished)
        return finished

    def _find_settled(self) -> np.ndarray:
        """[G] bool: games that are decided by adjudication."""
        plies = np.array([draft.ply for draft in self._drafts])
        may_end = np.array([draft.may_resign for draft in self._drafts])
        return may_end & self._adjudicator.settled(self._games, np.arange(len(plies)), plies)

    def _finish(self, draft: drafts.GameDraft, final: np.void) -> records.GameRecord:
        return draft.finish(self._config.game, self._adjudicator.owner(final), self._weights)

    def _restart(self, index: int) -> None:
        self._games[index] = self._new_games(1)[0]
        self._drafts[index] = self._new_draft()
        self._search.reset(np.array([index]))

    def _new_games(self, count: int) -> np.ndarray:
        return game.new_games(count, self._config.game)

    def _new_draft(self) -> drafts.GameDraft:
        self._num_started += 1
        game_id = f"{self._name}-{self._num_started:06d}"
        return drafts.GameDraft(game_id, self._config.selfplay, self._rng, self._weights)


def _divergence(policies: np.ndarray, references: np.ndarray) -> np.ndarray:
    """[B] nats of Kullback-Leibler divergence of policies [B, A] from references [B, A]."""
    tiny = np.finfo(np.float32).tiny
    logs = np.log(np.maximum(policies, tiny)) - np.log(np.maximum(references, tiny))
    return np.maximum((policies * logs).sum(axis=1), 0)
