"""Auxiliary heads. Only training uses them: they help the trunk to learn and are never exported."""

import torch
from torch import nn
from torch.nn import functional

from alphazero.config import net as net_config

# B batch, C channels, H height, W width, P points, A actions, T turns ahead
NUM_SHORT_TERM = 3
"""Number of values of the near future, one for each of `data.targets.SHORT_TERM_TURNS`."""
_HIDDEN = 32
_POINTS_OF_ONE = 20.0
"""Points of score per unit of output, as in KataGo. Activations stay close to those of other heads."""
_ALMOST_ZERO = 1e-3


class AuxiliaryHeads(nn.Module):
    """The heads that `net.*` enables, computed from the trunk's last features.

    Ownership and the policies' points come from one 1x1 convolution. The policies' passes come from a linear
    layer over the features' means. Scalars come from a small layer over the features' means and maxima.
    """

    def __init__(self, config: net_config.NetConfig) -> None:
        super().__init__()
        self._has_ownership, self._has_score = config.ownership, config.score
        self._has_short_term = config.short_term
        self._num_policies = int(config.reply) + int(config.soft_policy)
        self._has_reply = config.reply
        num_maps = int(config.ownership) + self._num_policies
        num_scalars = int(config.score) + NUM_SHORT_TERM * int(config.short_term)
        filters = config.filters
        self.maps = nn.Conv2d(filters, num_maps, 1) if num_maps else None
        self.passes = nn.Linear(filters, self._num_policies) if self._num_policies else None
        self.hidden = nn.Linear(2 * filters, _HIDDEN) if num_scalars else None
        self.scalars = nn.Linear(_HIDDEN, num_scalars) if num_scalars else None

    def start(self) -> None:
        """Scales the output layers down: the first answers are near zero, and gradients still pass."""
        for layer in (self.maps, self.passes, self.scalars):
            if layer is not None:
                layer.weight.mul_(_ALMOST_ZERO)

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """Returns the fields of `resnet.Outputs` by name, float32, for the enabled heads."""
        found: dict[str, torch.Tensor] = {}
        means_BC = x_BCHW.mean(dim=(2, 3))
        if self.maps is not None:
            self._read_maps(self.maps(x_BCHW).flatten(2).float(), means_BC, found)
        if self.hidden is not None and self.scalars is not None:
            pooled = torch.cat([means_BC, x_BCHW.amax(dim=(2, 3))], dim=1)
            self._read_scalars(self.scalars(functional.relu(self.hidden(pooled))).float(), found)
        return found

    def _read_maps(
        self, maps_BNP: torch.Tensor, means_BC: torch.Tensor, found: dict[str, torch.Tensor]
    ) -> None:
        if self._has_ownership:
            found["ownership_logits"], maps_BNP = maps_BNP[:, 0], maps_BNP[:, 1:]
        if self.passes is not None:
            policies = torch.cat([maps_BNP, self.passes(means_BC).float()[:, :, None]], dim=2)
            if self._has_reply:
                found["reply_logits"] = policies[:, 0]
            if self._num_policies > int(self._has_reply):
                found["soft_policy_logits"] = policies[:, -1]

    def _read_scalars(self, scalars_BN: torch.Tensor, found: dict[str, torch.Tensor]) -> None:
        if self._has_score:
            found["score"], scalars_BN = _POINTS_OF_ONE * scalars_BN[:, 0], scalars_BN[:, 1:]
        if self._has_short_term:
            found["short_term_logits"] = scalars_BN
