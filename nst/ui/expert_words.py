"""Settings in words of painting. Each help text has the technical terms, which the manual and recipes use."""

from collections.abc import Mapping
from enum import StrEnum

from nst.domain import Init, Loss, Mode, Optimiser

LABELS = {
    "smoothness": "Calm surfaces",
    "mode": "Way of painting",
    "init": "Begin with",
    "loss": "Likeness to the style",
    "optimiser": "Way of correcting",
    "seed": "Variation",
    "size": "Long side in pixels",
    "iterations": "Rounds at each size",
    "scales": "Sizes, from small to large",
}

CHOICES: dict[str, Mapping[StrEnum, str]] = {
    "mode": {
        Mode.OPTIMISED: "Stroke by stroke",
        Mode.QUICK: "Small first, then enlarged",
        Mode.INSTANT: "All in one go",
    },
    "init": {
        Init.PHOTO: "My photo",
        Init.NOISE: "Random dots",
        Init.STYLE: "Dots in the style's colours",
    },
    "loss": {
        Loss.WASSERSTEIN: "By its tones and their variety",
        Loss.GRAM: "By its textures, the classic way",
    },
    "optimiser": {
        Optimiser.LBFGS: "In large, considered steps",
        Optimiser.ADAM: "In small, even steps",
    },
}

HELP = {
    "keep_colours": "from my photo: the painting's light and dark in the photo's colours (luminance). "
    "Blended: the style gets the photo's colours before it is painted (recolour)",
    "smoothness": "how strongly speckle is removed (smoothness, a total variation term)",
    "mode": "stroke by stroke looks best (mode: optimised). The others are faster: small first, then enlarged by a network (quick), "
    "or all in one go by that network (instant)",
    "init": "what the first layer of the painting is (init: photo, noise or style)",
    "loss": "how the painting is compared with the style (loss). By tones and their variety: mean and covariance of features "
    "(Wasserstein). The classic way: Gram matrices",
    "optimiser": "how the painting is improved from round to round (optimiser). Large steps: L-BFGS; small steps: Adam",
    "seed": "of the random dots that flat areas and the other beginnings need (seed). The same number gives the same painting",
    "size": "instead of the size that the quality above has (size)",
    "iterations": "how often the painting is corrected at each size, instead of what the quality above has (iterations)",
    "scales": "the painting begins small and grows. In how many sizes, instead of as many as fit (scales)",
}
