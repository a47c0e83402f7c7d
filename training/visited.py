"""Pictures on their way from a photo to a painting: what the renderer's optimiser visits under the present student."""

import copy
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.domain import StyleParams
from nst.engine.compact import CompactEncoder
from nst.engine.descent import Landscape
from nst.engine.encoders import Frozen
from nst.engine.lbfgs import LBFGS, Diverged
from nst.engine.objective import Objective
from nst.engine.pictures import resize
from training.pictures import Pictures

LADDER = (128, 181, 256)
"""Sides of the squares that a rendering climbs, in pixels."""


@dataclass
class Triplet:
    """What the renderer compares, each (3, side, side): the painting as it is, its style and its photo."""

    painting: Tensor
    style: Tensor
    photo: Tensor


class Rendering:
    """One painting in the making, coarse to fine, by the engine's own optimiser and objective."""

    def __init__(self, pictures: Pictures, actor: Frozen, rung: int) -> None:
        """`rung` is where it begins: a fresh pool would otherwise hold coarse paintings alone."""
        self._actor = actor
        kinds = (pictures.styles, pictures.photos)
        self._style, self._photo = (pictures.crop(kind, LADDER[-1], LADDER[-1])[None].to(actor.device) for kind in kinds)
        self._params = StyleParams(strength=random.uniform(0.2, 0.9), smoothness=random.choice((0.0, 0.3)))
        self.rung = rung
        self.painting = resize(self._photo, (self.side, self.side))
        if random.random() < 0.1:
            self.painting = torch.rand_like(self.painting) * 0.5 + 0.25
        self._begin()

    @property
    def side(self) -> int:
        return LADDER[self.rung]

    @property
    def finished(self) -> bool:
        return self.rung == len(LADDER)

    def _begin(self) -> None:
        self._left = random.randint(15, 40)
        self._style_here, self._photo_here = (resize(x, (self.side, self.side)) for x in (self._style, self._photo))
        self.renew()

    def renew(self) -> None:
        """Looks at everything anew: the actor has learnt something."""
        objective = Objective(self._actor, self._photo_here, [(self._style_here, 1.0)], self._params)
        landscape = Landscape(objective, self.painting)
        self._walker = LBFGS(landscape.evaluate, self.painting, first_step=0.003, longest_step=0.1, precondition=landscape.filter_twice)

    def advance(self, steps: int) -> Triplet:
        """Takes some steps, and moves on to the next side when there were enough at this one."""
        try:
            for _ in range(steps):
                self._walker.step()
        except Diverged:
            self._left = 0
        self.painting = self._walker.variables.detach()
        triplet = Triplet(self.painting[0].clone(), self._style_here[0], self._photo_here[0])
        self._left -= steps
        if self._left <= 0:
            self._climb()
        return triplet

    def _climb(self) -> None:
        self.rung += 1
        if not self.finished:
            self.painting = resize(self.painting.clamp(0, 1), (self.side, self.side))
            self._begin()


class Pool:
    """Renderings by side, against a copy of the averaged student that is renewed from time to time."""

    SIZE = 8  # of each side
    RENEWAL = 60  # training steps

    def __init__(self, pictures: Pictures, student: CompactEncoder, device: torch.device) -> None:
        self._pictures, self._age = pictures, 0
        self._network = copy.deepcopy(student).requires_grad_(False)
        self._actor = Frozen("student", self._network, "", device)
        self._renderings = [Rendering(pictures, self._actor, rung) for rung in range(len(LADDER)) for _ in range(self.SIZE)]

    def triplets(self, student: CompactEncoder, side: int, count: int, steps: int = 2) -> list[Triplet]:
        """`count` renderings at `side`, each some steps further than it was."""
        self._age += 1
        if self._age % self.RENEWAL == 0:
            self._network.load_state_dict(student.state_dict())
            for rendering in self._renderings:
                rendering.renew()
        here = [rendering for rendering in self._renderings if rendering.side == side]
        triplets = [rendering.advance(steps) for rendering in random.sample(here, min(count, len(here)))]
        self._replace()
        return triplets

    def _replace(self) -> None:
        """A finished painting makes room for a new one; a side that has run empty gets one of its own."""
        self._renderings = [
            Rendering(self._pictures, self._actor, 0) if rendering.finished else rendering for rendering in self._renderings
        ]
        for rung, side in enumerate(LADDER):
            if not any(rendering.side == side for rendering in self._renderings):
                self._renderings[random.randrange(len(self._renderings))] = Rendering(self._pictures, self._actor, rung)
