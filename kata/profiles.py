"""What `kata train` and `kata sample` need of the katas, and the profiles of a training."""

from dataclasses import dataclass

NEEDED = (
    "load_images",
    "transform",
    "dataloader",
    "show_images",
    "noise_schedule",
    "unet",
    "train_loop",
)
NEEDED_TO_SAMPLE = (
    "show_images",
    "denoise_loop",
    "make_pipeline",
    "fast_sampling",
    "reproducible",
    "image_to_image",
)


@dataclass(frozen=True)
class Profile:
    """What a run is made of.

    ema_decay      of the average of the weights that samples are drawn with; None: no average
    preview_every  epochs between two sample sheets
    preview_steps  sampling steps of those sheets (DDIM)
    sample_steps   sampling steps of the last sheet (DDPM)
    """

    image_size: int
    batch_size: int
    num_epochs: int
    lr: float
    block_out_channels: tuple[int, ...]
    ema_decay: float | None
    preview_every: int
    preview_steps: int = 50
    sample_steps: int = 1000
    num_pictures: int | None = None


PROFILES = {
    "smoke": Profile(16, 16, 2, 1e-3, (32, 32, 32), 0.9, 1, 4, 4, num_pictures=64),
    "cpu": Profile(32, 32, 30, 1e-3, (32, 64, 96), 0.995, 5, sample_steps=250),
    "paper": Profile(32, 64, 30, 4e-4, (64, 128, 128, 256), None, 5),
}
