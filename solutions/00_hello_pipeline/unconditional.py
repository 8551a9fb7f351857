"""Run a trained pipeline: eight butterflies out of nothing but noise.

Goal    the first pictures, from a model that somebody else has trained
Source  diffusers.DDPMPipeline; Ho et al. 2020, algorithm 2
Check   pytest exercises/00_hello_pipeline/unconditional.py
Look    python exercises/00_hello_pipeline/unconditional.py
Stuck   kata hint unconditional
"""

from pathlib import Path

import torch
from diffusers import DDPMPipeline
from diffusers.utils import make_image_grid
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def load_pipeline(model_dir, device="cpu"):
    """Return the DDPMPipeline that lies in a folder, ready to run on the device.

    model_dir  str: a folder that `save_pretrained` has written, or the name of one on the hub
    device     str: where its UNet shall lie, such as "cpu" or "cuda"
    return     a DDPMPipeline with the scheduler and the weights of the folder, in float32
    """
    # Load it with `from_pretrained`, and move it.
    return DDPMPipeline.from_pretrained(model_dir).to(device)


def generate(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Return new pictures, all of them made in one call of the pipeline.

    pipeline             a DDPMPipeline, on any device. It is left as it was: its parts, its device
    batch_size           int: how many pictures
    num_inference_steps  int: how many steps lead from noise to picture
    seed                 int: of the one torch.Generator that all random numbers come from. It is
                         a generator of the CPU, wherever the pipeline lies, so that a seed means
                         the same noise everywhere
    return               list of `batch_size` PIL images of mode RGB, as the pipeline gives them

    The same seed gives the same pictures. Torch's global random state plays no part, and is left
    as it was.
    """
    # Seed a generator, call the pipeline with it, and take the pictures out of its output.
    generator = torch.Generator().manual_seed(seed)
    output = pipeline(
        batch_size=batch_size, num_inference_steps=num_inference_steps, generator=generator
    )
    return output.images


def save_pictures(images, path, columns=4):
    """Save pictures side by side in one PNG file.

    images   list of one or more PIL images of mode RGB, all of one size w x h, left as they were
    path     str: the file, whose name ends in .png. Folders on the way to it that are missing are
             made; a file that is there already is replaced
    columns  int: pictures in a row

    The saved picture is of mode RGB. Row by row from the upper left, edge to edge, it holds every
    picture in its own size; it is `columns * w` wide (also when there are fewer pictures) and as
    many rows of h high as are needed. Places without a picture are black.
    """
    # Fill the last row with black pictures, lay all of them out, and save.
    width, height = images[0].size
    rows = -(-len(images) // columns)  # rounded up
    missing = rows * columns - len(images)
    black = Image.new("RGB", (width, height))
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    make_image_grid([*images, *[black] * missing], rows=rows, cols=columns).save(path)


if __name__ == "__main__":
    device = "cuda" if torch.cuda.is_available() else "cpu"
    butterflies = generate(load_pipeline(str(ROOT / "data/models/ddpm-butterflies-32px"), device))
    enlarged = [image.resize((128, 128), Image.Resampling.NEAREST) for image in butterflies]
    picture = ROOT / "runs" / "hello_pipeline" / "butterflies.png"
    save_pictures(enlarged, str(picture))
    print(f"Eight butterflies: {picture}")
