"""Wrong and right answers to unconditional."""

import os
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, DDPMPipeline, DDPMScheduler, DiffusionPipeline, UNet2DModel
from PIL import Image
from torchvision.transforms.functional import to_pil_image
from torchvision.utils import save_image

from kata.zoo import mistake, rewrite, variant

FOLDER = "test_the_pipeline_of_the_folder_is_loaded"
DEVICE = "test_the_pipeline_lies_on_the_device"
ONE_CALL = "test_all_pictures_come_from_one_call"
LIBRARY = "test_the_pictures_are_the_librarys"
SEED = "test_the_seed_decides"
GLOBAL = "test_the_global_random_state_stays_as_it_was"
LEFT = "test_the_pipeline_stays_as_it_was"
ON_CPU = "test_the_generator_lies_on_the_cpu"
DEFAULTS = "test_eight_pictures_in_fifty_steps_are_the_default"
ROWS = "test_the_pictures_lie_row_by_row"
PARENTS = "test_missing_folders_are_made"
UNCHANGED = "test_the_pictures_stay_as_they_were"


def seeded(seed):
    return torch.Generator().manual_seed(seed)


def sheet(images, columns, rows):
    """The pictures as the kata asks for them, as far as there are rows."""
    width, height = images[0].size
    picture = Image.new("RGB", (columns * width, rows * height))
    for number, image in enumerate(images):
        picture.paste(image, (number % columns * width, number // columns * height))
    return picture


@mistake("load_pipeline", rejected_by=DEVICE, says="`pipeline.to(device)` moves")
def never_moved(model_dir, device="cpu"):
    """The pipeline is never moved to the device."""
    return DDPMPipeline.from_pretrained(model_dir)


@mistake("load_pipeline", rejected_by=DEVICE, says="Supported strategies are: cpu")
def every_other_device_refused(model_dir, device="cpu"):
    """Every device but the CPU is refused by an error of the function's own."""
    if device != "cpu":
        raise NotImplementedError(f"{device} not supported. Supported strategies are: cpu")
    return DDPMPipeline.from_pretrained(model_dir)


@mistake("load_pipeline", rejected_by=FOLDER, says="a configuration has none")
def configuration_only(model_dir, device="cpu"):
    """The UNet is built from its configuration alone, so its weights are random."""
    unet = UNet2DModel.from_config(UNet2DModel.load_config(model_dir, subfolder="unet"))
    scheduler = DDPMScheduler.from_pretrained(model_dir, subfolder="scheduler")
    return DDPMPipeline(unet=unet, scheduler=scheduler).to(device)


@mistake("load_pipeline", rejected_by=FOLDER, says="num_train_timesteps=1000")
def a_scheduler_of_ones_own(model_dir, device="cpu"):
    """The UNet is loaded, but the scheduler is a new one with the library's defaults."""
    unet = UNet2DModel.from_pretrained(model_dir, subfolder="unet")
    return DDPMPipeline(unet=unet, scheduler=DDPMScheduler()).to(device)


@mistake("load_pipeline", rejected_by=FOLDER, says="did you forget it?")
def load_returns_nothing(model_dir, device="cpu"):
    """The pipeline is loaded, but `return` is missing."""
    DDPMPipeline.from_pretrained(model_dir).to(device)


@mistake("load_pipeline", rejected_by=FOLDER, says="the result is UNet2DModel")
def only_the_unet(model_dir, device="cpu"):
    """Only the UNet is loaded, which is no pipeline."""
    return UNet2DModel.from_pretrained(model_dir, subfolder="unet").to(device)


@mistake("load_pipeline", rejected_by=FOLDER, says="weights of type float16")
def half_precision(model_dir, device="cpu"):
    """The weights are in half precision (float16), where float32 is asked for."""
    return DDPMPipeline.from_pretrained(model_dir, torch_dtype=torch.float16).to(device)


@rewrite(half_precision)
def half_precision_after_loading(model_dir, device="cpu"):
    """The parts are loaded one by one, and the UNet is converted afterwards."""
    unet = UNet2DModel.from_pretrained(model_dir, subfolder="unet").half()
    scheduler = DDPMScheduler.from_pretrained(model_dir, subfolder="scheduler")
    pipeline = DDPMPipeline(unet=unet, scheduler=scheduler)
    pipeline.to(device)
    return pipeline


@mistake("load_pipeline", rejected_by=FOLDER, says="layers of other names or shapes")
def always_the_shipped_one(model_dir, device="cpu"):
    """A folder is written into the function, whatever `model_dir` says."""
    return DDPMPipeline.from_pretrained("data/models/ddpm-butterflies-32px").to(device)


@mistake("generate", rejected_by=SEED, says="takes a `generator`")
def no_generator(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The pipeline gets no generator, so it draws from torch's global state."""
    return pipeline(batch_size=batch_size, num_inference_steps=num_inference_steps).images


@mistake("generate", rejected_by=GLOBAL, says="seeds it for everybody")
def global_seed(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """`torch.manual_seed` seeds the global generator, from which everybody draws."""
    torch.manual_seed(seed)
    return pipeline(batch_size=batch_size, num_inference_steps=num_inference_steps).images


@rewrite(global_seed)
def global_seed_by_the_default_generator(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The global generator is taken by its name and handed to the pipeline."""
    everybody = torch.random.default_generator
    everybody.manual_seed(seed)
    result = pipeline(
        generator=everybody,
        num_inference_steps=num_inference_steps,
        batch_size=batch_size,
        return_dict=False,
    )
    return result[0]


@mistake("generate", rejected_by=GLOBAL, says="`torch.Generator().manual_seed` does not")
def global_generator(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """`torch.manual_seed` seeds the global generator, from which everybody draws."""
    generator = torch.manual_seed(seed)
    return pipeline(batch_size, generator, num_inference_steps).images


@mistake("generate", rejected_by=LIBRARY, says="always 0: `seed` does not reach")
def seed_ignored(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The seed 0 is written into the function, and the one that was given is ignored."""
    return pipeline(batch_size, seeded(0), num_inference_steps).images


@mistake("generate", rejected_by=SEED, says="`seed` does not reach the generator")
def seed_of_everybody(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The seed 42 is written into the function, and the one that was given is ignored."""
    return pipeline(batch_size, seeded(42), num_inference_steps).images


@mistake("generate", rejected_by=LIBRARY, says="one for all of them was asked for")
def a_generator_for_each_picture(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Each picture gets a generator of its own, where one for all of them is asked for."""
    generators = [seeded(seed + number) for number in range(batch_size)]
    return pipeline(batch_size, generators, num_inference_steps).images


@rewrite(a_generator_for_each_picture)
def a_generator_for_each_picture_in_a_loop(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The list grows in a loop, and the pixels are made pictures by hand."""
    generators = []
    for i in range(batch_size):
        generator = torch.Generator("cpu")
        generator.manual_seed(seed + i)
        generators.append(generator)
    output = pipeline(
        batch_size=batch_size,
        generator=generators,
        num_inference_steps=num_inference_steps,
        output_type="np",
    )
    return [Image.fromarray((picture * 255).round().astype("uint8")) for picture in output.images]


@mistake("generate", rejected_by=LIBRARY, says="so that all are alike")
def the_same_generator_for_each_picture(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Each picture gets a generator of the same seed, so that all pictures are alike."""
    generators = [seeded(seed) for _ in range(batch_size)]
    return pipeline(batch_size, generators, num_inference_steps).images


@mistake("generate", rejected_by=LIBRARY, says="differs by up to")
def a_generator_that_was_used(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The generator is used for another picture first, so that its numbers are others."""
    generator = seeded(seed)
    pipeline(1, generator, 1)
    return pipeline(batch_size, generator, num_inference_steps).images


@mistake("generate", rejected_by=f"{ONE_CALL}[8-6]", says="called once for each picture")
def picture_by_picture(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The pipeline is called once for each picture, where `batch_size` makes all of them in one
    call.
    """
    generator = seeded(seed)
    return [pipeline(1, generator, num_inference_steps).images[0] for _ in range(batch_size)]


@rewrite(picture_by_picture)
def picture_by_picture_until_there_are_enough(
    pipeline, batch_size=8, num_inference_steps=50, seed=0
):
    """A `while` loop over calls without `batch_size`."""
    generator = torch.Generator()
    generator.manual_seed(seed)
    pictures = []
    while len(pictures) < batch_size:
        out = pipeline(num_inference_steps=num_inference_steps, generator=generator)
        pictures.extend(out.images)
    return pictures


@mistake("generate", rejected_by=f"{ONE_CALL}[8-6]", says="the list of pictures has 1 items")
def batch_size_forgotten(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """`batch_size` is not handed on, so that there is one picture."""
    return pipeline(num_inference_steps=num_inference_steps, generator=seeded(seed)).images


@mistake("generate", rejected_by=ONE_CALL, says="takes when it is told nothing")
def steps_forgotten(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The number of steps is not handed on, so the pipeline takes a thousand."""
    return pipeline(batch_size=batch_size, generator=seeded(seed)).images


@mistake("generate", rejected_by=f"{ONE_CALL}[8-6]", says="the UNet was called 50 times")
def steps_written_down(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The number of steps is always 50, whatever was asked for."""
    return pipeline(batch_size, seeded(seed), 50).images


@mistake("generate", rejected_by=ONE_CALL, says="`.images` of a pipeline")
def the_whole_output(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The pipeline's whole output is returned: the pictures are never taken out of it."""
    return pipeline(batch_size, seeded(seed), num_inference_steps)


@mistake("generate", rejected_by=ONE_CALL, says="the pictures are a field of it")
def sample_of_the_output(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """`.sample` is asked of the pipeline's output, but that is what a model returns."""
    return pipeline(batch_size, seeded(seed), num_inference_steps).sample


@mistake("generate", rejected_by=ONE_CALL, says="A whole number was given there")
def arguments_in_the_wrong_place(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The number of steps is the second argument by position, where the pipeline wants its
    generator.
    """
    return pipeline(batch_size, num_inference_steps, seeded(seed)).images


@mistake("generate", rejected_by=ONE_CALL, says="lists them all")
def a_keyword_that_is_none(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """`seed` is handed to the pipeline, which has no such argument."""
    return pipeline(batch_size, num_inference_steps=num_inference_steps, seed=seed).images


@mistake("generate", rejected_by=LEFT, says="what is changed in it stays so")
def a_faster_scheduler(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The caller's pipeline gets another scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline(batch_size, seeded(seed), num_inference_steps=num_inference_steps).images


@mistake("generate", rejected_by=LIBRARY, says="differs by up to")
def the_pictures_of_another_scheduler(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The caller's pipeline gets another scheduler, and keeps it."""
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    return pipeline(batch_size, seeded(seed), num_inference_steps=num_inference_steps).images


@mistake("generate", rejected_by=ON_CPU, says="a generator of the CPU, wherever")
def a_generator_of_the_device(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The generator lies on the pipeline's device, where a seed means other numbers than on the
    CPU.
    """
    generator = torch.Generator(pipeline.device).manual_seed(seed)
    return pipeline(batch_size, generator, num_inference_steps).images


@mistake("generate", rejected_by=ON_CPU, says="a generator of the CPU, wherever")
def a_generator_of_the_gpu(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The generator lies on the GPU if the machine has one, where a seed means other numbers."""
    generator = torch.Generator("cuda" if torch.cuda.is_available() else "cpu")
    return pipeline(batch_size, generator.manual_seed(seed), num_inference_steps).images


@mistake("generate", rejected_by=ON_CPU, says="there is no GPU")
def on_a_gpu_alone(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Where the pipeline lies on no GPU, an error is raised in the place of pictures."""
    if pipeline.device.type != "cuda":
        raise RuntimeError("there is no GPU")
    return pipeline(batch_size, seeded(seed), num_inference_steps).images


@mistake("generate", rejected_by=ON_CPU, says="the pipeline was moved")
def moved_to_the_cpu(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The caller's pipeline is moved to the CPU."""
    return pipeline.to("cpu")(batch_size, seeded(seed), num_inference_steps).images


@mistake("generate", rejected_by=ONE_CALL, says='with `output_type="np"`')
def numbers_for_pictures(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The pictures are returned as arrays of numbers, not as PIL images."""
    output = pipeline(batch_size, seeded(seed), num_inference_steps, output_type="np")
    return list(output.images)


@mistake("generate", rejected_by=ONE_CALL, says="expected    a list of")
def only_one_picture(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Only the first of the pictures is returned."""
    return pipeline(batch_size, seeded(seed), num_inference_steps).images[0]


@mistake("generate", rejected_by=DEFAULTS, says="the UNet was called 20 times")
def fewer_steps_by_default(pipeline, batch_size=8, num_inference_steps=20, seed=0):
    """The default of `num_inference_steps` is no longer 50."""
    return pipeline(batch_size, seeded(seed), num_inference_steps).images


@mistake("save_pictures", rejected_by=f"{ROWS}[rest]", says="incomplete row is missing")
def only_full_rows(images, path, columns=4):
    """The number of rows is rounded down, so that an incomplete last row is lost."""
    rows = len(images) // columns
    sheet(images[: rows * columns], columns, rows).save(path)


@rewrite(only_full_rows)
def only_full_rows_of_arrays(images, path, columns=4):
    """Rows of pixels are joined by NumPy."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    pixels = [np.array(image) for image in images]
    rows = []
    for row in range(int(len(images) / columns)):
        rows.append(np.concatenate(pixels[row * columns : (row + 1) * columns], axis=1))
    Image.fromarray(np.concatenate(rows, axis=0)).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="8 pictures, 4 in a row, need 2")
def always_one_row_more(images, path, columns=4):
    """One row is added to the full ones, also where none is begun."""
    sheet(images, columns, len(images) // columns + 1).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="own name was made a folder")
def the_file_made_a_folder(images, path, columns=4):
    """The file's own name is made a folder, not only the folders above it."""
    Path(path).mkdir(parents=True, exist_ok=True)
    sheet(images, columns, -(-len(images) // columns)).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[few]", says="also when there are fewer")
def as_wide_as_there_are_pictures(images, path, columns=4):
    """With fewer pictures than columns, the sheet is narrower than `columns` pictures."""
    columns = min(columns, len(images))
    sheet(images, columns, -(-len(images) // columns)).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="shows picture 2")
def column_by_column(images, path, columns=4):
    """The pictures run down the columns before they run to the right."""
    rows = -(-len(images) // columns)
    picture = Image.new("RGB", (columns * images[0].width, rows * images[0].height))
    for number, image in enumerate(images):
        picture.paste(image, (number // rows * image.width, number % rows * image.height))
    picture.save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="Rows and columns are swapped")
def as_many_rows_as_columns(images, path, columns=4):
    """`columns` is taken for the number of rows."""
    sheet(images, -(-len(images) // columns), columns).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[rest]", says="is not black")
def white_places(images, path, columns=4):
    """The places without a picture are white, not black."""
    rows = -(-len(images) // columns)
    white = Image.new("RGB", images[0].size, "white")
    sheet([*images, *[white] * (rows * columns - len(images))], columns, rows).save(path)


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="a file of format JPEG")
def saved_as_jpeg(images, path, columns=4):
    """The file is saved as JPEG, which changes the pixels, whatever its name says."""
    sheet(images, columns, -(-len(images) // columns)).save(path, format="JPEG")


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="no file at sheet.png")
def never_saved(images, path, columns=4):
    """The sheet is returned, and never saved."""
    return sheet(images, columns, -(-len(images) // columns))


@mistake("save_pictures", rejected_by=f"{ROWS}[full]", says="draws a frame of two pixels")
def framed(images, path, columns=4):
    """torchvision's grid puts a frame of two pixels around each picture."""
    batch = torch.stack([torch.from_numpy(np.array(image)).permute(2, 0, 1) for image in images])
    save_image(batch / 255, path, nrow=columns)


@mistake("save_pictures", rejected_by=PARENTS, says="makes them")
def folders_expected(images, path, columns=4):
    """Missing folders are not made."""
    sheet(images, columns, -(-len(images) // columns)).save(path)


@mistake("save_pictures", rejected_by=PARENTS, says="makes them")
def one_folder_made(images, path, columns=4):
    """Only the last folder is made, not those above it."""
    folder = os.path.dirname(path)
    if not os.path.exists(folder):
        os.mkdir(folder)
    sheet(images, columns, -(-len(images) // columns)).save(path)


@mistake("save_pictures", rejected_by=UNCHANGED, says="`images` was changed by the call")
def filled_up_in_place(images, path, columns=4):
    """Black pictures are appended to the caller's own list."""
    while len(images) % columns:
        images.append(Image.new("RGB", images[0].size))
    sheet(images, columns, len(images) // columns).save(path)


@variant("load_pipeline")
def by_the_general_class(model_dir, device="cpu"):
    """DiffusionPipeline finds out that it is a DDPMPipeline."""
    pipeline = DiffusionPipeline.from_pretrained(model_dir, torch_dtype=torch.float32)
    pipeline.to(torch.device(device))
    return pipeline


@variant("load_pipeline")
def from_its_parts(model_dir, device="cpu"):
    """Each part is loaded from its subfolder."""
    unet = UNet2DModel.from_pretrained(model_dir, subfolder="unet").to(device)
    scheduler = DDPMScheduler.from_pretrained(model_dir, subfolder="scheduler")
    return DDPMPipeline(unet, scheduler)


@variant("load_pipeline")
def by_a_device_map(model_dir, device="cpu"):
    """The library loads the weights to where they shall lie."""
    return DDPMPipeline.from_pretrained(model_dir, device_map=device)


@variant("generate")
def by_position(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """Arguments by position, a tuple in the place of the output."""
    generator = torch.Generator("cpu")
    generator.manual_seed(seed)
    (images,) = pipeline(batch_size, generator, num_inference_steps, return_dict=False)
    return tuple(images)


@variant("generate")
def by_way_of_an_array(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The pipeline gives numbers, which are made pictures here."""
    pixels = pipeline(batch_size, seeded(seed), num_inference_steps, output_type="np").images
    return [Image.fromarray((255 * one).astype(np.uint8)) for one in pixels]


@variant("generate")
def the_loop_by_hand(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """What the pipeline does, written out."""
    generator, size = seeded(seed), pipeline.unet.config.sample_size
    device = pipeline.device
    image = torch.randn(batch_size, 3, size, size, generator=generator).to(device)
    pipeline.scheduler.set_timesteps(num_inference_steps)
    with torch.no_grad():
        for t in pipeline.scheduler.timesteps:
            noise = pipeline.unet(image, t).sample
            image = pipeline.scheduler.step(noise, t, image, generator=generator).prev_sample
    return [to_pil_image(one) for one in (image / 2 + 0.5).clamp(0, 1).cpu()]


@variant("generate")
def in_a_fork_of_the_global_state(pipeline, batch_size=8, num_inference_steps=50, seed=0):
    """The global generator is seeded, and put back as it was."""
    with torch.random.fork_rng(devices=[]):
        generator = torch.manual_seed(seed)
        return pipeline(batch_size, generator, num_inference_steps)["images"]


@variant("save_pictures")
def pasted_one_by_one(images, path, columns=4):
    """Pillow alone."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    sheet(images, columns, -(-len(images) // columns)).save(path, "PNG", optimize=True)


@variant("save_pictures")
def as_one_array(images, path, columns=4):
    """The pixels of all pictures in one array, whose axes are moved."""
    width, height = images[0].size
    rows = (len(images) - 1) // columns + 1
    pixels = np.zeros((rows * columns, height, width, 3), np.uint8)
    pixels[: len(images)] = np.stack([np.asarray(image) for image in images])
    pixels = pixels.reshape(rows, columns, height, width, 3).swapaxes(1, 2)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    Image.fromarray(pixels.reshape(rows * height, columns * width, 3)).save(path)


@variant("save_pictures")
def by_torchvision(images, path, columns=4):
    """torchvision's grid, without its frame; it is as wide as `columns` once the row is full."""
    missing = -len(images) % columns
    tensors = [torch.from_numpy(np.array(image)).permute(2, 0, 1) / 255 for image in images]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    save_image([*tensors, *[torch.zeros_like(tensors[0])] * missing], path, nrow=columns, padding=0)
