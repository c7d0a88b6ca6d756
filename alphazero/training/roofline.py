"""Upper bounds on the speed of training on a device, for benchmarks and optimisation work."""

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from alphazero.config import schema
from alphazero.data import batch as batches
from alphazero.data import targets as game_targets
from alphazero.net import hardware, packing
from alphazero.training import losses, optimizers, trainable


class BareStep:
    """The minimal training step, repeated on tensors that are already on the device."""

    def __init__(self, config: schema.Config, batch: batches.TrainingBatch) -> None:
        """batch: must have the targets of all enabled heads."""
        training = config.training
        self._device = hardware.pick_device(training.device)
        self._is_bf16 = hardware.is_bf16(training.precision, self._device)
        net = trainable.make_network(config.game.size, config.net, torch.Generator().manual_seed(1))
        self._net = hardware.place(net, self._device).train()
        self._optimizer = optimizers.make(config.optimizer, self._net)
        dtype = torch.bfloat16 if self._is_bf16 else torch.float32
        planes_BCHW = packing.unpack(self._place(batch.planes), config.game.size, dtype, net.num_planes)
        self._planes_BCHW = planes_BCHW.contiguous(memory_format=torch.channels_last)
        self._globals_BG = self._place(batch.globals).to(dtype)
        self._training, self._heads = training, game_targets.enabled(config.net)
        self._targets = losses.targets_of(batch, self._place)
        self._chance_B = (1 + self._targets.value) / 2

    def step(self) -> int:
        """Forward pass, losses, backward pass, clipping, update. Returns the samples when done."""
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._is_bf16):
            outputs = self._net(self._planes_BCHW, self._globals_BG)
        loss = functional.cross_entropy(outputs.policy_logits, self._targets.policy)
        chance_logit_B = 2 * outputs.value_logit
        loss = loss + functional.binary_cross_entropy_with_logits(chance_logit_B, self._chance_B)
        targets = losses.with_score_errors(outputs, self._targets)
        for head in self._heads:
            answers, wanted = outputs.auxiliary[head.name], targets.of(head)
            loss = loss + losses.LOSSES[head.loss](answers, wanted, self._training).mean()
        self._optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._net.parameters(), 5.0)
        self._optimizer.step()
        if self._device.type == "cuda":
            torch.cuda.synchronize()
        return len(self._planes_BCHW)

    def _place(self, array: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(array).to(self._device)


_TYPES = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}


class MatrixProduct:
    """A product of large matrices, which measures the peak performance of a device."""

    def __init__(self, device: torch.device, precision: str) -> None:
        """precision: fp32, fp16 or bf16."""
        self._side = 8192 if device.type == "cuda" else 1024
        self._matrix = torch.rand((self._side, self._side), device=device, dtype=_TYPES[precision])

    def step(self) -> int:
        """Multiplies once. Returns the number of floating-point operations when done."""
        (self._matrix @ self._matrix)[0, 0].item()
        return 2 * self._side**3
