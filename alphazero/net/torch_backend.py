"""Inference by torch on a CPU or an NVIDIA GPU."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero import evaluator as evaluators
from alphazero.net import calibration, description, hardware

# B batch, C channels, G global inputs, H height, W width
_BOARD = (2, 3)
"""Axes of a board in [B, C, H, W]."""


class TorchBackend:
    """A network in torch, one call at a time.

    is_compiled: whether torch.compile fuses kernels. It compiles each batch size separately.
    """

    def __init__(
        self,
        net: description.Description,
        *,
        device: torch.device,
        is_bf16: bool,
        num_threads: int,
        is_compiled: bool = False,
    ) -> None:
        """num_threads: on a CPU, and for the whole process, because torch has only this setting."""
        self._device = device
        self._dtype = torch.bfloat16 if is_bf16 else torch.float32
        self.precision = "bf16" if is_bf16 else "fp32"
        if device.type == "cpu":
            torch.set_num_threads(num_threads)
        self._module = make_module(net, device, self._dtype)
        # dynamic=False, because kernels for any batch size are slower than no compilation at all.
        self._forward = torch.compile(self._module, dynamic=False) if is_compiled else self._module
        self.name = f"torch{'.compile' if is_compiled else ''} {device.type} {self.precision}"

    def load(self, net: description.Description, exact: calibration.Exact) -> None:
        """Copies the weights of a network of the same shape into place."""
        self._module.load(net)

    def unload(self) -> None:
        """Does nothing: `load` copies the next network's weights to the same place."""

    @torch.inference_mode()
    def run(self, inputs: evaluators.Inputs) -> description.RawOutputs:
        """Implements `Backend.run`."""
        planes_BCHW = _tensor(inputs.planes).to(self._device).to(self._dtype)
        globals_BG = None
        if inputs.globals is not None:
            globals_BG = _tensor(inputs.globals).to(self._device).to(self._dtype)
        answers = self._forward(planes_BCHW.contiguous(memory_format=torch.channels_last), globals_BG)
        return tuple(answer.float().cpu().numpy() for answer in answers)


class DescribedModule(nn.Module):
    """A described network as a torch module."""

    def __init__(self, net: description.Description) -> None:
        super().__init__()
        self._compute = net.compute
        self._indices = {name: index for index, name in enumerate(net.layers)}
        self.layers = nn.ModuleList(_make_layer(layer) for layer in net.layers.values())
        self.load(net)

    def forward(
        self, planes_BCHW: torch.Tensor, globals_BG: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, ...]:
        """Raw outputs."""
        return self._compute(self, planes_BCHW, globals_BG)

    @torch.no_grad()
    def load(self, net: description.Description) -> None:
        """Copies the weights of a network of the same shape, in place."""
        for module, layer in zip(self.layers, net.layers.values(), strict=True):
            assert isinstance(module, nn.Conv2d | nn.Linear | TorchScale)
            assert module.bias is not None
            # torch.tensor copies, so read-only arrays of another process are allowed.
            module.weight.copy_(torch.tensor(layer[0]))
            module.bias.copy_(torch.tensor(layer[1]))

    def convolve(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """The methods from here on implement `description.Operations` on [B, C, H, W] and [B, C]."""
        return self.layers[self._indices[name]](x)

    connect = scale = convolve

    def add(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """In place."""
        return x.add_(y)

    def add_vector(self, x: torch.Tensor, vector: torch.Tensor) -> torch.Tensor:
        """Broadcasts over the board."""
        return x + vector[:, :, None, None]

    def relu(self, x: torch.Tensor) -> torch.Tensor:
        """In place."""
        return functional.relu_(x)

    def mish(self, x: torch.Tensor) -> torch.Tensor:
        """In place."""
        return functional.mish(x, inplace=True)

    def mean(self, x: torch.Tensor) -> torch.Tensor:
        """Over the board."""
        return x.mean(_BOARD)

    def maximum(self, x: torch.Tensor) -> torch.Tensor:
        """Over the board."""
        return x.amax(_BOARD)

    def channels(self, x: torch.Tensor, start: int, stop: int) -> torch.Tensor:
        """A view."""
        return x[:, start:stop]

    def join(self, parts: Sequence[torch.Tensor]) -> torch.Tensor:
        """Along the channels."""
        return torch.cat(list(parts), 1)

    def flatten(self, x: torch.Tensor) -> torch.Tensor:
        """[B, C * H * W]."""
        return x.flatten(1)

    def rounded(self, x: torch.Tensor, name: str) -> torch.Tensor:
        """Returns x itself."""
        return x


class TorchScale(nn.Module):
    """A factor and a bias for each channel of a board."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        """A new tensor of the same shape."""
        return torch.addcmul(self.bias[:, None, None], x_BCHW, self.weight[:, None, None])


def make_module(net: description.Description, device: torch.device, dtype: torch.dtype) -> DescribedModule:
    """Makes the network's layers on a device, channels last, without gradients."""
    return hardware.place(DescribedModule(net), device, dtype).eval().requires_grad_(False)


def exact_backend(net: description.Description) -> TorchBackend:
    """Makes a backend in float32 on a CPU, which is faithful to every network."""
    return TorchBackend(net, device=torch.device("cpu"), is_bf16=False, num_threads=torch.get_num_threads())


def _make_layer(layer: description.Layer) -> nn.Module:
    outputs = len(layer.bias)
    if isinstance(layer, description.ScaleLayer):
        return TorchScale(outputs)
    if isinstance(layer, description.DenseLayer):
        return nn.Linear(layer.weight.shape[1], outputs)
    _, inputs, side, _ = layer.kernel.shape
    return nn.Conv2d(inputs, outputs, side, padding=side // 2)


def _tensor(array: np.ndarray) -> torch.Tensor:
    # Read-only arrays are copied, because torch warns when it shares their memory.
    return torch.from_numpy(np.require(array, requirements="W"))
