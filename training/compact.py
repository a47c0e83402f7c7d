"""Train the compact encoder: distil the teacher, also on the pictures that the optimiser visits.

    python -m training.compact --data FOLDER [--steps N] [--cooldown N] [--minutes M] [--device D] [--out FILE] [--state FILE] [--warm FILE]

Style transfer finds its pictures with gradients of the encoder itself. A student that has only seen photos is exploited there: the
optimiser moves to inputs on which student and teacher differ, and the painting comes out dull and grainy. So each batch has augmented
crops of photos and styles, and triplets of a painting, its style and its photo, where the painting is under way by the engine's own
optimiser with the present student as its encoder (`trajectories.py`).

The loss: relative squared errors of features; relative errors of Gram matrices; and, on the triplets, errors of what the renderer compares:
the difference of Gram matrices of painting and style, and of features of painting and photo. An error that both have in common cancels
out, as it does in the renderer. Where the teacher has heads to VGG-19's channels, errors are taken there, so that the student learns what
matters among those many channels rather than what varies most among the teacher's few.
"""

import json
import random
from collections.abc import Iterator

import torch
from safetensors import safe_open
from torch import Tensor

from nst.engine.encoders.compact import CHANNELS, CompactEncoder
from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS
from training.crops import Crops
from training.loop import Options, TrainingLoop
from training.teacher import Teacher
from training.trajectories import TrajectoryPool

# Weights of the feature errors by layer, 1 for those not named. Style layers also have an error among VGG-19's channels, of weight 1.
FEATURE_WEIGHTS = {"relu4_2": 1.5, "relu1_2": 0.25, "relu2_2": 0.25, "relu3_4": 0.5, "relu4_4": 0.5} | dict.fromkeys(STYLE_LAYERS, 0.5)
# Weights of the other terms.
LIFTED_WEIGHT = 1.0
GRAM_WEIGHT = 0.15
STYLE_GAP_WEIGHT = 0.5
CONTENT_GAP_WEIGHT = 0.4
OTHER_GAP_WEIGHT = 0.1
# Steps without triplets at the beginning: trajectories of a random student are of no use.
STEPS_WITHOUT_TRIPLETS = 200
# Side of a batch's pictures in pixels: (share of the steps, augmented crops, triplets).
BATCHES = {128: (0.55, 3, 3), 181: (0.25, 2, 1), 256: (0.20, 1, 1)}


def gram(features: Tensor) -> Tensor:
    """Gram matrices (B, C, C) of features (B, C, H, W), divided by the number of positions."""
    flat = features.flatten(2)  # (B, C, H*W)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


def relative(difference: Tensor, reference: Tensor, floor: float) -> Tensor:
    """Norms of `difference` over those of `reference`, (B,), with a floor under both."""
    return (difference.flatten(1).square().sum(1) + floor**2).sqrt() / (reference.flatten(1).square().sum(1).sqrt() + floor)


def relative_square(difference: Tensor, reference: Tensor) -> Tensor:
    """Mean squares of `difference` over those of `reference`, (B,)."""
    return difference.square().mean((1, 2, 3)) / (reference.square().mean((1, 2, 3)) + 0.05)


class Trainer:
    def __init__(self, options: Options) -> None:
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.teacher, self.crops = Teacher(options.data, options.device), Crops(options.data)
        self.student, self.average = CompactEncoder(), CompactEncoder()
        self.scale: dict[str, float] = {}
        self.student.initialise()
        if options.warm:
            with safe_open(options.warm, "pt") as file:
                self.scale = json.loads(file.metadata()["scale"])
                self.student.load_state_dict({name: file.get_tensor(name).float() for name in file.keys()})  # noqa: SIM118 (no mapping)
        kernels = [p for p in self.student.parameters() if p.ndim == 4 and p.shape[-1] == 3 and p.shape[1] > 3]
        self.loop = TrainingLoop(options, self.student, self.average, kernels, decay=0.998)
        self.scale = self.loop.resume().get("scale", self.scale)
        self.pool = TrajectoryPool(self.crops, self.average, options.device)

    def save(self) -> None:
        self.loop.save({"scale": json.dumps(self.scale)}, scale=self.scale)

    def batch(self) -> tuple[Tensor, int]:
        """Pictures (B, 3, side, side) and the number n of triplets; the last 3 n are n paintings, their styles and their photos."""
        (side,) = random.choices(list(BATCHES), [share for share, _, _ in BATCHES.values()])
        _, crops, triplets = BATCHES[side]
        if self.loop.step < STEPS_WITHOUT_TRIPLETS and not self.loop.options.warm:
            return self.crops.augmented(crops + 3 * triplets, side).to(self.loop.options.device), 0
        visited = self.pool.triplets(self.average, side, triplets)
        parts = [torch.stack([getattr(triplet, part) for triplet in visited]) for part in ("painting", "style", "photo")]
        return torch.cat([self.crops.augmented(crops, side).to(self.loop.options.device), *parts]), len(visited)

    def loss(self, x: Tensor, triplets: int) -> tuple[Tensor, dict[str, float]]:
        targets = self.teacher.targets(x, CHANNELS)
        if not self.scale:
            self.scale = {name: targets[name].pow(2).mean().sqrt().item() for name in CHANNELS}
        total, log = torch.zeros(()), {}
        for name, features in self.student(x).items():
            target = targets[name] / self.scale[name]
            for kind, weight, term in self.terms(name, features, target, triplets):
                total = total + weight * term.mean()
                log[f"{kind} {name}"] = term.detach().mean().item()
        return total, log

    def terms(self, name: str, features: Tensor, target: Tensor, triplets: int) -> Iterator[tuple[str, float, Tensor]]:
        """Terms of the loss at a layer: (kind, weight, errors)."""
        yield "feature", FEATURE_WEIGHTS.get(name, 1.0), relative_square(features - target, target)
        if triplets and name in (CONTENT_LAYER, *STYLE_LAYERS[2:]):
            painting, _, photo = features.sub(target)[-3 * triplets :].split(triplets)
            moved = target[-3 * triplets : -2 * triplets] - target[-triplets:]
            weight = CONTENT_GAP_WEIGHT if name == CONTENT_LAYER else OTHER_GAP_WEIGHT
            yield "content gap", weight, relative(painting - photo, moved, 1e-1)
        if name not in STYLE_LAYERS:
            return
        lifted, wanted = (self.teacher.lifted(name, maps * self.scale[name]) for maps in (features, target))
        yield "lifted", LIFTED_WEIGHT, relative_square(lifted - wanted, wanted)
        grams, wanted_grams = (gram(lifted), gram(wanted)) if name in STYLE_LAYERS[2:] else (gram(features), gram(target))
        yield "gram", GRAM_WEIGHT, relative(grams - wanted_grams, wanted_grams, 1e-3)
        if triplets:
            painting, style, _ = grams.sub(wanted_grams)[-3 * triplets :].split(triplets)
            yield "style gap", STYLE_GAP_WEIGHT, relative(painting - style, wanted_grams[-2 * triplets : -triplets], 1e-3)

    def advance(self) -> dict[str, float]:
        """Take one step on one batch; return the relative errors by layer."""
        x, triplets = self.batch()
        loss, errors = self.loss(x.contiguous(memory_format=torch.channels_last), triplets)
        self.loop.update(loss, clip=2.0)
        return errors


def main() -> None:
    trainer = Trainer(Options.parse(__doc__.split("\n")[0], "compact", rate=1.5e-3))
    trainer.loop.train(trainer.advance, trainer.save)


if __name__ == "__main__":
    main()
