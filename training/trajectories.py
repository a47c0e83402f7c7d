"""Pictures on the way from a photo to a painting: what the renderer's optimiser visits with the present student as its encoder."""

import copy
import random
from dataclasses import dataclass

import torch
from torch import Tensor

from nst.domain import StyleParams, StyleShare
from nst.engine.encoders.compact import CompactEncoder
from nst.engine.encoders.registry import FrozenEncoder
from nst.engine.optimised.lbfgs import LBFGS, Diverged
from nst.engine.optimised.minimise import PreconditionedObjective
from nst.engine.optimised.objective import Objective
from nst.engine.optimised.sums import WholeSums
from nst.engine.optimised.targets import target
from nst.engine.regions import Part, StyleTensor
from nst.engine.tensors import resize
from training.crops import Crops

# Sides of the scales of a rendering, in pixels of a square.
SIDES = (128, 181, 256)


@dataclass
class Triplet:
    """What the renderer compares, each (3, side, side): the painting so far, its style and its photo."""

    painting: Tensor
    style: Tensor
    photo: Tensor


class Trajectory:
    """One rendering under way, coarse to fine, by the engine's optimiser and objective."""

    def __init__(self, crops: Crops, encoder: FrozenEncoder, level: int) -> None:
        """
        Args:
            level: index of the first scale. It varies, or a new pool would have coarse paintings only.
        """
        self._encoder = encoder
        kinds = (crops.styles, crops.photos)
        self._style, self._photo = (crops.crop(kind, SIDES[-1], SIDES[-1])[None].to(encoder.device) for kind in kinds)
        self._params = StyleParams(strength=random.uniform(0.2, 0.9), smoothness=random.choice((0.0, 0.3)))
        self.level = level
        self.painting = resize(self._photo, (self.side, self.side))
        if random.random() < 0.1:
            self.painting = torch.rand_like(self.painting) * 0.5 + 0.25
        self._begin()

    @property
    def side(self) -> int:
        return SIDES[self.level]

    @property
    def finished(self) -> bool:
        return self.level == len(SIDES)

    def _begin(self) -> None:
        self._steps_left = random.randint(15, 40)
        self._scaled_style, self._scaled_photo = (resize(x, (self.side, self.side)) for x in (self._style, self._photo))
        self.restart()

    def restart(self) -> None:
        """Make the objective and the optimiser anew, for an encoder with other weights."""
        sums, style = WholeSums(self._encoder), Part([StyleShare(StyleTensor(self._scaled_style))], self._params.strength)
        objective = Objective(sums, self._scaled_photo, [target(sums, style, self._params)], self._params)
        preconditioned = PreconditionedObjective(objective, self.painting)
        self._minimiser = LBFGS(
            preconditioned.evaluate, self.painting, first_step=0.003, max_step=0.1, precondition=preconditioned.precondition
        )

    def advance(self, steps: int) -> Triplet:
        """Take some steps, and move on to the next scale when there were enough at this one."""
        try:
            for _ in range(steps):
                self._minimiser.step()
        except Diverged:
            self._steps_left = 0
        self.painting = self._minimiser.variables.detach()
        triplet = Triplet(self.painting[0].clone(), self._scaled_style[0], self._scaled_photo[0])
        self._steps_left -= steps
        if self._steps_left <= 0:
            self._next_scale()
        return triplet

    def _next_scale(self) -> None:
        self.level += 1
        if not self.finished:
            self.painting = resize(self.painting.clamp(0, 1), (self.side, self.side))
            self._begin()


class TrajectoryPool:
    """Trajectories of every scale, with a copy of the averaged student that is refreshed from time to time."""

    # Trajectories at each scale.
    SIZE = 8
    # Training steps between two refreshes of the copy.
    REFRESH_STEPS = 60

    def __init__(self, crops: Crops, student: CompactEncoder, device: torch.device) -> None:
        self._crops, self._age = crops, 0
        self._network = copy.deepcopy(student).requires_grad_(False)
        self._encoder = FrozenEncoder("student", self._network, "", device)
        self._trajectories = [Trajectory(crops, self._encoder, level) for level in range(len(SIDES)) for _ in range(self.SIZE)]

    def triplets(self, student: CompactEncoder, side: int, count: int, steps: int = 2) -> list[Triplet]:
        """Triplets of up to `count` trajectories at `side`, after `steps` more steps of each."""
        self._age += 1
        if self._age % self.REFRESH_STEPS == 0:
            self._network.load_state_dict(student.state_dict())
            for trajectory in self._trajectories:
                trajectory.restart()
        here = [trajectory for trajectory in self._trajectories if trajectory.side == side]
        triplets = [trajectory.advance(steps) for trajectory in random.sample(here, min(count, len(here)))]
        self._replace()
        return triplets

    def _replace(self) -> None:
        """Replace finished trajectories by new ones, and fill a scale that has none left."""
        self._trajectories = [
            Trajectory(self._crops, self._encoder, 0) if trajectory.finished else trajectory for trajectory in self._trajectories
        ]
        for level, side in enumerate(SIDES):
            if not any(trajectory.side == side for trajectory in self._trajectories):
                self._trajectories[random.randrange(len(self._trajectories))] = Trajectory(self._crops, self._encoder, level)
