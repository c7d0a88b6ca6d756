"""Reference tree search with node objects and float64, written from the papers to be obviously correct.

Sources: Silver et al. 2018 (PUCT), Danihelka et al. 2022 (Gumbel AlphaZero), Wu 2019 (forced playouts, policy
target pruning). It shares only the evaluator with the kernels.
"""

import math

import numpy as np

from tests.reference.nodes import Node, Options, Position, back_up, evaluate, reconsider_pass, settle, softmax


def exploration(options: Options, node: Node, total: int) -> float:
    """c of PUCT times the square root of the children's visits."""
    constant = options.c_init + math.log((1 + total + options.c_base) / options.c_base)
    constant *= 1 + options.utility_stdev_scale * (deviation(options, node) / options.utility_stdev_prior - 1)
    return constant * math.sqrt(max(total, 1))


def deviation(options: Options, node: Node) -> float:
    """Standard deviation of a node's values, with two more values of the usual deviation, as in KataGo."""
    if node.visits <= 1:
        return options.utility_stdev_prior
    values = np.array(node.values)
    usual = 2 * (node.mean**2 + options.utility_stdev_prior**2)
    return math.sqrt(max(0, ((values**2).sum() + usual) / (len(values) + 1) - node.mean**2))


def puct_scores(options: Options, node: Node, priors: np.ndarray) -> dict[int, float]:
    """Q + U of each action with a prior."""
    visited = node.visited(priors)
    total = sum(node.n(action) for action in visited)
    first_play = node.mean - options.fpu_reduction * math.sqrt(sum(priors[visited]))
    constant = exploration(options, node, total)
    return {
        action: (node.q(action) if action in visited else first_play)
        + constant * priors[action] / (1 + node.n(action))
        for action in np.flatnonzero(priors).tolist()
    }


def completed_q(node: Node, priors: np.ndarray) -> np.ndarray:
    """Q of visited actions; for others v_mix, a weighted mean of the network's and the searched value."""
    visited = node.visited(priors)
    mixed = node.raw_value
    if visited:
        total = sum(node.n(action) for action in visited)
        mean = sum(priors[a] * node.q(a) for a in visited) / sum(priors[a] for a in visited)
        mixed = (node.raw_value + total * mean) / (1 + total)
    return np.array([node.q(a) if a in visited else mixed for a in range(len(priors))])


def sigma_scale(options: Options, node: Node, priors: np.ndarray) -> float:
    largest = max((node.n(action) for action in node.visited(priors)), default=0)
    return (options.c_visit + largest) * options.c_scale


def improved_logits(options: Options, node: Node, priors: np.ndarray) -> np.ndarray:
    """ln P + sigma(completed q) [A]; minus infinity for actions without a prior."""
    with np.errstate(divide="ignore"):
        return np.log(priors) + sigma_scale(options, node, priors) * completed_q(node, priors)


def interior_scores(options: Options, node: Node) -> dict[int, float]:
    """Gumbel scores below the root: improved policy minus share of visits."""
    improved = softmax(improved_logits(options, node, node.priors))
    total = sum(node.n(action) for action in node.visited(node.priors))
    return {a: improved[a] - node.n(a) / (1 + total) for a in np.flatnonzero(node.priors).tolist()}


def halving(num_considered: int, num_simulations: int) -> list[int]:
    """Visits that the chosen root action must have at each simulation (sequential halving)."""
    if num_considered <= 1:
        return list(range(num_simulations))
    visits = dict.fromkeys(range(num_considered), 0)
    survivors, wanted = num_considered, []
    num_rounds = math.ceil(math.log2(num_considered))
    while len(wanted) < num_simulations:
        for _ in range(max(1, num_simulations // (num_rounds * survivors))):
            for action in range(survivors):
                wanted.append(visits[action])
                visits[action] += 1
        survivors = max(2, survivors // 2)
    return wanted[:num_simulations]


class Search:
    """Search tree of one game."""

    def __init__(self, position: Position, options: Options) -> None:
        self.options = options
        self.root = Node(position)
        self.closest_call = math.inf
        """Smallest lead by which this search preferred an action, in units of the value."""
        self._made = 0

    def prepare(self, evaluator, forbid_pass: bool = False, is_noisy: bool = False) -> None:
        """Evaluates a new root and sets the allowed moves. Adds no noise."""
        if self.root.visits == 0:
            if not settle(self.root, self.options):
                evaluate(self.root, evaluator, self.options)
            back_up([self.root])
        reconsider_pass(self.root, self.options, is_due=not is_noisy)
        self.priors = self.root.priors.copy()
        if forbid_pass and self.priors[:-1].sum() > 0:
            self.priors[-1] = 0
            self.priors /= self.priors.sum()
        self.noise = np.zeros(len(self.priors))
        self.is_noisy = False
        self.new_visits = np.zeros(len(self.priors), int)
        self.closest_call = math.inf
        num_considered = min(self.options.num_considered, int((self.priors > 0).sum()))
        self._wanted = halving(num_considered, self.options.num_simulations)

    def add_gumbel(self, noise: np.ndarray) -> None:
        self.noise, self.is_noisy = noise, True

    def add_dirichlet(self, gammas: np.ndarray, fraction: float) -> None:
        """gammas: [A], one for each action. Only those of allowed moves count."""
        noise = np.where(self.priors > 0, gammas, 0)
        self.priors, self.is_noisy = (1 - fraction) * self.priors + fraction * noise / noise.sum(), True

    def run(self, evaluator) -> None:
        """Runs all simulations, `leaf_batch` leaves at a time. Does nothing if the root is terminal."""
        self._num_begun = self.options.num_simulations if self.root.is_terminal else 0
        while self._num_begun < self.options.num_simulations:
            paths = self._descents()
            for path in paths:
                evaluate(path[-1], evaluator, self.options)
            for path in paths:
                for node in path:
                    node.pending -= 1
                back_up(path)

    def _descents(self) -> list[list[Node]]:
        """Paths to leaves for the network. The batch ends at a path to a leaf that already waits.

        Known values are backed up at once.
        """
        paths: list[list[Node]] = []
        while len(paths) < self.options.leaf_batch and self._num_begun < self.options.num_simulations:
            path = self._descend(self._num_begun)
            leaf = path[-1]
            if leaf.visits == 0 and leaf.pending > 0:
                break
            self._num_begun += 1
            self.new_visits[path[1].action] += 1
            if leaf.is_terminal or settle(leaf, self.options):
                back_up(path)
                continue
            for node in path:
                node.pending += 1
            paths.append(path)
        return paths

    def _descend(self, simulation: int) -> list[Node]:
        path = [self.root]
        while path[-1].visits > 0 and not path[-1].is_terminal:
            node = path[-1]
            if node is not self.root:
                reconsider_pass(node, self.options)
            scores = self._root_scores(simulation) if node is self.root else self._scores(node)
            action = self._best(scores, self._unit(node))
            if action not in node.children:
                self._made += 1
                node.children[action] = Node(node.position.after(action), action, self._made)
            path.append(node.children[action])
        return path

    def _scores(self, node: Node) -> dict[int, float]:
        if self.options.is_gumbel and node.visits < self.options.gumbel_visits:
            return interior_scores(self.options, node)
        return puct_scores(self.options, node, node.priors)

    def _root_scores(self, simulation: int) -> dict[int, float]:
        if self.options.is_gumbel:
            return self._halving_scores(self._wanted[simulation])
        scores = puct_scores(self.options, self.root, self.priors)
        if self.is_noisy:
            for action in self.root.visited(self.priors):
                if self.root.n(action) < self._forced(action):
                    scores[action] = math.inf
        return scores

    def _forced(self, action: int) -> float:
        """Least number of visits of a visited root move (Wu 2019, section 3.2)."""
        total = sum(self.root.n(other) for other in self.root.visited(self.priors))
        return math.sqrt(self.options.forced_playouts * self.priors[action] * total)

    def _halving_scores(self, wanted: int) -> dict[int, float]:
        """g + ln P + sigma(completed q) of root moves with `wanted` visits of this search."""
        scores = self.noise + improved_logits(self.options, self.root, self.priors)
        return {a: scores[a] for a in np.flatnonzero(self.priors).tolist() if self.new_visits[a] == wanted}

    def _unit(self, node: Node) -> float:
        """Approximate change of the scores if all values change by one."""
        is_halving = self.options.is_gumbel and node is self.root
        return sigma_scale(self.options, node, self.priors) if is_halving else 1.0

    def _best(self, scores: dict[int, float], unit: float) -> int:
        """The action of largest score; ties go to the first. Updates `closest_call`."""
        best = max(scores, key=lambda action: (scores[action], -action))
        others = [scores[action] for action in scores if action != best]
        if others and scores[best] < math.inf:
            self.closest_call = min(self.closest_call, (scores[best] - max(others)) / unit)
        return best

    def choose(self) -> int:
        """The move to play."""
        if self.options.is_gumbel:
            return self._best(self._halving_scores(self.new_visits.max()), self._unit(self.root))
        shares = self._visit_shares()
        best = int(np.argmax(shares))
        if self.options.lcb_stdevs and not self.is_noisy and self.root.children:
            bounds = {a: self._lower_bound(a) for a in np.flatnonzero(shares >= 0.15 * shares[best]).tolist()}
            return self._best(bounds, 1.0)
        return best

    def _lower_bound(self, action: int) -> float:
        """Value of a visited root move minus some standard errors of its mean."""
        values, n = np.array(self.root.children[action].values), self.root.n(action)
        square = max((values**2).mean(), values.mean() ** 2 + 1e-8)
        weights = np.array([n, 1 / n**2])
        square = np.average([square, square + 1], weights=weights)
        effective = weights.sum() ** 2 / (n + weights[1] ** 2)
        error = math.sqrt((square - values.mean() ** 2) / effective)
        return self.root.q(action) - self.options.lcb_stdevs * error

    def policy(self) -> np.ndarray:
        """Target of training [A]."""
        if self.options.is_gumbel:
            return softmax(improved_logits(self.options, self.root, self.priors))
        shares = self._visit_shares()
        if self.is_noisy and self.options.forced_playouts > 0 and self.root.children:
            shares = self._pruned(shares)
        return shares / shares.sum()

    def value(self) -> float:
        if self.options.is_gumbel:
            return float(self.policy() @ completed_q(self.root, self.priors))
        return self.root.mean

    def _visit_shares(self) -> np.ndarray:
        """Visits [A] of the allowed moves, including kept subtrees; the priors if there are none."""
        visits = np.array([self.root.n(a) * (self.priors[a] > 0) for a in range(len(self.priors))])
        return visits if visits.any() else self.priors.copy()

    def _pruned(self, visits: np.ndarray) -> np.ndarray:
        """Visits [A] without those that only forced playouts explain (Wu 2019, section 3.2)."""
        scores, best = puct_scores(self.options, self.root, self.priors), int(np.argmax(visits))
        constant = exploration(self.options, self.root, int(visits.sum()))
        pruned = visits.copy()
        for action in np.flatnonzero(visits).tolist():
            if action == best:
                continue
            for left in range(
                visits[action] - 1, max(-1, visits[action] - int(self._forced(action)) - 1), -1
            ):
                lead = scores[best] - (self.root.q(action) + constant * self.priors[action] / (1 + left))
                self.closest_call = min(self.closest_call, abs(lead))
                if lead <= 0:
                    break
                pruned[action] = left
            if pruned[action] <= 1:
                pruned[action] = 0
        return pruned

    def play(self, action: int, most_kept: int) -> None:
        """Follows a move and keeps its subtree, except the newest nodes beyond `most_kept`."""
        kept = self.root.children.get(action)
        if kept is None:
            self.root = Node(self.root.position.after(action))
            return
        nodes = sorted(kept.walk(), key=lambda node: node.number)
        lost = {id(node) for node in nodes[most_kept:]}
        for node in nodes[:most_kept]:
            node.children = {a: child for a, child in node.children.items() if id(child) not in lost}
        self.root = kept
