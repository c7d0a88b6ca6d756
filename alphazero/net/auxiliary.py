"""Auxiliary heads. Only training uses them: they help the trunk to learn and are never exported."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from alphazero.go import shapes

# B batch, C channels, H height, W width, P points, A actions, N channels or outputs of all heads
_HIDDEN = 32
_ALMOST_ZERO = 1e-3


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """Specification of one head."""

    name: str
    shape: shapes.Shape
    """Shape of its answer for one position."""
    unit: float = 1.0
    """Factor on the outputs of a scalar or a vector, so that the last layer's numbers stay small."""


class AuxiliaryHeads(nn.Module):
    """Heads of the given specifications, computed from the trunk's last features.

    Points, and the points of policies, come from one 1x1 convolution. The policies' passes come from a linear
    layer over the features' means. Scalars and vectors come from a small layer over the features' means and
    maxima. Each layer has its outputs in the order of the heads.
    """

    def __init__(self, filters: int, heads: Sequence[HeadSpec]) -> None:
        """filters: C, channels of the trunk."""
        super().__init__()
        self._maps = [head for head in heads if head.shape in (shapes.ACTIONS, shapes.POINTS)]
        self._policies = [head for head in heads if head.shape == shapes.ACTIONS]
        self._scalars = [head for head in heads if head not in self._maps]
        num_scalars = sum(head.shape.length for head in self._scalars)
        self.maps = nn.Conv2d(filters, len(self._maps), 1) if self._maps else None
        self.passes = nn.Linear(filters, len(self._policies)) if self._policies else None
        self.hidden = nn.Linear(2 * filters, _HIDDEN) if num_scalars else None
        self.scalars = nn.Linear(_HIDDEN, num_scalars) if num_scalars else None

    def start(self) -> None:
        """Scales the output layers down: the first answers are near zero, and gradients still pass."""
        for layer in (self.maps, self.passes, self.scalars):
            if layer is not None:
                layer.weight.mul_(_ALMOST_ZERO)

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns each head's answers by its name, [B, ...] float32."""
        means_BC = x_BCHW.mean(dim=(2, 3))
        found: dict[str, torch.Tensor] = {}
        if self.maps is not None:
            found |= self._read_maps(self.maps(x_BCHW).flatten(2).float(), means_BC)
        if self.hidden is not None and self.scalars is not None:
            pooled = torch.cat([means_BC, x_BCHW.amax(dim=(2, 3))], dim=1)
            found |= self._read_scalars(self.scalars(functional.relu(self.hidden(pooled))).float())
        return found

    def _read_maps(self, maps_BNP: torch.Tensor, means_BC: torch.Tensor) -> dict[str, torch.Tensor]:
        found = {head.name: maps_BNP[:, number] for number, head in enumerate(self._maps)}
        if self.passes is not None:
            passes_BN = self.passes(means_BC).float()
            for number, head in enumerate(self._policies):
                found[head.name] = torch.cat([found[head.name], passes_BN[:, number, None]], dim=1)
        return found

    def _read_scalars(self, scalars_BN: torch.Tensor) -> dict[str, torch.Tensor]:
        found: dict[str, torch.Tensor] = {}
        start = 0
        for head in self._scalars:
            end = start + head.shape.length
            is_one = head.shape == shapes.SCALAR
            found[head.name] = head.unit * (scalars_BN[:, start] if is_one else scalars_BN[:, start:end])
            start = end
        return found
