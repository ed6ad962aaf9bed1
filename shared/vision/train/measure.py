"""How good guesses and vectors are."""

import numpy as np

BINS = 10
# Of 95 % intervals.
Z = 1.96


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def share(right):
    """A share with its 95 % interval (Wilson, 1927), in words."""
    right = np.asarray(right, float)
    if right.size == 0:
        return "none"
    count, mean = len(right), right.mean()
    middle = (mean + Z**2 / (2 * count)) / (1 + Z**2 / count)
    reach = Z / (1 + Z**2 / count) * np.sqrt(mean * (1 - mean) / count + Z**2 / (4 * count**2))
    return f"{mean:.1%} of {count} (95 % interval {middle - reach:.1%} to {middle + reach:.1%})"


def calibration_error(probabilities, right):
    """Expected calibration error: the mean gap between confidence and accuracy, over bins of confidence."""
    confidence = probabilities.max(axis=1)
    which = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return sum(
        (which == one).mean() * abs(confidence[which == one].mean() - right[which == one].mean())
        for one in np.unique(which)
    )


def fit_temperature(scores, classes):
    """The divisor of scores that makes the classes likeliest (Guo et al., 2017)."""
    candidates = np.exp(np.linspace(np.log(0.2), np.log(4), 400))
    chosen = np.arange(len(classes))
    losses = [-np.log(softmax(scores / one)[chosen, classes]).mean() for one in candidates]
    return float(candidates[int(np.argmin(losses))])


def calibrated(scores, classes, halves):
    """Probabilities, each made with a temperature that was fitted to the half that the photo is not in."""
    result = np.empty_like(scores)
    for half in (False, True):
        within, outside = halves == half, halves != half
        result[within] = softmax(scores[within] / fit_temperature(scores[outside], classes[outside]))
    return result


def within(probabilities, words):
    """The guesses if only some of the words may be guessed."""
    allowed = np.full_like(probabilities, -1)
    allowed[:, words] = probabilities[:, words]
    return allowed.argmax(axis=1)


def nearest(vectors, of, among):
    """For each row of `of`, the row of `among` that is most like it and not itself, and how like."""
    likeness = vectors[of] @ vectors[among].T
    likeness[of[:, None] == among[None, :]] = -2
    best = likeness.argmax(axis=1)
    return among[best], likeness[np.arange(len(of)), best]


def confusions(guesses, classes, words, count):
    """The commonest mistakes, in words."""
    pairs = {}
    for guess, truth in zip(guesses, classes):
        if guess != truth:
            pairs[truth, guess] = pairs.get((truth, guess), 0) + 1
    commonest = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
    return [f"  {words[truth]} taken for {words[guess]}: {times}" for (truth, guess), times in commonest]
