"""How far two sets of pictures lie apart, and whether pictures are copies."""

import torch
from torch.nn.functional import avg_pool2d, interpolate, unfold

PATCH, PATCHES_A_PICTURE, PROJECTIONS = 7, 64, 512


def sliced_wasserstein(one: torch.Tensor, other: torch.Tensor, seed: int = 0) -> float:
    """The sliced Wasserstein distance of two sets of vectors, each (N, D), N the same in both.

    Along a random direction the optimal transport of points on a line is that of sorted numbers;
    the result is the root of the mean squared difference over directions (Bonneel et al. 2015).
    """
    generator = torch.Generator().manual_seed(seed)
    directions = torch.randn(one.shape[1], PROJECTIONS, generator=generator)
    directions /= directions.norm(dim=0)
    projected = [(points.float() @ directions).sort(dim=0).values for points in (one, other)]
    return (projected[0] - projected[1]).square().mean().sqrt().item()


def pixel_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Between two sets of pictures (N, 3, H, W): layout and colours."""
    return sliced_wasserstein(one.flatten(1), other.flatten(1))


def texture_distance(one: torch.Tensor, other: torch.Tensor) -> float:
    """Between two sets of pictures (N, 3, H, W): the details, as patches of the finest level.

    Patches of 7 x 7 of what is lost when a picture is halved in size and enlarged again, the finest
    level of a Laplacian pyramid, as in Karras et al. 2018, section 5.
    """
    return sliced_wasserstein(_patches(one), _patches(other))


def _patches(pictures: torch.Tensor) -> torch.Tensor:
    smooth = interpolate(avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")
    patches = unfold(pictures - smooth, PATCH).movedim(1, 2)  # (N, places, 3 * 7 * 7)
    places = torch.randperm(patches.shape[1], generator=torch.Generator().manual_seed(0))
    return patches[:, places[:PATCHES_A_PICTURE]].flatten(0, 1)


def nearest(pictures: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For each picture the root-mean-square distance to the nearest of the others, and which it is.

    Both sets (N, 3, H, W); a mirror image counts as well.
    """
    flat, sides = pictures.flatten(1), (others, others.flip(-1))
    distances = torch.stack([torch.cdist(flat, side.flatten(1)) for side in sides]).amin(0)
    least, which = distances.min(dim=1)
    return least / flat.shape[1] ** 0.5, which
