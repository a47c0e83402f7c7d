"""What every training here has in common: two optimisers, averaged weights, a rate that cools down, a state to resume from, a curve.

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

WARM_UP = 100
QUICK = 4.0
"""Times the rate, for parameters so few that they would lag behind all others. With ten they ran to their ends."""
_SAVED, _TOLD = 20, 100  # seconds, steps


@dataclass(frozen=True)
class Options:
    """What can be said on the command line of any training."""

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
        parser.add_argument("--data", type=Path, required=True, help="folder with teacher/, photos/ and styles/")
        parser.add_argument("--device", type=torch.device, default=best_device(), help="cpu or cuda; by default the best that there is")
        parser.add_argument("--steps", type=int, default=12000)
        parser.add_argument("--minutes", type=float, default=math.inf, help="fewer steps where they would take longer")
        parser.add_argument(
            "--cooldown",
            type=int,
            default=3000,
            help="the last steps, or as large a share of the minutes: the learning rate falls to zero",
        )
        parser.add_argument("--rate", type=float, default=rate)
        parser.add_argument("--seed", type=int, default=0)
        parser.add_argument("--out", type=Path, default=Path(f"build/{name}.safetensors"), help="averaged weights, 16 bits")
        parser.add_argument("--state", type=Path, default=Path(f"build/{name}.state.pt"), help="resumed from if it exists")
        parser.add_argument("--warm", type=Path, help="weights to start from instead of random ones")
        return cls(**vars(parser.parse_args()))


class Run:
    """A network in training.

    Attributes:
        step: how many there have been.
        seconds: that they have taken, over all resumptions.
        average: the network with its weights averaged over the last steps: what is published.
    """

    def __init__(
        self,
        options: Options,
        network: nn.Module,
        average: nn.Module,
        kernels: Iterable[nn.Parameter],
        memory: float,
        quick: Iterable[nn.Parameter] = (),
    ) -> None:
        """`kernels` are Muon's; `memory` is what of the average is kept from one step to the next, once there have been many; `quick` are
        others that learn `QUICK` times as fast."""
        average.load_state_dict(network.state_dict())
        self.options, self.average = options, average.to(options.device)
        self.network = network.to(options.device).to(memory_format=torch.channels_last)
        self.step, self.seconds, self._memory = 0, 0.0, memory
        kernels, quick = list(kernels), list(quick)
        others = [p for p in network.parameters() if not any(p is other for other in kernels + quick)]
        groups = [{"params": others, "pace": 1.0}, {"params": quick, "pace": QUICK}]
        self._optimisers = [Muon(kernels, rate=options.rate), torch.optim.AdamW(groups, lr=options.rate, betas=(0.9, 0.98), weight_decay=0)]

    def resume(self) -> dict[str, Any]:
        """Goes on from the state's file; what `save` was given besides. Empty where there is none."""
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
        """Writes the state to resume from, with `more` in it, and the averaged weights, each by way of a temporary file."""
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "step": self.step, "seconds": self.seconds}
        state["optimisers"] = [optimiser.state_dict() for optimiser in self._optimisers]
        partial = self.options.state.with_suffix(".partial")
        torch.save({**state, **more}, partial)
        partial.replace(self.options.state)
        weights = {name: value.half().contiguous() for name, value in self.average.state_dict().items()}
        partial = self.options.out.with_suffix(".partial")
        save_file(weights, partial, {"step": str(self.step), **metadata})
        partial.replace(self.options.out)

    def left(self) -> float:
        """From 1 at the cool-down's beginning, and before it, to 0 at its end."""
        done = max(self.step / self.options.steps, self.seconds / (60 * self.options.minutes))
        return min(1.0, max(1 - done, 0) * self.options.steps / max(1, self.options.cooldown))

    def update(self, loss: Tensor, clip: float, largest: float = float("inf")) -> float:
        """One step against the loss's gradient, whose norm is clipped, and is answered. Beyond `largest` it goes back instead.

        Back is to the average, and without momentum: who has met such a gradient is about to diverge.
        """
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = group.get("pace", 1.0) * self.options.rate * min(1.0, (self.step + 1) / WARM_UP) * (self.left() + 0.01)
            optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), clip).item()
        if norm < largest:  # false for NaN too
            for optimiser in self._optimisers:
                optimiser.step()
        else:
            self.network.load_state_dict(self.average.state_dict())
            for optimiser in self._optimisers:
                optimiser.state.clear()
        self.step += 1
        self._average()
        return norm

    def _average(self) -> None:
        with torch.no_grad():
            fresh = 1 - min(self._memory, (self.step + 1) / (self.step + 20))
            torch._foreach_lerp_(list(self.average.parameters()), list(self.network.parameters()), fresh)

    def train(self, advance: Callable[[], dict[str, float]], save: Callable[[], None]) -> None:
        """Advances, saves and tells until there have been enough steps or minutes. `advance` answers with the terms of the loss."""
        torch.set_flush_denormal(True)
        for path in (self.options.out, self.options.state):
            path.parent.mkdir(parents=True, exist_ok=True)
        curve, log, saved = self.options.out.with_suffix(".curve.jsonl"), [], self.seconds
        while self.left():
            started = time.perf_counter()
            log.append(advance())
            self.seconds += time.perf_counter() - started
            if self.seconds - saved > _SAVED or not self.left():
                save()
                saved = self.seconds
            if self.step % _TOLD == 0 or not self.left():
                means = {name: round(sum(entry[name] for entry in log) / len(log), 4) for name in log[-1] if name in log[0]}
                with curve.open("a") as file:
                    file.write(json.dumps({"step": self.step, "seconds": round(self.seconds), **means}) + "\n")
                print(self.step, f"{self.seconds:.0f} s", means, flush=True)
                log = []
