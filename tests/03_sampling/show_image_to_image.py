"""A butterfly painted over, more and more; and half of it painted anew."""

from diffusers import DDIMScheduler, DDPMPipeline
from PIL import Image

from kata import panels
from kata.tiny_pipelines import BUTTERFLIES

STRENGTHS, STEPS, SIZE = (0, 0.4, 0.7, 1), 8, 32


def show(kata):
    figure, axes = panels.figure(8, 4, "edits", "inpainted")
    scheduler = DDIMScheduler.from_pretrained(BUTTERFLIES, subfolder="scheduler")
    pipeline = DDPMPipeline.from_pretrained(BUTTERFLIES, scheduler=scheduler)
    image, mask = panels.images(1, SIZE)[0], Image.new("L", (SIZE, SIZE))
    mask.paste(255, (SIZE // 2, 0, SIZE, SIZE))
    with panels.panel(kata, axes["edits"], f"edit, {STEPS} steps of DDIM"):
        edits = [kata.edit(pipeline, image, strength, 3, STEPS) for strength in STRENGTHS]
        names = [f"strength {strength:g}" for strength in STRENGTHS]
        panels.pictures(axes["edits"], edits, names=names)
    hole = Image.composite(Image.new("RGB", image.size, "white"), image, mask)
    with panels.panel(kata, axes["inpainted"], "inpaint: the right half is painted anew"):
        painted = kata.inpaint(pipeline, image, mask, 3, STEPS)
        names = ["picture", "hole", "painted"]
        panels.pictures(axes["inpainted"], [image, hole, painted], names=names)
        panels.say(axes["inpainted"], panels.describe(painted))
    return figure
