"""Inference by torch on a CPU or an NVIDIA GPU."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero.net import calibration, folding, hardware, leela

# B batch, C channels, H height, W width, A actions


class TorchBackend:
    """The folded network in torch, one call at a time.

    is_compiled: whether torch.compile fuses kernels. It compiles each batch size separately.
    """

    def __init__(
        self,
        net: folding.Folded,
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

    def load(self, net: folding.Folded, exact: calibration.Exact) -> None:
        """Copies the weights of a network of the same shape into place."""
        self._module.load(net)

    def unload(self) -> None:
        """Does nothing: `load` copies the next network's weights to the same place."""

    @torch.inference_mode()
    def run(self, planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Logits [B, A] and values before tanh [B], float32; planes [B, 18, N, N] uint8."""
        # Read-only arrays are copied, because torch warns when it shares their memory.
        planes_BCHW = torch.from_numpy(np.require(planes, requirements="W")).to(self._device)
        x_BCHW = planes_BCHW.to(self._dtype).contiguous(memory_format=torch.channels_last)
        logits_BA, value_B = self._forward(x_BCHW)
        return logits_BA.float().cpu().numpy(), value_B.float().cpu().numpy()


class FoldedModule(nn.Module):
    """`folding.Folded` as torch layers."""

    def __init__(self, net: folding.Folded) -> None:
        super().__init__()
        self.tower = nn.ModuleList(_convolution(layer) for layer in net.tower)
        self.heads = _convolution(net.heads)
        self.policy = nn.Linear(*reversed(net.policy.weight.shape))
        self.value_hidden = nn.Linear(*reversed(net.value_hidden.weight.shape))
        self.value = nn.Linear(*reversed(net.value.weight.shape))
        self.load(net)

    def forward(self, x_BCHW: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits [B, A] and values before tanh [B]."""
        x_BCHW = functional.relu_(self.tower[0](x_BCHW))
        for index in range(1, len(self.tower), 2):
            y_BCHW = functional.relu_(self.tower[index](x_BCHW))
            x_BCHW = functional.relu_(self.tower[index + 1](y_BCHW).add_(x_BCHW))
        heads_BCHW = functional.relu_(self.heads(x_BCHW))
        logits_BA = self.policy(heads_BCHW[:, : leela.POLICY_PLANES].flatten(1))
        hidden = functional.relu_(self.value_hidden(heads_BCHW[:, leela.POLICY_PLANES :].flatten(1)))
        return logits_BA, self.value(hidden)[:, 0]

    @torch.no_grad()
    def load(self, net: folding.Folded) -> None:
        """Copies the weights of a network of the same shape, in place."""
        layers = [*self.tower, self.heads, self.policy, self.value_hidden, self.value]
        numbers = [*net.tower, net.heads, net.policy, net.value_hidden, net.value]
        for layer, (weight, bias) in zip(layers, numbers, strict=True):
            assert isinstance(layer, nn.Conv2d | nn.Linear)
            assert layer.bias is not None
            # torch.tensor copies, so read-only arrays of another process are allowed.
            layer.weight.copy_(torch.tensor(weight))
            layer.bias.copy_(torch.tensor(bias))


def make_module(net: folding.Folded, device: torch.device, dtype: torch.dtype) -> FoldedModule:
    """Makes the network's layers on a device, channels last, without gradients."""
    return hardware.place(FoldedModule(net), device, dtype).eval().requires_grad_(False)


def exact_backend(net: folding.Folded) -> TorchBackend:
    """Makes a backend in float32 on a CPU, which is faithful to every network."""
    return TorchBackend(net, device=torch.device("cpu"), is_bf16=False, num_threads=torch.get_num_threads())


def _convolution(layer: folding.FoldedConvolution) -> nn.Conv2d:
    outputs, inputs, side, _ = layer.kernel.shape
    return nn.Conv2d(inputs, outputs, side, padding=side // 2)
