"""Train the instant network: any style on any photo by one pass.

    python -m training.instant --data FOLDER --steps 12000 --cooldown 3000 [--out FILE] [--state FILE] [--warm FILE]

A batch holds crops of photos and as many of styles: paintings of the data folder, the bundled drawn styles, photos taken for styles,
blends, the colours of one with the strokes of another, with their hues turned, so that 60 pictures pass for many more. The network runs
on the styles alone, which leaves their moments at its stations, then on the photos, which are given those moments.

The loss is in the teacher's features: relative errors of Gram matrices against the style among VGG-19's channels, relative squared error
of relu4_2 against the photo, and how well the styles are reproduced where nothing is transferred. Places that are calm in the photo are
asked to stay so. The weight of the content follows its error: it is whatever keeps that error at `CONTENT`, so that the two are not
traded by hand.

`training/held_out.txt` names pictures that are never trained on (see `training/judge.py`).
"""

import math
import random
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from nst.engine.encoders import CONTENT_LAYER, STYLE_LAYERS
from nst.engine.instant import STRIDE, WIDTHS, InstantNetwork, Statistics, statistics, transferred, unchanged
from training.painted import painted
from training.pictures import Pictures
from training.run import Options, Run
from training.teacher import Teacher

HELD_OUT = Path(__file__).with_name("held_out.txt")
DRAWN = Path(__file__).parents[1] / "nst/styles/pictures"
# height and width of a batch's photos in pixels: (share of the steps, pairs)
Batches = dict[tuple[int, int], tuple[float, int]]
BATCHES: Batches = {(192, 192): (0.6, 2), (256, 256): (0.4, 1)}
LAST_BATCHES: Batches = {(256, 256): (0.65, 1), (384, 384): (0.35, 1)}
"""Those of the cool-down: statistics of deep layers are about large structures."""
CONTENT = 0.55
RECONSTRUCTION, EXCESS, BLINDNESS, UNREST = 10.0, 5.0, 0.5, 6.0
GRAIN = 4 / 255
"""Largest standard deviation of what is added to a photo before it is painted; the loss knows the photo without it."""
CALM = 0.03
"""Difference of neighbouring pixels of a photo below which a place is calm."""
LOOKING = 2000
"""Steps in which random weights learn to see, before they paint. They cost a fifth of the others."""
# station: (what the teacher has at the same resolution, its channels)
SEEN = {"skip4": ("relu3_1", 64), "skip8": ("relu4_1", 128), "skip16": ("relu5_1", 128)}
LEAST_ENERGY = 3.0
"""Mean square of content features below which a crop counts as flat: its relative error would drown all others."""


LARGEST_NORM = 200.0
"""Of a gradient; most are below 10. Beyond it the network is about to diverge, and goes back to its average."""


class Pairs:
    """Photos and styles to learn from."""

    def __init__(self, data: Path) -> None:
        self._pictures = Pictures(data, HELD_OUT.read_text().split())
        self._styles = self._pictures.styles + sorted(DRAWN.glob("*.jpg"))

    def batch(self, count: int, height: int, width: int) -> tuple[Tensor, Tensor]:
        """Photos (count, 3, height, width) and styles, squares of about as many pixels, in [0, 1]."""
        side = round((height * width) ** 0.5 / STRIDE) * STRIDE
        photos = torch.stack([self._pictures.crop(self._pictures.photos, height, width, least=0.7) for _ in range(count)])
        styles = torch.stack([self._style(side) for _ in range(count)])
        return recoloured(photos, 0.2), recoloured(styles, 0.6)

    def _style(self, side: int) -> Tensor:
        """(3, side, side): a style, or what there is no picture of: a blend of two, or the colours of one with the strokes of another."""
        chance = random.random()
        if chance < 0.2:
            return self._painted(side)
        style = self._style_crop(side)
        if chance < 0.3:
            return style.lerp(self._style_crop(side), random.uniform(0.1, 0.5))
        if chance < 0.5:
            other, octave = self._style_crop(side), random.randint(1, 4)
            return (blurred(style, octave) + random.uniform(0.6, 1.4) * (other - blurred(other, octave))).clamp(0, 1)
        return style

    def _style_crop(self, side: int) -> Tensor:
        paths = self._pictures.photos if random.random() < 0.2 else self._styles
        if random.random() < 0.4:
            return turned(self._pictures.crop(paths, side, side, least=0.6))
        crop = self._pictures.crop(paths, side, side, least=0.3)
        return crop.transpose(1, 2) if random.random() < 0.3 else crop

    def _painted(self, side: int) -> Tensor:
        photo = self._pictures.crop(self._pictures.photos, side, side, least=0.4).permute(1, 2, 0).mul(255).byte().numpy()
        return torch.from_numpy(painted(photo, np.random.default_rng(random.getrandbits(32)))).permute(2, 0, 1).float() / 255


def turned(x: Tensor) -> Tensor:
    """A picture x (3, H, W) turned by any angle, stretched one way, and mirrored beyond its border."""
    angle, wide, high = random.uniform(-math.pi, math.pi), random.uniform(0.5, 1), random.uniform(0.5, 1)
    turn = torch.tensor([[wide * math.cos(angle), -wide * math.sin(angle), 0], [high * math.sin(angle), high * math.cos(angle), 0]])
    return F.grid_sample(x[None], F.affine_grid(turn[None], [1, *x.shape], False), padding_mode="reflection", align_corners=False)[0]


def blurred(x: Tensor, octave: int) -> Tensor:
    """A picture x (3, H, W) without what is finer than 2^`octave` pixels; its sides are multiples of that."""
    small = F.avg_pool2d(x, 2**octave)
    return F.interpolate(small[None], scale_factor=2**octave, mode="bilinear")[0]


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


def grainy(x: Tensor) -> Tensor:
    """Photos x (B, 3, H, W) as cameras and JPEG give them: half with grain, blocks or clouds of up to 32 pixels, in grey or in colours.

    What the loss does not know of is not to be painted. (Crops are made smaller, which leaves them without the grain that they had.)
    """
    shape, (height, width) = (len(x), 1, 1, 1), x.shape[-2:]
    coarseness = 2 ** random.randint(0, 5)
    grain = torch.randn(len(x), 3, height // coarseness + 1, width // coarseness + 1)
    grain = F.interpolate(grain, scale_factor=coarseness, mode=random.choice(("nearest", "bilinear")))[..., :height, :width]
    grain = torch.where(torch.rand(shape) < 0.5, grain, grain.mean(1, keepdim=True) * math.sqrt(3))
    grainy: Tensor = x + grain * (torch.rand(shape) * (torch.rand(shape) < 0.5) * GRAIN)
    return grainy.contiguous(memory_format=torch.channels_last)


def unrest(paintings: Tensor, photos: Tensor) -> Tensor:
    """Mean difference between places of paintings (B, 3, H, W) where their photos are calm, from 1 to 32 pixels apart.

    Gram matrices do not tell where their strokes are: a sky would be hatched by whatever the network makes of its grain,
    and glow around what stands before it. So of two places some way from each other that are calm and look alike in the photo,
    the painting's are to look alike too, whatever stands between them or beside one of them.
    """
    total = paintings.new_zeros(())
    for octave in range(3):
        if octave:
            paintings, photos = F.avg_pool2d(paintings, 2), F.avg_pool2d(photos, 2)
        slopes, calm = slope(paintings), is_calm(slope(photos))
        total = total + (slopes * calm).mean()
    calm = F.pad(calm, (0, 1, 0, 1))  # at the last row and column nothing is known
    for apart in (2, 4, 8):  # of the last octave's places
        for dimension in (2, 3):
            length = photos.shape[dimension] - apart
            told, found = (length_of(x.narrow(dimension, 0, length) - x.narrow(dimension, apart, length)) for x in (photos, paintings))
            both = calm.narrow(dimension - 1, 0, length) * calm.narrow(dimension - 1, apart, length)
            total = total + (found * both * is_calm(told)).mean() / 2
    return total / 5


def is_calm(differences: Tensor) -> Tensor:
    """From 1 (nothing to see) to 0."""
    return 1 / (1 + (differences / CALM).square())


def length_of(x: Tensor) -> Tensor:
    """Of differences between colours (B, 3, H, W): (B, H, W)."""
    return x.square().sum(1).add(1e-6).sqrt()


def slope(x: Tensor) -> Tensor:
    """Of pictures (B, 3, H, W): root of the squared differences to the neighbours below and at the right, (B, H - 1, W - 1)."""
    down, across = x[..., 1:, :-1] - x[..., :-1, :-1], x[..., :-1, 1:] - x[..., :-1, :-1]
    return length_of(torch.cat([down, across], 1))


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
        self.judge, self.pairs, self.network = Judge(options.data), Pairs(options.data), InstantNetwork()
        self.network.initialise()
        self.looking = 0 if options.warm else LOOKING
        self.eyes = Eyes()
        self.learning = torch.optim.AdamW(self.eyes.parameters(), lr=2e-3, weight_decay=0)
        if options.warm:
            self.network.load_state_dict({name: value.float() for name, value in load_file(options.warm).items()})
        kernels = [p for p in self.network.parameters() if p.ndim == 4]
        self.run = Run(options, self.network, InstantNetwork(), kernels, memory=0.995)
        state = self.run.resume()
        self.content_weight: float = state.get("content_weight", 0.2)
        if state:
            self.eyes.load_state_dict(state["eyes"])
            self.learning.load_state_dict(state["learning"])

    def save(self) -> None:
        more = {"eyes": self.eyes.state_dict(), "learning": self.learning.state_dict()}
        self.run.save({}, content_weight=self.content_weight, **more)

    def advance(self) -> dict[str, float]:
        """One step: a batch, a loss, an update. Returns the terms of the loss."""
        self.learning.zero_grad()
        terms = self.look() if self.run.step < self.looking else self.paint()
        self.learning.step()
        return terms

    def look(self) -> dict[str, float]:
        """A step of learning to see, and to show what was seen, before anything is transferred."""
        pictures = torch.cat(self.pairs.batch(2, 192, 192)).contiguous(memory_format=torch.channels_last)
        with torch.autocast("cpu", torch.bfloat16):
            features = self.network.encode(pictures)
            blindness = self.eyes(features, self.judge.seen(pictures))
            reproduced = self.network.show(self.network.carry(features, lambda name, x: unchanged(name, statistics(x))(x))).float()
            reconstruction = F.mse_loss(reproduced, pictures)
        self.run.update(RECONSTRUCTION * reconstruction + BLINDNESS * blindness, clip=5.0)
        return {"blindness": blindness.item(), "reconstruction": reconstruction.item()}

    def paint(self) -> dict[str, float]:
        """A step of painting photos in styles."""
        batches = BATCHES if self.run.left() == 1 else LAST_BATCHES
        (shape,) = random.choices(list(batches), [share for share, _ in batches.values()])
        photos, styles = (x.contiguous(memory_format=torch.channels_last) for x in self.pairs.batch(batches[shape][1], *shape))
        with torch.autocast("cpu", torch.bfloat16):
            loss, terms = self.loss(photos, styles)
        norm = self.run.update(loss, clip=5.0, largest=LARGEST_NORM)
        self.content_weight *= math.exp(0.005 * max(-1.0, min(1.0, terms["content"] / CONTENT - 1)))
        return terms | {"weight": self.content_weight, "norm": norm}

    def loss(self, photos: Tensor, styles: Tensor) -> tuple[Tensor, dict[str, float]]:
        code: dict[str, Statistics] = {}
        met: dict[str, Tensor] = {}

        def record(name: str, features: Tensor) -> Tensor:
            code[name], met[name] = statistics(features), features
            return unchanged(name, code[name])(features)

        def match(name: str, features: Tensor) -> Tensor:
            return transferred(name, statistics(features), code[name])(features)

        reproduced = self.network(styles, record).float()
        paintings = self.network(grainy(photos), match).float()
        seen = self.judge.seen(styles)
        blindness = self.eyes(met, seen)
        style, content = self.judge.errors(paintings, self.judge.targets(photos, seen))
        reconstruction = F.mse_loss(reproduced, styles)
        excess = (paintings - paintings.clamp(0, 1)).square().mean()
        total = style.mean() + self.content_weight * content + RECONSTRUCTION * reconstruction + EXCESS * excess
        calm = unrest(paintings, photos)
        total = total + BLINDNESS * blindness + UNREST * calm
        terms = {"style": style.mean().item(), "content": content.item(), "reconstruction": reconstruction.item(), "excess": excess.item()}
        terms |= {"blindness": blindness.item(), "unrest": calm.item()}
        return total, terms | {name: value.item() for name, value in zip(STYLE_LAYERS, style, strict=True)}


def main() -> None:
    trainer = Trainer(Options.parse(__doc__.split("\n")[0], "instant", rate=7e-4))
    trainer.run.train(trainer.advance, trainer.save)


if __name__ == "__main__":
    main()
