import numpy as np
import torch
from PIL import Image

from nst.engine.colour import match_colours, transfer_luminance
from nst.engine.moments import moments


def test_a_recoloured_style_has_the_photos_mean_and_covariance() -> None:
    random = torch.Generator().manual_seed(0)
    photo = 0.4 + 0.05 * torch.randn(1, 3, 40, 40, generator=random)
    mix = torch.tensor([[0.1, 0.05, 0.0], [0.0, 0.1, 0.02], [0.03, 0.0, 0.08]])
    style = 0.5 + torch.einsum("ij,bjhw->bihw", mix, torch.randn(1, 3, 30, 50, generator=random))
    moved, wanted = moments(match_colours(style, photo)), moments(photo)
    torch.testing.assert_close(moved.mean, wanted.mean, atol=1e-3, rtol=0)
    torch.testing.assert_close(moved.covariance, wanted.covariance, atol=1e-3, rtol=0)


def test_a_style_in_one_colour_can_be_recoloured() -> None:
    assert match_colours(torch.full((1, 3, 8, 8), 0.3), torch.rand(1, 3, 8, 8)).isfinite().all()


def test_luminance_comes_from_the_painting_and_colour_from_the_photo(photo: Image.Image) -> None:
    painting = Image.new("RGB", photo.size, (128, 128, 128))
    result = transfer_luminance(photo, painting)
    luminance = np.asarray(result.convert("YCbCr"))[..., 0].astype(int)
    assert abs(np.median(luminance) - 128) <= 2
    assert np.asarray(result).std(axis=2).mean() > 5  # it is not grey
