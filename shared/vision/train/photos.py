"""The photo set: a folder of class folders."""

import hashlib
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

# Folders whose category has another name.
RENAMED = {"t-shirt": "t_shirt", "outwear": "outerwear"}
LARGE = ["dress", "hat", "longsleeve", "outerwear", "pants", "shirt", "shoes", "shorts", "skirt", "t_shirt"]
# Photos are kept in memory while the network is fitted; it never sees more pixels than this along a side.
KEPT_SIDE = 288


def held_out(name):
    """One photo in five, the same ones whatever else is in the folder."""
    return hashlib.sha256(name.encode()).digest()[0] < 51


def read(path):
    """An upright photo: height, width, red-green-blue, as bytes."""
    with Image.open(path) as photo:
        return np.asarray(ImageOps.exif_transpose(photo).convert("RGB"))


class Photos:
    """Paths in order of their names; of each its class as an index into `words`, and whether it is held out."""

    def __init__(self, folder):
        self.paths = sorted(Path(folder).glob("*/*.jpg"))
        if not self.paths:
            sys.exit(f"train: {folder} has no folders of .jpg photos")
        classes = [RENAMED.get(path.parent.name, path.parent.name) for path in self.paths]
        self.words = sorted(set(classes))
        self.classes = np.array([self.words.index(word) for word in classes])
        self.held_out = np.array([held_out(path.name) for path in self.paths])
        self.large = [self.words.index(word) for word in LARGE]

    def __len__(self):
        return len(self.paths)

    def small(self):
        """All photos, at most KEPT_SIDE pixels along their longer side."""
        photos = []
        for path in self.paths:
            photo = Image.fromarray(read(path))
            photo.thumbnail((KEPT_SIDE, KEPT_SIDE), Image.Resampling.BILINEAR, reducing_gap=None)
            photos.append(photo)
        return photos
