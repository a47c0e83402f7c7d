"""Train the compact encoder: distil the teacher, also on the pictures that an optimiser visits.

    python -m training.compact --data FOLDER [--steps N] [--cooldown N] [--minutes M] [--device D] [--out FILE] [--state FILE] [--warm FILE]

The pictures that style transfer produces are found by descending gradients of the encoder itself. A student that only knows photos
is exploited there: the optimiser walks to inputs on which student and teacher differ, and the painting comes out dull and grainy. So
each batch holds augmented crops of photos and styles, and triplets of a painting, its style and its photo, where the painting is under
way by the engine's own optimiser with the present student as its encoder (`visited.py`).

The loss: relative squared errors of features; relative errors of Gram matrices; and, on the triplets, the errors of what the renderer
compares: Gram matrices of painting and style, features of painting and photo. What is common to both cancels out there, as it does in
the renderer. Where the teacher has heads back to VGG-19's channels, errors are taken there, so that the student learns what matters
among those many channels rather than what varies most among the teacher's few.
"""

import json
import random
from collections.abc import Iterator

import torch
from safetensors import safe_open
from torch import Tensor

from nst.engine.compact import CHANNELS, CompactEncoder
from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from training.pictures import Pictures
from training.run import Options, Run
from training.teacher import Teacher
from training.visited import Pool

# of the layers' feature errors; where the teacher has heads back to VGG-19's channels, the error there counts for 1 beside this
WEIGHTS = {"relu4_2": 1.5, "relu1_2": 0.25, "relu2_2": 0.25, "relu3_4": 0.5, "relu4_4": 0.5} | dict.fromkeys(STYLE_LAYERS, 0.5)
# side of a batch's pictures in pixels: (share of the steps, augmented crops, triplets)
BATCHES = {128: (0.55, 3, 3), 181: (0.25, 2, 1), 256: (0.20, 1, 1)}


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
        self.teacher, self.pictures, self.scale = Teacher(options.data, options.device), Pictures(options.data), {}
        self.student, average = CompactEncoder(), CompactEncoder()
        self.student.initialise()
        if options.warm:
            with safe_open(options.warm, "pt") as file:
                self.scale = json.loads(file.metadata()["scale"])
                self.student.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118 (no mapping)
        kernels = [p for p in self.student.parameters() if p.ndim == 4 and p.shape[-1] == 3 and p.shape[1] > 3]
        self.run = Run(options, self.student, average, kernels, memory=0.998)
        self.scale: dict[str, float] = self.run.resume().get("scale", self.scale)
        self.pool = Pool(self.pictures, average, options.device)

    def save(self) -> None:
        self.run.save({"scale": json.dumps(self.scale)}, scale=self.scale)

    def batch(self) -> tuple[Tensor, int]:
        """Pictures (B, 3, side, side) to learn from; the last ones are paintings, their styles and their photos, as many of each."""
        (side,) = random.choices(list(BATCHES), [share for share, _, _ in BATCHES.values()])
        _, crops, triplets = BATCHES[side]
        if self.run.step < 200 and not self.run.options.warm:  # a random student leads nowhere
            return self.pictures.augmented(crops + 3 * triplets, side).to(self.run.options.device), 0
        visited = self.pool.triplets(self.run.average, side, triplets)
        parts = [torch.stack([getattr(triplet, part) for triplet in visited]) for part in ("painting", "style", "photo")]
        return torch.cat([self.pictures.augmented(crops, side).to(self.run.options.device), *parts]), len(visited)

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
        x, visited = self.batch()
        loss, errors = self.loss(x.contiguous(memory_format=torch.channels_last), visited)
        self.run.update(loss, clip=2.0)
        return errors


def main() -> None:
    trainer = Trainer(Options.parse(__doc__.split("\n")[0], "compact", rate=1.5e-3))
    trainer.run.train(trainer.advance, trainer.save)


if __name__ == "__main__":
    main()
