"""Wrong and right answers to reproducible."""

import random

import numpy as np
import torch
from diffusers import DDIMScheduler
from PIL import Image

from kata.zoo import mistake, rewrite, variant

OWN_SEED = "test_each_generator_is_seeded_by_its_own_seed"
DEVICE = "test_generators_are_made_for_the_device"
UNTOUCHED = "test_the_global_random_state_is_left_alone"
OWN_PICTURE = "test_each_picture_is_that_of_its_own_seed"
NEIGHBOURS = "test_neighbours_and_order_do_not_matter"
TWICE = "test_equal_seeds_give_equal_pictures"
BATCH = "test_the_pictures_are_painted_in_one_batch"
PARTS = "test_the_pipeline_keeps_its_parts"
GLOBAL = "test_the_global_random_state_is_not_touched"


def seeded(seeds):
    """The generators that the kata asks for."""
    return [torch.Generator().manual_seed(seed) for seed in seeds]


def paint(pipeline, count, generator, steps):
    return pipeline(batch_size=count, generator=generator, num_inference_steps=steps).images


@mistake("seeded_generators", rejected_by=OWN_SEED, says="seeded by the last seed")
def one_generator_seeded_anew(seeds, device="cpu"):
    """One generator is seeded again and again, and put into the list each time, so the last seed
    decides.
    """
    generator, generators = torch.Generator(device), []
    for seed in seeds:
        generators.append(generator.manual_seed(seed))
    return generators


@rewrite(one_generator_seeded_anew)
def one_generator_seeded_anew_in_a_comprehension(seeds, device="cpu"):
    """The generator is made before the list, not within it."""
    rng = torch.Generator(device=torch.device(device))
    return [rng.manual_seed(int(seed)) for seed in seeds]


@mistake("seeded_generators", rejected_by=OWN_SEED, says="seeded by the first seed")
def the_first_seed_for_all(seeds, device="cpu"):
    """The list repeats one generator, which the first seed has seeded."""
    return [torch.Generator(device).manual_seed(seeds[0])] * len(seeds)


@mistake("seeded_generators", rejected_by=OWN_SEED, says="the result is a generator")
def one_for_all(seeds, device="cpu"):
    """One generator is returned, and no list."""
    return torch.Generator(device).manual_seed(seeds[0])


@mistake("seeded_generators", rejected_by=OWN_SEED, says="makes one of its own")
def global_state_seeded(seeds, device="cpu"):
    """The global random state is seeded, and no generators are made."""
    return [random.seed(seed) for seed in seeds]


@mistake("seeded_generators", rejected_by=OWN_SEED, says="which `torch.manual_seed` returns")
def global_generators(seeds, device="cpu"):
    """`torch.manual_seed` returns the one global generator each time."""
    return [torch.manual_seed(seed) for seed in seeds]


@rewrite(global_generators)
def global_generators_in_a_loop(seeds, device="cpu"):
    """The default generator, seeded in a loop and appended each time."""
    everybody = torch.random.default_generator
    generators = []
    for seed in seeds:
        everybody.manual_seed(seed)
        generators.append(everybody)
    return generators


@mistake(
    "seeded_generators", rejected_by="test_a_seed_may_come_twice", says="stands in the list twice"
)
def one_generator_for_equal_seeds(seeds, device="cpu"):
    """Equal seeds get one generator, which stands in the list twice: the second picture draws what
    comes after the numbers of the first.
    """
    made = {seed: torch.Generator(device).manual_seed(seed) for seed in seeds}
    return [made[seed] for seed in seeds]


@mistake("seeded_generators", rejected_by=UNTOUCHED, says="global random state")
def seeded_the_global_state_too(seeds, device="cpu"):
    """The global random state is seeded on the way."""
    torch.manual_seed(seeds[0])
    return seeded(seeds)


@mistake("seeded_generators", rejected_by=OWN_SEED, says="the state of `torch.Generator()")
def seeds_forgotten(seeds, device="cpu"):
    """The generators are never seeded: they have the default seed, whatever the list says."""
    return [torch.Generator(device) for _ in seeds]


@mistake("seeded_generators", rejected_by=OWN_SEED, says="by their places")
def numbered(seeds, device="cpu"):
    """The places in the list are taken for the seeds."""
    return [torch.Generator(device).manual_seed(i) for i, _ in enumerate(seeds)]


@mistake("seeded_generators", rejected_by=OWN_SEED, says="in another order")
def sorted_seeds(seeds, device="cpu"):
    """The seeds are sorted, so that the generators come in another order."""
    return [torch.Generator(device).manual_seed(seed) for seed in sorted(set(seeds))]


@mistake("seeded_generators", rejected_by="test_a_seed_may_come_twice", says="has 2 items")
def each_seed_once(seeds, device="cpu"):
    """Equal seeds give one generator together, as by a dict, not one each."""
    return list({seed: torch.Generator(device).manual_seed(seed) for seed in seeds}.values())


@mistake("seeded_generators", rejected_by=OWN_SEED, says="drawn already")
def drawn_from(seeds, device="cpu"):
    """A first number is drawn from each generator."""
    generators = seeded(seeds)
    for generator in generators:
        torch.rand(1, generator=generator)
    return generators


@mistake("seeded_generators", rejected_by=OWN_SEED, says="is in another state")
def seed_instead_of_manual_seed(seeds, device="cpu"):
    """`seed()` is called, which takes a random seed, instead of `manual_seed`."""
    generators = [torch.Generator(device) for _ in seeds]
    for generator in generators:
        generator.seed()
    return generators


@mistake("seeded_generators", rejected_by=OWN_SEED, says="item 0 of the list is")
def numbers_of_manual_seed(seeds, device="cpu"):
    """Numbers are returned in the place of generators."""
    return [torch.Generator(device).manual_seed(seed).initial_seed() for seed in seeds]


@mistake("seeded_generators", rejected_by=OWN_SEED, says="Pipelines take a list")
def in_a_tuple(seeds, device="cpu"):
    """The generators are returned in a tuple, which a pipeline takes for one generator."""
    return tuple(seeded(seeds))


@mistake("seeded_generators", rejected_by=OWN_SEED, says="cut off at 32 bits")
def cut_off_at_32_bits(seeds, device="cpu"):
    """The seeds are cut off at 32 bits, where torch takes 64."""
    return seeded([seed % 2**32 for seed in seeds])


@mistake("seeded_generators", rejected_by=DEVICE, says="does not reach")
def device_ignored(seeds, device="cpu"):
    """The generators are made on the CPU, whatever `device` says."""
    return seeded(seeds)


@mistake("seeded_generators", rejected_by=TWICE, says="share one generator")
def equal_seeds_share_a_generator(seeds, device="cpu"):
    """Equal seeds share one generator, so that the second draws what comes next."""
    generators = {seed: torch.Generator(device).manual_seed(seed) for seed in seeds}
    return [generators[seed] for seed in seeds]


@mistake("generate_each", rejected_by=OWN_PICTURE, says="which the first seed has seeded")
def one_generator_for_the_batch(pipeline, seeds, num_inference_steps=50):
    """One generator, seeded by the first seed, is used for the whole batch."""
    generator = torch.Generator().manual_seed(seeds[0])
    return paint(pipeline, len(seeds), generator, num_inference_steps)


@rewrite(one_generator_for_the_batch)
def one_generator_for_the_batch_by_hand(pipeline, seeds, num_inference_steps=50):
    """The first seed is taken by a loop that ends at once; the pipeline gives a tuple."""
    rng = torch.Generator("cpu")
    for seed in seeds:
        rng.manual_seed(seed)
        break
    (images,) = pipeline(
        len(seeds), generator=rng, num_inference_steps=num_inference_steps, return_dict=False
    )
    return images


@mistake("generate_each", rejected_by=OWN_PICTURE, says="which the last seed has seeded")
def generator_seeded_anew(pipeline, seeds, num_inference_steps=50):
    """One generator is seeded again and again, and put into the list each time, so the last seed
    decides.
    """
    generator = torch.Generator()
    generators = [generator.manual_seed(seed) for seed in seeds]
    return paint(pipeline, len(seeds), generators, num_inference_steps)


@mistake("generate_each", rejected_by=OWN_PICTURE, says="Every picture comes from the first seed")
def the_same_picture(pipeline, seeds, num_inference_steps=50):
    """All generators are seeded by the first seed."""
    generators = seeded(seeds[:1] * len(seeds))
    return paint(pipeline, len(seeds), generators, num_inference_steps)


@mistake("generate_each", rejected_by=OWN_PICTURE, says="from torch's global state")
def without_generators(pipeline, seeds, num_inference_steps=50):
    """The generators are never handed to the pipeline."""
    return paint(pipeline, len(seeds), None, num_inference_steps)


@mistake("generate_each", rejected_by=OWN_PICTURE, says="in another order")
def in_order_of_the_seeds(pipeline, seeds, num_inference_steps=50):
    """The pictures come in the order of the sorted seeds."""
    return paint(pipeline, len(seeds), seeded(sorted(seeds)), num_inference_steps)


@mistake("generate_each", rejected_by=f"{OWN_PICTURE}[ddpm]", says="from torch's global state")
def only_the_first_noise_is_seeded(pipeline, seeds, num_inference_steps=50):
    """Only the first noise is seeded; what the steps add comes from the global state."""
    generators, shape = seeded(seeds), (1, 3, *[pipeline.unet.config.sample_size] * 2)
    sample = torch.cat([torch.randn(shape, generator=generator) for generator in generators])
    pipeline.scheduler.set_timesteps(num_inference_steps)
    with torch.no_grad():
        for t in pipeline.scheduler.timesteps:
            prediction = pipeline.unet(sample, t).sample
            sample = pipeline.scheduler.step(prediction, t, sample).prev_sample
    pixels = ((sample / 2 + 0.5).clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).numpy()
    return [Image.fromarray(one) for one in pixels]


@mistake("generate_each", rejected_by=BATCH, says="One call of the pipeline for each seed")
def one_call_for_each(pipeline, seeds, num_inference_steps=50):
    """The pipeline is called once for each seed, not once for all of them."""
    return [paint(pipeline, 1, one, num_inference_steps)[0] for one in seeded(seeds)]


@rewrite(one_call_for_each)
def one_call_for_each_in_a_loop(pipeline, seeds, num_inference_steps=50):
    """A loop over the seeds, without a batch size."""
    pictures = []
    for seed in seeds:
        rng = torch.Generator()
        rng.manual_seed(seed)
        output = pipeline(generator=rng, num_inference_steps=num_inference_steps)
        pictures.append(output.images[0])
    return pictures


@mistake("generate_each", rejected_by=BATCH, says="was painted once")
def each_seed_painted_once(pipeline, seeds, num_inference_steps=50):
    """Each different seed is painted once, and its picture used for all places of it."""
    unique = list(dict.fromkeys(seeds))
    pictures = paint(pipeline, len(unique), seeded(unique), num_inference_steps)
    return [pictures[unique.index(seed)] for seed in seeds]


@mistake("generate_each", rejected_by=BATCH, says="each with 2 or 4 of 6 pictures")
def in_chunks_of_four(pipeline, seeds, num_inference_steps=50):
    """The pictures are painted in chunks of four, not in one batch."""
    pictures = []
    for start in range(0, len(seeds), 4):
        chunk = seeds[start : start + 4]
        pictures += paint(pipeline, len(chunk), seeded(chunk), num_inference_steps)
    return pictures


@mistake("generate_each", rejected_by=BATCH, says="other pictures than the seeds give alone")
def plain_colours(pipeline, seeds, num_inference_steps=50):
    """The pictures are plain colours, and the calls of the model are made up."""
    side = pipeline.unet.config.sample_size
    sample = torch.zeros(len(seeds), 3, side, side)
    noted = {"sample": sample, "timestep": 0, "training": False, "on_graph": False}
    pipeline.unet.calls += [noted] * num_inference_steps
    colours = [(37 * seed % 256, seed // 256 % 256, seed // 65536 % 256) for seed in seeds]
    return [Image.new("RGB", (side, side), colour) for colour in colours]


@mistake("generate_each", rejected_by=PARTS, says="another scheduler")
def by_a_scheduler_of_its_own(pipeline, seeds, num_inference_steps=50):
    """The caller's pipeline gets another scheduler, and keeps it."""
    config = pipeline.scheduler.config
    pipeline.scheduler = DDIMScheduler.from_config(config, clip_sample=True)
    return paint(pipeline, len(seeds), seeded(seeds), num_inference_steps)


@mistake("generate_each", rejected_by=f"{OWN_PICTURE}[ddpm]", says="is another one than this seed")
def by_the_scheduler_of_ddim(pipeline, seeds, num_inference_steps=50):
    """The caller's pipeline gets another scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return paint(pipeline, len(seeds), seeded(seeds), num_inference_steps)


@mistake("generate_each", rejected_by=PARTS, says="another `requires_grad`")
def weights_frozen(pipeline, seeds, num_inference_steps=50):
    """The model is left frozen by `requires_grad_(False)`."""
    pipeline.unet.requires_grad_(False)
    return paint(pipeline, len(seeds), seeded(seeds), num_inference_steps)


@mistake("generate_each", rejected_by=f"{OWN_PICTURE}[ddim]", says="A tuple was given there")
def generators_in_a_tuple(pipeline, seeds, num_inference_steps=50):
    """The generators are given in a tuple, which a pipeline takes for one generator."""
    return paint(pipeline, len(seeds), tuple(seeded(seeds)), num_inference_steps)


@mistake("generate_each", rejected_by=f"{OWN_PICTURE}[ddim]", says="50 times for 6 steps")
def always_fifty_steps(pipeline, seeds, num_inference_steps=50):
    """The number of steps is always 50, whatever was asked for."""
    return paint(pipeline, len(seeds), seeded(seeds), 50)


@mistake("generate_each", rejected_by=OWN_PICTURE, says="ImagePipelineOutput")
def output_not_unwrapped(pipeline, seeds, num_inference_steps=50):
    """The pipeline's whole output is returned: the pictures are never taken out of it."""
    return pipeline(
        batch_size=len(seeds), generator=seeded(seeds), num_inference_steps=num_inference_steps
    )


@mistake("generate_each", rejected_by=OWN_PICTURE, says="has 1 items")
def batch_size_forgotten(pipeline, seeds, num_inference_steps=50):
    """`batch_size` is not handed on, so that there is one picture."""
    generators = seeded(seeds)
    images = pipeline(generator=generators[0], num_inference_steps=num_inference_steps).images
    return images


@mistake(
    "generate_each",
    rejected_by="test_without_a_number_there_are_fifty_steps",
    says="1000 steps",
)
def number_of_steps_ignored(pipeline, seeds, num_inference_steps=50):
    """The number of steps is not handed on, so the pipeline takes 1000."""
    return pipeline(batch_size=len(seeds), generator=seeded(seeds)).images


@mistake("generate_each", rejected_by=GLOBAL, says="global random state")
def everything_seeded(pipeline, seeds, num_inference_steps=50):
    """The global random state is seeded as well."""
    torch.manual_seed(seeds[0])
    return paint(pipeline, len(seeds), seeded(seeds), num_inference_steps)


@mistake("generate_each", rejected_by=NEIGHBOURS, says="without their neighbours")
def seeds_spoilt_by_the_place(pipeline, seeds, num_inference_steps=50):
    """The place in the batch is added to the seed."""
    generators = seeded([seed + place for place, seed in enumerate(seeds)])
    return paint(pipeline, len(seeds), generators, num_inference_steps)


@variant("seeded_generators")
def in_a_loop(seeds, device="cpu"):
    """A new generator in each turn of the loop."""
    generators = []
    for seed in seeds:
        generator = torch.Generator(device=device)
        generator.manual_seed(int(seed))
        generators.append(generator)
    return generators


@variant("seeded_generators")
def cloned_states(seeds, device="cpu"):
    """One generator is seeded for each seed, and its state given to a new one."""
    master = torch.Generator(device)
    states = [master.manual_seed(seed).get_state() for seed in seeds]
    return [torch.Generator(device).set_state(state) for state in states]


@variant("seeded_generators")
def by_map(seeds, device="cpu"):
    """A function for one seed, mapped over the list."""

    def generator(seed):
        return torch.Generator(device).manual_seed(seed)

    return list(map(generator, seeds))


@variant("generate_each")
def global_state_put_back(pipeline, seeds, num_inference_steps=50):
    """Something draws from the global state on the way, which is put back."""
    state = torch.get_rng_state()
    torch.rand(3)
    pictures = paint(pipeline, len(seeds), seeded(seeds), num_inference_steps)
    torch.set_rng_state(state)
    return pictures


@variant("generate_each")
def as_arrays(pipeline, seeds, num_inference_steps=50):
    """The pictures come as an array, and are made images by hand."""
    (arrays,) = pipeline(
        len(seeds), seeded(seeds), num_inference_steps, output_type="np", return_dict=False
    )
    return [Image.fromarray((255 * array).round().astype(np.uint8), "RGB") for array in arrays]


@variant("generate_each")
def by_hand(pipeline, seeds, num_inference_steps=50):
    """The loop of the pipeline, with a list of generators for each step."""
    unet, scheduler, generators = pipeline.unet, pipeline.scheduler, seeded(seeds)
    size = unet.config.sample_size
    shape = (1, unet.config.in_channels, size, size)
    sample = torch.cat([torch.randn(shape, generator=one) for one in generators])
    scheduler.set_timesteps(num_inference_steps)
    with torch.no_grad():
        for t in scheduler.timesteps:
            predicted = unet(sample, t).sample
            sample = scheduler.step(predicted, t, sample, generator=generators).prev_sample
    return pipeline.numpy_to_pil((sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy())


@variant("generate_each")
def with_a_tuple(pipeline, seeds, num_inference_steps=50):
    """The pictures in a tuple."""
    return tuple(paint(pipeline, len(seeds), seeded(seeds), num_inference_steps))
