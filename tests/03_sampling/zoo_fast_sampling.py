"""Wrong and right answers to fast_sampling."""

import copy

import torch
from diffusers import (
    DDIMScheduler,
    DDPMPipeline,
    DDPMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    UNet2DModel,
)

from kata.zoo import mistake, rewrite, variant

SCHEDULERS = {
    "ddim": DDIMScheduler,
    "dpm-solver++": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
    "ddpm": DDPMScheduler,
}
CONFIGURATION = "test_the_new_scheduler_has_the_configuration_of_the_old_one"
KEEPS = "test_the_given_pipeline_keeps_its_scheduler"
PARTS = "test_a_text_to_image_pipeline_keeps_its_other_parts"
UNKNOWN = "test_an_unknown_name_is_an_error_that_lists_the_names"
SHOWN = "test_the_model_is_shown_the_scaled_sample"
LAST = "test_the_last_sample_comes_back_just_as_it_is"
DRAWN = "test_what_the_steps_draw_comes_from_the_global_state"
MODEL = "test_the_new_pipeline_has_the_same_model"
TRAINABLE = "test_the_weights_can_be_trained_as_before"
MODE = "test_the_model_is_asked_in_evaluation_mode"


def made(pipeline, name):
    """The scheduler that the kata asks for."""
    if name not in SCHEDULERS:
        raise ValueError(f"{name!r} is none of {list(SCHEDULERS)}")
    return SCHEDULERS[name].from_config(pipeline.scheduler.config)


@torch.no_grad()
def walk(model, scheduler, noise, show, start=None):
    """The loop, with what the model is shown chosen by a mistake."""
    sample = noise * scheduler.init_noise_sigma if start is None else start
    for t in scheduler.timesteps:
        sample = scheduler.step(model(show(sample, t), t).sample, t, sample).prev_sample
    return sample


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="Made without the old configuration")
def without_its_configuration(pipeline, name):
    """The new scheduler is made without the old one's configuration, so it has its class's
    defaults.
    """
    made(pipeline, name)
    return DDPMPipeline(unet=pipeline.unet, scheduler=SCHEDULERS[name]())


@rewrite(without_its_configuration)
def without_its_configuration_in_a_table(pipeline, name):
    """A chain of `if`, and the class of the pipeline is asked of the pipeline."""
    if name == "ddim":
        scheduler = DDIMScheduler()
    elif name == "dpm-solver++":
        scheduler = DPMSolverMultistepScheduler()
    elif name == "euler":
        scheduler = EulerDiscreteScheduler()
    elif name == "ddpm":
        scheduler = DDPMScheduler()
    else:
        raise ValueError("The names are ddim, dpm-solver++, euler and ddpm")
    parts = dict(pipeline.components)
    parts["scheduler"] = scheduler
    return pipeline.__class__(**parts)


@mistake("with_scheduler", rejected_by=MODEL, says="other weights")
def weights_lost(pipeline, name):
    """The weights of the given UNet are set to zero, so that what was trained is lost."""
    for parameter in pipeline.unet.parameters():
        parameter.data.zero_()
    return type(pipeline)(unet=pipeline.unet, scheduler=made(pipeline, name))


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="was the setting passed on")
def only_the_schedule(pipeline, name):
    """Only the betas are passed on to the new scheduler, not what the model predicts, nor all
    else.
    """
    made(pipeline, name)
    config = pipeline.scheduler.config
    keys = ("num_train_timesteps", "beta_start", "beta_end", "beta_schedule")
    scheduler = SCHEDULERS[name](**{key: config[key] for key in keys})
    return DDPMPipeline(unet=pipeline.unet, scheduler=scheduler)


@mistake("with_scheduler", rejected_by=f"{CONFIGURATION}[ddim]", says="clip_sample=True")
def clipping_switched_off(pipeline, name):
    """Clipping is switched off, where no setting is to be overridden."""
    made(pipeline, name)
    scheduler = SCHEDULERS[name].from_config(pipeline.scheduler.config, clip_sample=False)
    return DDPMPipeline(unet=pipeline.unet, scheduler=scheduler)


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="timestep_spacing='linspace'")
def timesteps_spaced_otherwise(pipeline, name):
    """The spacing of the timesteps is overridden, where no setting is to be."""
    made(pipeline, name)
    config = {**pipeline.scheduler.config, "timestep_spacing": "trailing"}
    return DDPMPipeline(unet=pipeline.unet, scheduler=SCHEDULERS[name].from_config(config))


@mistake("with_scheduler", rejected_by=f"{CONFIGURATION}[ddpm]", says="The old scheduler itself")
def given_pipeline_where_the_class_is_the_same(pipeline, name):
    """Where the class is the same already, the given pipeline comes back, so two callers share
    one scheduler.
    """
    scheduler = made(pipeline, name)
    if type(pipeline.scheduler) is type(scheduler):
        return pipeline
    return DDPMPipeline(unet=pipeline.unet, scheduler=scheduler)


@mistake("with_scheduler", rejected_by=f"{CONFIGURATION}[euler]", says="`EulerDiscreteScheduler`")
def ancestral(pipeline, name):
    """The ancestral sampler stands in the place of Euler's, and draws noise in its steps."""
    from diffusers import EulerAncestralDiscreteScheduler

    scheduler = made(pipeline, name)
    if name == "euler":
        scheduler = EulerAncestralDiscreteScheduler.from_config(pipeline.scheduler.config)
    return DDPMPipeline(unet=pipeline.unet, scheduler=scheduler)


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="put it into a new pipeline")
def the_scheduler_alone(pipeline, name):
    """The new scheduler is returned, and no pipeline."""
    return made(pipeline, name)


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="This is the class itself")
def the_class_itself(pipeline, name):
    """The class is put into the pipeline, not an object of it."""
    made(pipeline, name)
    return DDPMPipeline(unet=pipeline.unet, scheduler=SCHEDULERS[name])


@mistake("with_scheduler", rejected_by=CONFIGURATION, says="did you forget it")
def nothing_returned(pipeline, name):
    """The given pipeline is changed, and nothing is returned."""
    pipeline.scheduler = made(pipeline, name)


@mistake("with_scheduler", rejected_by=KEEPS, says="make a new pipeline")
def given_pipeline_changed(pipeline, name):
    """The scheduler is put into the pipeline that was given, instead of into a new one."""
    pipeline.scheduler = made(pipeline, name)
    return pipeline


@rewrite(given_pipeline_changed)
def given_pipeline_changed_by_setattr(pipeline, name):
    """The configuration goes by way of a plain dict, and `setattr` puts the scheduler there."""
    try:
        scheduler_class = SCHEDULERS[name]
    except KeyError:
        raise ValueError(f"unknown: {name}, known: {', '.join(SCHEDULERS)}") from None
    settings = dict(pipeline.scheduler.config)
    setattr(pipeline, "scheduler", scheduler_class.from_config(settings))  # noqa: B010
    return pipeline


@mistake("with_scheduler", rejected_by=KEEPS, says="make a new pipeline")
def the_same_pipeline_by_another_name(pipeline, name):
    """The scheduler is put into the pipeline that was given, instead of into a new one."""
    result = pipeline
    result.register_modules(scheduler=made(pipeline, name))
    return result


@mistake(
    "with_scheduler",
    rejected_by=MODEL,
    says="only the model that was trained",
)
def untrained_model(pipeline, name):
    """The UNet is built from its configuration, so its weights are random."""
    unet = UNet2DModel.from_config(pipeline.unet.config)
    return DDPMPipeline(unet=unet, scheduler=made(pipeline, name))


@mistake("with_scheduler", rejected_by=PARTS, says="a `StableDiffusionPipeline` of Diffusers")
def always_a_ddpm_pipeline(pipeline, name):
    """DDPMPipeline is written into the function, whatever class the given pipeline has."""
    return DDPMPipeline(unet=pipeline.unet, scheduler=made(pipeline, name))


@mistake("with_scheduler", rejected_by=UNKNOWN, says="A dict raises KeyError")
def unknown_name_in_a_dict(pipeline, name):
    """An unknown name raises KeyError, as a dict does, and not ValueError."""
    scheduler = SCHEDULERS[name].from_config(pipeline.scheduler.config)
    return type(pipeline)(**{**pipeline.components, "scheduler": scheduler})


@mistake("with_scheduler", rejected_by=UNKNOWN, says="whose message lists the names")
def error_without_the_names(pipeline, name):
    """The error does not list the names that there are."""
    if name not in SCHEDULERS:
        raise ValueError(f"unknown scheduler {name}")
    return type(pipeline)(**{**pipeline.components, "scheduler": made(pipeline, name)})


@mistake("with_scheduler", rejected_by=UNKNOWN, says="for the name")
def unknown_names_are_ddpm(pipeline, name):
    """An unknown name raises no error, but gives DDPM."""
    cls = SCHEDULERS.get(name, DDPMScheduler)
    scheduler = cls.from_config(pipeline.scheduler.config)
    return type(pipeline)(**{**pipeline.components, "scheduler": scheduler})


@mistake(
    "with_scheduler",
    rejected_by="test_there_and_back_nothing_is_lost",
    says="was the setting passed on",
)
def what_the_class_does_not_know_is_dropped(pipeline, name):
    """Settings that the new class does not know are dropped, so that they are lost on the way
    back.
    """
    known = made(pipeline, name)
    scheduler = copy.deepcopy(known)
    names = SCHEDULERS[name]._get_init_keys(SCHEDULERS[name])
    kept = {k: v for k, v in known.config.items() if k in names and k != "self"}
    scheduler = SCHEDULERS[name](**kept)
    return type(pipeline)(**{**pipeline.components, "scheduler": scheduler})


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-linspace]", says="`init_noise_sigma`")
def bare_noise(model, scheduler, noise, num_inference_steps):
    """The noise is not multiplied by `init_noise_sigma`."""
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input, start=noise)


@rewrite(bare_noise)
def bare_noise_in_a_loop_of_ones_own(model, scheduler, noise, num_inference_steps):
    """The whole loop, with gradients switched off for a single call."""
    scheduler.set_timesteps(num_inference_steps)
    latents = noise.clone()
    for t in scheduler.timesteps.clone():
        model_input = scheduler.scale_model_input(latents, t)
        with torch.inference_mode():
            eps = model(model_input, t, return_dict=False)[0]
        latents = scheduler.step(eps.clone(), t, latents, return_dict=False)[0]
    return latents


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-leading]", says="before `set_timesteps`")
def strength_before_the_timesteps(model, scheduler, noise, num_inference_steps):
    """`init_noise_sigma` is read before `set_timesteps`, on which it depends."""
    scheduler = type(scheduler).from_config(scheduler.config)
    sample = noise * scheduler.init_noise_sigma
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input, start=sample)


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-leading]", says="before `set_timesteps`")
def strength_of_an_earlier_walk(model, scheduler, noise, num_inference_steps):
    """`init_noise_sigma` is read before `set_timesteps`, on which it depends."""
    sample = noise * scheduler.init_noise_sigma
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input, start=sample)


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[heun-leading]", says="more than the 6 steps")
@torch.no_grad()
def as_many_calls_as_steps(model, scheduler, noise, num_inference_steps):
    """As many timesteps are walked as steps were asked for, but the scheduler's list may be
    longer.
    """
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for i in range(num_inference_steps):
        t = scheduler.timesteps[i]
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=SHOWN, says="the number of the step")
@torch.no_grad()
def number_of_the_step(model, scheduler, noise, num_inference_steps):
    """The model gets the number of the step instead of the timestep."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for i, t in enumerate(scheduler.timesteps):
        prediction = model(scheduler.scale_model_input(sample, t), i).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[ddim-leading]", says="Each sample was clamped")
@torch.no_grad()
def clamped_in_each_step(model, scheduler, noise, num_inference_steps):
    """Each sample is clamped to [-1, 1] on the way, which cuts its noise off."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).prev_sample.clamp(-1, 1)
    return sample


@mistake("denoise_scaled", rejected_by=DRAWN, says="Is it seeded here")
def seeded_at_the_beginning(model, scheduler, noise, num_inference_steps):
    """A seed inside the function makes the noise of the steps always the same."""
    torch.manual_seed(0)
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake("denoise_scaled", rejected_by=TRAINABLE, says="`requires_grad_(False)` stays in the model")
def weights_frozen(model, scheduler, noise, num_inference_steps):
    """The model is left frozen by `requires_grad_(False)`."""
    model.requires_grad_(False)
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=TRAINABLE, says="as before the call")
def weights_frozen_and_all_thawed(model, scheduler, noise, num_inference_steps):
    """All weights require gradients afterwards, also those that had been frozen on purpose."""
    result = weights_frozen(model, scheduler, noise, num_inference_steps)
    model.requires_grad_(True)
    return result


@mistake("denoise_scaled", rejected_by="test_no_graph_is_kept", says="autograd is switched off")
def autograd_left_off(model, scheduler, noise, num_inference_steps):
    """Autograd is switched off, and never on again."""
    torch.set_grad_enabled(False)
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake(
    "denoise_scaled",
    rejected_by=f"{SHOWN}[euler-linspace]",
    says="`scale_model_input` comes before it",
)
def not_scaled(model, scheduler, noise, num_inference_steps):
    """The model is shown the sample without `scale_model_input`."""
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, lambda sample, t: sample)


@rewrite(not_scaled)
@torch.no_grad()
def not_scaled_in_a_loop_of_ones_own(model, scheduler, noise, num_inference_steps):
    """The whole loop with arguments by keyword."""
    scheduler.set_timesteps(num_inference_steps=num_inference_steps)
    x = scheduler.init_noise_sigma * noise
    for t in scheduler.timesteps:
        output = model(sample=x, timestep=t)
        x = scheduler.step(model_output=output["sample"], timestep=t, sample=x)["prev_sample"]
    return x


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-linspace]", says="Nothing is scaled")
def the_loop_of_ddpm(model, scheduler, noise, num_inference_steps):
    """Nothing is scaled: neither the noise by `init_noise_sigma` nor the sample by
    `scale_model_input`.
    """
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, lambda sample, t: sample, start=noise)


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-linspace]", says="is scaled twice")
def scaled_twice(model, scheduler, noise, num_inference_steps):
    """The sample is scaled twice by `scale_model_input`."""
    scheduler.set_timesteps(num_inference_steps)
    scale = scheduler.scale_model_input
    return walk(model, scheduler, noise, lambda sample, t: scale(scale(sample, t), t))


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-leading]", says="for the model alone")
@torch.no_grad()
def scaled_sample_stepped(model, scheduler, noise, num_inference_steps):
    """The scaled sample is given to `step`, too, where it is for the model alone."""
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        sample = scheduler.scale_model_input(sample, t)
        sample = scheduler.step(model(sample, t).sample, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[heun-leading]", says="Nothing is scaled")
@torch.no_grad()
def only_euler_is_scaled(model, scheduler, noise, num_inference_steps):
    """Only for Euler's scheduler anything is scaled, but others scale, too."""
    scheduler.set_timesteps(num_inference_steps)
    if not isinstance(scheduler, EulerDiscreteScheduler):
        return walk(model, scheduler, noise, lambda sample, t: sample, start=noise)
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake("denoise_scaled", rejected_by=SHOWN, says="`set_timesteps` comes first")
def timesteps_not_set(model, scheduler, noise, num_inference_steps):
    """`set_timesteps` is never called, so the timesteps of an earlier walk are taken."""
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[ddim-leading]", says="Upwards")
@torch.no_grad()
def upwards(model, scheduler, noise, num_inference_steps):
    """The timesteps are walked upwards, from little noise to much."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in reversed(scheduler.timesteps):
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[ddim-leading]", says="must be fed back")
@torch.no_grad()
def not_fed_back(model, scheduler, noise, num_inference_steps):
    """The sample is not fed back: each `step` begins with the noise."""
    scheduler.set_timesteps(num_inference_steps)
    start = sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, start).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[ddim-leading]", says="guess of the end")
@torch.no_grad()
def clean_guess_fed_back(model, scheduler, noise, num_inference_steps):
    """`pred_original_sample`, the guess at the picture, is fed back instead of `prev_sample`."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).pred_original_sample
    return sample


@rewrite(clean_guess_fed_back)
def clean_guess_fed_back_by_its_key(model, scheduler, noise, num_inference_steps):
    """A function takes the step and gives the wrong field of its result."""

    def step(x, t):
        with torch.no_grad():
            eps = model(scheduler.scale_model_input(sample=x, timestep=t), t)[0]
        result = scheduler.step(eps, t, x)
        return result["pred_original_sample"]

    scheduler.set_timesteps(num_inference_steps)
    x = scheduler.init_noise_sigma * noise
    for t in scheduler.timesteps:
        x = step(x, t)
    return x


@mistake("denoise_scaled", rejected_by=SHOWN, says="in a `UNet2DOutput`")
@torch.no_grad()
def model_output_not_unwrapped(model, scheduler, noise, num_inference_steps):
    """The model's output object is used, not the tensor `sample` within it."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t)
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-leading]", says="`.prev_sample` of a step")
@torch.no_grad()
def step_output_not_unwrapped(model, scheduler, noise, num_inference_steps):
    """The output object of `step` is used, not the tensor `prev_sample` within it."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample)
    return sample


@mistake("denoise_scaled", rejected_by=f"{SHOWN}[euler-linspace]", says="at [")
@torch.no_grad()
def timesteps_as_whole_numbers(model, scheduler, noise, num_inference_steps):
    """The timesteps are cut off to whole numbers for the model, but Euler's may lie in between."""
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t.long()).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by=f"{LAST}[ddim]", says="[0, 1] and clamped")
def brought_to_a_picture(model, scheduler, noise, num_inference_steps):
    """The last sample is rescaled to [0, 1] and clamped, as a pipeline does."""
    scheduler.set_timesteps(num_inference_steps)
    sample = walk(model, scheduler, noise, scheduler.scale_model_input)
    return (sample / 2 + 0.5).clamp(0, 1)


@mistake("denoise_scaled", rejected_by=f"{LAST}[ddim]", says="was clamped")
def clamped(model, scheduler, noise, num_inference_steps):
    """The last sample is clamped to [-1, 1]."""
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input).clamp(-1, 1)


@mistake("denoise_scaled", rejected_by=f"{MODE}[True]", says="evaluation mode")
def in_training_mode(model, scheduler, noise, num_inference_steps):
    """`model.eval()` is missing: the model is asked in the mode in which it came."""
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake(
    "denoise_scaled", rejected_by=f"{MODE}[True]", says="afterwards the model is in evaluation"
)
def left_in_evaluation_mode(model, scheduler, noise, num_inference_steps):
    """The model is left in evaluation mode."""
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    return walk(model, scheduler, noise, scheduler.scale_model_input)


@mistake("denoise_scaled", rejected_by="test_no_graph_is_kept", says="torch.no_grad()")
def on_the_graph(model, scheduler, noise, num_inference_steps):
    """`torch.no_grad()` is missing, so every step is kept for a backward pass."""
    model.eval()
    scheduler.set_timesteps(num_inference_steps)
    sample = noise * scheduler.init_noise_sigma
    for t in scheduler.timesteps:
        prediction = model(scheduler.scale_model_input(sample, t), t).sample
        sample = scheduler.step(prediction, t, sample).prev_sample
    return sample


@mistake("denoise_scaled", rejected_by="test_no_graph_is_kept", says="torch.no_grad()")
def detached_at_the_end(model, scheduler, noise, num_inference_steps):
    """The pictures are detached at the end only, when the graph of all steps lies in memory."""
    return on_the_graph(model, scheduler, noise, num_inference_steps).detach()


@mistake("denoise_scaled", rejected_by="test_the_noise_stays_as_it_was", says="was changed")
def noise_scaled_in_place(model, scheduler, noise, num_inference_steps):
    """The caller's noise is scaled in place."""
    scheduler.set_timesteps(num_inference_steps)
    noise *= scheduler.init_noise_sigma
    return walk(model, scheduler, noise, scheduler.scale_model_input, start=noise)


@variant("with_scheduler")
def a_shallow_copy(pipeline, name):
    """A copy of the pipeline's own dict, with another scheduler registered."""
    result = copy.copy(pipeline)
    result.register_modules(scheduler=made(pipeline, name))
    return result


@variant("with_scheduler")
def from_pipe(pipeline, name):
    """The library's method for pipelines that share their parts."""
    return type(pipeline).from_pipe(pipeline, scheduler=made(pipeline, name))


@variant("with_scheduler")
def with_a_copied_model(pipeline, name):
    """A deep copy costs memory, but is the same model."""
    result = copy.deepcopy(pipeline)
    result.scheduler = made(pipeline, name)
    return result


@variant("with_scheduler")
def by_if_and_elif(pipeline, name):
    """No dict, and the configuration as a plain one."""
    config = dict(pipeline.scheduler.config)
    if name == "ddim":
        scheduler = DDIMScheduler.from_config(config)
    elif name == "dpm-solver++":
        scheduler = DPMSolverMultistepScheduler.from_config(config)
    elif name == "euler":
        scheduler = EulerDiscreteScheduler.from_config(config)
    elif name == "ddpm":
        scheduler = DDPMScheduler.from_config(config)
    else:
        raise ValueError("name must be one of ddim, dpm-solver++, euler, ddpm")
    parts = {key: getattr(pipeline, key) for key in pipeline.components}
    parts["scheduler"] = scheduler
    return pipeline.__class__(**parts)


@variant("with_scheduler")
def by_way_of_the_disk(pipeline, name):
    """Saved, and loaded again with the scheduler overridden."""
    import tempfile

    scheduler = made(pipeline, name)
    with tempfile.TemporaryDirectory() as folder:
        pipeline.save_pretrained(folder)
        return DiffusionPipeline.from_pretrained(folder, scheduler=scheduler)


@variant("denoise_scaled")
def with_tuples(model, scheduler, noise, num_inference_steps):
    """`return_dict=False` gives tuples; one timestep for each picture."""
    was_training = model.training
    model.eval()
    scheduler.set_timesteps(num_inference_steps, device=noise.device)
    latents = noise.clone().mul_(scheduler.init_noise_sigma)
    with torch.inference_mode():
        for t in scheduler.timesteps:
            times = t.expand(len(noise))
            shown = scheduler.scale_model_input(latents, timestep=t)
            prediction = model(shown, times, return_dict=False)[0]
            latents = scheduler.step(prediction, t, latents, return_dict=False)[0]
    model.train(was_training)
    return latents.clone()


@variant("denoise_scaled")
def on_a_copy_of_the_scheduler(model, scheduler, noise, num_inference_steps):
    """A fresh scheduler of the same configuration, and a model in evaluation mode for a while."""
    scheduler = type(scheduler).from_config(scheduler.config)
    scheduler.set_timesteps(num_inference_steps)
    samples = [scheduler.init_noise_sigma * noise]
    was_training, _ = model.training, model.eval()
    for t in list(scheduler.timesteps):
        with torch.no_grad():
            prediction = model(sample=scheduler.scale_model_input(samples[-1], t), timestep=t)[0]
        samples.append(scheduler.step(prediction, t, samples[-1])["prev_sample"])
    if was_training:
        model.train()
    return samples[-1]


@variant("denoise_scaled")
def without_gradients_of_the_weights(model, scheduler, noise, num_inference_steps):
    """Gradients switched off for the whole function, and on again."""
    before = torch.is_grad_enabled(), model.training
    torch.set_grad_enabled(False)
    try:
        model.eval()
        scheduler.set_timesteps(num_inference_steps)
        sample, i = noise * scheduler.init_noise_sigma, 0
        while i < len(scheduler.timesteps):
            t = scheduler.timesteps[i]
            predicted = model(scheduler.scale_model_input(sample, t), t).sample
            sample, i = scheduler.step(predicted, t, sample).prev_sample, i + 1
        return sample
    finally:
        torch.set_grad_enabled(before[0])
        model.train(before[1])
