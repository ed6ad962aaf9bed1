"""Photos as they might have been taken: another frame, tilt, light, sharpness, file."""

import io
import math
import random

import numpy as np
import torch
from PIL import Image, ImageFilter

WHITE = (255, 255, 255)
BILINEAR, BICUBIC, LANCZOS = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS


def recoded(photo, quality):
    file = io.BytesIO()
    photo.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def framed(photo, side, chance, zooms, aspects, tilted):
    """A square of side × side pixels that shows some box of the photo, and a plain colour where it leaves it."""
    width, height = photo.size
    longer = max(width, height)
    zoom, aspect = chance.uniform(*zooms), math.exp(chance.uniform(-aspects, aspects))
    box_width, box_height = longer * zoom * math.sqrt(aspect), longer * zoom / math.sqrt(aspect)
    # Anywhere that it covers nothing but photo along an axis, or all of the photo.
    left, top = (width - box_width) * chance.random(), (height - box_height) * chance.random()
    if chance.random() < tilted:
        photo = photo.rotate(chance.uniform(-12, 12), BILINEAR, fillcolor=WHITE)
    around = WHITE if chance.random() < 0.75 else tuple(chance.randrange(256) for _ in range(3))
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + box_width, width), min(top + box_height, height)
    across, down = side / box_width, side / box_height
    size = max(1, round((x1 - x0) * across)), max(1, round((y1 - y0) * down))
    seen = photo.resize(size, BILINEAR, box=(x0, y0, x1, y1))
    square = Image.new("RGB", (side, side), around)
    square.paste(seen, (round((x0 - left) * across), round((y0 - top) * down)))
    return square.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if chance.random() < 0.5 else square


def varied(photo, side, chance):
    """One photo, as bytes (side × side × 3), much changed."""
    square = framed(photo, side, chance, (0.55, 1.12), 0.28, 0.3)
    if chance.random() < 0.25:
        square = recoded(square, chance.randrange(35, 92))
    if chance.random() < 0.15:
        square = square.filter(ImageFilter.GaussianBlur(chance.uniform(0.3, 1.2)))
    return np.asarray(square)


def another_file(photo, chance):
    """The same photo, after it went through some other program: of another size perhaps, and compressed."""
    kind = chance.random()
    if kind < 0.5:
        scale = chance.uniform(0.6, 1.0) if kind < 0.35 else chance.uniform(1.2, 2.0)
        size = max(8, round(photo.width * scale)), max(8, round(photo.height * scale))
        photo = photo.resize(size, chance.choice([BILINEAR, BICUBIC, LANCZOS]))
    return recoded(photo, chance.randrange(40, 90))


def pair(photo, side, chance):
    """One photo and another file of it, framed alike."""
    frame = chance.getrandbits(48)
    return [
        np.asarray(framed(file, side, random.Random(frame), (0.62, 1.08), 0.2, 0.2))
        for file in (photo, another_file(photo, chance))
    ]


def relight(images, copies):
    """Brightness, contrast, saturation and tint, for each image of a batch of its own, but the same for its copies:
    a batch is `copies` times as many images in the same order. Values are about -1 to 1."""
    count = len(images) // copies

    def between(low, high, channels=1):
        return torch.empty(count, channels, 1, 1).uniform_(low, high).repeat(copies, 1, 1, 1)

    images = images * between(0.75, 1.25) + between(-0.12, 0.12)
    grey = images.mean(dim=1, keepdim=True)
    images = grey + (images - grey) * between(0.6, 1.4) + between(-0.06, 0.06, 3)
    return images.clamp(-1, 1)
