"""Train the instant network: any style on any photo by one pass.

    python -m training.instant --data FOLDER --steps 12000 --cooldown 3000 [--out FILE] [--state FILE] [--warm FILE]

A batch holds crops of photos and as many of styles: paintings of the data folder, the bundled drawn styles, photos taken for styles,
blends, with their colours turned, so that 60 pictures pass for many more. The network runs on the styles alone, which leaves
their moments at its stations, then on the photos, which are given those moments.

The loss is in the teacher's features: relative errors of Gram matrices against the style among VGG-19's channels, relative squared error
of relu4_2 against the photo, and how well the styles are reproduced where nothing is transferred. The weight of the content follows
its error: it is whatever keeps that error at `CONTENT`, so that the two are not traded by hand.

`training/held_out.txt` names pictures that are never trained on (see `benchmarks/held_out.py`).
"""

import argparse
import json
import math
import random
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional as F

from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from nst.engine.instant import InstantNetwork, Statistics, statistics, transport
from training.muon import Muon
from training.pictures import Pictures
from training.teacher import Teacher

HELD_OUT = Path(__file__).with_name("held_out.txt")
DRAWN = Path(__file__).parents[1] / "nst/styles/pictures"
# side of a batch's pictures in pixels: (share of the steps, pairs)
BATCHES = {192: (0.6, 2), 256: (0.4, 1)}
LAST_BATCHES = {256: (0.6, 2), 384: (0.4, 1)}
"""Those of the cool-down: statistics of deep layers are about large structures."""
CONTENT = 0.62
RECONSTRUCTION, EXCESS = 10.0, 5.0
LEAST_ENERGY = 3.0
"""Mean square of content features below which a crop counts as flat: its relative error would drown all others."""


LARGEST_NORM = 20.0
"""Of a gradient; most are near 3. Beyond it the network is about to diverge, and goes back to its average."""


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
    precise: bool


def parse() -> Options:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder with teacher/, photos/ and styles/")
    parser.add_argument("--steps", type=int, default=12000)
    parser.add_argument("--cooldown", type=int, default=3000, help="the last steps, in which the learning rate falls to zero")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("build/instant.safetensors"), help="averaged weights, 16 bits")
    parser.add_argument("--state", type=Path, default=Path("build/instant.state.pt"), help="resumed from if it exists")
    parser.add_argument("--warm", type=Path, help="weights to start from instead of random ones")
    parser.add_argument("--precise", action="store_true", help="compute in single precision, where bfloat16 is slow")
    return Options(**vars(parser.parse_args()))


class Pairs:
    """Photos and styles to learn from."""

    def __init__(self, data: Path) -> None:
        self._pictures = Pictures(data, HELD_OUT.read_text().split())
        self._styles = self._pictures.styles + sorted(DRAWN.glob("*.jpg"))

    def batch(self, count: int, side: int) -> tuple[Tensor, Tensor]:
        """Photos and styles, each (count, 3, side, side) in [0, 1]."""
        photos = torch.stack([self._pictures.crop(self._pictures.photos, side, least=0.4) for _ in range(count)])
        styles = torch.stack([self._style(side) for _ in range(count)])
        blended = styles.lerp(styles.roll(1, 0), torch.rand(count, 1, 1, 1) * 0.5)
        styles = torch.where(torch.rand(count, 1, 1, 1) < 0.08, blended, styles)
        return recoloured(photos, 0.2), recoloured(styles, 0.5)

    def _style(self, side: int) -> Tensor:
        crop = self._pictures.crop(self._pictures.photos if random.random() < 0.15 else self._styles, side, least=0.4)
        return crop.transpose(1, 2) if random.random() < 0.3 else crop


def recoloured(x: Tensor, share: float) -> Tensor:
    """`share` of the pictures x (B, 3, H, W) with their hues turned, and other saturation, contrast and brightness."""
    count = len(x)
    angle, saturation = torch.rand(count) * 2 * math.pi, torch.empty(count).uniform_(0.5, 1.4)
    axis = torch.full((3, 3), 1 / 3)
    cross = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]]) / math.sqrt(3)
    turn = (torch.eye(3) - axis) * angle.cos()[:, None, None] + cross * angle.sin()[:, None, None]
    matrix = axis + saturation[:, None, None] * turn
    contrast, light = torch.empty(count, 1, 1, 1).uniform_(0.7, 1.4), torch.empty(count, 1, 1, 1).uniform_(-0.15, 0.15)
    other = torch.einsum("bij,bjhw->bihw", matrix, x)
    mean = other.mean((1, 2, 3), keepdim=True)
    other = ((other - mean) * contrast + mean + light).clamp(0, 1)
    return torch.where(torch.rand(count, 1, 1, 1) < share, other, x)


class Judge:
    """The loss."""

    def __init__(self, data: Path) -> None:
        self._teacher = Teacher(data)
        self._teacher.weights = {
            name: value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value
            for name, value in self._teacher.weights.items()
        }

    def grams(self, features: dict[str, Tensor], lattice: tuple[int, int]) -> list[Tensor]:
        """Gram matrices (B, C, C) among VGG-19's channels; of the two finest layers at every other row and column, from `lattice` on."""
        grams = []
        down, across = lattice
        for name in STYLE_LAYERS:
            sample = features[name][..., down::2, across::2] if name in STYLE_LAYERS[:2] else features[name]
            flat = self._teacher.lifted(name, sample).permute(0, 2, 3, 1).flatten(1, 2)  # (B, H*W, C)
            grams.append((flat.transpose(1, 2) @ flat).float() / flat.shape[1])
        return grams

    def targets(self, photos: Tensor, styles: Tensor) -> tuple[Tensor, list[Tensor]]:
        with torch.no_grad():
            lattice = (random.randrange(2), random.randrange(2))
            return self._teacher(photos, [CONTENT_LAYER])[CONTENT_LAYER], self.grams(self._teacher(styles, STYLE_LAYERS), lattice)

    def errors(self, paintings: Tensor, targets: tuple[Tensor, list[Tensor]]) -> tuple[Tensor, Tensor]:
        """Relative errors of Gram matrices, by layer (5,), and the relative squared error of the content."""
        features = self._teacher(paintings, (*STYLE_LAYERS, CONTENT_LAYER))
        kept, wanted = targets
        style = torch.stack(
            [
                ((gram - target).flatten(1).norm(dim=1) / target.flatten(1).norm(dim=1)).mean()
                for gram, target in zip(self.grams(features, (random.randrange(2), random.randrange(2))), wanted, strict=True)
            ]
        )
        energy = kept.float().square().mean((1, 2, 3)).clamp(min=LEAST_ENERGY)
        content = (features[CONTENT_LAYER] - kept).float().square().mean((1, 2, 3)) / energy
        return style, content.mean()


class Trainer:
    def __init__(self, options: Options) -> None:
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.options, self.judge, self.pairs = options, Judge(options.data), Pairs(options.data)
        self.network, self.average = InstantNetwork(), InstantNetwork()
        self.network.initialise()
        if options.warm:
            self.network.load_state_dict({name: value.float() for name, value in load_file(options.warm).items()})
        self.average.load_state_dict(self.network.state_dict())
        self.network.to(memory_format=torch.channels_last)
        kernels = [p for p in self.network.parameters() if p.ndim == 4]
        others = [p for p in self.network.parameters() if p.ndim != 4]
        self.optimisers = [Muon(kernels, rate=options.rate), torch.optim.AdamW(others, lr=options.rate, betas=(0.9, 0.98), weight_decay=0)]
        self.step, self.seconds, self.content_weight, self.returns = 0, 0.0, 0.3, 0
        if options.state.exists():
            self._resume()

    def _resume(self) -> None:
        state = torch.load(self.options.state, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds, self.content_weight = state["step"], state["seconds"], state["content_weight"]
        torch.manual_seed(self.options.seed + self.step)
        random.seed(self.options.seed + self.step)

    def save(self) -> None:
        """Writes the state to resume from and the averaged weights, each by way of a temporary file."""
        state = {"network": self.network.state_dict(), "average": self.average.state_dict(), "content_weight": self.content_weight}
        state |= {"optimisers": [optimiser.state_dict() for optimiser in self.optimisers], "step": self.step, "seconds": self.seconds}
        partial = self.options.state.with_suffix(".partial")
        partial.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, partial)
        partial.replace(self.options.state)
        weights = {name: value.half().contiguous() for name, value in self.average.state_dict().items()}
        partial = self.options.out.with_suffix(".partial")
        save_file(weights, partial, {"step": str(self.step)})
        partial.replace(self.options.out)

    def left(self) -> float:
        """From 1 at the cool-down's beginning, and before it, to 0 at its end."""
        return min(1.0, max(self.options.steps - self.step, 0) / max(1, self.options.cooldown))

    def advance(self) -> dict[str, float]:
        """One step: a batch, a loss, an update. Returns the terms of the loss."""
        started = time.perf_counter()
        batches = BATCHES if self.left() == 1 else LAST_BATCHES
        (side,) = random.choices(list(batches), [share for share, _ in batches.values()])
        photos, styles = (x.contiguous(memory_format=torch.channels_last) for x in self.pairs.batch(batches[side][1], side))
        with torch.autocast("cpu", torch.bfloat16, enabled=not self.options.precise):
            loss, terms = self.loss(photos, styles)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self.options.rate * min(1.0, (self.step + 1) / 100) * (self.left() + 0.01)
            optimiser.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if norm < LARGEST_NORM:  # false for NaN too
            for optimiser in self.optimisers:
                optimiser.step()
        else:
            self._go_back()
        self.step += 1
        self.content_weight *= math.exp(0.005 * max(-1.0, min(1.0, terms["content"] / CONTENT - 1)))
        with torch.no_grad():
            fresh = 1 - min(0.995, (self.step + 1) / (self.step + 20))
            for mean, now in zip(self.average.parameters(), self.network.parameters(), strict=True):
                mean.lerp_(now, fresh)
        self.seconds += time.perf_counter() - started
        return terms | {"weight": self.content_weight, "norm": norm.item(), "returns": self.returns}

    def _go_back(self) -> None:
        """To the average, without momentum: whitening by a covariance that has become ill-conditioned amplifies whatever follows."""
        self.network.load_state_dict(self.average.state_dict())
        for optimiser in self.optimisers:
            optimiser.state.clear()
        self.returns += 1

    def loss(self, photos: Tensor, styles: Tensor) -> tuple[Tensor, dict[str, float]]:
        code: dict[str, Statistics] = {}

        def record(name: str, features: Tensor) -> Tensor:
            code[name] = statistics(features)
            return features

        def match(name: str, features: Tensor) -> Tensor:
            return transport(statistics(features), code[name])(features)

        reproduced = self.network(styles, record).float()
        paintings = self.network(photos, match).float()
        style, content = self.judge.errors(paintings, self.judge.targets(photos, styles))
        reconstruction = F.mse_loss(reproduced, styles)
        excess = (paintings - paintings.clamp(0, 1)).square().mean()
        total = style.mean() + self.content_weight * content + RECONSTRUCTION * reconstruction + EXCESS * excess
        terms = {"style": style.mean().item(), "content": content.item(), "reconstruction": reconstruction.item(), "excess": excess.item()}
        return total, terms | {name: value.item() for name, value in zip(STYLE_LAYERS, style, strict=True)}


def main() -> None:
    options = parse()
    torch.set_flush_denormal(True)
    trainer, log = Trainer(options), []
    curve = options.out.with_suffix(".curve.jsonl")
    while trainer.step < options.steps:
        log.append(trainer.advance())
        if trainer.step % 20 == 0:
            trainer.save()
        if trainer.step % 100 == 0 or trainer.step == options.steps:
            means = {name: round(sum(entry[name] for entry in log) / len(log), 4) for name in log[0]}
            trainer.save()
            with curve.open("a") as file:
                file.write(json.dumps({"step": trainer.step, "seconds": round(trainer.seconds), **means}) + "\n")
            print(trainer.step, f"{trainer.seconds:.0f} s", means, flush=True)
            log = []


if __name__ == "__main__":
    main()
