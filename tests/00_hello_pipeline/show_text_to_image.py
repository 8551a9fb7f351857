"""Two prompts, painted with and without guidance."""

from diffusers import StableDiffusionPipeline

from kata import panels
from kata.tiny_pipelines import TEXT_TO_IMAGE

PROMPTS = {
    "a red butterfly with blue hindwings on a pale ground": "red and\nblue",
    "a yellow butterfly on a dusk ground": "yellow\non dusk",
}
SCALES = (1, 5)
STEPS = 8


def show(kata):
    figure, axes = panels.figure(3.8, 3.7, "painted")
    with panels.panel(kata, axes["painted"], f"load_text_to_image, then paint in {STEPS} steps"):
        loaded = panels.expect(kata.load_text_to_image(TEXT_TO_IMAGE), StableDiffusionPipeline)
        pipeline = panels.silent(loaded)
        images = [
            kata.paint(pipeline, prompt, num_inference_steps=STEPS, guidance_scale=scale, seed=1)
            for prompt in PROMPTS
            for scale in SCALES
        ]
        names = [f"guidance {scale:g}" for scale in SCALES]
        panels.pictures(axes["painted"], images, len(SCALES), names, [*PROMPTS.values()])
    return figure
