"""The same photo once more, as it comes back from other programs: for measuring how much vectors change."""

import math

import numpy as np
from PIL import Image

from augment import recoded


def resized(photo, longer, kernel=Image.Resampling.LANCZOS):
    scale = longer / max(photo.size)
    return photo.resize((round(photo.width * scale), round(photo.height * scale)), kernel)


def cropped(photo, share):
    """Without this share of its width and height, most of it at the left and the top."""
    width, height = photo.size
    near, far = share * 2 / 3, 1 - share / 3
    return photo.crop((round(width * near), round(height * near), round(width * far), round(height * far)))


def turned(photo, degrees):
    """Turned, and cropped to where it has no empty corners."""
    width, height = photo.size
    margin = math.sin(math.radians(degrees)) * max(width, height) / 2
    turned = photo.rotate(degrees, Image.Resampling.BICUBIC)
    return turned.crop((round(margin), round(margin), round(width - margin), round(height - margin)))


def lying(photo, quality):
    """As a camera on its side keeps it, and as it is then shown."""
    return recoded(photo.transpose(Image.Transpose.ROTATE_90), quality).transpose(Image.Transpose.ROTATE_270)


# The same photo to a person's eye.
SAME = {
    "quality 60": lambda photo: recoded(photo, 60),
    "2,048 pixels, quality 75": lambda photo: recoded(resized(photo, 2048, Image.Resampling.BICUBIC), 75),
    "1,024 pixels, quality 60": lambda photo: recoded(resized(photo, 1024), 60),
    "640 pixels, quality 60": lambda photo: recoded(resized(photo, 640, Image.Resampling.BILINEAR), 60),
    "400 pixels, quality 90": lambda photo: recoded(resized(photo, 400), 90),
    "400 pixels, quality 60": lambda photo: recoded(resized(photo, 400), 60),
    "400 pixels, quality 60, lying, turned back": lambda photo: lying(resized(photo, 400, Image.Resampling.BICUBIC), 60),
}
# Much as if the photo had been taken twice.
TWICE = {
    "cropped by 6 %": lambda photo: recoded(cropped(photo, 0.06), 85),
    "cropped by 12 %": lambda photo: recoded(cropped(photo, 0.12), 85),
    "turned by 2°": lambda photo: recoded(turned(photo, 2), 85),
    "turned by 5°": lambda photo: recoded(turned(photo, 5), 85),
    "15 % brighter": lambda photo: recoded(photo.point(lambda value: min(255, round(value * 1.15))), 85),
}


def retakes(photo, kinds):
    """Of a photo as bytes, as bytes."""
    return [np.asarray(make(Image.fromarray(photo))) for make in kinds.values()]
