"""Plain garments with a design printed on them: examples of designs of which there are few photos, or few fine ones."""

import math

import numpy as np
from PIL import Image

from augment import recoded

MASK_SIDE = 320
# As U²-Net was fitted (Qin et al., 2020).
MEAN, SPREAD = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


class Masks:
    """Where the garment of a photo is, by U²-Net-P."""

    def __init__(self, path, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # see train.py
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.input, self.output = self.session.get_inputs()[0].name, self.session.get_outputs()[0].name

    def of(self, photo):
        """0 to 1, height × width."""
        square = np.asarray(Image.fromarray(photo).resize((MASK_SIDE, MASK_SIDE), Image.Resampling.LANCZOS), np.float32)
        planes = ((square / max(square.max(), 1e-6) - MEAN) / SPREAD).transpose(2, 0, 1)[None].astype(np.float32)
        mask = self.session.run([self.output], {self.input: planes})[0][0, 0]
        mask = Image.fromarray(mask).resize(photo.shape[1::-1], Image.Resampling.BILINEAR)
        return np.clip((np.asarray(mask) - 0.3) / 0.5, 0, 1)


def waves(shape, longer, luck):
    """By how much cloth lies elsewhere than if it were flat: a few long waves, in pixels, height × width."""
    rows, columns = np.mgrid[: shape[0], : shape[1]] / longer
    moved = np.zeros(shape)
    for _ in range(3):
        angle, length = luck.uniform(0, 2 * math.pi), luck.uniform(0.15, 0.8)
        phase = (rows * math.sin(angle) + columns * math.cos(angle)) / length + luck.random()
        moved += luck.uniform(0, 0.012) * longer * np.sin(2 * math.pi * phase)
    return moved


def on_cloth(shape, longer, tilt, luck):
    """Places on the cloth, across and down, in pixels."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(float)
    angle = math.radians(luck.uniform(-tilt, tilt))
    across = columns * math.cos(angle) + rows * math.sin(angle) + waves(shape, longer, luck)
    down = rows * math.cos(angle) - columns * math.sin(angle) + waves(shape, longer, luck)
    return across, down


def covered(distance):
    """The part of a pixel that is covered, by how far inside its middle lies."""
    return np.clip(distance + 0.5, 0, 1)


def dots(shape, longer, luck):
    """Round spots in rows, every second row shifted or not, out of place a little or much."""
    across, down = on_cloth(shape, longer, 45, luck)
    spacing = longer * math.exp(luck.uniform(math.log(0.014), math.log(0.07)))
    radius = max(1.0, spacing * luck.uniform(0.14, 0.36))
    shifted, astray = luck.choice([0.0, 0.5]), luck.choice([0.0, 0.08, 0.25]) * spacing
    rows = np.floor(down / spacing)
    columns = np.floor(across / spacing - shifted * (rows % 2))
    # Each spot goes astray by itself: by a fixed scramble of its row and column.
    scramble = np.sin(rows * 127.1 + columns * 311.7) * 43758.5453
    astray_across, astray_down = (scramble % 1 - 0.5) * astray, (scramble * 7.3 % 1 - 0.5) * astray
    from_middle = np.hypot(
        across - (columns + 0.5 + shifted * (rows % 2)) * spacing - astray_across,
        down - (rows + 0.5) * spacing - astray_down,
    )
    return covered(radius - from_middle)


def lines(along, longer, luck):
    """Stripes that lie at right angles to where `along` grows, sometimes two to a repeat."""
    period = longer * math.exp(luck.uniform(math.log(0.009), math.log(0.08)))
    width = max(0.8, period * luck.uniform(0.12, 0.55))
    printed = covered(width / 2 - np.abs(along % period - period / 2))
    if luck.random() < 0.25:
        printed = np.maximum(printed, covered(width / 5 - np.abs((along + period / 2) % period - period / 2)))
    return printed


def stripes(shape, longer, luck):
    across, down = on_cloth(shape, longer, 8, luck)
    return lines(across if luck.random() < 0.5 else down, longer, luck)


def checks(shape, longer, luck):
    across, down = on_cloth(shape, longer, 8, luck)
    return (lines(across, longer, luck) + lines(down, longer, luck)) / 2


PRINTS = {"dotted": dots, "striped": stripes, "checked": checks}


def ink(cloth, luck):
    """A colour that stands out from the cloth's."""
    while True:
        grey = luck.choice([15.0, 240.0, -1.0], p=[0.35, 0.4, 0.25])
        colour = luck.uniform(0, 255, 3) if grey < 0 else np.full(3, grey) + luck.uniform(-12, 12, 3)
        if np.abs(colour - cloth).mean() > 45:
            return colour


def printed(photo, mask, design, luck):
    """A photo (bytes, height × width × 3) of the same garment with a design, in the same light and the same folds."""
    pixels = photo.astype(np.float32)
    cloth, longer = np.median(pixels[mask >= mask.max()], axis=0), max(photo.shape)
    light = np.clip(pixels.mean(axis=2) / max(cloth.mean(), 20), 0.4, 1.3)[..., None]
    share = (mask * PRINTS[design](photo.shape[:2], longer, luck) * luck.uniform(0.55, 1))[..., None]
    mixed = pixels * (1 - share) + np.minimum(ink(cloth, luck) * light, 255) * share
    file = recoded(Image.fromarray(np.round(mixed).astype(np.uint8)), int(luck.integers(65, 92)))
    return np.asarray(file)


def printed_once_each(photo, masks, seed):
    """A plain garment with each of PRINTS."""
    mask = masks.of(photo)
    return [printed(photo, mask, design, np.random.default_rng([seed, at])) for at, design in enumerate(PRINTS)]
