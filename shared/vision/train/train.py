#!/usr/bin/env python3
"""Fits what the models do not bring along: the embedding's projection and the heads for category and pattern.

    train.py FEATURES

FEATURES.f32 and FEATURES.txt come from the `features` example, so that training sees exactly what production
sees. A fifth of the photos, chosen by a hash of their names, is held out: accuracy is measured on it and
nothing is fitted to it. patterns.csv beside this file says which design some of the photos have, as judged
by eye; since they are few, the pattern head's accuracy is cross-validated. Writes shared/vision/weights:

    category.f32   rows of 1,280 weights and a bias, one row for each class, on features of unit length
    category.txt   the classes, in the order of the rows
    pattern.f32    likewise for patterns
    pattern.txt
    pca_mean.f32   the mean of unit-length features
    pca.f16        512 rows of 1,280: the directions of largest variance
    model_id.txt   names the embedding; it changes whenever the projection does
    report.txt     the measured accuracy
"""

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

FEATURES = 1280
DIMENSIONS = 512
LARGE = ["dress", "hat", "longsleeve", "outerwear", "pants", "shirt", "shoes", "shorts", "skirt", "t_shirt"]
REQUIRED = 0.85
# Folders of the photo set whose category has another name.
RENAMED = {"t-shirt": "t_shirt", "outwear": "outerwear"}
# Inverse strength of the penalty on weights. Larger values fit the photos better and others worse.
REGULARIZATION = 5
PATTERN_REGULARIZATION = 10
PATTERN_FOLDS = 5
# As in src/tags.rs: a pattern that is less likely than this is called "other".
SURE_OF_PATTERN = 0.4
HERE = Path(__file__).resolve().parent
WEIGHTS = HERE.parent / "weights"


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def held_out(name):
    """One photo in five, the same ones whatever else is in the folder."""
    return hashlib.sha256(Path(name).name.encode()).digest()[0] < 51


def load(stem):
    """Features (photo, as it is or mirrored, feature) of unit length; classes; which photos are held out; names."""
    rows = np.fromfile(f"{stem}.f32", "<f4").reshape(-1, 2, FEATURES).astype(np.float64)
    names = Path(f"{stem}.txt").read_text().split("\n")[:-1]
    if len(rows) != len(names):
        sys.exit(f"train: features of {len(rows)} photos, but names of {len(names)}")
    classes = [Path(name).parent.name for name in names]
    classes = np.array([RENAMED.get(name, name) for name in classes])
    return unit(rows), classes, np.array([held_out(name) for name in names]), [Path(name).name for name in names]


def fit(views, words, regularization):
    """A logistic regression on photos as they are and mirrored, which are as good to learn from."""
    head = LogisticRegression(C=regularization, max_iter=5000)
    return head.fit(views.reshape(-1, FEATURES), np.repeat(words, 2))


def write_head(name, head):
    np.column_stack([head.coef_, head.intercept_]).astype("<f4").tofile(WEIGHTS / f"{name}.f32")
    (WEIGHTS / f"{name}.txt").write_text("\n".join(head.classes_) + "\n")


def fit_patterns(views, names):
    """Answers the head, fitted to all labelled photos, and lines for the report."""
    with (HERE / "patterns.csv").open(newline="") as file:
        labels = {row["photo"]: row["pattern"] for row in csv.DictReader(file)}
    known = [at for at, name in enumerate(names) if name in labels]
    views, words = views[known], np.array([labels[names[at]] for at in known])
    guesses = np.empty_like(words)
    folds = StratifiedKFold(PATTERN_FOLDS, shuffle=True, random_state=1)
    for fitted, tested in folds.split(words, words):
        head = fit(views[fitted], words[fitted], PATTERN_REGULARIZATION)
        chances = head.predict_proba(views[tested, 0])
        best = head.classes_[chances.argmax(axis=1)]
        guesses[tested] = np.where(chances.max(axis=1) < SURE_OF_PATTERN, "other", best)
    lines = [f"pattern, {PATTERN_FOLDS}-fold: {(guesses == words).mean():.1%} of {len(words)}"]
    for word in sorted(set(words)):
        is_word, said = words == word, guesses == word
        recall, precision = said[is_word].mean(), is_word[said].mean() if said.any() else 0
        lines.append(f"  {word}: found {recall:.1%} of {is_word.sum()}, right in {precision:.1%} of {said.sum()}")
    return fit(views, words, PATTERN_REGULARIZATION), lines


def calibration_error(probabilities, right, bins=10):
    """Expected calibration error: the mean gap between confidence and accuracy, over bins of confidence."""
    confidence = probabilities.max(axis=1)
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(
        (which == one).mean() * abs(confidence[which == one].mean() - right[which == one].mean())
        for one in np.unique(which)
    )


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: train.py FEATURES")
    views, classes, test, names = load(sys.argv[1])
    rows = views[:, 0]
    print(f"train: {(~test).sum()} photos to fit, {test.sum()} held out, {len(set(classes))} classes", flush=True)

    head = fit(views[~test], classes[~test], REGULARIZATION)
    probabilities = head.predict_proba(rows[test])
    right = head.classes_[probabilities.argmax(axis=1)] == classes[test]
    large = np.isin(classes[test], LARGE)
    accuracy = right[large].mean()

    mean = rows[~test].mean(axis=0)
    _, spread, directions = np.linalg.svd(rows[~test] - mean, full_matrices=False)
    directions = directions[:DIMENSIONS]
    # A direction's sign is arbitrary; fix it, so that the same photos give the same file.
    strongest = np.abs(directions).argmax(axis=1)
    directions *= np.sign(directions[np.arange(len(directions)), strongest])[:, None]
    directions = directions.astype("<f2")
    kept = (spread[:DIMENSIONS] ** 2).sum() / (spread**2).sum()
    embedded = unit((rows - mean) @ directions.astype(np.float64).T)
    neighbour = (embedded[test] @ embedded[~test].T).argmax(axis=1)
    same = (classes[~test][neighbour] == classes[test]).mean()

    lines = [
        f"photos: {(~test).sum()} fitted, {test.sum()} held out",
        f"top-1 on the ten large classes, among all {len(head.classes_)}: {accuracy:.1%} of {large.sum()}",
        f"top-1 on all {len(head.classes_)} classes: {right.mean():.1%} of {len(right)}",
        f"expected calibration error: {calibration_error(probabilities, right):.3f}",
        f"embedding: {DIMENSIONS} of {FEATURES} dimensions keep {kept:.1%} of the variance",
        f"nearest fitted photo is of the same class: {same:.1%}",
    ]
    for name in head.classes_:
        of_class = classes[test] == name
        lines.append(f"  {name}: {right[of_class].mean():.1%} of {of_class.sum()}")
    pattern_head, pattern_lines = fit_patterns(views, names)
    lines += pattern_lines
    print("\n".join(lines), flush=True)
    if accuracy < REQUIRED:
        sys.exit(f"train: {accuracy:.1%} is below {REQUIRED:.0%}; the weights were left as they are")

    WEIGHTS.mkdir(exist_ok=True)
    write_head("category", head)
    write_head("pattern", pattern_head)
    mean.astype("<f4").tofile(WEIGHTS / "pca_mean.f32")
    directions.tofile(WEIGHTS / "pca.f16")
    digest = hashlib.sha256(mean.astype("<f4").tobytes() + directions.tobytes()).hexdigest()[:8]
    (WEIGHTS / "model_id.txt").write_text(f"efficientnet-lite0/pca{DIMENSIONS}/{digest}")
    (WEIGHTS / "report.txt").write_text("\n".join(lines) + "\n")
    print(f"train: weights written to {WEIGHTS}")


if __name__ == "__main__":
    main()
