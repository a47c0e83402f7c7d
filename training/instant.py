"""Train the instant network: any style on any photo by one pass.

    python -m training.instant --data FOLDER [--steps N] [--cooldown N] [--minutes M] [--device D] [--out FILE] [--state FILE] [--warm FILE]

A batch holds crops of photos and as many of styles (`training/pairs.py`). The network runs on the styles alone, which leaves their moments
at its stations, then on the photos, which are given those moments.

The loss is in the teacher's features: relative errors of Gram matrices against the style among VGG-19's channels, relative squared error
of relu4_2 against the photo, and how well the styles are reproduced where nothing is transferred. Places that are calm in the photo are
asked to stay so, and the network to tell where it is plain (`training/calm.py`): there its pixels are seen in colours of the style, which
nothing else is to contradict. At a lower strength the style counts for less and the photo for more.

`training/held_out.txt` names pictures that are never trained on (see `training/judge.py`).
"""

import random
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from nst.engine.instant import WIDTHS, InstantNetwork, Statistics, joined, statistics, transferred, unchanged
from nst.engine.palette import looked_up, palette, table
from training.calm import contours, plainness, unrest
from training.pairs import Batch, Pairs, grainy, loaded
from training.run import Options, Run
from training.teacher import Teacher

# side of a batch's pictures in pixels: (share of the steps, pairs)
Batches = dict[int, tuple[float, int]]
BATCHES: dict[str, Batches] = {
    "cpu": {192: (0.6, 2), 256: (0.4, 1)},
    "cuda": {256: (0.5, 48), 384: (0.3, 24), 512: (0.2, 12)},
}
LAST_BATCHES: dict[str, Batches] = {
    "cpu": {256: (0.65, 1), 384: (0.35, 1)},
    "cuda": {256: (0.25, 48), 384: (0.35, 24), 512: (0.4, 12)},
}
"""Those of the cool-down's second half: statistics of deep layers are about large structures."""
CONTENT, RECONSTRUCTION, EXCESS, BLINDNESS, UNREST, CONTOURS, PLAIN, TONES = 0.17, 10.0, 5.0, 0.5, 4.0, 150.0, 2.0, 10.0
"""Weights of what counts beside the style."""
FULL, WEAKEST = 0.5, 0.3
"""Share of the steps that paint at strength 1; the others at any from the weakest on. Below it, a painting is nearly the photo."""
LOOKING = 2000
"""Steps in which random weights learn to see, before they paint."""
# station: (what the teacher has at the same resolution, its channels)
SEEN = {"skip4": ("relu3_1", 64), "skip8": ("relu4_1", 128), "skip16": ("relu5_1", 128)}
LEAST_ENERGY = 3.0
"""Mean square of content features below which a crop counts as flat: its relative error would drown all others."""


LARGEST_NORM = 200.0
"""Of a gradient; most are below 10. Beyond it the network is about to diverge, and goes back to its average."""


class Eyes(nn.Module):
    """How well the network's features tell what the teacher sees; only the training has them.

    The statistics that stations exchange mean little as long as features do. The teacher's are worth exchanging, and to come near them is
    learnt from every place of a picture, while a painting's statistics teach one thing a picture.
    """

    def __init__(self) -> None:
        super().__init__()
        _, *widths = WIDTHS
        self.heads = nn.ModuleDict({name: nn.Conv2d(width, SEEN[name][1], 1) for name, width in zip(SEEN, widths, strict=True)})

    def forward(self, features: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> Tensor:
        """Mean relative squared error of the teacher's features `wanted`, told from those of the network by station."""
        errors = []
        for name, (layer, _) in SEEN.items():
            found = self.heads[name](features[name]).relu().float()
            errors.append((found - wanted[layer]).square().mean() / wanted[layer].square().mean())
        return torch.stack(errors).mean()


class Judge:
    """The loss."""

    def __init__(self, data: Path, device: torch.device) -> None:
        self._teacher = Teacher(data, device)

    def grams(self, features: dict[str, Tensor], lattice: tuple[int, int]) -> list[Tensor]:
        """Gram matrices (B, C, C) among VGG-19's channels; of the two finest layers at every other row and column, from `lattice` on."""
        grams = []
        down, across = lattice
        for name in STYLE_LAYERS:
            sample = features[name][..., down::2, across::2] if name in STYLE_LAYERS[:2] else features[name]
            flat = self._teacher.lifted(name, sample).permute(0, 2, 3, 1).flatten(1, 2)  # (B, H*W, C)
            grams.append((flat.transpose(1, 2) @ flat).float() / flat.shape[1])
        return grams

    @torch.no_grad()
    def seen(self, styles: Tensor) -> dict[str, Tensor]:
        """The teacher's features of styles at the style layers."""
        features: dict[str, Tensor] = self._teacher(styles, STYLE_LAYERS)
        return features

    @torch.no_grad()
    def targets(self, photos: Tensor, seen: dict[str, Tensor]) -> tuple[Tensor, list[Tensor]]:
        lattice = (random.randrange(2), random.randrange(2))
        return self._teacher(photos, [CONTENT_LAYER])[CONTENT_LAYER], self.grams(seen, lattice)

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
        self.judge, self.network = Judge(options.data, options.device), InstantNetwork()
        self.network.initialise()
        self.looking = 0 if options.warm else LOOKING
        self.eyes = Eyes().to(options.device)
        self.learning = torch.optim.AdamW(self.eyes.parameters(), lr=2e-3, weight_decay=0)
        if options.warm:
            self.network.load_state_dict({name: value.float() for name, value in load_file(options.warm).items()})
        small = (self.network.gate8, self.network.gate4, self.network.gate2, self.network.plainness)
        quick = [p for part in small for p in part.parameters()]
        kernels = [p for p in self.network.parameters() if p.ndim == 4 and not any(p is other for other in quick)]
        self.run = Run(options, self.network, InstantNetwork(), kernels, memory=0.995, quick=quick)
        state = self.run.resume()
        if state:
            self.eyes.load_state_dict(state["eyes"])
            self.learning.load_state_dict(state["learning"])
        torch.backends.cudnn.benchmark = True
        self._chance = random.Random(options.seed + self.run.step)
        self._batches = loaded(Pairs(options.data), options.device, self._next_batch)

    def _next_batch(self) -> Batch:
        kind = self.run.options.device.type
        batches = (BATCHES if self.run.left() > 0.5 else LAST_BATCHES)[kind if kind in BATCHES else "cpu"]
        side = self._chance.choices(list(batches), [share for share, _ in batches.values()])[0]
        return side, batches[side][1], self._chance.getrandbits(32)

    def save(self) -> None:
        self.run.save({}, eyes=self.eyes.state_dict(), learning=self.learning.state_dict())

    def advance(self) -> dict[str, float]:
        """One step: a batch, a loss, an update. Returns the terms of the loss."""
        self.learning.zero_grad()
        terms = self.look() if self.run.step < self.looking else self.paint()
        self.learning.step()
        return terms

    def look(self) -> dict[str, float]:
        """A step of learning to see, and to show what was seen, before anything is transferred."""
        photos, _, styles = next(self._batches)
        pictures = torch.cat([photos, styles])
        with torch.autocast(self.run.options.device.type, torch.bfloat16):
            features = self.network.encode(pictures)
            blindness = self.eyes(features, self.judge.seen(pictures))
            reproduced = self.network.show(self.network.carry(features, lambda name, x: unchanged(name, statistics(x))(x))).float()
            reconstruction = F.mse_loss(reproduced, pictures)
        self.run.update(RECONSTRUCTION * reconstruction + BLINDNESS * blindness, clip=5.0)
        return {"blindness": blindness.item(), "reconstruction": reconstruction.item()}

    def paint(self) -> dict[str, float]:
        """A step of painting photos in styles."""
        photos, wear, styles = next(self._batches)
        strength = 1.0 if random.random() < FULL else random.uniform(WEAKEST, 1)
        with torch.autocast(self.run.options.device.type, torch.bfloat16):
            loss, terms = self.loss(photos, wear, styles, strength)
        norm = self.run.update(loss, clip=5.0, largest=LARGEST_NORM)
        return terms | {"norm": norm}

    @torch.no_grad()
    def toned(self, photos: Tensor, styles: Tensor, strength: float) -> Tensor:
        """Photos with colours of the styles, as far as the strength goes."""
        with torch.autocast(photos.device.type, enabled=False):
            return looked_up(table(palette(photos), palette(styles), strength), photos)

    def loss(self, photos: Tensor, wear: Tensor, styles: Tensor, strength: float) -> tuple[Tensor, dict[str, float]]:
        code: dict[str, Statistics] = {}
        met: dict[str, Tensor] = {}

        def record(name: str, features: Tensor) -> Tensor:
            code[name] = statistics(features)
            met[name] = (
                features.detach() if self.run.options.warm else features
            )  # eyes that have yet to learn would lead warm weights astray
            return unchanged(name, code[name])(features)

        def match(name: str, features: Tensor) -> Tensor:
            found = statistics(features)
            return unchanged(name, found).lerp(transferred(name, found, code[name]), strength)(features)

        reproduced = self.network(styles, record).float()
        seen_photos = grainy(photos + wear)
        features = self.network.encode(seen_photos)
        toned = self.toned(seen_photos, styles, strength)
        told = self.network.plain(features).float()
        alone = self.network.show(self.network.carry(features, match)).float()
        paintings = joined(alone, told.detach(), toned)
        seen = self.judge.seen(styles)
        blindness = self.eyes(met, seen)
        style, content = self.judge.errors(paintings, self.judge.targets(photos, seen))
        reconstruction = F.mse_loss(reproduced, styles)
        excess = (paintings - paintings.clamp(0, 1)).square().mean()
        total = strength * style.mean() + CONTENT / strength * content + RECONSTRUCTION * reconstruction + EXCESS * excess
        calm, contour = unrest(paintings, photos), contours(paintings, photos)
        wanted = plainness(photos)
        plain, tones = F.mse_loss(F.pixel_shuffle(told, 2), wanted), (wanted * (alone - toned).square()).mean()
        total = total + BLINDNESS * blindness + UNREST * calm + CONTOURS * contour + PLAIN * plain + TONES * tones
        terms = {"style": style.mean().item(), "content": content.item(), "reconstruction": reconstruction.item(), "excess": excess.item()}
        terms |= {"blindness": blindness.item(), "unrest": calm.item(), "contours": contour.item()}
        terms |= {"tones": tones.item(), "plain": plain.item()}
        return total, terms | {name: value.item() for name, value in zip(STYLE_LAYERS, style, strict=True)}


def main() -> None:
    trainer = Trainer(Options.parse(__doc__.split("\n")[0], "instant", rate=7e-4))
    trainer.run.train(trainer.advance, trainer.save)


if __name__ == "__main__":
    main()
