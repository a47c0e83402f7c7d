"""The training loop of both networks: two optimisers, averaged weights, a learning rate that cools down, checkpoints, a learning curve.

Muon (Jordan et al. 2024) for convolution kernels, AdamW for the rest; a constant rate, then a linear cool-down.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from nst.engine.devices import best_device
from training.muon import Muon

# Steps over which the learning rate rises at the beginning.
WARM_UP = 100
# Learning rate of parameters that are too few to keep up, relative to the others'. At ten they saturated.
FAST_RATE = 4.0
# Seconds of training between two checkpoints.
SAVE_SECONDS = 20
# Steps between two lines of the learning curve.
LOG_STEPS = 100


@dataclass(frozen=True)
class Options:
    """The command-line options of a training."""

    data: Path
    device: torch.device
    steps: int
    minutes: float
    cooldown: int
    rate: float
    seed: int
    out: Path
    state: Path
    warm: Path | None

    @classmethod
    def parse(cls, description: str, name: str, rate: float) -> "Options":
        parser = argparse.ArgumentParser(description=description)
        parser.add_argument(
            "--data",
            type=Path,
            required=True,
            help="folder with teacher/, photos/, styles/ (for the encoder) and paintings/ (for the instant network)",
        )
        parser.add_argument("--device", type=torch.device, default=best_device(), help="cpu or cuda; by default the best available one")
        parser.add_argument("--steps", type=int, default=12000)
        parser.add_argument("--minutes", type=float, default=math.inf, help="fewer steps when they would take longer")
        parser.add_argument(
            "--cooldown",
            type=int,
            default=3000,
            help="the last steps, or an equal share of the minutes, over which the learning rate falls to zero",
        )
        parser.add_argument("--rate", type=float, default=rate)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--out", type=Path, default=Path(f"build/{name}.safetensors"), help="averaged weights, 16 bits")
        parser.add_argument("--state", type=Path, default=Path(f"build/{name}.state.pt"), help="checkpoint; resumed from if it exists")
        parser.add_argument("--warm", type=Path, help="weights to start from instead of random ones")
        return cls(**vars(parser.parse_args()))


class TrainingLoop:
    """A network in training.

    Attributes:
        step: number of steps so far.
        seconds: that they have taken, over all resumptions.
        average: the network with an exponential moving average of its weights, which is published.
    """

    def __init__(
        self,
        options: Options,
        network: nn.Module,
        average: nn.Module,
        kernels: Iterable[nn.Parameter],
        decay: float,
        fast: Iterable[nn.Parameter] = (),
    ) -> None:
        """
        Args:
            kernels: parameters for Muon.
            decay: of the average, once there have been many steps.
            fast: parameters for AdamW with `FAST_RATE` times the learning rate.
        """
        average.load_state_dict(network.state_dict())
        self.options, self.average = options, average.to(options.device)
        self.network = network.to(options.device).to(memory_format=torch.channels_last)
        self.step, self.seconds, self._decay = 0, 0.0, decay
        kernels, fast = list(kernels), list(fast)
        others = [p for p in network.parameters() if not any(p is other for other in kernels + fast)]
        groups = [{"params": others, "relative_rate": 1.0}, {"params": fast, "relative_rate": FAST_RATE}]
        self._optimisers = [Muon(kernels, rate=options.rate), torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), weight_decay=0)]

    def resume(self) -> dict[str, Any]:
        """Load the checkpoint, if there is one.

        Returns:
            What `save` was given in `more`; empty without a checkpoint.
        """
        if not self.options.state.exists():
            return {}
        state: dict[str, Any] = torch.load(self.options.state, map_location="cpu", weights_only=True)
        self.network.load_state_dict(state.pop("network"))
        self.average.load_state_dict(state.pop("average"))
        for optimiser, saved in zip(self._optimisers, state.pop("optimisers"), strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds = state.pop("step"), state.pop("seconds")
        torch.manual_seed(self.options.seed + self.step)
        random.seed(self.options.seed + self.step)
        return state

    def save(self, metadata: dict[str, str], **more: Any) -> None:
        """Write the checkpoint, with `more` in it, and the averaged weights with `metadata`; each file is replaced atomically."""
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "step": self.step, "seconds": self.seconds}
        state["optimisers"] = [optimiser.state_dict() for optimiser in self._optimisers]
        partial = self.options.state.with_suffix(".partial")
        torch.save({**state, **more}, partial)
        partial.replace(self.options.state)
        weights = {name: value.half().contiguous() for name, value in self.average.state_dict().items()}
        partial = self.options.out.with_suffix(".partial")
        save_file(weights, partial, {"step": str(self.step), **metadata})
        partial.replace(self.options.out)

    def remaining(self) -> float:
        """1 until the cool-down begins, then falling linearly to 0 at the end."""
        done = max(self.step / self.options.steps, self.seconds / (60 * self.options.minutes))
        return min(1.0, max(1 - done, 0) * self.options.steps / max(1, self.options.cooldown))

    def update(self, loss: Tensor, clip: float, max_norm: float = float("inf")) -> float:
        """Take one step and return the gradient's norm.

        Args:
            clip: norm to which the gradient is clipped.
            max_norm: norm above which the training is about to diverge. The weights then go back to their average, and the optimisers lose
                their momentum.
        """
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                warm_up = min(1.0, (self.step + 1) / WARM_UP)
                group["lr"] = group.get("relative_rate", 1.0) * self.options.rate * warm_up * (self.remaining() + 0.01)
            optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip).item()
        if norm < max_norm:  # false for NaN too
            for optimiser in self._optimisers:
                optimiser.step()
        else:
            self.network.load_state_dict(self.average.state_dict())
            for optimiser in self._optimisers:
                optimiser.state.clear()
        self.step += 1
        self._update_average()
        return norm

    def _update_average(self) -> None:
        with torch.no_grad():
            weight = 1 - min(self._decay, (self.step + 1) / (self.step + 20))
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), weight)

    def train(self, advance: Callable[[], dict[str, float]], save: Callable[[], None]) -> None:
        """Advance, save and log until the steps or the minutes are used up. `advance` returns the terms of the loss."""
        torch.set_flush_denormal(True)
        for path in (self.options.out, self.options.state):
            path.parent.mkdir(parents=True, exist_ok=True)
        curve, log, saved = self.options.out.with_suffix(".curve.jsonl"), [], self.seconds
        while self.remaining():
            started = time.perf_counter()
            log.append(advance())
            self.seconds += time.perf_counter() - started
            if self.seconds - saved > SAVE_SECONDS or not self.remaining():
                save()
                saved = self.seconds
            if self.step % LOG_STEPS == 0 or not self.remaining():
                means = {name: round(sum(entry[name] for entry in log) / len(log), 4) for name in log[-1] if name in log[0]}
                with curve.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"step": self.step, "seconds": round(self.seconds), **means}) + "\n")
                print(self.step, f"{self.seconds:.0f} s", means, flush=True)
                log = []
