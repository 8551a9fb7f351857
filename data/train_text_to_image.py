"""Train data/models/butterflies-text-to-image, a StableDiffusionPipeline, on data/butterflies.

    python data/train_text_to_image.py      resumable: call it again to go on where it stopped

First the autoencoder, then, on its latents, the UNet together with the text encoder. `words.py`
has the tokenizer, and what captions become on their way into the training.
"""

from __future__ import annotations

import json
from pathlib import Path

import safetensors.torch
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from sheets import save_sheet
from torch.nn.functional import l1_loss, mse_loss
from torchvision.transforms.functional import to_pil_image
from training import DATA, Plan, butterflies, device, flipped, train
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer
from words import MAX_LENGTH, make_tokenizer, told, worn, write_vocabulary

IMAGE_SIZE, LATENT_CHANNELS = 64, 4
AUTOENCODER = Plan(steps=3000, batch_size=16, lr=1e-3, seed=2026)
DIFFUSION = Plan(steps=4000, batch_size=64, lr=1e-3, seed=2027)
KL_WEIGHT = 1e-3  # latents with a little noise, which the decoder is then robust against
FOLDER = DATA / "models" / "butterflies-text-to-image"
PREVIEW = (
    "a red butterfly with blue hindwings on a pale ground",
    "a blue butterfly on a rose ground",
    "a yellow swallowtail butterfly with black spots on a dusk ground",
    "a butterfly with green forewings, orange hindwings and white bands on a sky ground",
)


def build_autoencoder() -> AutoencoderKL:
    """From (3, 64, 64) to latents (4, 8, 8) and back."""
    return AutoencoderKL(
        sample_size=IMAGE_SIZE,
        latent_channels=LATENT_CHANNELS,
        block_out_channels=(24, 48, 96, 96),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        norm_num_groups=8,
    )


def train_autoencoder(pictures: torch.Tensor) -> tuple[AutoencoderKL, dict]:
    """Return the trained autoencoder, with the scale that its latents need, and the facts."""
    torch.manual_seed(AUTOENCODER.seed)
    autoencoder = build_autoencoder().to(pictures.device)

    def loss_of(generator: torch.Generator) -> torch.Tensor:
        chosen = torch.randint(len(pictures), (AUTOENCODER.batch_size,), generator=generator)
        clean = flipped(pictures[chosen], generator)
        posterior = autoencoder.encode(clean).latent_dist
        noise = torch.randn(posterior.mean.shape, generator=generator).to(clean.device)
        decoded = autoencoder.decode(posterior.mean + posterior.std * noise).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        return l1_loss(decoded, clean) + edge_loss(decoded, clean) + KL_WEIGHT * kl

    def preview(path: Path) -> None:
        with torch.no_grad():
            decoded = autoencoder(pictures[:16]).sample
        save_pictures(torch.cat([pictures[:16], decoded]), path)

    facts = train("autoencoder", AUTOENCODER, autoencoder, loss_of, preview)
    with torch.no_grad():
        scale = 1 / encode(autoencoder, pictures)[0].std().item()
    autoencoder.register_to_config(scaling_factor=round(scale, 4))
    return autoencoder, facts


def edge_loss(decoded: torch.Tensor, clean: torch.Tensor) -> torch.Tensor:
    """Mean absolute error of the differences between neighbours: keeps thin lines sharp."""
    across = l1_loss(decoded.diff(dim=-1), clean.diff(dim=-1))
    return across + l1_loss(decoded.diff(dim=-2), clean.diff(dim=-2))


@torch.no_grad()
def encode(autoencoder: AutoencoderKL, pictures: torch.Tensor) -> torch.Tensor:
    """Return mean and standard deviation of the latents, (2, N, 4, 8, 8), not yet scaled."""
    posteriors = [autoencoder.encode(batch).latent_dist for batch in pictures.split(64)]
    means = torch.cat([posterior.mean for posterior in posteriors])
    return torch.stack([means, torch.cat([posterior.std for posterior in posteriors])])


def build_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A CLIP text encoder of two layers."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=512,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=MAX_LENGTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def build_unet() -> UNet2DConditionModel:
    """A denoiser of latents that looks at the text at both of its levels."""
    return UNet2DConditionModel(
        sample_size=IMAGE_SIZE // 8,
        in_channels=LATENT_CHANNELS,
        out_channels=LATENT_CHANNELS,
        block_out_channels=(64, 128),
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=128,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def make_scheduler() -> DDIMScheduler:
    """The settings of Stable Diffusion 1."""
    return DDIMScheduler(
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def train_diffusion(
    autoencoder: AutoencoderKL, pictures: torch.Tensor, captions: list[str]
) -> tuple[StableDiffusionPipeline, dict]:
    """Return the pipeline with all its parts trained, and the facts."""
    torch.manual_seed(DIFFUSION.seed)
    where = pictures.device
    tokenizer, scheduler = make_tokenizer(captions), make_scheduler()
    parts = torch.nn.ModuleDict(
        {"unet": build_unet(), "text_encoder": build_text_encoder(tokenizer)}
    ).to(where)
    scale = autoencoder.config.scaling_factor
    sides = torch.stack([encode(autoencoder, pictures), encode(autoencoder, pictures.flip(-1))])
    pipeline = StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=parts["text_encoder"],
        tokenizer=tokenizer,
        unet=parts["unet"],
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)

    def loss_of(generator: torch.Generator) -> torch.Tensor:
        size = (DIFFUSION.batch_size,)
        chosen = torch.randint(len(captions), size, generator=generator)
        side = torch.randint(2, size, generator=generator)
        mean, std = sides[side, :, chosen].unbind(1)
        latents = scale * (mean + std * torch.randn(mean.shape, generator=generator).to(where))
        whose = told(chosen, len(captions), generator)
        prompts = [worn(captions[index], generator) for index in whose.tolist()]
        tokens = tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt")
        embeddings = parts["text_encoder"](tokens.input_ids.to(where)).last_hidden_state
        noise = torch.randn(latents.shape, generator=generator).to(where)
        timesteps = torch.randint(1000, size, generator=generator).to(where)
        noisy = scheduler.add_noise(latents, noise, timesteps)
        return mse_loss(parts["unet"](noisy, timesteps, embeddings).sample, noise)

    def preview(path: Path) -> None:
        images = []
        for guidance_scale in (1.0, 7.5):
            generator = torch.Generator().manual_seed(0)
            images += pipeline(
                list(PREVIEW),
                num_images_per_prompt=4,
                num_inference_steps=30,
                guidance_scale=guidance_scale,
                generator=generator,
            ).images
        save_sheet(images, 8, path)

    facts = train("diffusion", DIFFUSION, parts, loss_of, preview)
    return pipeline, facts


def save_pictures(pictures: torch.Tensor, path: Path) -> None:
    """Save a sheet of pictures in [-1, 1], eight in a row."""
    save_sheet([to_pil_image(one) for one in (pictures.cpu() / 2 + 0.5).clamp(0, 1)], 8, path)


def save(pipeline: StableDiffusionPipeline, folder: Path) -> None:
    """Write the pipeline, small, and so that every transformers from 4.57 on reads it.

    The small text encoder stays in float32: transformers loads what it finds, while Diffusers makes
    float32 of it. Its weights get the names that transformers 4 had for them and 5 understands, and
    the tokenizer the two files that 4 reads.
    """
    pipeline.unet.half()
    pipeline.vae.half()
    pipeline.save_pretrained(folder)
    weights = folder / "text_encoder" / "model.safetensors"
    named = {
        f"text_model.{name.removeprefix('text_model.')}": tensor
        for name, tensor in safetensors.torch.load_file(weights).items()
    }
    safetensors.torch.save_file(named, weights, metadata={"format": "pt"})
    model = json.loads((folder / "tokenizer" / "tokenizer.json").read_text())["model"]
    write_vocabulary(folder / "tokenizer", model["vocab"], model["merges"])


def main() -> None:
    pictures, captions = butterflies(IMAGE_SIZE, colored_only=True)
    pictures = pictures.to(device())
    autoencoder, autoencoder_facts = train_autoencoder(pictures)
    pipeline, diffusion_facts = train_diffusion(autoencoder, pictures, captions)
    save(pipeline, FOLDER)
    facts = {"autoencoder": autoencoder_facts, "diffusion": diffusion_facts}
    (FOLDER / "training.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
