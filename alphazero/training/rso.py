"""RSO: training without gradients, one weight at a time (Tripathi and Singh 2020, arXiv 2005.05955).

For each weight w, a change d is drawn from a normal distribution, and the best of w + d, w and w - d on a
batch is kept. The distribution's deviation is that of the layer's initial weights times the learning rate,
which falls linearly to a tenth over the run (`schedule=linear`). Weights are visited from the last layer to
the first.

Differences from the paper:
- A batch serves `weights_per_step` weights, not one.
- Norms and biases are weights too, as in the authors' code, which uses the deviation 0.167 for them.

Speed: every weight acts linearly on the output of its own layer. The layer's output for a candidate is that
output plus one addition in one channel. Only the nodes that depend on it are computed again, for all
candidates of a weight in one call. A trace of the network lists these nodes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch.fx import node as node_tools
from torch.nn import functional

from alphazero.config import optimizer as optimizer_config

# B batch, M candidates, C channels, H height, W width
_FLAT_DEVIATION = 0.167
"""Deviation for norms and biases, which start at a constant (the authors' train.py)."""
_LEAST_SHARE = 0.1
"""Least deviation as a fraction of He et al.'s: a layer that starts near zero must be able to move away."""
_MAX_WEIGHTS = 1_000_000

LossOfOutputs = Callable[[Any], torch.Tensor]
"""Maps the network's outputs to a scalar loss; lower is better."""


class Layer(NamedTuple):
    """A convolution, norm or dense layer, and the nodes that depend on it."""

    node: fx.Node
    module: nn.Module
    behind: list[fx.Node]  # in the order of the computation, without the layer itself


class Visit(NamedTuple):
    """The place of one weight, and its deviation."""

    layer: int
    name: str  # of the parameter in the layer's module
    index: int  # in the flattened parameter
    deviation: int  # index of the parameter's deviation


class Rso:
    """Changes the network's weights in place. Meant for networks of at most some 10,000 weights.

    The network must be traceable by torch.fx, call each layer once, and keep one row for each position.
    Entries of kernels and matrices that are exactly 0 at the start stay 0 (`net.heads=convolution`).
    """

    def __init__(
        self, config: optimizer_config.OptimizerConfig, net: nn.Module, generator: torch.Generator
    ) -> None:
        """generator: on the CPU; its state becomes part of `state_dict`. ValueError for too many weights."""
        num_weights = sum(parameter.numel() for parameter in net.parameters())
        if num_weights > _MAX_WEIGHTS:
            raise ValueError(
                f"optimizer=rso: the network has {num_weights:,} weights; must be at most {_MAX_WEIGHTS:,}"
            )
        self._config = config
        self._net = net.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self._generator = generator
        self._graph = fx.Tracer().trace(net)
        self._layers = _layers(net, self._graph)
        self._visits, self._deviations = _visits(self._layers)
        self._next_visit = 0
        self.rounds = 0
        """Number of completed passes over all weights."""
        self.param_groups: list[dict[str, Any]] = [{"lr": config.rate}]

    @torch.no_grad()
    def step(
        self,
        planes_BCHW: torch.Tensor,
        loss_of_outputs: LossOfOutputs,
        globals_BG: torch.Tensor | None = None,
    ) -> float:
        """Visits the next weights on one batch. Returns the batch's loss afterwards.

        Norms use the statistics of the batch, and update their running statistics once. Without weight decay
        the loss never rises.
        """
        inputs = (planes_BCHW.contiguous(), globals_BG)
        values = _Values(self._net.train(), self._graph, inputs)
        loss = float(loss_of_outputs(values.outputs()))
        draws = torch.randn(self._config.weights_per_step, generator=self._generator).tolist()
        layer = None
        for draw in draws:
            visit = self._visits[self._next_visit]
            if layer is not None and layer is not self._layers[visit.layer]:
                values.refresh(layer)
            layer = self._layers[visit.layer]
            change = draw * self._deviations[visit.deviation] * self.param_groups[0]["lr"]
            loss = self._try(values, visit, change, loss, loss_of_outputs)
            self._next_visit = (self._next_visit + 1) % len(self._visits)
            self.rounds += self._next_visit == 0
        return loss

    def zero_grad(self) -> None:
        """Does nothing: there are no gradients."""

    def state_dict(self) -> dict[str, Any]:
        """The next weight to visit, the deviations and the generator's state."""
        return {
            "next_visit": self._next_visit,
            "rounds": self.rounds,
            "deviations": list(self._deviations),
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Resumes from a `state_dict`. Raises ValueError if it belongs to another network or optimizer."""
        if len(state_dict.get("deviations", [])) != len(self._deviations):
            raise ValueError("the state belongs to another network or optimizer")
        self._next_visit, self.rounds = state_dict["next_visit"], state_dict["rounds"]
        self._deviations = list(state_dict["deviations"])
        self._generator.set_state(state_dict["generator"])

    def _try(
        self, values: "_Values", visit: Visit, change: float, loss: float, loss_of_outputs: LossOfOutputs
    ) -> float:
        """Keeps the best of the decayed weight and its two changes. Returns the loss with it."""
        layer = self._layers[visit.layer]
        weights = layer.module.get_parameter(visit.name).view(-1)
        decay = -self._config.weight_decay * float(weights[visit.index])
        changes = [decay + change, decay - change]
        if self._config.weight_decay:
            loss = float("inf")
            changes.insert(0, decay)
        channel, effect = _effect(layer.module, visit, values.input_of(layer))
        best = None
        for index, outputs in enumerate(values.candidates(layer, channel, effect, changes)):
            candidate_loss = float(loss_of_outputs(outputs))
            if candidate_loss < loss:
                best, loss = changes[index], candidate_loss
        if best is not None:
            weights[visit.index] += best
            values.change(layer, channel, best * effect)
        return loss


class _Values:
    """Values of all nodes of the network's graph on one batch."""

    def __init__(self, net: nn.Module, graph: fx.Graph, inputs: tuple[torch.Tensor | None, ...]) -> None:
        """Runs the network with its current weights, which updates the norms' running statistics.

        inputs: arguments of its forward pass, in their order.
        """
        self._net = net
        self._values: dict[fx.Node, Any] = {}
        self._repeated: dict[fx.Node, Any] = {}
        waiting = iter(inputs)
        for node in graph.nodes:
            if node.op == "placeholder":
                self._values[node] = next(waiting)
            elif node.op == "output":
                self._outputs = node.args[0]
            elif node.op == "call_module":  # not through `_run`, so that a norm updates its statistics
                module = net.get_submodule(str(node.target))
                self._values[node] = module(*(self._values[source] for source in node.all_input_nodes))
            else:
                self._values[node] = self._run(node, self._values.__getitem__, num_candidates=1)

    def outputs(self) -> Any:
        """The network's outputs."""
        return node_tools.map_arg(self._outputs, self._values.__getitem__)

    def input_of(self, layer: Layer) -> torch.Tensor:
        """The input of the layer."""
        return self._values[layer.node.all_input_nodes[0]]

    def change(self, layer: Layer, channel: int, difference: torch.Tensor) -> None:
        """Changes a channel of the layer's output. `refresh` updates the nodes that depend on it."""
        self._values[layer.node][:, channel] += difference

    def refresh(self, layer: Layer) -> None:
        """Recomputes the nodes that depend on the layer."""
        self._repeated.clear()
        for node in layer.behind:
            self._values[node] = self._run(node, self._values.__getitem__, num_candidates=1)

    def candidates(self, layer: Layer, channel: int, effect: torch.Tensor, changes: list[float]) -> list[Any]:
        """The network's outputs for each change of one weight.

        effect: [B, ...] difference of the channel for a change of 1. Candidates are adjacent in the batch:
        row b * M + m is position b with change m. An output that does not depend on the weight is the same
        tensor object for all candidates, so that a loss can recognise it.
        """
        num_candidates = len(changes)
        output = self._values[layer.node]
        output = output.unsqueeze(1).repeat(1, num_candidates, *[1] * (output.ndim - 1))
        for index, change in enumerate(changes):
            output[:, index, channel] += change * effect
        values = {layer.node: output.flatten(0, 1)}

        def get(node: fx.Node) -> Any:
            if node in values:
                return values[node]
            if node not in self._repeated:
                value = self._values[node]
                is_batch = isinstance(value, torch.Tensor) and node.op != "get_attr"
                self._repeated[node] = value.repeat_interleave(num_candidates, 0) if is_batch else value
            return self._repeated[node]

        for node in layer.behind:
            if not _is_container(node):
                values[node] = self._run(node, get, num_candidates)

        def of_candidate(index: int) -> Any:
            def get_one(node: fx.Node) -> Any:
                if _is_container(node):
                    return self._run(node, get_one, num_candidates=1)
                return values[node][index::num_candidates] if node in values else self._values[node]

            return node_tools.map_arg(self._outputs, get_one)

        return [of_candidate(index) for index in range(num_candidates)]

    def _run(self, node: fx.Node, get: Callable[[fx.Node], Any], num_candidates: int) -> Any:
        """Runs one node. Norms use the statistics of each candidate; running statistics do not change."""
        args: Any = node_tools.map_arg(node.args, get)
        kwargs: Any = node_tools.map_arg(node.kwargs, get)
        target: Any = node.target
        if node.op == "call_module":
            module = self._net.get_submodule(target)
            if isinstance(module, nn.BatchNorm2d):
                return _normalize(module, args[0], num_candidates)
            return module(*args, **kwargs)
        if node.op == "call_method":
            return getattr(args[0], target)(*args[1:], **kwargs)
        if node.op == "get_attr":
            return self._net.get_parameter(target)
        return target(*args, **kwargs)


def _layers(net: nn.Module, graph: fx.Graph) -> list[Layer]:
    """Layers from the last to the first."""
    layers = []
    nodes = list(graph.nodes)
    for index, node in enumerate(nodes):
        module = net.get_submodule(node.target) if node.op == "call_module" else None
        if module is None or not list(module.parameters()):
            continue
        assert isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d), f"unsupported: {node.target}"
        reached, behind = {node}, []
        for later in nodes[index + 1 :]:
            if later.op != "output" and reached.intersection(later.all_input_nodes):
                reached.add(later)
                behind.append(later)
        layers.append(Layer(node, module, behind))
    return layers[::-1]


def _visits(layers: list[Layer]) -> tuple[list[Visit], list[float]]:
    """All weights in the order of visits, and the deviation of each parameter's changes."""
    visits: list[Visit] = []
    deviations: list[float] = []
    for number, layer in enumerate(layers):
        for name, parameter in layer.module.named_parameters():
            start = parameter.detach().flatten()
            indices = torch.arange(len(start))
            deviation = _FLAT_DEVIATION
            if parameter.ndim > 1:
                indices = start.nonzero()[:, 0].cpu()
                he = (2 / parameter[0].numel()) ** 0.5
                deviation = max(float(start[start != 0].std()), _LEAST_SHARE * he)
            visits += [Visit(number, name, index, len(deviations)) for index in indices.tolist()]
            deviations.append(deviation)
    return visits, deviations


def _effect(module: nn.Module, visit: Visit, x: torch.Tensor) -> tuple[int, torch.Tensor]:
    """The output channel that the weight acts on, and its difference for a change of 1: [B] or [B, H, W]."""
    if visit.name == "bias":
        return visit.index, torch.ones_like(x[:, 0])
    if isinstance(module, nn.BatchNorm2d):
        variance, mean = torch.var_mean(x[:, visit.index], correction=0)
        return visit.index, (x[:, visit.index] - mean) / (variance + module.eps).sqrt()
    if isinstance(module, nn.Linear):
        channel, source = divmod(visit.index, module.in_features)
        return channel, x[:, source]
    assert isinstance(module, nn.Conv2d)
    height, width = module.kernel_size
    rest, column = divmod(visit.index, width)
    rest, row = divmod(rest, height)
    channel, source = divmod(rest, module.in_channels)
    padded = functional.pad(x[:, source], (width // 2, width // 2, height // 2, height // 2))
    return channel, padded[:, row : row + x.shape[2], column : column + x.shape[3]]


def _is_container(node: fx.Node) -> bool:
    """Whether the node only collects tensors, for example in a NamedTuple."""
    return node.op == "call_function" and isinstance(node.target, type)


def _normalize(module: nn.BatchNorm2d, x: torch.Tensor, num_candidates: int) -> torch.Tensor:
    """Batch norm with separate statistics for each candidate's rows."""
    rows, channels, height, width = x.shape
    y = functional.batch_norm(
        x.reshape(rows // num_candidates, num_candidates * channels, height, width),
        running_mean=None,
        running_var=None,
        weight=module.weight.repeat(num_candidates),
        bias=module.bias.repeat(num_candidates),
        training=True,
        eps=module.eps,
    )
    return y.reshape(x.shape)
