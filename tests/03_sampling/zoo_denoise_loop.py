"""Wrong and right answers to denoise_loop."""

import contextlib
import copy
import functools

import numpy as np
import torch

from kata.zoo import mistake, rewrite, variant

STEPS = "test_the_pictures_are_those_of_the_schedulers_steps"
USED = "test_a_scheduler_that_was_used_is_set_anew"
EVALUATION = "test_the_model_is_asked_in_evaluation_mode"
AS_IT_WAS = "test_the_model_comes_back_as_it_was"
GRAPH = "test_nothing_is_kept_for_a_backward_pass"
GENERATOR = "test_the_noise_on_the_way_comes_from_the_generator"
ONE_PASS = "test_the_model_takes_the_whole_batch_once_a_step"
LAST = "test_the_last_sample_is_returned_not_the_last_guess"
LIBRARY = "test_the_librarys_pipeline_paints_the_same"
WHOLE = "test_whole_numbers_are_rounded_by_whole_numbers"
FILM_EVALUATION = "test_the_film_is_made_in_evaluation_mode"
FRAMES = "test_frames_are_spread_over_the_walk"


@contextlib.contextmanager
def sampling(model):
    """Evaluation mode, without gradients, and the mode of before afterwards."""
    training = model.training
    model.eval()
    with torch.no_grad():
        yield
    model.train(training)


def walked(model, scheduler, noise, steps, generator=None, change=lambda sample: sample):
    """The right samples, from the noise on; `change` is a mistake's work on each of them."""
    samples = [noise]
    with sampling(model):
        scheduler.set_timesteps(steps)
        for t in scheduler.timesteps:
            prediction = model(samples[-1], t).sample
            step = scheduler.step(prediction, t, samples[-1], generator=generator)
            samples.append(change(step.prev_sample))
    return samples


def asked_at(model, scheduler, noise, timesteps, generator=None):
    """The pictures of a walk over timesteps of a mistake's choice."""
    sample = noise
    with sampling(model):
        for t in timesteps:
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    return sample


# denoise


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="all timesteps of the training")
def set_timesteps_forgotten(model, scheduler, noise, num_inference_steps, generator=None):
    """`set_timesteps` is never called, so the scheduler walks its whole schedule, or refuses to."""
    return asked_at(model, scheduler, noise, scheduler.timesteps, generator)


@rewrite(set_timesteps_forgotten)
@torch.no_grad()
def set_timesteps_forgotten_in_a_while_loop(
    model, scheduler, noise, num_inference_steps, generator=None
):
    """The steps are counted, and the output of the model and of the step are tuples."""
    was_training = model.training
    model.eval()
    sample, i = noise.clone(), 0
    while i < len(scheduler.timesteps):
        t = scheduler.timesteps[i]
        (eps,) = model(sample, t, return_dict=False)
        sample = scheduler.step(eps, t, sample, generator=generator, return_dict=False)[0]
        i += 1
    model.train(was_training)
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="you need to run 'set_timesteps'")
def set_timesteps_forgotten_with_ddim(model, scheduler, noise, num_inference_steps, generator=None):
    """`set_timesteps` is never called, so the scheduler walks its whole schedule, or refuses to."""
    return asked_at(model, scheduler, noise, scheduler.timesteps, generator)


@mistake("denoise", rejected_by=USED, says="timesteps of another walk")
def set_only_when_new(model, scheduler, noise, num_inference_steps, generator=None):
    """`set_timesteps` is called only where the scheduler is new, so a used one keeps its old
    timesteps.
    """
    if scheduler.num_inference_steps is None:
        scheduler.set_timesteps(num_inference_steps)
    return asked_at(model, scheduler, noise, scheduler.timesteps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="goes upwards")
def upwards(model, scheduler, noise, num_inference_steps, generator=None):
    """The timesteps are walked upwards, from 0 on, as noise was added."""
    scheduler.set_timesteps(num_inference_steps)
    return asked_at(model, scheduler, noise, scheduler.timesteps.flip(0), generator)


@rewrite(upwards)
def upwards_by_sorting(model, scheduler, noise, num_inference_steps, generator=None):
    """The timesteps are sorted, as whole numbers."""
    was_training = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    x = noise
    for t in sorted(scheduler.timesteps.tolist()):
        with torch.no_grad():
            eps = model(sample=x, timestep=t)["sample"]
        x = scheduler.step(eps, t, x, generator=generator)["prev_sample"]
    if was_training:
        model.train()
    return x


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="goes upwards")
def upwards_with_ddpm(model, scheduler, noise, num_inference_steps, generator=None):
    """The timesteps are walked upwards, from 0 on, as noise was added."""
    scheduler.set_timesteps(num_inference_steps)
    return asked_at(model, scheduler, noise, reversed(scheduler.timesteps), generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="The first step is left out")
def first_step_missing(model, scheduler, noise, num_inference_steps, generator=None):
    """The first step is left out: the walk begins at the second timestep."""
    scheduler.set_timesteps(num_inference_steps)
    return asked_at(model, scheduler, noise, scheduler.timesteps[1:], generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="The last step is left out")
def last_step_missing(model, scheduler, noise, num_inference_steps, generator=None):
    """The last step is left out."""
    scheduler.set_timesteps(num_inference_steps)
    return asked_at(model, scheduler, noise, scheduler.timesteps[:-1], generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="The last step is left out")
def one_step_at_timestep_zero_skipped(model, scheduler, noise, num_inference_steps, generator=None):
    """The last step is left out."""
    scheduler.set_timesteps(num_inference_steps)
    timesteps = [t for t in scheduler.timesteps if t > 0]
    return asked_at(model, scheduler, noise, timesteps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="all timesteps of the training")
def training_timesteps(model, scheduler, noise, num_inference_steps, generator=None):
    """All timesteps of the training are walked, not those that `set_timesteps` has picked."""
    scheduler.set_timesteps(num_inference_steps)
    timesteps = range(scheduler.config.num_train_timesteps - 1, -1, -1)
    return asked_at(model, scheduler, noise, timesteps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="that `set_timesteps` has picked")
def training_timesteps_with_ddpm(model, scheduler, noise, num_inference_steps, generator=None):
    """All timesteps of the training are walked, not those that `set_timesteps` has picked."""
    scheduler.set_timesteps(num_inference_steps)
    timesteps = range(scheduler.config.num_train_timesteps - 1, -1, -1)
    return asked_at(model, scheduler, noise, timesteps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="one timestep for the whole batch")
def all_timesteps_at_once(model, scheduler, noise, num_inference_steps, generator=None):
    """The model gets several timesteps at each step, one for each picture, instead of the step's
    own.
    """
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, scheduler.timesteps[: len(noise)]).sample
            sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="The model gets the index")
def index_for_the_model(model, scheduler, noise, num_inference_steps, generator=None):
    """The model gets the index of the step (0, 1, 2, ...) instead of the timestep."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for i, t in enumerate(scheduler.timesteps):
            sample = scheduler.step(model(sample, i).sample, t, sample).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="`step` gets the index")
def index_for_the_step(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` gets the index of the step (0, 1, 2, ...) instead of the timestep."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for i, t in enumerate(scheduler.timesteps):
            sample = scheduler.step(model(sample, t).sample, i, sample).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="not its index")
def index_for_the_step_of_ddpm(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` gets the index of the step (0, 1, 2, ...) instead of the timestep."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for i, t in enumerate(scheduler.timesteps):
            sample = scheduler.step(
                model(sample, t).sample, i, sample, generator=generator
            ).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="what a step gives is what the next")
def never_fed_back(model, scheduler, noise, num_inference_steps, generator=None):
    """The sample is never fed back: model and `step` begin with the noise each time."""
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(noise, t).sample
            sample = scheduler.step(prediction, t, noise, generator=generator).prev_sample
    return sample


@rewrite(never_fed_back)
def never_fed_back_by_another_name(model, scheduler, noise, num_inference_steps, generator=None):
    """The result of a step has another name than what the next one takes."""
    mode = model.training
    model.train(False)
    scheduler.set_timesteps(num_inference_steps)
    latents = noise.clone()
    with torch.inference_mode():
        for timestep in scheduler.timesteps:
            out = model(latents, timestep)
            stepped = scheduler.step(out.sample, timestep, latents, generator=generator)
            new_latents = stepped.prev_sample
    model.train(mode)
    return new_latents.clone()


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="The model is shown `noise` again")
def model_sees_the_noise_only(model, scheduler, noise, num_inference_steps, generator=None):
    """The sample moves on, but the model is always asked about the noise."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(noise, t).sample
            sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="Each step begins with `noise`")
def step_from_the_noise(model, scheduler, noise, num_inference_steps, generator=None):
    """The model sees the sample, but the scheduler steps from the noise."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, noise, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="`pred_original_sample`, the guess")
def clean_guess_fed_back(model, scheduler, noise, num_inference_steps, generator=None):
    """`pred_original_sample`, the guess at the picture, is fed back instead of `prev_sample`."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            step = scheduler.step(prediction, t, sample, generator=generator)
            sample = step.pred_original_sample
    return sample


@rewrite(clean_guess_fed_back)
def clean_guess_fed_back_from_a_tuple(model, scheduler, noise, num_inference_steps, generator=None):
    """The second item of a tuple is the guess."""
    before = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps=num_inference_steps)
    x = noise
    with torch.no_grad():
        for i in range(len(scheduler.timesteps)):
            t = scheduler.timesteps[i]
            eps = model(x, t).sample
            _, x = scheduler.step(eps, t, x, generator=generator, return_dict=False)
    model.train(before)
    return x


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="The whole prediction is taken away")
def noise_subtracted_by_hand(model, scheduler, noise, num_inference_steps, generator=None):
    """The whole prediction is subtracted from the sample at each step, without the scheduler's
    `step`.
    """
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            sample = sample - model(sample, t).sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="changed places")
def arguments_swapped(model, scheduler, noise, num_inference_steps, generator=None):
    """Sample and prediction change places in `step`."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            sample = scheduler.step(sample, t, prediction, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="in a field of it")
def model_output_not_opened(model, scheduler, noise, num_inference_steps, generator=None):
    """The model's output object is used, not the tensor `sample` within it."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            sample = scheduler.step(model(sample, t), t, sample, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="in a field of it")
def step_output_not_opened(model, scheduler, noise, num_inference_steps, generator=None):
    """The output object of `step` is used, not the tensor `prev_sample` within it."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            sample = scheduler.step(model(sample, t).sample, t, sample, generator=generator)
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="write `generator=generator`")
def generator_in_the_place_of_eta(model, scheduler, noise, num_inference_steps, generator=None):
    """The generator is the fourth argument of `step` by position, where DDIM has its `eta`."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            sample = scheduler.step(model(sample, t).sample, t, sample, generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="is not `noise`")
def fresh_noise(model, scheduler, noise, num_inference_steps, generator=None):
    """New noise is drawn for the start, and the one that was given is not used."""
    noise = torch.randn(noise.shape, generator=generator)
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="is not `noise`")
def noise_rescaled(model, scheduler, noise, num_inference_steps, generator=None):
    """The noise is clamped to the range of pictures before the walk."""
    return walked(model, scheduler, noise.clamp(-1, 1), num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="not clamped")
def clamped_at_the_end(model, scheduler, noise, num_inference_steps, generator=None):
    """The pictures are clamped to [-1, 1] at the end."""
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1].clamp(-1, 1)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="not clamped")
def clamped_on_the_way(model, scheduler, noise, num_inference_steps, generator=None):
    """Each sample is clamped to [-1, 1] on the way."""
    return walked(
        model, scheduler, noise, num_inference_steps, generator, lambda x: x.clamp(-1, 1)
    )[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="the pipeline does that")
def as_the_pipeline_returns_it(model, scheduler, noise, num_inference_steps, generator=None):
    """The pictures are rescaled to [0, 1] and clamped, as a pipeline does."""
    pictures = walked(model, scheduler, noise, num_inference_steps, generator)[-1]
    return (pictures / 2 + 0.5).clamp(0, 1)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="nothing is rescaled")
def rescaled(model, scheduler, noise, num_inference_steps, generator=None):
    """The pictures are rescaled to [0, 1]."""
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1] / 2 + 0.5


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="did you forget it")
def nothing_returned(model, scheduler, noise, num_inference_steps, generator=None):
    """The sample is not returned."""
    walked(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="batch of pictures is list")
def all_samples_returned(model, scheduler, noise, num_inference_steps, generator=None):
    """A list of all samples is returned, not the last one."""
    return walked(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="the one from before this step")
def sample_before_the_last_step(model, scheduler, noise, num_inference_steps, generator=None):
    """The sample from before the last step is returned."""
    return walked(model, scheduler, noise, num_inference_steps, generator)[-2]


@mistake("denoise", rejected_by=EVALUATION, says="`model.eval()`")
def eval_forgotten(model, scheduler, noise, num_inference_steps, generator=None):
    """`model.eval()` is missing: the model is asked in the mode in which it came."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise
    with torch.no_grad():
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    return sample


@rewrite(eval_forgotten)
def eval_forgotten_with_a_decorator(model, scheduler, noise, num_inference_steps, generator=None):
    """A function within the function takes the steps, without gradients."""

    @torch.no_grad()
    def one_step(x, t):
        eps = model(x, t, return_dict=False)[0]
        return scheduler.step(model_output=eps, timestep=t, sample=x, generator=generator)

    scheduler.set_timesteps(num_inference_steps)
    x = noise
    for t in scheduler.timesteps:
        x = one_step(x, t).prev_sample
    return x


@mistake("denoise", rejected_by=f"{AS_IT_WAS}[training]", says="Note `model.training` before")
def left_in_evaluation_mode(model, scheduler, noise, num_inference_steps, generator=None):
    """The model is left in evaluation mode."""
    model.eval()
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by=f"{AS_IT_WAS}[evaluation]", says="Note `model.training` before")
def always_back_to_training_mode(model, scheduler, noise, num_inference_steps, generator=None):
    """The model is put into training mode afterwards, whatever it was in before."""
    pictures = walked(model, scheduler, noise, num_inference_steps, generator)[-1]
    model.train()
    return pictures


@mistake("denoise", rejected_by=AS_IT_WAS, says="without changing the model")
def model_frozen(model, scheduler, noise, num_inference_steps, generator=None):
    """The model is left frozen by `requires_grad_(False)`."""
    model.requires_grad_(False)
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by=GRAPH, says="`torch.no_grad()`")
def no_grad_forgotten(model, scheduler, noise, num_inference_steps, generator=None):
    """`torch.no_grad()` is missing, so every step is kept for a backward pass."""
    training = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    sample = noise
    for t in scheduler.timesteps:
        prediction = model(sample, t).sample
        sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    model.train(training)
    return sample


@rewrite(no_grad_forgotten)
def no_grad_forgotten_in_a_fold(model, scheduler, noise, num_inference_steps, generator=None):
    """A fold over the timesteps in the place of a loop."""

    def advance(x, t):
        return scheduler.step(model(x, t)[0], t, x, generator=generator)[0]

    mode = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    result = functools.reduce(advance, scheduler.timesteps, noise)
    model.train(mode)
    return result


@mistake("denoise", rejected_by=GRAPH, says="the model was shown samples with a graph")
def detached_at_the_end(model, scheduler, noise, num_inference_steps, generator=None):
    """The pictures are detached at the end only, when the graph of all steps lies in memory."""
    return no_grad_forgotten(model, scheduler, noise, num_inference_steps, generator).detach()


@mistake("denoise", rejected_by=GENERATOR, says="hand it on to `step`")
def generator_not_handed_on(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` gets no generator, so it draws from the global state."""
    return walked(model, scheduler, noise, num_inference_steps)[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="does not come from `generator`")
def steps_without_the_generator(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` gets no generator, so it draws from the global state."""
    return walked(model, scheduler, noise, num_inference_steps)[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="a generator made anew")
def generator_made_anew(model, scheduler, noise, num_inference_steps, generator=None):
    """Each step gets a generator that is seeded again, so all add the same noise."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            again = torch.Generator().manual_seed(generator.initial_seed())
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, sample, generator=again).prev_sample
    return sample


@mistake("denoise", rejected_by=GENERATOR, says="Only its seed or its state was read")
def generator_copied(model, scheduler, noise, num_inference_steps, generator=None):
    """The walk draws from a copy of the generator, which itself never moves."""
    copied = torch.Generator().set_state(generator.get_state())
    return walked(model, scheduler, noise, num_inference_steps, copied)[-1]


@mistake(
    "denoise",
    rejected_by="test_without_a_generator_the_global_one_decides",
    says="A seed inside the function",
)
def seeded_inside(model, scheduler, noise, num_inference_steps, generator=None):
    """A seed inside the function makes all walks without a generator alike."""
    generator = generator or torch.Generator().manual_seed(0)
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake(
    "denoise",
    rejected_by="test_without_a_generator_the_global_one_decides",
    says="has not moved",
)
def seeded_like_the_global_one(model, scheduler, noise, num_inference_steps, generator=None):
    """Without a generator, one of its own gets the global one's seed, so that a second walk adds
    the same noise.
    """
    generator = generator or torch.Generator().manual_seed(torch.initial_seed())
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake(
    "denoise",
    rejected_by="test_without_a_generator_the_global_one_decides",
    says="Without a generator no noise is added",
)
def no_noise_without_generator(model, scheduler, noise, num_inference_steps, generator=None):
    """Where no generator is given, the steps add no noise."""
    if generator is not None:
        return walked(model, scheduler, noise, num_inference_steps, generator)[-1]
    generator = torch.Generator()
    return mean_of_each_step(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoise", rejected_by=GENERATOR, says="`pred_original_sample`, the guess")
def guess_fed_back_with_a_generator(model, scheduler, noise, num_inference_steps, generator=None):
    """`pred_original_sample`, the guess at the picture, is fed back instead of `prev_sample`."""
    return clean_guess_fed_back(model, scheduler, noise, num_inference_steps, generator)


@mistake(
    "denoise",
    rejected_by="test_without_a_generator_the_global_one_decides",
    says="`pred_original_sample`, the guess",
)
def guess_fed_back_without_one(model, scheduler, noise, num_inference_steps, generator=None):
    """`pred_original_sample`, the guess at the picture, is fed back instead of `prev_sample`."""
    return clean_guess_fed_back(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="`step` was called twice")
def step_called_for_each_field(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` is called twice at each timestep, so that noise is drawn twice."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            step = functools.partial(scheduler.step, model(sample, t).sample, t, sample)
            after = step(generator=generator).prev_sample
            step(generator=generator)  # .pred_original_sample, to be looked at
            sample = after
    return sample


@mistake("denoise", rejected_by=GENERATOR, says="`step` was called twice")
def step_called_for_the_guess_first(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` is called twice at each timestep, so that noise is drawn twice."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            step = functools.partial(scheduler.step, model(sample, t).sample, t, sample)
            step(generator=generator)  # .pred_original_sample, to be looked at
            sample = step(generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=ONE_PASS, says="Picture by picture")
def picture_by_picture(model, scheduler, noise, num_inference_steps, generator=None):
    """The model is asked about one picture after the other, not about the whole batch at once."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            alone = [model(picture[None], t).sample for picture in sample]
            step = scheduler.step(torch.cat(alone), t, sample, generator=generator)
            sample = step.prev_sample
    return sample


@mistake("denoise", rejected_by=f"{STEPS}[ddpm]", says="Picture by picture")
def a_walk_for_each_picture(model, scheduler, noise, num_inference_steps, generator=None):
    """Each picture has a walk of its own, and so noise that it would not have had in the batch."""
    ends = [
        walked(model, scheduler, picture[None], num_inference_steps, generator)[-1]
        for picture in noise
    ]
    return torch.cat(ends)


@mistake("denoise", rejected_by=ONE_PASS, says="one pass at each step")
def asked_twice_at_each_step(model, scheduler, noise, num_inference_steps, generator=None):
    """The model is asked twice at each step."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            guess = scheduler.step(model(sample, t).sample, t, sample).pred_original_sample
            assert guess.shape == sample.shape
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=LAST, says="`pred_original_sample`, the guess")
def last_guess_returned(model, scheduler, noise, num_inference_steps, generator=None):
    """`pred_original_sample`, the guess of the last step, is returned instead of the sample."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            result = scheduler.step(prediction, t, sample, generator=generator)
            sample = result.prev_sample
    return result.pred_original_sample


@mistake("denoise", rejected_by=f"{LIBRARY}[ddpm]", says="Steps without `clip_sample`")
def ddpm_by_hand(model, scheduler, noise, num_inference_steps, generator=None):
    """The step is written out by hand, without the clipping that the scheduler is set to."""
    scheduler.set_timesteps(num_inference_steps)
    alpha_bars = [scheduler.alphas_cumprod[t] for t in scheduler.timesteps] + [torch.tensor(1.0)]
    sample = noise
    with sampling(model):
        for t, now, then in zip(scheduler.timesteps, alpha_bars[:-1], alpha_bars[1:], strict=True):
            prediction, alpha = model(sample, t).sample, now / then
            clean = (sample - (1 - now).sqrt() * prediction) / now.sqrt()
            sample = (then.sqrt() * (1 - alpha) * clean + alpha.sqrt() * (1 - then) * sample) / (
                1 - now
            )
            if then < 1:
                std = ((1 - then) / (1 - now) * (1 - alpha)).sqrt()
                sample = sample + std * torch.randn(noise.shape, generator=generator)
    return sample


@mistake("denoise", rejected_by=f"{LIBRARY}[ddim]", says="Steps without `clip_sample`")
def clipping_switched_off(model, scheduler, noise, num_inference_steps, generator=None):
    """The scheduler is made anew with clipping switched off."""
    scheduler = type(scheduler).from_config(scheduler.config, clip_sample=False)
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="A step with `eta=1.0`")
def ddim_with_noise(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` is called with `eta=1.0`, so that DDIM adds noise."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            step = functools.partial(scheduler.step, model(sample, t).sample, t, sample)
            sample = step(eta=1.0, generator=generator).prev_sample
    return sample


@mistake("denoise", rejected_by=f"{LIBRARY}[ddim]", says="A step with `eta=1.0`")
def ddim_with_noise_and_clipping(model, scheduler, noise, num_inference_steps, generator=None):
    """`step` is called with `eta=1.0`, so that DDIM adds noise."""
    return ddim_with_noise(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoise", rejected_by=f"{STEPS}[ddim]", says="take `scheduler.timesteps`")
def timesteps_by_linspace(model, scheduler, noise, num_inference_steps, generator=None):
    """Timesteps of one's own, by `linspace`, are walked instead of `scheduler.timesteps`."""
    scheduler.set_timesteps(num_inference_steps)
    last = scheduler.config.num_train_timesteps - 1
    timesteps = torch.linspace(last, 0, num_inference_steps).long()
    return asked_at(model, scheduler, noise, timesteps, generator)


@mistake("denoise", rejected_by=f"{LIBRARY}[ddim]", says="take `scheduler.timesteps`")
def timesteps_by_rounded_linspace(model, scheduler, noise, num_inference_steps, generator=None):
    """Timesteps of one's own, by `linspace`, are walked instead of `scheduler.timesteps`."""
    scheduler.set_timesteps(num_inference_steps)
    last = scheduler.config.num_train_timesteps - 1
    timesteps = torch.linspace(last, 0, num_inference_steps).round().long()
    return asked_at(model, scheduler, noise, timesteps, generator)


@mistake("denoise", rejected_by=GRAPH, says="`torch.set_grad_enabled(False)` does not")
def autograd_left_off(model, scheduler, noise, num_inference_steps, generator=None):
    """Autograd is switched off, and never on again."""
    torch.set_grad_enabled(False)
    return walked(model, scheduler, noise, num_inference_steps, generator)[-1]


@mistake("denoise", rejected_by="test_the_noise_stays_as_it_was", says="was changed")
def noise_overwritten(model, scheduler, noise, num_inference_steps, generator=None):
    """The caller's noise is overwritten by the samples."""
    return noise.copy_(walked(model, scheduler, noise, num_inference_steps, generator)[-1])


@mistake(
    "denoise",
    rejected_by="test_ddpm_lands_on_the_mean_and_the_spread_of_the_pixels",
    says="here there is none",
)
def mean_of_each_step(model, scheduler, noise, num_inference_steps, generator=None):
    """The steps add no noise, only the mean of what DDPM would draw."""
    sample = noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            state = generator.get_state()
            prediction = model(sample, t).sample
            step = scheduler.step(prediction, t, sample, generator=generator).prev_sample
            drawn = torch.randn(sample.shape, generator=torch.Generator().set_state(state))
            std = scheduler._get_variance(t) ** 0.5 if t > 0 else 0
            sample = step - std * drawn
    return sample


# denoising_frames


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="to the nearest step")
def rounded_to_the_nearest(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The numbers of the frames are rounded to the nearest instead of rounded down."""
    points = [round(i * num_inference_steps / (count - 1)) for i in range(count)]
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[n] for n in points]


@rewrite(rounded_to_the_nearest)
def rounded_to_the_nearest_on_the_way(
    model, scheduler, noise, num_inference_steps, count, generator=None
):
    """The frames are kept on the way, where the number of the step is one of NumPy's points."""
    mode = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    wanted = np.rint(np.arange(count) * num_inference_steps / (count - 1)).astype(int).tolist()
    sample, frames = noise, [noise]
    with torch.no_grad():
        for number, t in enumerate(scheduler.timesteps, start=1):
            eps = model(sample, t).sample
            sample = scheduler.step(eps, t, sample, generator=generator).prev_sample
            if number in wanted:
                frames.append(sample)
    model.train(mode)
    return frames


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="Rounded up")
def rounded_up(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The numbers of the frames are rounded up instead of rounded down."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[-(-i * num_inference_steps // (count - 1))] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{WHOLE}[30-steps]", says="multiply first, then `//`")
def steps_for_each_frame_as_a_float(
    model, scheduler, noise, num_inference_steps, count, generator=None
):
    """The number of a frame is computed in floating point, which may lie just below a whole
    number.
    """
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[int(i * (num_inference_steps / (count - 1)))] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{WHOLE}[22-steps]", says="multiply first, then `//`")
def share_of_the_walk_as_a_float(
    model, scheduler, noise, num_inference_steps, count, generator=None
):
    """The number of a frame is computed in floating point, which may lie just below a whole
    number.
    """
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[int(i / (count - 1) * num_inference_steps)] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{WHOLE}[30-steps]", says="multiply first, then `//`")
def by_linspace_of_numpy(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The number of a frame is computed in floating point, which may lie just below a whole
    number.
    """
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[n] for n in np.linspace(0, num_inference_steps, count).astype(int)]


@mistake("denoising_frames", rejected_by=f"{WHOLE}[16-steps]", says="multiply first, then `//`")
def by_linspace_of_torch(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The number of a frame is computed in floating point, which may lie just below a whole
    number.
    """
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[n] for n in torch.linspace(0, num_inference_steps, count).long()]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[even]", says="turned round")
def from_the_end(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The frames run backwards, from the pictures to the noise."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[i * num_inference_steps // (count - 1)] for i in reversed(range(count))]


@mistake("denoising_frames", rejected_by=FRAMES, says="changed in place")
def one_tensor_overwritten(model, scheduler, noise, num_inference_steps, count, generator=None):
    """All frames are one tensor, which holds the last sample in the end."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[-1]] * count


@mistake("denoising_frames", rejected_by=f"{FRAMES}[even]", says="The noise itself is missing")
def without_the_noise(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The first frame is not the noise but what the first step gave."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)[1:]
    return [samples[i * (num_inference_steps - 1) // (count - 1)] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[even]", says="The end is missing")
def without_the_end(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The last frame comes from before the last step."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[i * (num_inference_steps - 1) // (count - 1)] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="end too early")
def equal_steps_that_end_early(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Every so many samples are kept, by a whole number that does not reach the end."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return samples[:: num_inference_steps // count][:count]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="the first samples")
def first_samples_only(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The first samples are kept, not some from the whole walk."""
    return walked(model, scheduler, noise, num_inference_steps, generator)[:count]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="the last samples")
def last_samples_only(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The last samples are kept, not some from the whole walk."""
    return walked(model, scheduler, noise, num_inference_steps, generator)[-count:]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[even]", says="One for each step")
def every_sample_kept(model, scheduler, noise, num_inference_steps, count, generator=None):
    """All samples are kept, however many frames are asked for."""
    return walked(model, scheduler, noise, num_inference_steps, generator)


@mistake("denoising_frames", rejected_by=FRAMES, says="a list of")
def stacked(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The frames are stacked to one tensor, where a list is wanted."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return torch.stack([samples[i * num_inference_steps // (count - 1)] for i in range(count)])


@mistake("denoising_frames", rejected_by=FRAMES, says="clamped to [-1, 1]")
def frames_clamped(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The frames are clamped to [-1, 1]."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[i * num_inference_steps // (count - 1)].clamp(-1, 1) for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[even]", says="`pred_original_sample`")
def guesses_instead_of_samples(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The frames show what the model takes the picture to be, not the sample."""
    guesses, sample = [noise], noise
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for t in scheduler.timesteps:
            prediction = model(sample, t).sample
            step = scheduler.step(prediction, t, sample, generator=generator)
            sample = step.prev_sample
            guesses.append(step.pred_original_sample)
    return [guesses[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames", rejected_by="test_the_film_is_made_in_one_walk", says="come from one walk"
)
def a_walk_for_each_frame(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Each frame comes from a walk of its own."""
    frames = []
    for i in range(count):
        fresh = generator and torch.Generator().set_state(generator.get_state())
        samples = walked(model, scheduler, noise, num_inference_steps, fresh)
        frames.append(samples[i * num_inference_steps // (count - 1)])
    return frames


@mistake("denoising_frames", rejected_by=f"{FRAMES}[uneven]", says="frames[1] is off")
def fewer_steps_for_each_frame(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Frame i is the end of a walk of fewer steps, not the midst of the whole one."""
    ends = [
        walked(model, scheduler, noise, i * num_inference_steps // (count - 1), generator)[-1]
        for i in range(1, count)
    ]
    return [noise, *ends]


@mistake(
    "denoising_frames",
    rejected_by=f"{FILM_EVALUATION}[training]",
    says="training mode",
)
def film_in_training_mode(model, scheduler, noise, num_inference_steps, count, generator=None):
    """`model.eval()` is missing in the film: the model is asked in the mode in which it came."""
    scheduler.set_timesteps(num_inference_steps)
    samples = [noise]
    with torch.no_grad():
        for t in scheduler.timesteps:
            prediction = model(samples[-1], t).sample
            step = scheduler.step(prediction, t, samples[-1], generator=generator)
            samples.append(step.prev_sample)
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames",
    rejected_by=f"{FILM_EVALUATION}[evaluation]",
    says="Note `model.training` before",
)
def film_ends_in_training_mode(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The model is put into training mode afterwards, whatever it was in before."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    model.train()
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames",
    rejected_by="test_the_film_keeps_nothing_for_a_backward_pass",
    says="`torch.set_grad_enabled(False)` does not",
)
def film_leaves_autograd_off(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Autograd is switched off, and never on again."""
    torch.set_grad_enabled(False)
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames", rejected_by="test_the_film_is_made_in_one_walk", says="Picture by picture"
)
def film_picture_by_picture(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Each picture has a film of its own, so the model is never asked about the whole batch."""
    walks = [walked(model, scheduler, p[None], num_inference_steps, generator) for p in noise]
    samples = [torch.cat(parts) for parts in zip(*walks, strict=True)]
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake("denoising_frames", rejected_by=f"{FRAMES}[two]", says="`pred_original_sample`")
def film_ends_with_the_last_guess(
    model, scheduler, noise, num_inference_steps, count, generator=None
):
    """The last frame is `pred_original_sample`, the guess of the last step, instead of the
    sample.
    """
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    with sampling(model):
        t = scheduler.timesteps[-1]
        step = scheduler.step(model(samples[-2], t).sample, t, samples[-2])
    samples[-1] = step.pred_original_sample
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames",
    rejected_by="test_the_film_draws_from_its_generator",
    says="hand it on to `step`",
)
def film_without_generator(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The film's generator is never handed on to `step`."""
    samples = walked(model, scheduler, noise, num_inference_steps)
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


@mistake(
    "denoising_frames",
    rejected_by="test_the_film_keeps_nothing_for_a_backward_pass",
    says="`torch.no_grad()`",
)
def film_with_a_graph(model, scheduler, noise, num_inference_steps, count, generator=None):
    """`torch.no_grad()` is missing: only the frames are detached, and the walk is kept in
    memory.
    """
    scheduler.set_timesteps(num_inference_steps)
    samples = [noise]
    model.eval()
    for t in scheduler.timesteps:
        prediction = model(samples[-1], t).sample
        step = scheduler.step(prediction, t, samples[-1], generator=generator)
        samples.append(step.prev_sample)
    return [samples[i * num_inference_steps // (count - 1)].detach() for i in range(count)]


@mistake(
    "denoising_frames",
    rejected_by="test_the_film_leaves_its_noise_as_it_was",
    says="was changed",
)
def film_overwrites_the_noise(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The caller's noise is overwritten by the samples."""
    samples = [s.clone() for s in walked(model, scheduler, noise, num_inference_steps, generator)]
    noise.copy_(samples[-1])
    return [samples[i * num_inference_steps // (count - 1)] for i in range(count)]


# Right answers


@variant("denoise")
def with_tuples_and_numbers(model, scheduler, noise, num_inference_steps, generator=None):
    """Without output objects, and with timesteps as plain numbers by name."""
    training = model.training
    model.train(False)
    scheduler.set_timesteps(num_inference_steps, device=noise.device)
    sample = noise.clone() * scheduler.init_noise_sigma
    with torch.inference_mode():
        for t in scheduler.timesteps.tolist():
            shown = scheduler.scale_model_input(sample, t)
            (prediction,) = model(sample=shown, timestep=t, return_dict=False)
            sample = scheduler.step(prediction, t, sample, return_dict=False, generator=generator)[
                0
            ]
    model.train(training)
    return sample


@variant("denoise")
def on_copies(model, scheduler, noise, num_inference_steps, generator=None):
    """Neither model nor scheduler of whoever called is touched."""
    model = copy.deepcopy(model).eval()
    scheduler = type(scheduler).from_config(scheduler.config)
    scheduler.set_timesteps(num_inference_steps, device=noise.device)
    sample = noise
    for t in scheduler.timesteps:
        with torch.no_grad():
            prediction = model(sample, t.repeat(len(sample))).sample
        sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
    return sample


@variant("denoise")
def detached_at_each_step(model, scheduler, noise, num_inference_steps, generator=None):
    """The graph of each step is dropped at once."""
    training = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    sample = noise
    for i in range(num_inference_steps):
        t = scheduler.timesteps[i]
        prediction = model(sample, t)["sample"].detach()
        sample = scheduler.step(prediction, t, sample, generator=generator)["prev_sample"]
    model.train(training)
    return sample


@variant("denoise")
def autograd_off_and_on_again(model, scheduler, noise, num_inference_steps, generator=None):
    """Autograd is switched by hand, and back."""
    enabled = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    torch.set_grad_enabled(enabled)
    return samples[-1]


@variant("denoise")
def last_of_the_film(model, scheduler, noise, num_inference_steps, generator=None):
    """A film of two frames."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return samples[0 + num_inference_steps]


@variant("denoising_frames")
def kept_on_the_way(model, scheduler, noise, num_inference_steps, count, generator=None):
    """Only the samples that are wanted are kept."""
    wanted = [i * num_inference_steps // (count - 1) for i in range(count)]
    sample, frames = noise, [noise.clone()]
    with sampling(model):
        scheduler.set_timesteps(num_inference_steps)
        for done, t in enumerate(scheduler.timesteps, start=1):
            prediction = model(sample, t).sample
            sample = scheduler.step(prediction, t, sample, generator=generator).prev_sample
            if done in wanted:
                frames.append(sample.clone())
    return frames


@variant("denoising_frames")
def by_arange(model, scheduler, noise, num_inference_steps, count, generator=None):
    """The numbers of steps as a tensor of integers; a tuple of frames."""
    samples = walked(model, scheduler, noise, num_inference_steps, generator)
    return tuple(samples[n] for n in torch.arange(count) * num_inference_steps // (count - 1))


@variant("denoising_frames")
def in_one_buffer(model, scheduler, noise, num_inference_steps, count, generator=None):
    """All samples in one tensor, of which the frames are parts."""
    samples = torch.stack(walked(model, scheduler, noise, num_inference_steps, generator))
    points = [int(i * num_inference_steps / (count - 1)) for i in range(count)]
    return list(samples[points])
