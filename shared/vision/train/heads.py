"""What is fitted on what the network sees: the embedding's projection and the pattern head."""

import csv
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from measure import share, unit

# Components of vectors that come from features, and from texture.
FROM_FEATURES, FROM_TEXTURE = 384, 128
# Texture tells two garments of a kind apart, but it is less steady than features.
TEXTURE_COUNTS = 0.7
# Rows of the projection are stored as multiples of a scale, this many at most to either side.
FOUR_BITS = 7
# Inverse strength of the penalty on weights. Larger values fit the photos better and others worse.
PATTERN_REGULARIZATION = 0.01
LEAST_SPREAD = 0.1
PATTERN_FOLDS = 5
# As in src/tags.rs: a pattern that is less likely than this is called "other".
SURE_OF_PATTERN = 0.4


def fit_projection(features, dimensions):
    """Dimensions × features: the directions in which features of unit length are largest. Their mean is not taken
    away, nor are directions made equally large: both would make the noise of a file's compression loud."""
    rows = unit(features)
    _, directions = np.linalg.eigh(rows.T @ rows)
    directions = directions[:, ::-1][:, :dimensions].T
    # A direction's sign is arbitrary; fix it, so that the same photos give the same file.
    strongest = np.abs(directions).argmax(axis=1)
    return directions * np.sign(directions[np.arange(dimensions), strongest])[:, None]


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
    """From features and texture to vectors, as it is stored."""

    def __init__(self, features, texture):
        of_features, of_texture = fit_projection(features, FROM_FEATURES), fit_projection(texture, FROM_TEXTURE)
        stored = in_four_bits(of_features), in_four_bits(of_texture * TEXTURE_COUNTS)
        self.bytes = [four_bit_bytes(multiples, scales) for multiples, scales, _ in stored]
        self.rows = [rows for _, _, rows in stored]

    def vectors(self, features, texture):
        parts = [unit(values) @ rows.T for values, rows in zip((features, texture), self.rows)]
        return unit(np.concatenate(parts, axis=-1))


class PatternHead:
    """A logistic regression on texture, each number less its mean and divided by its spread."""

    def __init__(self, texture, words):
        spread = texture.std(axis=0)
        # What hardly varies is not made loud.
        self.mean, self.spread = texture.mean(axis=0), spread + LEAST_SPREAD * texture.std()
        self.regression = LogisticRegression(C=PATTERN_REGULARIZATION, max_iter=5000)
        self.regression.fit((texture - self.mean) / self.spread, words)
        self.words = self.regression.classes_

    def chances(self, texture):
        return self.regression.predict_proba((texture - self.mean) / self.spread)

    def weights(self):
        """For texture as it is: weights of each word, and biases."""
        weights = self.regression.coef_ / self.spread
        return weights, self.regression.intercept_ - weights @ self.mean


def fit_patterns(texture, names, labels):
    """Answers the head, fitted to all labelled photos, and lines for the report: there are few of them, so accuracy
    is cross-validated."""
    known = [at for at, name in enumerate(names) if name in labels]
    rows, words = texture[known], np.array([labels[names[at]] for at in known])
    guesses = np.empty_like(words)
    folds = StratifiedKFold(PATTERN_FOLDS, shuffle=True, random_state=1)
    for fitted, tested in folds.split(words, words):
        head = PatternHead(rows[fitted], words[fitted])
        chances = head.chances(rows[tested])
        best = head.words[chances.argmax(axis=1)]
        guesses[tested] = np.where(chances.max(axis=1) < SURE_OF_PATTERN, "other", best)
    lines = [f"pattern, {PATTERN_FOLDS}-fold: {share(guesses == words)}"]
    for word in sorted(set(words)):
        is_word, said = words == word, guesses == word
        recall, precision = said[is_word].mean(), is_word[said].mean() if said.any() else 0
        lines.append(f"  {word}: found {recall:.1%} of {is_word.sum()}, right in {precision:.1%} of {said.sum()}")
    return PatternHead(rows, words), lines


def pattern_labels():
    with (Path(__file__).resolve().parent / "patterns.csv").open(newline="") as file:
        return {row["photo"]: row["pattern"] for row in csv.DictReader(file)}
