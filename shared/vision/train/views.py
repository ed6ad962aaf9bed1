"""What the network is shown of a photo. The same sums as in src/views.rs, so that fitting sees what production sees."""

import numpy as np

SIDE = 224
# The whole photo, and its mirror image nearer: as good as both of both, in half the time. As in src/features.rs.
VIEWS = [(1.0, False), (0.8, True)]


def taps(pixels, square, side):
    """Weights (side × pixels) under a triangle around each output pixel; what lies outside of the photo is left out."""
    step = square / side
    reach = max(step, 1.0)
    centres = (pixels - square) / 2 + (np.arange(side) + 0.5) * step
    first = int(np.floor(min(centres[0] - reach, 0))) - 1
    last = int(np.ceil(max(centres[-1] + reach, pixels))) + 1
    every = np.arange(first, last)
    weights = np.maximum(0, 1 - np.abs(every + 0.5 - centres[:, None]) / reach)
    weights /= weights.sum(axis=1, keepdims=True)
    return weights[:, -first : pixels - first].astype(np.float32)


def view(photo, zoom, side=SIDE):
    """A white-padded square of `zoom` times the longer side around the middle: side × side × 3, 0–255."""
    height, width = photo.shape[:2]
    square = zoom * max(height, width)
    rows, columns = taps(height, square, side), taps(width, square, side)
    seen = np.tensordot(rows, photo.astype(np.float32), (1, 0))
    seen = np.einsum("xw,ywc->yxc", columns, seen, optimize=True)
    covered = rows.sum(axis=1)[:, None] * columns.sum(axis=1)
    return seen + 255 * (1 - covered)[..., None]


def views(photo):
    """All views of a photo: view × side × side × 3."""
    seen = ((view(photo, zoom), mirrored) for zoom, mirrored in VIEWS)
    return np.stack([one[:, ::-1] if mirrored else one for one, mirrored in seen])
