"""Paint a picture from words, and learn how strongly the words steer.

Goal    a butterfly that looks as the prompt says
Source  diffusers.StableDiffusionPipeline; Rombach et al. 2022; Ho and Salimans 2022, equation 6
Check   pytest exercises/00_hello_pipeline/text_to_image.py
Look    python exercises/00_hello_pipeline/text_to_image.py
Stuck   kata hint text_to_image
"""

from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils import make_image_grid

ROOT = Path(__file__).resolve().parents[2]


def load_text_to_image(model_dir, device="cpu"):
    """Return the StableDiffusionPipeline that lies in a folder, ready to run on the device.

    model_dir  str: a folder that `save_pretrained` has written, or the name of one on the hub
    device     str: where its models shall lie, such as "cpu", "cuda" or "cuda:1"
    return     a StableDiffusionPipeline with the parts of the folder. Its models (UNet, VAE, text
               encoder) are float16 on a CUDA device, and float32 on any other
    """
    # Load it, and bring it to the device in the precision that belongs there.
    on_cuda = torch.device(device).type == "cuda"
    dtype = torch.float16 if on_cuda else torch.float32
    return StableDiffusionPipeline.from_pretrained(model_dir).to(device, dtype)


def paint(
    pipeline, prompt, num_inference_steps=50, guidance_scale=7.5, negative_prompt=None, seed=0
):
    """Return one picture of what the prompt says.

    pipeline             a StableDiffusionPipeline, on any device. It is left as it was: its parts,
                         its device
    prompt               str: what shall be seen
    num_inference_steps  int: how many steps lead from noise to picture
    guidance_scale       float: how strongly the prompt steers; 1 and less means no guidance
    negative_prompt      str: what the guidance shall lead away from, or None
    seed                 int: of the one torch.Generator that all random numbers come from. It is
                         a generator of the CPU, wherever the pipeline lies
    return               one PIL image of mode RGB (no list), as the pipeline gives it

    The same arguments give the same picture. Torch's global random state plays no part, and is
    left as it was.
    """
    # Seed a generator, hand everything on to the pipeline, and take out the one picture.
    return pipeline(
        prompt,
        num_inference_steps=num_inference_steps,
        guidance_scale=guidance_scale,
        negative_prompt=negative_prompt,
        generator=torch.Generator().manual_seed(seed),
    ).images[0]


if __name__ == "__main__":
    device = "cuda" if torch.cuda.is_available() else "cpu"
    pipeline = load_text_to_image(str(ROOT / "data/models/butterflies-text-to-image"), device)
    prompts = [
        "a red butterfly with blue hindwings on a pale ground",
        "a yellow swallowtail butterfly with black spots on a dusk ground",
        "a blue butterfly on a rose ground",
    ]
    scales = [1, 3, 7.5]
    images = [paint(pipeline, prompt, guidance_scale=s) for prompt in prompts for s in scales]
    picture = ROOT / "runs" / "hello_pipeline" / "painted.png"
    picture.parent.mkdir(parents=True, exist_ok=True)
    make_image_grid(images, rows=len(prompts), cols=len(scales), resize=192).save(picture)
    print(f"A row for each prompt, guidance 1, 3 and 7.5 from left to right: {picture}")
