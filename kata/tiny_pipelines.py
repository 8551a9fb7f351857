"""Whole pipelines, tiny and untrained, which suites hand to the learner's code or save for it."""

import functools
import tempfile
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMPipeline,
    DiffusionPipeline,
    SchedulerMixin,
    StableDiffusionPipeline,
    UNet2DConditionModel,
    UNet2DModel,
)

from kata.evidence import Files, read_files, write_files
from kata.manifest import ROOT

MODELS = ROOT / "data" / "models"
BUTTERFLIES = str(MODELS / "ddpm-butterflies-32px")
TEXT_TO_IMAGE = str(MODELS / "butterflies-text-to-image")
LOUDNESS = 10.0
# The smallest UNet that there is. Most of the time that a suite takes is that of building models
# anew at each crossing, and it grows with the number of their layers.
SMALLEST = {
    "block_out_channels": (8,),
    "down_block_types": ("DownBlock2D",),
    "mid_block_type": None,
    "up_block_types": ("UpBlock2D",),
    "layers_per_block": 0,  # the way up has one more
    "norm_num_groups": 4,
}


def plain_unet(seed: int = 0) -> UNet2DModel:
    """A UNet that records nothing: a class of the library's own, which a folder can name."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return UNet2DModel(sample_size=8, **SMALLEST).eval()


def conditional_unet(seed: int = 0) -> UNet2DConditionModel:
    """That of a text-to-image pipeline: in its one layer the words take part."""
    words = {"up_block_types": ("SimpleCrossAttnUpBlock2D",), "cross_attention_dim": 16}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        options = {**SMALLEST, **words}
        return UNet2DConditionModel(sample_size=8, attention_head_dim=4, **options).eval()


def unconditional(unet: UNet2DModel, scheduler: SchedulerMixin) -> DDPMPipeline:
    return _silent(DDPMPipeline(unet=unet.eval(), scheduler=scheduler))


def text_to_image(seed: int = 0) -> StableDiffusionPipeline:
    """A pipeline for pictures of 8x8 whose tokenizer knows the words of our butterflies.

    What its text encoder says is loud, so that another word makes another picture, though nothing
    was trained.
    """
    tokenizer = _tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = StableDiffusionPipeline(
            vae=_autoencoder().eval(),
            text_encoder=_text_encoder(tokenizer).eval(),
            tokenizer=tokenizer,
            unet=conditional_unet(seed),
            scheduler=DDIMScheduler(
                beta_schedule="scaled_linear",
                beta_start=0.001,
                beta_end=0.015,
                clip_sample=False,
                steps_offset=1,
            ),
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    return _silent(pipeline)


def files_of(pipeline: DiffusionPipeline) -> Files:
    """What lies in a folder to which the pipeline was saved.

    Whoever needs several such folders saves once, and lets `write` do the rest.
    """
    with tempfile.TemporaryDirectory() as folder:
        pipeline.save_pretrained(folder)
        return read_files(Path(folder))


def write(files: Files, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_files(folder, files)


@functools.cache
def _tokenizer():
    """One for all pipelines: what learners get of it are copies."""
    from transformers import CLIPTokenizer

    return CLIPTokenizer.from_pretrained(TEXT_TO_IMAGE, subfolder="tokenizer")


def _autoencoder() -> AutoencoderKL:
    """Latents of four channels, as large as the pictures."""
    return AutoencoderKL(
        sample_size=8,
        latent_channels=4,
        block_out_channels=(8,),
        layers_per_block=0,
        norm_num_groups=4,
        mid_block_add_attention=False,
    )


def _text_encoder(tokenizer):
    from transformers import CLIPTextConfig, CLIPTextModel

    encoder = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    last_norm = next(p for name, p in encoder.named_parameters() if "final_layer_norm.w" in name)
    torch.nn.init.constant_(last_norm, LOUDNESS)
    return encoder


def _silent(pipeline: DiffusionPipeline) -> DiffusionPipeline:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline
