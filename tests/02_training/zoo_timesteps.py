"""Wrong and right answers to timesteps."""

import numpy as np
import torch

from kata.zoo import mistake, rewrite, variant

WHOLE = "test_there_is_one_whole_number_for_each_picture"
RANGE = "test_all_timesteps_from_the_first_to_the_last_are_drawn"
UNIFORM = "test_all_timesteps_are_equally_likely"
ALONE = "test_each_picture_draws_for_itself"
GENERATOR = "test_the_timesteps_come_from_the_generator"
DEVICE = "test_they_are_drawn_on_the_cpu_and_moved_to_the_device"
PREVIEW = "test_the_preview_spreads_evenly_from_first_to_last"


@mistake("sample_timesteps", rejected_by=RANGE, says="leaves its upper bound out")
def last_never_drawn(batch_size, scheduler, device="cpu", generator=None):
    """The last timestep is never drawn: `randint` leaves its upper bound out already."""
    last = scheduler.config.num_train_timesteps - 1
    return torch.randint(0, last, (batch_size,), generator=generator).to(device)


@rewrite(last_never_drawn)
def last_never_drawn_in_a_loop(batch_size, scheduler, device="cpu", generator=None):
    """A draw for each picture, below the last timestep."""
    highest = len(scheduler.betas) - 1
    timesteps = []
    for _ in range(batch_size):
        timesteps.append(torch.randint(high=highest, size=(1,), generator=generator))
    return torch.cat(timesteps).to(device)


def below_thirty(batch_size, device, generator):
    return torch.randint(0, 30, (batch_size,), generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=GENERATOR, says="from all of the schedule")
def a_few_of_the_first(batch_size, scheduler, device="cpu", generator=None):
    """Only the first few timesteps are drawn, whatever the scheduler says: pictures with hardly
    any noise.
    """
    return below_thirty(batch_size, device, generator)


@mistake("sample_timesteps", rejected_by=WHOLE, says="from all of the schedule")
def nothing_but_the_first(batch_size, scheduler, device="cpu", generator=None):
    """Timestep 0 is returned for every picture, and nothing is drawn."""
    return torch.zeros(batch_size, dtype=torch.int64, device=device)


@mistake("sample_timesteps", rejected_by=RANGE, says="T is one too far")
def one_too_far(batch_size, scheduler, device="cpu", generator=None):
    """T itself is drawn, for which the schedule has no entry."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length + 1, (batch_size,), generator=generator).to(device)


@rewrite(one_too_far)
def one_too_far_in_place(batch_size, scheduler, device="cpu", generator=None):
    """An empty tensor is filled with random numbers."""
    timesteps = torch.empty(batch_size, dtype=torch.int64)
    timesteps.random_(scheduler.config["num_train_timesteps"] + 1, generator=generator)
    return timesteps.to(torch.device(device))


@mistake("sample_timesteps", rejected_by=RANGE, says="count from 0 and not from 1")
def counted_as_in_the_paper(batch_size, scheduler, device="cpu", generator=None):
    """Timesteps from 1 to T are drawn, as the paper counts; the library counts from 0 to T - 1."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(1, length + 1, (batch_size,), generator=generator).to(device)


@rewrite(counted_as_in_the_paper)
def counted_as_in_the_paper_by_adding_one(batch_size, scheduler, device="cpu", generator=None):
    """Drawn as the library counts, and then raised by one."""
    T = scheduler.config.num_train_timesteps
    drawn = torch.randint(T, size=[batch_size], generator=generator)
    return (drawn + 1).to(device=device)


@mistake("sample_timesteps", rejected_by=RANGE, says="Timestep 0 is never drawn")
def first_never_drawn(batch_size, scheduler, device="cpu", generator=None):
    """Timestep 0, with the least noise, is never drawn."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(1, length, (batch_size,), generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=RANGE, says="1000 is written into the function")
def thousand_always(batch_size, scheduler, device="cpu", generator=None):
    """1000 is written into the function, whatever the scheduler says."""
    return torch.randint(0, 1000, (batch_size,), generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=RANGE, says="`scheduler.timesteps` is for sampling")
def picked_from_the_sampler(batch_size, scheduler, device="cpu", generator=None):
    """Timesteps are drawn from `scheduler.timesteps`, which changes with `set_timesteps`."""
    places = torch.randint(0, len(scheduler.timesteps), (batch_size,), generator=generator)
    return scheduler.timesteps[places].to(device)


@mistake("sample_timesteps", rejected_by=RANGE, says="`scheduler.timesteps` is for sampling")
def counted_in_the_sampler(batch_size, scheduler, device="cpu", generator=None):
    """The length of `scheduler.timesteps` is taken for T, but `set_timesteps` changes it."""
    high = len(scheduler.timesteps)
    return torch.randint(0, high, (batch_size,), generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=WHOLE, says="whole numbers")
def floating_point(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps are floating-point numbers, not whole ones."""
    length = scheduler.config.num_train_timesteps
    return (torch.rand(batch_size, generator=generator) * length).floor().to(device)


@rewrite(floating_point)
def floating_point_by_a_conversion(batch_size, scheduler, device="cpu", generator=None):
    """Uniform numbers are stretched in place and cut off, as floating-point numbers."""
    t = torch.empty(batch_size).uniform_(0, 1, generator=generator)
    t *= scheduler.config.num_train_timesteps
    return torch.trunc(t).to(device)


@mistake("sample_timesteps", rejected_by=WHOLE, says="float32 tensor")
def between_zero_and_one(batch_size, scheduler, device="cpu", generator=None):
    """Times from 0 to 1 are drawn, as in flow matching, not whole timesteps."""
    return torch.rand(batch_size, generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=WHOLE, says="`torch.int64`")
def half_the_bits(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps are int32 instead of int64."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(
        length, (batch_size,), generator=generator, dtype=torch.int32, device=device
    )


@mistake("sample_timesteps", rejected_by=ALONE, says="One timestep for the whole batch")
def one_for_the_batch(batch_size, scheduler, device="cpu", generator=None):
    """One timestep is drawn for the whole batch."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (1,), generator=generator).repeat(batch_size).to(device)


@rewrite(one_for_the_batch)
def one_for_the_batch_in_a_list(batch_size, scheduler, device="cpu", generator=None):
    """A list of one number, multiplied."""
    end = scheduler.config.num_train_timesteps
    t = torch.randint(0, end, (1,), generator=generator).item()
    return torch.tensor([t] * batch_size, dtype=torch.long, device=device)


@mistake("sample_timesteps", rejected_by=WHOLE, says="One timestep for the whole batch")
def a_single_number(batch_size, scheduler, device="cpu", generator=None):
    """One timestep alone is returned for the whole batch."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (1,), generator=generator).to(device)


@mistake("sample_timesteps", rejected_by=ALONE, says="without putting back")
def shuffled(batch_size, scheduler, device="cpu", generator=None):
    """Timesteps are drawn without putting back, by a permutation, so that none can come twice."""
    length = scheduler.config.num_train_timesteps
    return torch.randperm(length, generator=generator)[:batch_size].to(device)


@mistake("sample_timesteps", rejected_by=UNIFORM, says="handed out once")
def shuffled_and_used_up(batch_size, scheduler, device="cpu", generator=None):
    """Timesteps are drawn without putting back, by a permutation, so that none can come twice."""
    length = scheduler.config.num_train_timesteps
    return torch.randperm(length, generator=generator)[:batch_size].to(device)


@mistake("sample_timesteps", rejected_by=UNIFORM, says="dealt out, not drawn")
def dealt_out(batch_size, scheduler, device="cpu", generator=None):
    """Each of B equal parts of the schedule gives one timestep, so that they are not
    independent.
    """
    length = scheduler.config.num_train_timesteps
    parts = torch.arange(batch_size) + torch.rand(batch_size, generator=generator)
    timesteps = (parts / batch_size * length).long().clamp(max=length - 1)
    return timesteps[torch.randperm(batch_size, generator=generator)].to(device)


@mistake("sample_timesteps", rejected_by=ALONE, says="half a batch apart")
def in_opposite_pairs(batch_size, scheduler, device="cpu", generator=None):
    """The second half of the batch mirrors the first: t and T - 1 - t."""
    length = scheduler.config.num_train_timesteps
    half = torch.randint(0, length, (batch_size // 2 + 1,), generator=generator)
    return torch.cat([half[: (batch_size + 1) // 2], length - 1 - half])[:batch_size].to(device)


@mistake("sample_timesteps", rejected_by=ALONE, says="in opposite pairs")
def in_opposite_pairs_shuffled(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps come in pairs t and T - 1 - t, in whatever order."""
    pairs = in_opposite_pairs(batch_size, scheduler, generator=generator)
    return pairs[torch.randperm(batch_size, generator=generator)].to(device)


@mistake("sample_timesteps", rejected_by=DEVICE, says="`.to(device)` moves a tensor")
def device_ignored(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps stay on the CPU, whatever `device` says."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (batch_size,), generator=generator)


@mistake("sample_timesteps", rejected_by=DEVICE, says="a GPU refuses this generator")
def drawn_on_the_device(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps are drawn on the device itself, which the generator of the CPU cannot do."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (batch_size,), generator=generator, device=device)


@mistake("sample_timesteps", rejected_by=RANGE, says="One timestep for the whole batch")
def one_for_all(batch_size, scheduler, device="cpu", generator=None):
    """One timestep is drawn for the whole batch."""
    length = scheduler.config.num_train_timesteps
    timestep = int(torch.randint(0, length, (1,), generator=generator))
    return torch.full((batch_size,), timestep, device=device)


@mistake("sample_timesteps", rejected_by=ALONE, says="side by side")
def sorted_in_the_batch(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps of a batch are sorted."""
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (batch_size,), generator=generator).sort().values.to(device)


@mistake("sample_timesteps", rejected_by=UNIFORM, says="fall on the four quarters")
def squared(batch_size, scheduler, device="cpu", generator=None):
    """Small timesteps are drawn more often than large ones."""
    length = scheduler.config.num_train_timesteps
    return (torch.rand(batch_size, generator=generator) ** 2 * length).long().to(device)


@mistake("sample_timesteps", rejected_by=UNIFORM, says="rounding")
def rounded(batch_size, scheduler, device="cpu", generator=None):
    """A uniform number is rounded to the nearest, which gives the first and the last timestep
    half their share.
    """
    last = scheduler.config.num_train_timesteps - 1
    return (torch.rand(batch_size, generator=generator) * last).round().long().to(device)


@mistake("sample_timesteps", rejected_by=UNIFORM, says="fall on the four quarters")
def bell_shaped(batch_size, scheduler, device="cpu", generator=None):
    """The timesteps are normal around the middle of the schedule, not uniform."""
    length = scheduler.config.num_train_timesteps
    timesteps = torch.randn(batch_size, generator=generator) * length / 4 + length / 2
    return timesteps.long().clamp(0, length - 1).to(device)


@mistake("sample_timesteps", rejected_by=GENERATOR, says="hand `generator` on")
def generator_ignored(batch_size, scheduler, device="cpu", generator=None):
    """The generator is taken and never used."""
    return torch.randint(0, scheduler.config.num_train_timesteps, (batch_size,), device=device)


@mistake("sample_timesteps", rejected_by=GENERATOR, says="Only its seed or its state was read")
def only_the_seed_of_the_generator(batch_size, scheduler, device="cpu", generator=None):
    """Only the seed of the generator is used, again at each call, so that its state never moves."""
    if generator is not None:
        torch.manual_seed(generator.initial_seed())
    return torch.randint(0, scheduler.config.num_train_timesteps, (batch_size,)).to(device)


@mistake("sample_timesteps", rejected_by="test_each_call_draws_anew", says="A seed of the function")
def seeded_inside(batch_size, scheduler, device="cpu", generator=None):
    """A seed inside the function makes every step of the training the same."""
    torch.manual_seed(0)
    length = scheduler.config.num_train_timesteps
    return torch.randint(0, length, (batch_size,), generator=generator).to(device)


@mistake("preview_timesteps", rejected_by=PREVIEW, says="float32 tensor")
def preview_in_floating_point(count, scheduler):
    """The result of `linspace` stays in floating point."""
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count)


@mistake("preview_timesteps", rejected_by=PREVIEW, says="T is one too far")
def preview_one_too_far(count, scheduler):
    """The last point is T, which is no timestep."""
    return torch.linspace(0, scheduler.config.num_train_timesteps, count).long()


@rewrite(preview_one_too_far)
def preview_one_too_far_in_whole_numbers(count, scheduler):
    """Whole numbers alone, in a loop."""
    length = len(scheduler.alphas_cumprod)
    points = []
    for i in range(count):
        points.append(i * length // (count - 1))
    return torch.tensor(points)


@mistake("preview_timesteps", rejected_by=PREVIEW, says="end before the last")
def preview_by_steps(count, scheduler):
    """The points are T // count apart, which stops short of the last timestep."""
    length = scheduler.config.num_train_timesteps
    return torch.arange(0, length, length // count)[:count]


@mistake("preview_timesteps", rejected_by=PREVIEW, says="999 is written")
def preview_of_a_thousand(count, scheduler):
    """999 is written into the function, whatever the scheduler says."""
    return torch.linspace(0, 999, count).long()


@mistake("preview_timesteps", rejected_by=PREVIEW, says="run downwards")
def preview_downwards(count, scheduler):
    """The timesteps run downwards, as sampling does."""
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count).long().flip(0)


@mistake("preview_timesteps", rejected_by=f"{PREVIEW}[8]", says="Rounded to the nearest")
def preview_rounded(count, scheduler):
    """The points are rounded to the nearest instead of rounded down."""
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count).round().long()


@mistake("preview_timesteps", rejected_by=PREVIEW, says="`scheduler.timesteps` is for sampling")
def preview_counted_in_the_sampler(count, scheduler):
    """The length of `scheduler.timesteps` is taken for T, but `set_timesteps` changes it."""
    return torch.linspace(0, len(scheduler.timesteps) - 1, count).long()


@mistake("preview_timesteps", rejected_by=PREVIEW, says="`torch.tensor` makes a tensor")
def preview_as_a_list(count, scheduler):
    """A list of Python's numbers is returned, and no tensor."""
    return np.linspace(0, scheduler.config.num_train_timesteps - 1, count).astype(int).tolist()


@mistake("preview_timesteps", rejected_by=PREVIEW, says="`scheduler.timesteps`")
def preview_of_the_sampler(count, scheduler):
    """The timesteps of `set_timesteps` are returned, which leave out one end of the schedule."""
    scheduler.set_timesteps(count)
    return scheduler.timesteps


@mistake("preview_timesteps", rejected_by=PREVIEW, says="not from 1 to T")
def preview_from_one(count, scheduler):
    """The timesteps run from 1 to T, as the paper counts, not from 0 to T - 1."""
    return torch.linspace(1, scheduler.config.num_train_timesteps, count).long()


@mistake("preview_timesteps", rejected_by=PREVIEW, says="from 0 to T - 1")
def preview_without_its_end(count, scheduler):
    """One point more is placed than asked for, and the last one left out."""
    return torch.linspace(0, scheduler.config.num_train_timesteps - 1, count + 1).long()[:-1]


@variant("sample_timesteps")
def scaled_and_cut_off(batch_size, scheduler, device="cpu", generator=None):
    """Uniform numbers from [0, 1), scaled and cut off."""
    fractions = torch.rand(batch_size, generator=generator, dtype=torch.float64)
    return (fractions * scheduler.config.num_train_timesteps).to(device, torch.long)


@variant("sample_timesteps")
def one_after_the_other(batch_size, scheduler, device="cpu", generator=None):
    """A draw for each picture in a loop."""
    length = scheduler.config["num_train_timesteps"]
    draws = [torch.randint(length, (), generator=generator) for _ in range(batch_size)]
    return torch.stack(draws).to(torch.device(device))


@variant("sample_timesteps")
def by_weights(batch_size, scheduler, device="cpu", generator=None):
    """A choice among all timesteps by equal weights."""
    weights = torch.ones(scheduler.config.num_train_timesteps)
    return weights.multinomial(batch_size, replacement=True, generator=generator).to(device)


@variant("sample_timesteps")
def looked_at_on_the_device(batch_size, scheduler, device="cpu", generator=None):
    """The result is checked where it lies."""
    length = scheduler.config.num_train_timesteps
    timesteps = torch.randint(length, (batch_size,), generator=generator).to(device)
    assert bool((timesteps < length).all())
    return timesteps


@variant("sample_timesteps")
def filled_in_place(batch_size, scheduler, device="cpu", generator=None):
    """An empty tensor filled with random numbers."""
    timesteps = torch.empty(batch_size, dtype=torch.long)
    timesteps.random_(0, scheduler.config.num_train_timesteps, generator=generator)
    return timesteps.to(device)


@variant("preview_timesteps")
def preview_by_numpy(count, scheduler):
    """numpy's linspace with whole numbers."""
    last = scheduler.config.num_train_timesteps - 1
    return torch.from_numpy(np.linspace(0, last, count, dtype=np.int64))


@variant("preview_timesteps")
def preview_of_integers(count, scheduler):
    """torch's linspace with whole numbers."""
    return torch.linspace(0, len(scheduler.betas) - 1, steps=count, dtype=torch.int64)


@variant("preview_timesteps")
def preview_in_whole_numbers(count, scheduler):
    """Without a floating point anywhere."""
    last = scheduler.config.num_train_timesteps - 1
    return torch.tensor([i * last // (count - 1) for i in range(count)])
