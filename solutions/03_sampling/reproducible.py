"""One seed, one picture: whatever else is in the batch.

Goal    a generator for each picture, and a batch whose pictures follow each from its own seed
Source  diffusers.DDPMPipeline, whose `generator` may be a list; torch.Generator
Check   pytest exercises/03_sampling/reproducible.py
Stuck   kata hint reproducible
"""

import torch


def seeded_generators(seeds, device="cpu"):
    """Return a generator for each seed.

    seeds   a list of whole numbers, 0 or more; the same may come twice
    device  where the generators draw: "cpu", "cuda" or another name of a device
    return  a list of torch.Generator on that device, one for each seed, in their order. No two are
            the same object, not even for equal seeds. Generator i is in the state in which
            `manual_seed(seeds[i])` leaves a new one: nothing has been drawn from it

    Torch's global random state plays no part, and is afterwards as it was.
    """
    # A new generator for each seed, on the device.
    return [torch.Generator(device).manual_seed(seed) for seed in seeds]


def generate_each(pipeline, seeds, num_inference_steps=50):
    """Return one picture for each seed, all painted at once.

    Picture i depends on seeds[i] alone: it is the one that the pipeline paints when it is called
    for a single picture, with a new generator of the CPU that seeds[i] has seeded. Neither the
    other seeds nor their order matter. All noise of a picture is its own: what it begins with, and
    what the scheduler adds on the way.

    pipeline             a DDPMPipeline. It keeps its parts: they have afterwards the class, the
                         configuration, the weights, the mode and the `requires_grad` that they had
    seeds                a list of whole numbers, 0 or more, at least one; the same may come twice,
                         and gives the same picture twice
    num_inference_steps  number of steps, for the pipeline
    return               a list of PIL images (RGB), one for each seed, in their order

    The model is shown as many samples at once as there are seeds, a seed that comes twice among
    them twice, and so `num_inference_steps` times: one call of the pipeline does it. The generators
    draw on the CPU wherever the pipeline is, so that a seed means the same picture everywhere.
    Torch's global random state plays no part, and is afterwards as it was; so is autograd. "The
    same picture" leaves room for floating point, which may round otherwise in another batch: by 1
    of 255 at most.
    """
    # Call the pipeline once for all pictures, with a generator for each of them.
    generators = seeded_generators(seeds)
    output = pipeline(
        batch_size=len(seeds), generator=generators, num_inference_steps=num_inference_steps
    )
    return output.images
