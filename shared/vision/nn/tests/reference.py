#!/usr/bin/env python3
"""Writes reference.txt: some numbers of what onnxruntime answers to a made-up picture, for each vision model.

    pip install numpy onnxruntime==1.23.2
    python shared/vision/nn/tests/reference.py .local/models

Each line: model, output, its largest absolute number, and index:value of up to sixteen places,
evenly from the largest to the median.
"""

import sys
from pathlib import Path

import numpy as np
import onnxruntime

MODELS = {
    "u2netp": (320, ["1959"]),
    "efficientnet_lite0": (224, ["features"]),
    "pose_detection": (224, ["Identity", "Identity_1"]),
    "pose_landmark": (256, ["Identity", "Identity_1", "Identity_2", "Identity_3", "Identity_4"]),
    "selfie_segmentation": (256, ["activation_10"]),
}
PLACES = 16


def picture(side):
    """A soft disc with coarse noise over it; `models.rs` makes the same."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float64) / side
    disc = np.exp(-18 * ((x - 0.45) ** 2 + (y - 0.55) ** 2))
    noise = (np.arange(3 * side * side) * 7919 % 1000).reshape(3, side, side) / 500 - 1
    channels = [disc * (1.8 - 0.5 * channel) - 0.5 for channel in range(3)]
    return (np.stack(channels) + 0.7 * noise)[None].astype(np.float32)


def main():
    folder = Path(sys.argv[1])
    lines = []
    for name, (side, outputs) in MODELS.items():
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", providers=["CPUExecutionProvider"])
        found = session.run(outputs, {session.get_inputs()[0].name: picture(side)})
        for output, numbers in zip(outputs, found):
            numbers = numbers.ravel()
            order = np.argsort(-np.abs(numbers), kind="stable")
            places = sorted({int(order[index * len(order) // (2 * PLACES)]) for index in range(PLACES)})
            values = " ".join(f"{place}:{numbers[place]:.7g}" for place in places)
            lines.append(f"{name} {output} {np.abs(numbers).max():.7g} {values}")
    Path(__file__).with_name("reference.txt").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
