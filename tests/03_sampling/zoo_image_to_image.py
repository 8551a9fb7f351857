"""Wrong and right answers to image_to_image."""

import copy

import numpy as np
import torch
from diffusers import DDIMScheduler
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor, to_pil_image, to_tensor

from kata.zoo import mistake, rewrite, variant

STEPS = "test_strength_says_how_many_of_the_last_steps_are_walked"
NONE = "test_without_a_step_the_picture_comes_back"
OUTSIDE = "test_a_strength_outside_is_an_error"
BEGIN = "test_the_walk_begins_with_the_noised_picture"
EVERY = "test_every_step_is_the_schedulers"
MASK = "test_the_mask_says_what_is_known"
KNOWN = "test_the_known_pixels_have_the_noise_of_every_step"
OTHERS = "test_the_other_pixels_follow_the_steps"
KEPT = "test_the_known_pixels_are_kept_exactly"
ADDED = "test_what_the_scheduler_adds_is_drawn_anew_in_every_step"
SEED = "test_the_seed_decides"
DEFAULTS = "test_without_a_number_there_are_fifty_steps_and_the_seed_is_0"
GRAPH = "test_no_graph_is_kept"
SAME = "test_pipeline_and_pictures_stay_as_they_were"


def scaled(image):
    """The picture as (1, 3, H, W) in [-1, 1]."""
    return to_tensor(image)[None] * 2 - 1


def in_8_bits(sample):
    return to_pil_image(((sample[0] / 2 + 0.5).clamp(0, 1) * 255).round().byte())


def normal(image, generator):
    return torch.randn(1, 3, image.height, image.width, generator=generator)


def timesteps_of(pipeline, count):
    pipeline.scheduler.set_timesteps(count)
    return pipeline.scheduler.timesteps


@torch.no_grad()
def walk(pipeline, sample, timesteps, generator, field="prev_sample"):
    for t in timesteps:
        predicted = pipeline.unet(sample, t).sample
        sample = pipeline.scheduler.step(predicted, t, sample, generator=generator)[field]
    return sample


def edited(
    pipeline,
    image,
    strength,
    seed=0,
    steps=50,
    clean=scaled,
    noise=normal,
    noise_at=lambda every, rest: rest[0],
    last=lambda every, count: every[len(every) - count :],
    paint=in_8_bits,
):
    """The kata's `edit`, of which a mistake replaces a part."""
    if not 0 <= strength <= 1:
        raise ValueError(f"strength {strength}")
    every = timesteps_of(pipeline, steps)
    rest = last(every, int(steps * strength))
    if len(rest) == 0:
        return image
    generator = torch.Generator().manual_seed(seed)
    t = noise_at(every, rest).reshape(1)
    sample = pipeline.scheduler.add_noise(clean(image), noise(image, generator), t)
    return paint(walk(pipeline, sample, rest, generator))


def inpainted(
    pipeline,
    image,
    mask,
    seed=0,
    steps=50,
    clean=scaled,
    unknown=lambda grey: grey >= 128,
    begin=normal,
    noise_at=lambda every, i: every[i],
    paint=in_8_bits,
    at_last=True,
):
    """The kata's `inpaint`, of which a mistake replaces a part."""
    scheduler, generator = pipeline.scheduler, torch.Generator().manual_seed(seed)
    every, picture = timesteps_of(pipeline, steps), clean(image)
    where = unknown(torch.from_numpy(np.array(mask)))
    sample = begin(image, generator)
    for i, t in enumerate(every):
        noise = normal(image, generator)
        known = scheduler.add_noise(picture, noise, noise_at(every, i).reshape(1))
        sample = walk(pipeline, torch.where(where, sample, known), [t], generator)
    return paint(torch.where(where, sample, picture) if at_last else sample)


@mistake("edit", rejected_by=f"{STEPS}[0.37]", says="whatever the strength")
def all_steps(pipeline, image, strength, seed=0, num_inference_steps=50):
    """All steps are walked, whatever the strength."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    t = every[-int(num_inference_steps * strength)].reshape(1)
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), t)
    return in_8_bits(walk(pipeline, sample, every, generator))


@mistake("edit", rejected_by=EVERY, says="what step 1 of 6 led to")
def by_a_scheduler_of_its_own(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The pipeline's scheduler is replaced by one of almost no noise."""
    pipeline.scheduler = DDIMScheduler(beta_start=1e-6, beta_end=1e-6, clip_sample=False)
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{STEPS}[0.37]", says="these are the first")
def the_first_steps(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The first steps are walked, not the last ones."""
    first = lambda every, count: every[:count]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, last=first)


@rewrite(the_first_steps)
def the_first_steps_until_it_breaks(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The loop is left after enough steps."""
    if strength < 0 or strength > 1:
        raise ValueError("strength must be between 0 and 1")
    rng, scheduler = torch.Generator().manual_seed(seed), pipeline.scheduler
    scheduler.set_timesteps(num_inference_steps)
    enough = int(num_inference_steps * strength)
    if enough == 0:
        return image.copy()
    x0 = torch.from_numpy(np.array(image)).permute(2, 0, 1).float()[None] / 127.5 - 1
    x = scheduler.add_noise(x0, torch.randn(x0.shape, generator=rng), scheduler.timesteps[:1])
    for i, t in enumerate(scheduler.timesteps):
        if i == enough:
            break
        with torch.no_grad():
            eps = pipeline.unet(x, t).sample
        x = scheduler.step(eps, t, x, generator=rng).prev_sample
    x = (x[0].permute(1, 2, 0).numpy() + 1) * 127.5
    return Image.fromarray(np.rint(np.clip(x, 0, 255)).astype(np.uint8))


@mistake("edit", rejected_by=f"{STEPS}[0.75]", says="Strength is turned round")
def strength_turned_round(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Strength is turned round: taken for how much of the picture is to be kept."""
    rest = lambda every, count: every[count:]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, last=rest)


@mistake("edit", rejected_by=f"{STEPS}[0.37]", says="was rounded")
def rounded_number_of_steps(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The number of steps is rounded to the nearest."""
    count = round(num_inference_steps * strength)
    return edited(pipeline, image, count / num_inference_steps, seed, num_inference_steps)


@mistake("edit", rejected_by=STEPS, says="upwards")
def upwards(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The timesteps are walked upwards, from little noise to much."""
    up = lambda every, count: every[len(every) - count :].flip(0)  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, last=up)


@mistake("edit", rejected_by=f"{STEPS}[0.75]", says="`set_timesteps` comes first")
def timesteps_not_set(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`set_timesteps` is never called, so the timesteps of an earlier walk are taken."""
    generator, every = torch.Generator().manual_seed(seed), pipeline.scheduler.timesteps
    rest = every[len(every) - int(len(every) * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest, generator))


@mistake("edit", rejected_by=f"{STEPS}[0.75]", says="they reach over all")
def fewer_steps_over_the_whole_schedule(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`set_timesteps` is called for fewer steps, which reach over the whole schedule, not over
    its end.
    """
    return edited(pipeline, image, 1.0, seed, int(num_inference_steps * strength))


@mistake("edit", rejected_by=STEPS, says="The first timestep is left out")
def first_step_left_out(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The first step is left out, for which the picture was noised."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest[1:], generator))


@mistake("edit", rejected_by=BEGIN, says="left in [0, 1]")
def left_between_zero_and_one(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is left in [0, 1] and not brought to [-1, 1]."""
    unit = lambda one: to_tensor(one)[None]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, clean=unit)


@rewrite(left_between_zero_and_one)
def left_between_zero_and_one_by_numpy(pipeline, image, strength, seed=0, num_inference_steps=50):
    """NumPy divides by 255; the mixture is written out."""
    if not 0 <= strength <= 1:
        raise ValueError(strength)
    rng, scheduler = torch.Generator().manual_seed(seed), pipeline.scheduler
    scheduler.set_timesteps(num_inference_steps)
    timesteps = scheduler.timesteps[num_inference_steps - int(num_inference_steps * strength) :]
    if not len(timesteps):
        return image
    pixels = np.asarray(image, dtype=np.float32) / 255
    x = torch.tensor(pixels.transpose(2, 0, 1)).unsqueeze(0)
    rate = scheduler.alphas_cumprod[timesteps[0]]
    x = rate**0.5 * x + (1 - rate) ** 0.5 * torch.randn(x.shape, generator=rng)
    for t in timesteps:
        with torch.inference_mode():
            eps = pipeline.unet(x, t, return_dict=False)[0]
        x = scheduler.step(eps.clone(), t, x, generator=rng, return_dict=False)[0]
    return in_8_bits(x)


@mistake("edit", rejected_by=BEGIN, says="left in 0 to 255")
def left_in_8_bits(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is left in 0 to 255 and not brought to [-1, 1]."""
    bytes_ = lambda one: pil_to_tensor(one)[None].float()  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, clean=bytes_)


@mistake("edit", rejected_by=BEGIN, says="Reshaped, not permuted")
def reshaped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`reshape` puts the channels first without moving the axes, so that pixels land elsewhere."""

    def clean(one):
        array = torch.from_numpy(np.array(one)) / 127.5 - 1
        return array.reshape(1, 3, one.height, one.width)

    return edited(pipeline, image, strength, seed, num_inference_steps, clean=clean)


@mistake("edit", rejected_by=BEGIN, says="what the model was shown")
def rows_and_columns_swapped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Rows and columns of the picture are swapped before the model sees it."""
    turned = image.transpose(Image.Transpose.TRANSPOSE)
    result = edited(pipeline, turned, strength, seed, num_inference_steps)
    return result.transpose(Image.Transpose.TRANSPOSE)


@mistake("edit", rejected_by=f"{BEGIN}[0.8]", says="for the last timestep")
def noised_for_the_last_timestep(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is noised for the last timestep of the walk, not for the first."""
    last = lambda every, rest: rest[-1]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise_at=last)


@mistake("edit", rejected_by=f"{BEGIN}[0.4]", says="the first of all timesteps")
def noised_for_the_first_of_all(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is noised for the first of all timesteps, not for the first that is walked."""
    first = lambda every, rest: every[0]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise_at=first)


@mistake("edit", rejected_by=f"{BEGIN}[0.4]", says="one timestep more than is walked")
def noised_one_step_too_far(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is noised for one timestep more than is walked."""
    before = lambda every, rest: every[len(every) - len(rest) - 1]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise_at=before)


@mistake("edit", rejected_by=f"{BEGIN}[0.4]", says="A fraction of all timesteps")
def noised_for_a_fraction_of_all(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The picture is noised for a fraction of all training timesteps, not for the first that is
    walked.
    """
    length = pipeline.scheduler.config.num_train_timesteps
    at = lambda every, rest: torch.tensor(int(strength * length) - 1)  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise_at=at)


@mistake("edit", rejected_by=BEGIN, says="noise alone")
def begins_with_noise(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The walk begins with noise alone, without the picture."""
    return edited(
        pipeline, image, strength, seed, num_inference_steps, clean=lambda one: 0 * scaled(one)
    )


@mistake("edit", rejected_by=BEGIN, says="makes it fade as well")
def noise_on_top(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Noise is added on top of the picture, which does not fade."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = scaled(image) + strength * normal(image, generator)
    return in_8_bits(walk(pipeline, sample, rest, generator))


@mistake("edit", rejected_by=f"{BEGIN}[0.8]", says="changed places")
def arguments_swapped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Picture and noise change places in the call of `add_noise`."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(normal(image, generator), scaled(image), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest, generator))


@mistake("edit", rejected_by=BEGIN, says="uniform")
def uniform_noise(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The noise is uniform, by `rand` in the place of `randn`."""
    uniform = lambda one, g: torch.rand(1, 3, one.height, one.width, generator=g)  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise=uniform)


@mistake("edit", rejected_by=BEGIN, says="some channels share it")
def grey_noise(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The three colours share their noise."""
    grey = lambda one, g: normal(one, g)[:, :1].expand(1, 3, -1, -1)  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise=grey)


@mistake("edit", rejected_by=STEPS, says="as `t[None]` is")
def number_for_timestep(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`add_noise` gets a number, where it wants a tensor of timesteps."""
    generator = torch.Generator().manual_seed(seed)
    t = int(timesteps_of(pipeline, num_inference_steps)[-1])
    pipeline.scheduler.add_noise(scaled(image), normal(image, generator), t)


@mistake("edit", rejected_by=EVERY, says="Cut off, not rounded")
def cut_off(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The pixels are cut off to whole numbers instead of rounded."""
    paint = lambda s: to_pil_image(((s[0] / 2 + 0.5).clamp(0, 1) * 255).byte())  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, paint=paint)


@mistake("edit", rejected_by=EVERY, says="comes round on the other side")
def not_clamped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Values outside are not clamped, so that they wrap around in 8 bits."""

    def paint(sample):
        pixels = ((sample[0] / 2 + 0.5) * 255).round().int() % 256
        return to_pil_image(pixels.byte())

    return edited(pipeline, image, strength, seed, num_inference_steps, paint=paint)


@mistake("edit", rejected_by=EVERY, says="was taken for [0, 1]")
def not_brought_back(pipeline, image, strength, seed=0, num_inference_steps=50):
    """[-1, 1] is taken for [0, 1], so that all dark colours become black."""
    paint = lambda s: to_pil_image((s[0].clamp(0, 1) * 255).round().byte())  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, paint=paint)


@mistake("edit", rejected_by=EVERY, says="prev_sample")
def the_guess_of_the_end_fed_back(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`pred_original_sample`, the guess at the picture, is fed back instead of `prev_sample`."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest, generator, field="pred_original_sample"))


@mistake("edit", rejected_by=EVERY, says="not fed back")
@torch.no_grad()
def not_fed_back(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The sample is not fed back: each step begins with the noised picture."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    noisy = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    for t in rest:
        predicted = pipeline.unet(noisy, t).sample
        sample = pipeline.scheduler.step(predicted, t, noisy).prev_sample
    return in_8_bits(sample)


@mistake("edit", rejected_by=EVERY, says="Each sample was clamped")
def clamped_in_each_step(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Each sample is clamped to [-1, 1] on the way."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    for t in rest:
        sample = walk(pipeline, sample, [t], generator).clamp(-1, 1)
    return in_8_bits(sample)


@mistake("edit", rejected_by=STEPS, says="`.sample` of a model")
def model_output_not_unwrapped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The model's output object is used, not the tensor `sample` within it."""
    t = timesteps_of(pipeline, num_inference_steps)[0]
    pipeline.scheduler.step(pipeline.unet(scaled(image), t), t, scaled(image))


@mistake("edit", rejected_by=STEPS, says="a PIL image of mode RGB")
def a_list_of_pictures(pipeline, image, strength, seed=0, num_inference_steps=50):
    """A list of pictures is returned, not one picture."""
    return [edited(pipeline, image, strength, seed, num_inference_steps)]


@mistake("edit", rejected_by=f"{NONE}[0.09]", says="is 0")
def at_least_one_step(pipeline, image, strength, seed=0, num_inference_steps=50):
    """One step is walked at least, however small the strength."""
    at_least = max(strength, 1 / num_inference_steps)
    return edited(pipeline, image, at_least, seed, num_inference_steps)


@mistake("edit", rejected_by=NONE, says="`timesteps[-0:]` is the whole list")
def minus_zero(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The last 0 timesteps are taken as `[-0:]`, which is the whole list."""
    last = lambda every, count: every[-count:]  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, last=last)


@rewrite(minus_zero)
def minus_zero_by_a_negative_index(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The index is computed first; the library's processor turns the picture."""
    if not 0 <= strength <= 1:
        raise ValueError(strength)
    processor, rng = VaeImageProcessor(do_resize=False), torch.Generator()
    rng.manual_seed(seed)
    pipeline.scheduler.set_timesteps(num_inference_steps)
    start = -int(num_inference_steps * strength)
    timesteps = pipeline.scheduler.timesteps.tolist()[start:]
    x = processor.preprocess(image)
    noise = torch.normal(0.0, 1.0, x.shape, generator=rng)
    x = pipeline.scheduler.add_noise(x, noise, torch.tensor(timesteps[:1]))
    for t in timesteps:
        with torch.no_grad():
            eps = pipeline.unet(x, t)["sample"]
        x = pipeline.scheduler.step(eps, t, x, generator=rng).prev_sample
    return processor.postprocess(x, output_type="pil")[0]


@mistake("edit", rejected_by=f"{NONE}[0]", says="`round()`")
def picture_cut_off_at_strength_zero(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Without a step the picture still goes to [-1, 1] and back, and is cut off."""
    if int(num_inference_steps * strength) == 0:
        unit = scaled(image)[0] / 2 + 0.5
        return to_pil_image((unit * 255 - 1e-3).clamp(0, 255).byte())
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=OUTSIDE, says="a ValueError")
def strength_clamped(pipeline, image, strength, seed=0, num_inference_steps=50):
    """A strength outside is brought within 0 and 1 without an error."""
    return edited(pipeline, image, min(max(strength, 0), 1), seed, num_inference_steps)


@mistake("edit", rejected_by=f"{ADDED}[edit]", says="two noises are the same")
@torch.no_grad()
def one_noise_in_all_steps(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The generator is seeded anew before each step, so that all add the same noise."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    for t in rest:
        sample = walk(pipeline, sample, [t], generator.manual_seed(seed))
    return in_8_bits(sample)


@mistake("edit", rejected_by=f"{ADDED}[edit]", says="two noises are the same")
def the_same_tape_for_the_steps(pipeline, image, strength, seed=0, num_inference_steps=50):
    """A second generator of the same seed draws for the steps, so that the first adds the noise
    of the start.
    """
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest, torch.Generator().manual_seed(seed)))


@mistake("edit", rejected_by=f"{SEED}[edit]", says="Noise without the generator")
def global_noise(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The noise is drawn from the global state, without the generator."""
    noise = lambda one, g: torch.randn_like(scaled(one))  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise=noise)


@mistake("edit", rejected_by=f"{SEED}[edit]", says="which returns the global one")
def global_generator(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`torch.manual_seed` seeds the global generator, from which everybody draws."""
    noise = lambda one, g: normal(one, torch.manual_seed(seed))  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise=noise)


@mistake("edit", rejected_by=f"{SEED}[edit]", says="Noise without the generator")
def global_state_seeded(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`torch.manual_seed` seeds the global generator, from which everybody draws."""
    torch.manual_seed(seed)
    noise = lambda one, g: torch.randn_like(scaled(one))  # noqa: E731
    return edited(pipeline, image, strength, seed, num_inference_steps, noise=noise)


@mistake("edit", rejected_by=f"{SEED}[edit]", says="`step` both take one")
@torch.no_grad()
def step_without_generator(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`step` gets no generator, so it draws from the global state."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    return in_8_bits(walk(pipeline, sample, rest, None))


@mistake("edit", rejected_by=f"{SEED}[edit]", says="the same picture for the seeds")
def seed_ignored(pipeline, image, strength, seed=0, num_inference_steps=50):
    """A seed is written into the function, and the one that was given is ignored."""
    return edited(pipeline, image, strength, 42, num_inference_steps)


@mistake("edit", rejected_by=f"{DEFAULTS}[edit]", says="50 steps in each")
def other_default(pipeline, image, strength, seed=0, num_inference_steps=100):
    """The default of `num_inference_steps` is no longer 50."""
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{GRAPH}[edit]", says="torch.no_grad()")
def on_the_graph(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`torch.no_grad()` is missing: the sample is detached at the end only."""
    generator = torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    sample = pipeline.scheduler.add_noise(scaled(image), normal(image, generator), rest[:1])
    for t in rest:
        predicted = pipeline.unet(sample, t).sample
        sample = pipeline.scheduler.step(predicted, t, sample, generator=generator).prev_sample
    return in_8_bits(sample.detach())


@mistake("edit", rejected_by=STEPS, says="The walk is on autograd's graph")
def not_even_detached(pipeline, image, strength, seed=0, num_inference_steps=50):
    """`torch.no_grad()` is missing, and torch makes no array of what is on the graph."""
    sample = pipeline.unet(scaled(image), timesteps_of(pipeline, num_inference_steps)[0]).sample
    return Image.fromarray(sample.numpy())


@mistake("edit", rejected_by=f"{SAME}[edit]", says="the pipeline has another scheduler")
def scheduler_of_the_pipeline_replaced(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The caller's pipeline gets another scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{ADDED}[edit]", says="another scheduler")
def replaced_and_so_without_noise(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The caller's pipeline gets another scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{ADDED}[edit]", says="DDIM, which adds none")
def always_by_ddim(pipeline, image, strength, seed=0, num_inference_steps=50):
    """DDIM takes the steps, whatever scheduler the pipeline has."""
    own = copy.copy(pipeline)
    own.register_modules(scheduler=DDIMScheduler.from_config(pipeline.scheduler.config))
    return edited(own, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{SAME}[edit]", says="another `requires_grad`")
def weights_frozen(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The model is left frozen by `requires_grad_(False)`."""
    pipeline.unet.requires_grad_(False)
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{GRAPH}[edit]", says="autograd is switched off")
def autograd_left_off(pipeline, image, strength, seed=0, num_inference_steps=50):
    """Autograd is switched off, and never on again."""
    torch.set_grad_enabled(False)
    return edited(pipeline, image, strength, seed, num_inference_steps)


@mistake("inpaint", rejected_by=f"{SAME}[inpaint]", says="another mode")
def left_in_training_mode(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The model is left in training mode."""
    result = inpainted(pipeline, image, mask, seed, num_inference_steps)
    pipeline.unet.train()
    return result


@mistake("inpaint", rejected_by=f"{SAME}[inpaint]", says="another `requires_grad`")
def frozen_for_good(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The model is left frozen by `requires_grad_(False)`."""
    pipeline.unet.requires_grad_(False)
    return inpainted(pipeline, image, mask, seed, num_inference_steps)


@mistake("edit", rejected_by=f"{SAME}[edit]", says="`image` was changed")
def picture_changed(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The result is pasted into the caller's own picture."""
    image.paste(edited(pipeline, image, strength, seed, num_inference_steps))
    return image


@mistake("inpaint", rejected_by=MASK, says="the wrong way round")
def mask_inverted(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The mask is used the wrong way round: white is kept, black is painted."""
    black = lambda grey: grey < 128  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, unknown=black)


@rewrite(mask_inverted)
def mask_inverted_by_arithmetic(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The mask is a number, 1 where a pixel is kept, and both parts are added."""
    rng, scheduler = torch.Generator().manual_seed(seed), pipeline.scheduler
    scheduler.set_timesteps(num_inference_steps)
    keep = torch.from_numpy((np.array(mask) > 127).astype(np.float32))
    x0 = to_tensor(image)[None] * 2 - 1
    x = torch.randn(x0.shape, generator=rng)
    for t in scheduler.timesteps:
        known = scheduler.add_noise(x0, torch.randn(x0.shape, generator=rng), t.view(1))
        x = keep * known + (1 - keep) * x
        with torch.no_grad():
            eps = pipeline.unet(x, t).sample
        x = scheduler.step(eps, t, x, generator=rng).prev_sample
    return in_8_bits(keep * x0 + (1 - keep) * x)


@mistake("inpaint", rejected_by=MASK, says="All but pure black is painted")
def any_grey_is_painted(pipeline, image, mask, seed=0, num_inference_steps=50):
    """All but pure black is painted, where 128 is the border."""
    true = lambda grey: grey > 0  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, unknown=true)


@mistake("inpaint", rejected_by=MASK, says="All but pure white is kept")
def only_white_is_painted(pipeline, image, mask, seed=0, num_inference_steps=50):
    """Only pure white is painted, where 128 is the border."""
    pure = lambda grey: grey == 255  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, unknown=pure)


@mistake("inpaint", rejected_by=MASK, says="strews black and white dots")
def dithered(pipeline, image, mask, seed=0, num_inference_steps=50):
    """`convert("1")` makes black and white dots of the mask's greys."""
    return inpainted(pipeline, image, mask.convert("1").convert("L"), seed, num_inference_steps)


@mistake("inpaint", rejected_by=MASK, says="128 itself")
def more_than_128(pipeline, image, mask, seed=0, num_inference_steps=50):
    """A mask of 128 itself is kept, where it is to be painted."""
    more = lambda grey: grey > 128  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, unknown=more)


@mistake("inpaint", rejected_by=KNOWN, says="known pixels, step by step, is off")
def grey_values_blend(pipeline, image, mask, seed=0, num_inference_steps=50):
    """Grey values of the mask blend the picture in, where 128 is the border."""
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    weight, sample = to_tensor(mask), normal(image, generator)
    weight = torch.where(weight * 255 >= 128, torch.ones_like(weight), weight)
    for t in every:
        noise = normal(image, generator)
        known = pipeline.scheduler.add_noise(scaled(image), noise, t.reshape(1))
        sample = walk(pipeline, weight * sample + (1 - weight) * known, [t], generator)
    return in_8_bits(torch.where(weight == 1, sample, scaled(image)))


@mistake("inpaint", rejected_by=MASK, says="the first sample shows the picture in")
def mask_for_one_channel(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The first row of the mask is used for all rows."""
    wide = lambda grey: (grey >= 128)[:1].expand_as(grey)  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, unknown=wide)


@mistake("inpaint", rejected_by=KNOWN, says="put in without noise")
def clean_at_every_level(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are put in without noise, where all others are noisy."""
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    unknown, sample = to_tensor(mask) > 0.5, normal(image, generator)
    for t in every:
        sample = walk(pipeline, torch.where(unknown, sample, scaled(image)), [t], generator)
    return in_8_bits(torch.where(unknown, sample, scaled(image)))


@rewrite(clean_at_every_level)
def clean_at_every_level_by_an_index(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are assigned by a mask of truth values."""
    rng, scheduler = torch.Generator().manual_seed(seed), pipeline.scheduler
    scheduler.set_timesteps(num_inference_steps)
    known = torch.from_numpy(np.array(mask) < 128).expand(1, 3, -1, -1)
    picture = to_tensor(image)[None] * 2 - 1
    x = torch.empty_like(picture).normal_(generator=rng)
    for t in scheduler.timesteps:
        x[known] = picture[known]
        with torch.no_grad():
            eps = pipeline.unet(x, t).sample
        x = scheduler.step(eps, t, x, generator=rng).prev_sample
    x[known] = picture[known]
    return in_8_bits(x)


@mistake("inpaint", rejected_by=KNOWN, says="The first sample is noise alone")
def put_back_only_at_the_end(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are put in at the end only, so that the steps never see them."""
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    sample = walk(pipeline, normal(image, generator), every, generator)
    return in_8_bits(torch.where(to_tensor(mask) > 0.5, sample, scaled(image)))


@mistake("inpaint", rejected_by=KNOWN, says="The first sample is noise alone")
def put_in_behind_each_step(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are put in after each step instead of before it, so that the first has
    not seen them.
    """
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    unknown, sample = to_tensor(mask) > 0.5, normal(image, generator)
    for i, t in enumerate(every):
        sample, known = walk(pipeline, sample, [t], generator), scaled(image)
        if i + 1 < len(every):
            noise = normal(image, generator)
            known = pipeline.scheduler.add_noise(known, noise, every[i + 1 : i + 2])
        sample = torch.where(unknown, sample, known)
    return in_8_bits(sample)


@mistake("inpaint", rejected_by=KNOWN, says="for the next timestep")
def noised_for_the_next_timestep(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are noised for the next timestep, one step ahead of the others."""
    following = lambda every, i: every[min(i + 1, len(every) - 1)]  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, noise_at=following)


@mistake("inpaint", rejected_by=KNOWN, says="for the timestep before")
def noised_for_the_timestep_before(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are noised for the timestep before, one step behind the others."""
    before = lambda every, i: every[max(i - 1, 0)]  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, noise_at=before)


@mistake("inpaint", rejected_by=KNOWN, says="at every step")
def noised_once(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are noised for the first timestep at every step."""
    first = lambda every, i: every[0]  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, noise_at=first)


@mistake("inpaint", rejected_by=KNOWN, says="the picture's part in the known pixels")
def known_pixels_only_at_first(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are put in at the first step only."""
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    unknown, noise = to_tensor(mask) > 0.5, normal(image, generator)
    known = pipeline.scheduler.add_noise(scaled(image), noise, every[:1])
    start = torch.where(unknown, normal(image, generator), known)
    sample = walk(pipeline, start, every, generator)
    return in_8_bits(torch.where(unknown, sample, scaled(image)))


@mistake("inpaint", rejected_by=KNOWN, says="left in [0, 1]")
def known_pixels_between_zero_and_one(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The picture is left in [0, 1] and not brought to [-1, 1]."""
    unit = lambda one: to_tensor(one)[None]  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, clean=unit)


@mistake("inpaint", rejected_by=MASK, says="white pixels begin as bare noise")
def begins_with_the_picture(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The pixels to be painted begin with the noised picture, not with noise alone."""

    def begin(one, generator):
        t = pipeline.scheduler.timesteps[:1]
        return pipeline.scheduler.add_noise(scaled(one), normal(one, generator), t)

    return inpainted(pipeline, image, mask, seed, num_inference_steps, begin=begin)


@mistake("inpaint", rejected_by=MASK, says="no noise at all")
def begins_grey(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The pixels to be painted begin as grey, not as noise."""
    grey = lambda one, generator: torch.zeros(1, 3, one.height, one.width)  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, begin=grey)


@mistake("inpaint", rejected_by=MASK, says="uniform")
def begins_uniform(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The noise is uniform, by `rand` in the place of `randn`."""
    uniform = lambda one, g: torch.rand(1, 3, one.height, one.width, generator=g)  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, begin=uniform)


@mistake("inpaint", rejected_by=OTHERS, says="led to")
def new_noise_in_the_hole(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The pixels to be painted are filled with new noise before each step."""
    generator, every = (
        torch.Generator().manual_seed(seed),
        timesteps_of(pipeline, num_inference_steps),
    )
    unknown = to_tensor(mask) > 0.5
    for t in every:
        noise = normal(image, generator)
        known = pipeline.scheduler.add_noise(scaled(image), noise, t.reshape(1))
        start = torch.where(unknown, normal(image, generator), known)
        sample = walk(pipeline, start, [t], generator)
    return in_8_bits(torch.where(unknown, sample, scaled(image)))


@mistake("inpaint", rejected_by=KEPT, says="put the clean ones in behind it")
def not_put_back_at_the_end(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The known pixels are not put back after the last step, which has changed them."""
    return inpainted(pipeline, image, mask, seed, num_inference_steps, at_last=False)


@mistake("inpaint", rejected_by=OTHERS, says="Cut off, not rounded")
def inpainted_and_cut_off(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The pixels are cut off to whole numbers instead of rounded."""
    paint = lambda s: to_pil_image(((s[0] / 2 + 0.5).clamp(0, 1) * 255).byte())  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, paint=paint)


@mistake("inpaint", rejected_by=f"{SEED}[inpaint]", says="Noise without the generator")
def inpainted_with_global_noise(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The noise is drawn from the global state, without the generator."""
    noise = lambda one, generator: torch.randn_like(scaled(one))  # noqa: E731
    return inpainted(pipeline, image, mask, seed, num_inference_steps, begin=noise)


@variant("edit")
def by_the_image_processor(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The library's own conversion, and indices in the place of slices."""
    if strength < 0 or strength > 1:
        raise ValueError("strength must be in [0, 1]")
    processor = VaeImageProcessor(do_resize=False)
    pipeline.scheduler.set_timesteps(num_inference_steps)
    start = max(num_inference_steps - int(num_inference_steps * strength), 0)
    generator, sample = torch.Generator("cpu").manual_seed(seed), processor.preprocess(image)
    with torch.inference_mode():
        for i in range(start, num_inference_steps):
            t = pipeline.scheduler.timesteps[i]
            if i == start:
                noise = torch.randn(sample.shape, generator=generator)
                sample = pipeline.scheduler.add_noise(sample, noise, torch.tensor([t]))
            predicted = pipeline.unet(sample, t, return_dict=False)[0]
            sample = pipeline.scheduler.step(predicted, t, sample, generator=generator)[0]
    return processor.postprocess(sample)[0]


@variant("edit")
def by_the_formula(pipeline, image, strength, seed=0, num_inference_steps=50):
    """The mixture written out, on a copy of the scheduler; numpy for the picture."""
    if not 0.0 <= strength <= 1.0:
        raise ValueError(strength)
    scheduler = copy.deepcopy(pipeline.scheduler)
    scheduler.set_timesteps(num_inference_steps)
    count = int(num_inference_steps * strength)
    if count == 0:
        return Image.fromarray(np.array(image))
    generator = torch.Generator()
    generator.manual_seed(seed)
    array = np.array(image).astype(np.float32).transpose(2, 0, 1) / 255 * 2 - 1
    clean, rest = torch.from_numpy(array)[None], list(scheduler.timesteps)[-count:]
    alpha_bar = scheduler.alphas_cumprod[rest[0]]
    noise = torch.empty_like(clean).normal_(generator=generator)
    sample = alpha_bar.sqrt() * clean + (1 - alpha_bar).sqrt() * noise
    for t in rest:
        with torch.no_grad():
            predicted = pipeline.unet(sample, t.expand(1)).sample
        sample = scheduler.step(predicted, t, sample, generator=generator).prev_sample
    array = np.clip(sample[0].numpy().transpose(1, 2, 0) * 0.5 + 0.5, 0, 1)
    return Image.fromarray(np.rint(array * 255).astype(np.uint8))


@variant("edit")
def noise_of_a_batch(pipeline, image, strength, seed=0, num_inference_steps=50):
    """More noise is drawn than is used, and the pipeline makes the picture."""
    if strength > 1 or strength < 0:
        raise ValueError("no such strength")
    generator = torch.Generator().manual_seed(seed)
    noises = torch.randn(4, 3, image.height, image.width, generator=generator)
    every = timesteps_of(pipeline, num_inference_steps)
    rest = every[num_inference_steps - int(num_inference_steps * strength) :]
    if not len(rest):
        return image.copy()
    sample = pipeline.scheduler.add_noise(scaled(image), noises[2:3], rest[0:1])
    sample = walk(pipeline, sample, rest, generator)
    arrays = (sample / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
    return pipeline.numpy_to_pil(arrays)[0]


@variant("inpaint")
def one_noise_for_all_steps(pipeline, image, mask, seed=0, num_inference_steps=50):
    """The noise of the known pixels is drawn once, and the whole first sample made of it."""
    scheduler, generator = pipeline.scheduler, torch.Generator().manual_seed(seed)
    scheduler.set_timesteps(num_inference_steps)
    keep = (torch.from_numpy(np.asarray(mask).copy()) < 128).float()
    noise = normal(image, generator)
    sample = noise
    with torch.no_grad():
        for t in scheduler.timesteps:
            known = scheduler.add_noise(scaled(image), noise, torch.tensor([int(t)]))
            sample = keep * known + (1 - keep) * sample
            predicted = pipeline.unet(sample, t).sample
            sample = scheduler.step(predicted, t, sample, generator=generator).prev_sample
    return in_8_bits(keep * scaled(image) + (1 - keep) * sample)


@variant("inpaint")
def put_in_after_each_step(pipeline, image, mask, seed=0, num_inference_steps=50):
    """Put in before the first step, and after each step for the next; at last by PIL."""
    scheduler, generator = pipeline.scheduler, torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    unknown = torch.tensor(np.array(mask) >= 128)[None, None].repeat(1, 3, 1, 1)

    def with_known(sample, t):
        noisy = scheduler.add_noise(scaled(image), normal(image, generator), t[None])
        sample = sample.clone()
        sample[~unknown] = noisy[~unknown]
        return sample

    sample = with_known(normal(image, generator), every[0])
    for i, t in enumerate(every):
        sample = walk(pipeline, sample, [t], generator)
        if i + 1 < len(every):
            sample = with_known(sample, every[i + 1])
    border = mask.point(lambda grey: 255 if grey >= 128 else 0)
    return Image.composite(in_8_bits(sample), image, border)


@variant("inpaint")
def with_numpy_in_the_end(pipeline, image, mask, seed=0, num_inference_steps=50):
    """Noise for all steps is drawn beforehand, and the pictures are put together as arrays."""
    scheduler, generator = pipeline.scheduler, torch.Generator().manual_seed(seed)
    every = timesteps_of(pipeline, num_inference_steps)
    shape = (len(every) + 1, 1, 3, image.height, image.width)
    *noises, sample = torch.randn(shape, generator=generator)
    hole = np.array(mask)[..., None] >= 128
    where = torch.from_numpy(hole).permute(2, 0, 1)
    for t, noise in zip(every, noises, strict=True):
        known = scheduler.add_noise(scaled(image), noise, t.view(1))
        sample = walk(pipeline, known.where(~where, sample), [t], generator)
    return Image.fromarray(np.where(hole, np.array(in_8_bits(sample)), np.array(image)))
