"""Distances of sets of pictures, where they can be computed by hand."""

import pytest
import torch

from kata.distances import nearest, pixel_distance, sliced_wasserstein, texture_distance


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_set_has_no_distance_to_itself_in_another_order():
    points = noise(50, 4)
    assert sliced_wasserstein(points, points.flip(0)) == pytest.approx(0, abs=1e-6)


def test_a_shift_has_the_distance_of_its_mean_square():
    """Along a random direction a shift of length d has mean square d^2 / dimensions."""
    points = noise(50, 12)
    shifted = points + torch.eye(12)[0] * 3
    assert sliced_wasserstein(points, shifted) == pytest.approx(3 / 12**0.5, rel=0.1)


def test_blurred_pictures_lack_texture():
    sharp, other = noise(32, 3, 16, 16), noise(32, 3, 16, 16, seed=1)
    blurred = torch.nn.functional.avg_pool2d(other, 3, 1, 1)
    assert texture_distance(sharp, blurred) > 3 * texture_distance(sharp, other)


def test_another_colour_is_far_on_pixels():
    one, other = noise(32, 3, 8, 8), noise(32, 3, 8, 8, seed=1)
    assert pixel_distance(one, other + 2) > 3 * pixel_distance(one, other)


def test_the_nearest_is_found_also_as_a_mirror_image():
    others = noise(5, 3, 8, 8)
    pictures = torch.stack([others[3].flip(-1), others[1] + 0.5])
    least, which = nearest(pictures, others)
    assert which.tolist() == [3, 1]
    assert least.tolist() == pytest.approx([0, 0.5], abs=2e-3)  # cdist sums squares in float32
