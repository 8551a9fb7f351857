"""Give a trained model to others: a pipeline, and a folder that anybody can load.

Goal    model and scheduler in a DDPMPipeline; save it to a folder, load it from there
Source  diffusers.DDPMPipeline, DiffusionPipeline.save_pretrained and from_pretrained
Check   pytest exercises/03_sampling/make_pipeline.py
Stuck   kata hint make_pipeline
"""

from diffusers import DDPMPipeline


def make_pipeline(model, scheduler):
    """Return a pipeline that samples from this model with this scheduler.

    model      a UNet2DModel
    scheduler  a scheduler of Diffusers: a DDPMScheduler, or another one
    return     a DDPMPipeline with these two parts: the weights, their dtype, the scheduler's class
               and both configurations are those that were given

    The model that was given keeps its mode, and the same of its parameters learn as before.
    """
    # TODO: A pipeline is built from its parts; it has names of its own for them.
    raise NotImplementedError("TODO: make_pipeline")


def save(pipeline, folder):
    """Write the pipeline to a folder, in the layout of Diffusers.

    pipeline  a DDPMPipeline, left as it is: its weights, their dtype, its model's mode, and which
              parameters learn
    folder    its path, a str. It is made if it is missing, and the folders above it, too. An
              earlier pipeline that `save` wrote there is replaced
    return    None. The folder now holds `model_index.json`, `scheduler/scheduler_config.json`,
              `unet/config.json` and the weights in `unet/diffusion_pytorch_model.safetensors`, in
              the dtype that they have. No pickles are written (`.bin`, `.pt`, `.ckpt`, `.pkl`)
    """
    # TODO: One method of the pipeline writes all of it.
    raise NotImplementedError("TODO: save")


def load(folder):
    """Return the pipeline that lies in a folder, ready to sample.

    folder  path of a folder that `save` has written, a str; no hub is asked. It is read anew at
            each call
    return  a DDPMPipeline with the weights, the scheduler (of the class that was saved) and the
            configurations from the folder. On the CPU, in float32 whatever the files are in, the
            model in evaluation mode
    """
    # TODO: One class method of the pipeline reads all of it.
    raise NotImplementedError("TODO: load")
