"""What is said about the fitted weights: measured on photos that were held out."""

import numpy as np

from measure import calibrated, calibration_error, confusions, nearest, share, within
from retakes import SAME, TWICE

# As in src/tags.rs and src/embed.rs.
SURE_OF_CATEGORY = 0.7
DUPLICATE_LIKENESS = 0.9978
# What files of one photo are meant to be.
SAME_LIKENESS = 0.999
COMMONEST = 12
PARTS = [0.01, 0.1, 0.5, 0.9, 0.99]


def quantiles(values):
    return ", ".join(f"{part:.0%} {value:.3f}" for part, value in zip(PARTS, np.quantile(values, PARTS)))


def of_categories(photos, scores, temperature):
    """Lines, and the accuracy among all classes on the large ones."""
    held = np.flatnonzero(photos.held_out)
    classes, words = photos.classes[held], photos.words
    halves = np.arange(len(held)) % 2 == 0
    probabilities = calibrated(scores[held], classes, halves)
    guesses, large = probabilities.argmax(axis=1), np.isin(classes, photos.large)
    right = guesses == classes
    few = within(probabilities, photos.large)
    few_probabilities = probabilities[:, photos.large] / probabilities[:, photos.large].sum(axis=1, keepdims=True)
    sure = probabilities.max(axis=1) >= SURE_OF_CATEGORY
    ranked = (-probabilities).argsort(axis=1)[:, :3]
    offered = (ranked == classes[:, None]).any(axis=1)
    lines = [
        f"photos: {(~photos.held_out).sum()} fitted, {len(held)} held out",
        f"top-1 on the ten large classes, among those: {share((few == classes)[large])}",
        f"top-1 on the ten large classes, among all {len(words)}: {share(right[large])}",
        f"top-1 on all {len(words)} classes: {share(right)}",
        f"among the three likeliest, all {len(words)} classes: {share(offered)}",
        f"temperature {temperature:.3f}; with one fitted to the other half of the held-out photos each:",
        f"  expected calibration error among all {len(words)}: {calibration_error(probabilities, right):.3f}",
        "  expected calibration error among the ten large, on their photos: "
        f"{calibration_error(few_probabilities[large], (few == classes)[large]):.3f}",
        f"likelier than {SURE_OF_CATEGORY}: {share(sure)}",
        f"  right: {share(right[sure])}",
        f"  else asked, with the right one among the two or three that are named: {share(offered[~sure])}",
    ]
    for at, word in enumerate(words):
        of_class, said = classes == at, guesses == at
        if not of_class.any():
            continue
        precision = f"{right[said].mean():.1%} of {said.sum()}" if said.any() else "never said"
        lines.append(f"  {word}: found {right[of_class].mean():.1%} of {of_class.sum()}, right in {precision}")
    return lines + ["commonest mistakes:"] + confusions(guesses, classes, words, COMMONEST), right[large].mean()


def pairs(photos, vectors):
    """How many pairs of different photos count as duplicates; some of them are, since owners sent garments twice."""
    likeness = vectors @ vectors.T
    one, two = np.nonzero(np.triu(likeness >= DUPLICATE_LIKENESS, 1))
    unlike = (photos.classes[one] != photos.classes[two]).sum()
    every = len(photos) * (len(photos) - 1) // 2
    return (
        f"pairs of different photos at least {DUPLICATE_LIKENESS} alike: {len(one)} of {every:,}, of {unlike} of which the "
        f"classes differ, in {len({*one, *two})} of {len(photos)} photos"
    )


def of_vectors(photos, vectors, originals, again):
    """`again` has the vectors of other files of the photos `originals`: photo × kind, SAME before TWICE."""
    held = np.flatnonzero(photos.held_out)
    everything = np.arange(len(photos))
    among_all, likeness = nearest(vectors, held, everything)
    among_held, _ = nearest(vectors, held, held)
    lines = [
        "nearest photo is of the same class, held-out photos among all others: "
        f"{share(photos.classes[among_all] == photos.classes[held])}",
        f"  among the held-out ones: {share(photos.classes[among_held] == photos.classes[held])}",
        f"likeness of a held-out photo to the nearest other photo: {quantiles(likeness)}",
        f"  at least {DUPLICATE_LIKENESS}: {share(likeness >= DUPLICATE_LIKENESS)}",
        pairs(photos, vectors),
    ]
    likeness = np.einsum("pkd,pd->pk", again, vectors[originals])
    for at, kind in enumerate([*SAME, *TWICE]):
        of_kind = likeness[:, at]
        lines.append(
            f"likeness of {len(originals)} to themselves, {kind}: median {np.median(of_kind):.4f}, least {of_kind.min():.4f}, "
            f"at least {DUPLICATE_LIKENESS}: {(of_kind >= DUPLICATE_LIKENESS).mean():.1%}"
        )
    files = np.concatenate([vectors[originals][:, None], again[:, : len(SAME)]], axis=1)
    to_original, least = likeness[:, : len(SAME)], np.einsum("pid,pjd->pij", files, files).min(axis=(1, 2))
    return lines + [
        f"the same photo in {len(SAME)} other files, to the original: median {np.median(to_original):.4f}, "
        f"least {to_original.min():.4f}, at least {SAME_LIKENESS}: {share((to_original >= SAME_LIKENESS).ravel())}",
        f"  the least of a photo's: {share((to_original >= SAME_LIKENESS).all(axis=1))}",
        f"  any two of its files, least of all: {least.min():.4f}, at least {SAME_LIKENESS}: {share(least >= SAME_LIKENESS)}",
    ]


def report(photos, scores, temperature, vectors, originals, again):
    """Lines, and the accuracy among all classes on the large ones."""
    lines, accuracy = of_categories(photos, scores, temperature)
    return lines + of_vectors(photos, vectors, originals, again), accuracy
