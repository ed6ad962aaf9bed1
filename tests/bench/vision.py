#!/usr/bin/env python3
"""onnxruntime's side of `make bench-vision`: one thread, the same weights, one JSON object a line.

    vision.py warm RUNS MODELS     load and run each model
    vision.py cold MODELS PHOTO    what a background remover does on its first photo, then exit
"""

import json
import sys
import time
from pathlib import Path

SIDES = {
    "u2netp": 320,
    "efficientnet_lite0": 224,
    "pose_detection": 224,
    "pose_landmark": 256,
    "selfie_segmentation": 256,
}
# As many as our side computes.
OUTPUTS = {"u2netp": ["1959"]}
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def session(path):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def warm(runs, models):
    import numpy as np

    for name, side in SIDES.items():
        before = time.process_time()
        model = session(models / f"{name}.onnx")
        load = time.process_time() - before
        count = 3 * side * side
        numbers = ((np.arange(count) * 7919 % 1000) / 500 - 1).astype(np.float32).reshape(1, 3, side, side)
        best = float("inf")
        for _ in range(runs):
            before = time.process_time()
            model.run(OUTPUTS.get(name), {model.get_inputs()[0].name: numbers})
            best = min(best, time.process_time() - before)
        print(json.dumps({"model": name, "load": load * 1e3, "run": best * 1e3}))


def cold(models, photo):
    import numpy as np
    from PIL import Image

    model = session(models / "u2netp.onnx")
    small = Image.open(photo).convert("RGB").resize((320, 320), Image.Resampling.LANCZOS)
    numbers = np.asarray(small, np.float32)
    numbers = (numbers / numbers.max() - np.array(MEAN, np.float32)) / np.array(DEVIATION, np.float32)
    model.run(["1959"], {"input.1": numbers.transpose(2, 0, 1)[None].astype(np.float32)})


if __name__ == "__main__":
    if sys.argv[1] == "warm":
        warm(int(sys.argv[2]), Path(sys.argv[3]))
    else:
        cold(Path(sys.argv[2]), sys.argv[3])
