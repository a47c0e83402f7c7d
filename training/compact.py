"""Train the compact encoder: distil the teacher, also on the pictures that an optimiser visits.

    python -m training.compact --data FOLDER --steps 12000 --cooldown 3000 [--out FILE] [--state FILE] [--warm FILE]

The pictures that style transfer produces are found by descending gradients of the encoder itself. A student that only knows photos
is exploited there: the optimiser walks to inputs on which student and teacher differ, and the painting comes out dull and grainy. So
each batch holds augmented crops of photos and styles, and triplets of a painting, its style and its photo, where the painting is under
way by the engine's own optimiser with the present student as its encoder (`visited.py`).

The loss: relative squared errors of features; relative errors of Gram matrices; and, on the triplets, the errors of what the renderer
compares: Gram matrices of painting and style, features of painting and photo. What is common to both cancels out there, as it does in
the renderer. Where the teacher has heads back to VGG-19's channels, errors are taken there, so that the student learns what matters
among those many channels rather than what varies most among the teacher's few.

Muon (Jordan et al. 2024) for the 3x3 kernels, AdamW for the rest; a constant rate, then a linear cool-down; the weights are averaged.
"""

import argparse
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from nst.engine.compact import CHANNELS, CompactEncoder
from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from training.muon import Muon
from training.pictures import Pictures
from training.teacher import Teacher
from training.visited import Pool

# of the layers' feature errors; where the teacher has heads back to VGG-19's channels, the error there counts for 1 beside this
WEIGHTS = {"relu4_2": 1.5, "relu1_2": 0.25, "relu2_2": 0.25, "relu3_4": 0.5, "relu4_4": 0.5} | dict.fromkeys(STYLE_LAYERS, 0.5)
# side of a batch's pictures in pixels: (share of the steps, augmented crops, triplets)
BATCHES = {128: (0.55, 3, 3), 181: (0.25, 2, 1), 256: (0.20, 1, 1)}


@dataclass(frozen=True)
class Options:
    data: Path
    steps: int
    cooldown: int
    rate: float
    seed: int
    out: Path
    state: Path
    warm: Path | None


def parse() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with teacher/, photos/ and styles/")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--cooldown", type=int, default=3000, help="the last steps, in which the learning rate falls to zero")
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/compact.safetensors"), help="averaged weights, 16 bits")
    parser.add_argument("--state", type=Path, default=Path("build/compact.state.pt"), help="resumed from if it exists")
    parser.add_argument("--warm", type=Path, help="weights to start from instead of random ones")
    return Options(**vars(parser.parse_args()))


def gram(features: Tensor) -> Tensor:
    flat = features.flatten(2)  # (B, C, H*W)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def relative(difference: Tensor, reference: Tensor, floor: float) -> Tensor:
    """Norms of `difference` over those of `reference`, (B,)."""
    return (difference.flatten(1).square().sum(1) + floor**2).sqrt() / (reference.flatten(1).square().sum(1).sqrt() + floor)


def relative_square(difference: Tensor, reference: Tensor) -> Tensor:
    """Mean squares of `difference` over those of `reference`, (B,)."""
    return difference.square().mean((1, 2, 3)) / (reference.square().mean((1, 2, 3)) + 0.05)


class Trainer:
    def __init__(self, options: Options) -> None:
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.options, self.teacher, self.pictures = options, Teacher(options.data), Pictures(options.data)
        self.student, self.average = CompactEncoder(), CompactEncoder()
        self.student.initialise()
        self.scale: dict[str, float] = {}
        if options.warm:
            with safe_open(options.warm, "pt") as file:
                self.scale = json.loads(file.metadata()["scale"])
                self.student.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118 (no mapping)
        self.average.load_state_dict(self.student.state_dict())
        self.student.to(memory_format=torch.channels_last)
        kernels = [p for p in self.student.parameters() if p.ndim == 4 and p.shape[-1] == 3 and p.shape[1] > 3]
        others = [p for p in self.student.parameters() if not any(p is kernel for kernel in kernels)]
        self.optimisers = [Muon(kernels, rate=options.rate), torch.optim.AdamW(others, lr=options.rate, betas=(0.9, 0.98), weight_decay=0)]
        self.step, self.seconds = 0, 0.0
        self.pool: Pool | None = None
        if options.state.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.options.state, weights_only=True)
        self.student.load_state_dict(state["student"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.scale, self.step, self.seconds = state["scale"], state["step"], state["seconds"]
        torch.manual_seed(self.options.seed + self.step)
        random.seed(self.options.seed + self.step)

    def save(self) -> None:
        """Writes the state to resume from and the averaged weights, each by way of a temporary file."""
        state = {"student": self.student.state_dict(), "average": self.average.state_dict(), "scale": self.scale}
        state |= {"optimisers": [optimiser.state_dict() for optimiser in self.optimisers], "step": self.step, "seconds": self.seconds}
        partial = self.options.state.with_suffix(".partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, partial)
        partial.replace(self.options.state)
        weights = {name: value.half().contiguous() for name, value in self.average.state_dict().items()}
        partial = self.options.out.with_suffix(".partial")
        save_file(weights, partial, {"step": str(self.step), "scale": json.dumps(self.scale)})
        partial.replace(self.options.out)

    def rate(self) -> float:
        left = self.options.steps - self.step
        warm_up = min(1.0, (self.step + 1) / 150)
        return self.options.rate * warm_up * min(1.0, max(left, 0) / max(1, self.options.cooldown) + 0.01)

    def batch(self) -> tuple[Tensor, int]:
        """Pictures (B, 3, side, side) to learn from; the last ones are paintings, their styles and their photos, as many of each."""
        (side,) = random.choices(list(BATCHES), [share for share, _, _ in BATCHES.values()])
        _, crops, triplets = BATCHES[side]
        if self.step < 200 and not self.options.warm:  # a random student leads nowhere
            return self.pictures.augmented(crops + 3 * triplets, side), 0
        self.pool = self.pool or Pool(self.pictures, self.average)
        visited = self.pool.triplets(self.average, side, triplets)
        parts = [torch.stack([getattr(triplet, part) for triplet in visited]) for part in ("painting", "style", "photo")]
        return torch.cat([self.pictures.augmented(crops, side), *parts]), len(visited)

    def loss(self, x: Tensor, visited: int) -> tuple[Tensor, dict[str, float]]:
        targets = self.teacher.targets(x, CHANNELS)
        if not self.scale:
            self.scale = {name: targets[name].pow(2).mean().sqrt().item() for name in CHANNELS}
        total, log = torch.zeros(()), {}
        for name, features in self.student(x).items():
            target = targets[name] / self.scale[name]
            for kind, weight, term in self.comparisons(name, features, target, visited):
                total = total + weight * term.mean()
                log[f"{kind} {name}"] = term.detach().mean().item()
        return total, log

    def comparisons(self, name: str, features: Tensor, target: Tensor, visited: int) -> Iterator[tuple[str, float, Tensor]]:
        """(kind, weight, errors): of features, of Gram matrices, and of what the renderer will see: painting minus style, minus photo."""
        yield "feature", WEIGHTS.get(name, 1.0), relative_square(features - target, target)
        if visited and name in (CONTENT_LAYER, *STYLE_LAYERS[2:]):
            painting, _, photo = features.sub(target)[-3 * visited :].split(visited)
            moved = target[-3 * visited : -2 * visited] - target[-visited:]
            yield "content gap", 0.4 if name == CONTENT_LAYER else 0.1, relative(painting - photo, moved, 1e-1)
        if name not in STYLE_LAYERS:
            return
        lifted, wanted = (self.teacher.lifted(name, maps * self.scale[name]) for maps in (features, target))
        yield "lifted", 1.0, relative_square(lifted - wanted, wanted)
        grams, wanted_grams = (gram(lifted), gram(wanted)) if name in STYLE_LAYERS[2:] else (gram(features), gram(target))
        yield "gram", 0.15, relative(grams - wanted_grams, wanted_grams, 1e-3)
        if visited:
            painting, style, _ = grams.sub(wanted_grams)[-3 * visited :].split(visited)
            yield "style gap", 0.5, relative(painting - style, wanted_grams[-2 * visited : -visited], 1e-3)

    def advance(self) -> dict[str, float]:
        """One step: a batch, a loss, an update. Returns the relative errors by layer."""
        started = time.perf_counter()
        x, visited = self.batch()
        loss, errors = self.loss(x.contiguous(memory_format=torch.channels_last), visited)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.rate()
            optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.student.parameters(), 2.0)
        for optimiser in self.optimisers:
            optimiser.step()
        self.step += 1
        with torch.no_grad():
            fresh = 1 - min(0.998, (self.step + 1) / (self.step + 20))
            for mean, now in zip(self.average.parameters(), self.student.parameters(), strict=True):
                mean.lerp_(now, fresh)
        self.seconds += time.perf_counter() - started
        return errors


def main() -> None:
    options = parse()
    torch.set_flush_denormal(True)
    trainer, log = Trainer(options), []
    curve = options.out.with_suffix(".curve.jsonl")
    while trainer.step < options.steps:
        log.append(trainer.advance())
        if trainer.step % 100 == 0 or trainer.step == options.steps:
            means = {name: round(sum(entry[name] for entry in log) / len(log), 4) for name in log[0]}
            trainer.save()
            with curve.open("a") as file:
                file.write(json.dumps({"step": trainer.step, "seconds": round(trainer.seconds), **means}) + "\n")
            print(trainer.step, f"{trainer.seconds:.0f} s", means, flush=True)
            log = []


if __name__ == "__main__":
    main()
