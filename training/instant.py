"""Train the instant network: any style on any photo, or on a coarse painting of it, by one pass.

    python -m training.instant --data FOLDER [--steps N] [--cooldown N] [--minutes M] [--device D] [--out FILE] [--state FILE] [--warm FILE]

A batch has crops of photos and as many of styles (`dataset.py`). The network runs on the styles, which gives their statistics at its WCT
layers, then on the photos with those statistics. As in the engine, noise is added to flat regions first, and some photos are replaced by an
upsampled coarse painting of them, as in quick and optimised paintings.

The loss compares features of the teacher: relative errors of Gram matrices against the style among VGG-19's channels, over whole pictures
and over their quarters, so that style is everywhere and not only where the photo is busy; relative squared error of relu4_2 against the
photo; and the reconstruction of the styles where nothing is transferred. At a lower strength the style counts for less and the photo for
more.

The pictures in `training/held_out.txt` are never trained on (see `evaluate.py`).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.encoders.registry import CONTENT_LAYER, STYLE_LAYERS
from nst.engine.instant.network import STRIDE, WIDTHS, FeatureMap, InstantNetwork, WctLayer
from nst.engine.instant.statistics import FeatureStatistics, feature_statistics
from nst.engine.instant.stylizer import NOISE
from nst.engine.instant.wct import identity_map, style_map
from nst.engine.noise import add_noise_to_flat, multiscale_noise
from nst.engine.tensors import upsample_with_detail
from training.dataset import BatchSpec, PairDataset, add_grain, load_batches
from training.loop import Options, TrainingLoop
from training.teacher import Teacher

# Side of a batch's pictures in pixels: (share of the steps, pairs in a batch).
Batches = dict[int, tuple[float, int]]
BATCHES: dict[str, Batches] = {
    "cpu": {128: (0.5, 4), 192: (0.5, 2)},
    "cuda": {256: (0.5, 48), 384: (0.3, 24), 512: (0.2, 12)},
}
# Those of the cool-down's second half, which are larger: statistics of deep layers describe large structures.
LAST_BATCHES: dict[str, Batches] = {
    "cpu": {192: (0.4, 2), 256: (0.4, 2), 384: (0.2, 1)},
    "cuda": {256: (0.25, 48), 384: (0.35, 24), 512: (0.4, 12)},
}
# Share of the steps that paint at strength 1; the others paint at a random one from `MIN_STRENGTH`. Weaker paintings are nearly the photo.
FULL_STRENGTH_SHARE = 0.5
MIN_STRENGTH = 0.3
# Share of the steps that paint over a coarse painting, and how many times smaller that is.
COARSE_SHARE = 0.4
COARSE_FACTOR = 2.83
# Number of parts of a picture along each side whose Gram matrices are compared, beside the whole picture's.
PARTS = 2
# Steps in which random weights learn features and reconstruction, before they transfer styles.
PRETRAINING_STEPS = 1500
# Mean square of content features below which it is taken to be this: the relative error of a flat crop would dominate all others.
MIN_CONTENT_ENERGY = 3.0
# Norm of the gradient above which the network goes back to its average; most are below 10.
MAX_GRADIENT_NORM = 200.0
# WCT layer: (layer of the teacher at the same resolution, its channels).
DISTILLED = {"skip4": ("relu3_1", 64), "skip8": ("relu4_1", 128), "skip16": ("relu5_1", 128)}


@dataclass(frozen=True)
class LossWeights:
    """Weights of the loss's terms, relative to the style's.

    Attributes:
        content: relative squared error of the content features, at strength 1.
        reconstruction: mean squared error of the reconstructed styles.
        out_of_range: mean squared distance of the paintings' values from [0, 1].
        distillation: error of the distillation heads.
        parts: share of the style's weight that parts of a picture have, from 0 to 1.
    """

    content: float = 0.17
    reconstruction: float = 10.0
    out_of_range: float = 5.0
    distillation: float = 0.5
    parts: float = 0.5


WEIGHTS = LossWeights()


class DistillationHeads(nn.Module):
    """1x1 convolutions that predict the teacher's features from the network's; used in the training only.

    WCT layers exchange statistics, which mean little as long as the features do. Predicting the teacher's features is learnt from every
    position, whereas a painting's statistics give one error for each picture.
    """

    def __init__(self) -> None:
        super().__init__()
        _, *widths = WIDTHS
        self.heads = nn.ModuleDict({name: nn.Conv2d(width, DISTILLED[name][1], 1) for name, width in zip(DISTILLED, widths, strict=True)})

    def forward(self, features: Mapping[str, Tensor], targets: Mapping[str, Tensor]) -> Tensor:
        """Mean relative squared error of the predictions.

        Args:
            features: of the network, by WCT layer.
            targets: the teacher's features by layer.
        """
        errors = []
        for name, (layer, _) in DISTILLED.items():
            predicted = self.heads[name](features[name]).relu().float()
            errors.append((predicted - targets[layer]).square().mean() / targets[layer].square().mean())
        return torch.stack(errors).mean()


@dataclass(frozen=True)
class Targets:
    """Content features of the photos (B, C, h, w), and Gram matrices of the styles by layer, each (B, PARTS², C, C)."""

    content: Tensor
    grams: list[Tensor]


class StyleContentLoss:
    """The perceptual loss, in features of the teacher."""

    def __init__(self, data: Path, device: torch.device) -> None:
        self._teacher = Teacher(data, device)

    def gram_matrices(self, features: dict[str, Tensor], offset: tuple[int, int]) -> list[Tensor]:
        """Gram matrices (B, PARTS², C, C) of parts of pictures among VGG-19's channels, by layer.

        Args:
            offset: first row and column of the two finest layers, of which every other row and column is used.
        """
        grams = []
        down, across = offset
        for name in STYLE_LAYERS:
            sample = features[name][..., down::2, across::2] if name in STYLE_LAYERS[:2] else features[name]
            lifted = self._teacher.lifted(name, sample)
            parts = [part for row in lifted.tensor_split(PARTS, 2) for part in row.tensor_split(PARTS, 3)]
            flat = [part.permute(0, 2, 3, 1).flatten(1, 2) for part in parts]  # (B, h*w, C)
            grams.append(torch.stack([(x.transpose(1, 2) @ x).float() / x.shape[1] for x in flat], 1))
        return grams

    @torch.no_grad()
    def style_features(self, styles: Tensor) -> dict[str, Tensor]:
        """The teacher's features of styles (B, 3, H, W) at the style layers."""
        features: dict[str, Tensor] = self._teacher(styles, STYLE_LAYERS)
        return features

    @torch.no_grad()
    def targets(self, photos: Tensor, style_features: dict[str, Tensor]) -> Targets:
        offset = (random.randrange(2), random.randrange(2))
        return Targets(self._teacher(photos, [CONTENT_LAYER])[CONTENT_LAYER], self.gram_matrices(style_features, offset))

    def errors(self, paintings: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
        """Relative errors of Gram matrices, by layer (5,), and the relative squared error of the content."""
        features = self._teacher(paintings, (*STYLE_LAYERS, CONTENT_LAYER))
        grams = self.gram_matrices(features, (random.randrange(2), random.randrange(2)))
        style = torch.stack([style_error(gram, target.mean(1, keepdim=True)) for gram, target in zip(grams, targets.grams, strict=True)])
        energy = targets.content.float().square().mean((1, 2, 3)).clamp(min=MIN_CONTENT_ENERGY)
        content = (features[CONTENT_LAYER] - targets.content).float().square().mean((1, 2, 3)) / energy
        return style, content.mean()


def style_error(grams: Tensor, target: Tensor) -> Tensor:
    """Relative error of the Gram matrices of parts (B, N, C, C) against a style's (B, 1, C, C): of their mean, and of each."""
    norm = target.flatten(2).norm(dim=2)
    whole, parts = ((found - target).flatten(2).norm(dim=2) / norm for found in (grams.mean(1, keepdim=True), grams))
    return (1 - WEIGHTS.parts) * whole.mean() + WEIGHTS.parts * parts.mean()


def transfer(code: Mapping[str, FeatureStatistics], strength: float) -> WctLayer:
    """WCT layers that go `strength` of the way to the statistics of a style."""

    def wct(layer: str, features: Tensor) -> FeatureMap:
        source = feature_statistics(features)
        return identity_map(layer, source).lerp(style_map(layer, source, code[layer]), strength)

    return wct


class Trainer:
    def __init__(self, options: Options) -> None:
        torch.manual_seed(options.seed)
        random.seed(options.seed)
        self.style_content_loss, self.network = StyleContentLoss(options.data, options.device), InstantNetwork()
        self.network.initialise()
        self.pretraining_steps = 0 if options.warm else PRETRAINING_STEPS
        self.heads = DistillationHeads().to(options.device)
        self.heads_optimiser = torch.optim.AdamW(self.heads.parameters(), lr=2e-3, weight_decay=0)
        if options.warm:
            self.network.load_state_dict({name: value.float() for name, value in load_file(options.warm).items()})
        gates = (self.network.gate8, self.network.gate4, self.network.gate2)
        fast = [p for gate in gates for p in gate.parameters()]
        kernels = [p for p in self.network.parameters() if p.ndim == 4 and not any(p is other for other in fast)]
        self.loop = TrainingLoop(options, self.network, InstantNetwork(), kernels, decay=0.995, fast=fast)
        state = self.loop.resume()
        if state:
            self.heads.load_state_dict(state["heads"])
            self.heads_optimiser.load_state_dict(state["heads_optimiser"])
        torch.backends.cudnn.benchmark = True
        self._random = random.Random(options.seed + self.loop.step)
        self._batches = load_batches(PairDataset(options.data), options.device, self._next_batch)

    def _next_batch(self) -> BatchSpec:
        kind = self.loop.options.device.type
        batches = (BATCHES if self.loop.remaining() > 0.5 else LAST_BATCHES)[kind if kind in BATCHES else "cpu"]
        side = self._random.choices(list(batches), [share for share, _ in batches.values()])[0]
        return BatchSpec(side, batches[side][1], self._random.getrandbits(32))

    def save(self) -> None:
        self.loop.save({}, heads=self.heads.state_dict(), heads_optimiser=self.heads_optimiser.state_dict())

    def advance(self) -> dict[str, float]:
        """Take one step on one batch; return the terms of the loss."""
        self.heads_optimiser.zero_grad()
        terms = self.pretraining_step() if self.loop.step < self.pretraining_steps else self.transfer_step()
        self.heads_optimiser.step()
        return terms

    def pretraining_step(self) -> dict[str, float]:
        """Learn features and reconstruction, without a transfer of style."""
        photos, _, styles = next(self._batches)
        pictures = torch.cat([photos, styles])
        with torch.autocast(self.loop.options.device.type, torch.bfloat16):
            features = self.network.encode(pictures)
            distillation = self.heads(features, self.style_content_loss.style_features(pictures))
            decoded = self.network.decode(features, lambda layer, x: identity_map(layer, feature_statistics(x)))
            reconstruction = F.mse_loss(self.network.to_rgb(decoded).float(), pictures)
        self.loop.update(WEIGHTS.reconstruction * reconstruction + WEIGHTS.distillation * distillation, clip=5.0)
        return {"distillation": distillation.item(), "reconstruction": reconstruction.item()}

    def transfer_step(self) -> dict[str, float]:
        """Learn to paint photos in styles."""
        photos, degradation, styles = next(self._batches)
        strength = 1.0 if random.random() < FULL_STRENGTH_SHARE else random.uniform(MIN_STRENGTH, 1)
        with torch.autocast(self.loop.options.device.type, torch.bfloat16):
            loss, terms = self.loss(photos, degradation, styles, strength)
        norm = self.loop.update(loss, clip=5.0, max_norm=MAX_GRADIENT_NORM)
        return terms | {"gradient_norm": norm}

    def noisy(self, photos: Tensor, min_std: float) -> Tensor:
        """Photos (B, 3, H, W) with noise as the engine adds it, each with a random seed."""
        size = (photos.shape[-2], photos.shape[-1])
        noise = torch.cat([multiscale_noise(size, random.getrandbits(32), photos.device) for _ in photos])
        return add_noise_to_flat(photos, noise, min_std).contiguous(memory_format=torch.channels_last)

    @torch.no_grad()
    def coarse(self, photos: Tensor, code: Mapping[str, FeatureStatistics], strength: float) -> Tensor:
        """Upsampled coarse paintings of photos (B, 3, H, W) by the averaged network, which look much like those of a few steps."""
        sides = [max(2 * STRIDE, round(side / COARSE_FACTOR / STRIDE) * STRIDE) for side in photos.shape[-2:]]
        small = F.interpolate(photos, sides, mode="bilinear", antialias=True).clamp(0, 1)
        painting = self.loop.average(self.noisy(small, NOISE * strength), transfer(code, strength)).float().clamp(0, 1)
        return upsample_with_detail(painting, small, photos)

    def loss(self, photos: Tensor, degradation: Tensor, styles: Tensor, strength: float) -> tuple[Tensor, dict[str, float]]:
        """The loss and its terms by name."""
        code: dict[str, FeatureStatistics] = {}
        inputs: dict[str, Tensor] = {}

        def record(layer: str, features: Tensor) -> FeatureMap:
            code[layer] = feature_statistics(features)
            # Heads that are not trained yet would spoil the weights of a warm start.
            inputs[layer] = features.detach() if self.loop.options.warm else features
            return identity_map(layer, code[layer])

        reconstructed = self.network(styles, record).float()
        is_coarse = random.random() < COARSE_SHARE
        start = self.coarse(photos + degradation, code, strength) if is_coarse else add_grain(photos + degradation)
        level = NOISE * strength**2 * (random.uniform(0, 1) if is_coarse else 1.0)
        paintings = self.network(self.noisy(start, level), transfer(code, strength)).float()
        style_features = self.style_content_loss.style_features(styles)
        distillation = self.heads(inputs, style_features)
        style, content = self.style_content_loss.errors(paintings, self.style_content_loss.targets(photos, style_features))
        reconstruction = F.mse_loss(reconstructed, styles)
        out_of_range = (paintings - paintings.clamp(0, 1)).square().mean()
        total = strength * style.mean() + WEIGHTS.content / strength * content + WEIGHTS.reconstruction * reconstruction
        total = total + WEIGHTS.out_of_range * out_of_range + WEIGHTS.distillation * distillation
        terms = {"style": style.mean(), "content": content, "reconstruction": reconstruction, "out_of_range": out_of_range}
        terms |= {"distillation": distillation, **dict(zip(STYLE_LAYERS, style, strict=True))}
        return total, {name: term.item() for name, term in terms.items()}


def main() -> None:
    trainer = Trainer(Options.parse(__doc__.split("\n")[0], "instant", rate=7e-4))
    trainer.loop.train(trainer.advance, trainer.save)


if __name__ == "__main__":
    main()
