"""What is fitted on what the network sees: the embedding's projection and the pattern head."""

import csv
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from measure import share, unit

# Components of vectors that come from features, and from texture.
FROM_FEATURES, FROM_TEXTURE = 320, 192
# Texture tells two garments of a kind apart; of more of it, fewer neighbours would be of the same class.
TEXTURE_COUNTS = 1.4
# How much directions are spared that hardly change, in mean changes: with less, little else than noise would be loud.
SPARED = 10.0
# What is left of what all clothes have in common: with less, files of one photo would differ by more than 0.001; with
# more, all clothes would be alike.
COMMON = 0.4
# Rows of the projection are stored as multiples of a scale, this many at most to either side.
FOUR_BITS = 7
# Inverse strength of the penalty on weights. Larger values fit the photos better and others worse.
PATTERN_REGULARIZATION = 0.01
LEAST_SPREAD = 0.02
PATTERN_FOLDS = 5
# As in src/tags.rs: a pattern that is less likely than this is called "other".
SURE_OF_PATTERN = 0.4
# A printed garment counts this much beside a photo of a real one: more, and its design is seen where there is none.
PRINTED_COUNTS = 0.2


def quietened(changes):
    """A square matrix that shrinks directions the more, the more of what changes between files of one photo lies in
    them: the inverse root of the changes' covariance with a multiple of the unit matrix added (within-class covariance
    normalisation; Hatch, Kajarekar and Stolcke, 2006)."""
    strengths, directions = np.linalg.eigh(changes.T @ changes)
    return (directions / np.sqrt(np.maximum(strengths, 0) / strengths.mean() + SPARED)) @ directions.T


def fit_projection(features, changes, dimensions):
    """Dimensions × features, for features of unit length: what they have in common made small and their `changes`
    quietened, the directions in which what remains is largest. It has a length of 1 on average. Directions are not
    made equally large, which would make the noise of a file's compression loud."""
    common = features.mean(axis=0)
    common /= np.linalg.norm(common)
    quiet = quietened(changes)
    prepared = quiet - (1 - COMMON) * np.outer(common, common @ quiet)
    rows = features @ prepared
    _, directions = np.linalg.eigh(rows.T @ rows)
    directions = directions[:, ::-1][:, :dimensions].T
    # A direction's sign is arbitrary; fix it, so that the same photos give the same file.
    strongest = np.abs(directions).argmax(axis=1)
    directions = directions * np.sign(directions[np.arange(dimensions), strongest])[:, None]
    return directions @ prepared.T / np.sqrt((rows**2).sum(axis=1).mean())


def in_four_bits(rows):
    """Answers rows as multiples of a scale each, the scales, and the rows that they then are."""
    scales = (np.abs(rows).max(axis=1) / FOUR_BITS).astype(np.float32)
    multiples = np.round(rows / scales[:, None]).astype(np.int8)
    return multiples, scales, multiples * scales[:, None]


def four_bit_bytes(multiples, scales):
    """For each row its scale, then two numbers a byte, the first in the lower half, each 8 more than the multiple."""
    halves = (multiples + 8).astype(np.uint8)
    pairs = halves[:, ::2] | halves[:, 1::2] << 4
    return b"".join(scale.astype("<f4").tobytes() + row.tobytes() for scale, row in zip(scales, pairs))


class Projection:
    """From features and texture to vectors, as it is stored. Fitted to those of photos, and to those of other files
    (photo × file) of the photos in the rows `retaken`."""

    def __init__(self, seen, retaken, again):
        stored = []
        for values, files, dimensions, counts in zip(seen, again, (FROM_FEATURES, FROM_TEXTURE), (1, TEXTURE_COUNTS)):
            values, files = unit(values), unit(files)
            changes = (files - values[retaken][:, None]).reshape(-1, values.shape[1])
            stored.append(in_four_bits(fit_projection(values, changes, dimensions) * counts))
        self.bytes = [four_bit_bytes(multiples, scales) for multiples, scales, _ in stored]
        self.rows = [rows for _, _, rows in stored]

    def vectors(self, features, texture):
        parts = [unit(values) @ rows.T for values, rows in zip((features, texture), self.rows)]
        return unit(np.concatenate(parts, axis=-1))


class PatternHead:
    """A logistic regression on texture, each number less its mean and divided by its spread."""

    def __init__(self, texture, words, printed, printed_words):
        spread = texture.std(axis=0)
        # What hardly varies is not made loud.
        self.mean, self.spread = texture.mean(axis=0), spread + LEAST_SPREAD * texture.std()
        counts = np.concatenate([np.ones(len(words)), np.full(len(printed_words), PRINTED_COUNTS)])
        rows = (np.concatenate([texture, printed]) - self.mean) / self.spread
        self.regression = LogisticRegression(C=PATTERN_REGULARIZATION, max_iter=5000)
        self.regression.fit(rows, np.concatenate([words, printed_words]), counts)
        self.words = self.regression.classes_

    def chances(self, texture):
        return self.regression.predict_proba((texture - self.mean) / self.spread)

    def weights(self):
        """For texture as it is: weights of each word, and biases."""
        weights = self.regression.coef_ / self.spread
        return weights, self.regression.intercept_ - weights @ self.mean


def fit_patterns(texture, words, printed, printed_words, printed_on):
    """Answers the head, fitted to all labelled photos and to printed ones (`printed_on` are the rows of the photos that
    they were made of), and lines for the report: labels are few, so accuracy is cross-validated. Who is tested was not
    printed on either."""
    guesses = np.empty_like(words)
    folds = StratifiedKFold(PATTERN_FOLDS, shuffle=True, random_state=1)
    for fitted, tested in folds.split(words, words):
        allowed = np.isin(printed_on, fitted)
        head = PatternHead(texture[fitted], words[fitted], printed[allowed], printed_words[allowed])
        chances = head.chances(texture[tested])
        best = head.words[chances.argmax(axis=1)]
        guesses[tested] = np.where(chances.max(axis=1) < SURE_OF_PATTERN, "other", best)
    lines = [f"pattern, {PATTERN_FOLDS}-fold: {share(guesses == words)}"]
    for word in sorted(set(words)):
        is_word, said = words == word, guesses == word
        recall, precision = said[is_word].mean(), is_word[said].mean() if said.any() else 0
        lines.append(f"  {word}: found {recall:.1%} of {is_word.sum()}, right in {precision:.1%} of {said.sum()}")
    return PatternHead(texture, words, printed, printed_words), lines


def pattern_labels():
    with (Path(__file__).resolve().parent / "patterns.csv").open(newline="") as file:
        return {row["photo"]: row["pattern"] for row in csv.DictReader(file)}
