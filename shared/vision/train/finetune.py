"""Teaches the network clothes: the later blocks and a classifier on top are fitted, the first blocks stay as they were.

What the first blocks see (edges, textures) serves clothes as well as anything else, and leaving them alone saves
half of the time.
"""

import math
import queue
import random
import threading
import time
from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from augment import pair, relight, varied
from network import FEATURES

BATCH = 32
SIDE = 176  # smaller than production's 224: faster, and objects look larger in crops (Touvron et al., 2019)
FROZEN_BLOCKS = 6
# Each block learns this much slower than the one above it.
SLOWER = 0.75
AVERAGING = 0.995
PREFETCHED = 6
# What a change of texture costs beside one of features.
TEXTURE_COUNTS = 0.5
# A root has no slope at 0.
TINY = 1e-12


class Phase(NamedTuple):
    """A part of the fitting."""

    epochs: int
    schedule: int  # epochs after which the rate would be nearly 0
    warm_up: float  # epochs
    rate: float  # of the last block, at its highest
    classifier_rate: float
    smoothing: float  # of labels, since some photos are in the wrong folder
    dropped: float  # share of features
    mixed: float  # share of batches in which images are overlaid (Zhang et al., 2018)
    copies: int  # of each photo in a batch; of two, one is another file of the same photo
    consistency: float  # what a difference (1 - cosine) of the copies costs


# First to tell clothes apart; then to see the same in two files of one photo.
PHASES = [
    Phase(7, 12, 0.5, 4e-4, 2e-3, 0.1, 0.25, 0.5, 1, 0.0),
    Phase(3, 3, 0.15, 2.2e-4, 2.2e-4, 0.06, 0.2, 0.0, 2, 200.0),
]


def scaled(images):
    """Bytes (number × side × side × 3) as the network wants them."""
    planes = (torch.from_numpy(images).permute(0, 3, 1, 2).float() - 127) / 128
    return planes.contiguous(memory_format=torch.channels_last)


def batches(photos, classes, copies, chance):
    """Shuffled, changed at random, made on a thread of its own: images and their classes, all first copies first."""
    order = list(range(len(photos)))
    chance.shuffle(order)
    ready, size = queue.Queue(PREFETCHED), BATCH // copies

    def variants(photo):
        return [varied(photo, SIDE, chance)] if copies == 1 else pair(photo, SIDE, chance)

    def make():
        for start in range(0, len(order) - size + 1, size):
            batch = order[start : start + size]
            images = zip(*[variants(photos[at]) for at in batch])
            ready.put((np.stack([image for copy in images for image in copy]), np.tile(classes[batch], copies)))
        ready.put(None)

    threading.Thread(target=make, daemon=True).start()
    while (batch := ready.get()) is not None:
        yield batch


class Average:
    """The moving average of a module's parameters, which guesses better than their last state."""

    def __init__(self, module):
        self.parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        self.values = [parameter.detach().clone() for parameter in self.parameters]
        self.steps = 0

    def update(self):
        self.steps += 1
        decay = min(AVERAGING, (1 + self.steps) / (10 + self.steps))
        for value, parameter in zip(self.values, self.parameters):
            value.lerp_(parameter.detach(), 1 - decay)

    def apply(self):
        for value, parameter in zip(self.values, self.parameters):
            parameter.data.copy_(value)


def optimizer(network, classifier, phase):
    top = len(network.blocks)
    groups = []
    for depth in range(FROZEN_BLOCKS, top + 1):
        module = network.blocks[depth] if depth < top else network.head
        for is_weight in (True, False):
            parameters = [parameter for parameter in module.parameters() if (parameter.ndim > 1) == is_weight]
            slower = phase.rate * SLOWER ** (top - depth)
            groups.append({"params": parameters, "lr": slower, "weight_decay": 0.02 if is_weight else 0.0})
    groups.append({"params": list(classifier.parameters()), "lr": phase.classifier_rate, "weight_decay": 0.01})
    for group in groups:
        group["highest"] = group["lr"]
    return torch.optim.AdamW(groups)


def overlaid(images, targets, luck):
    """Each image overlaid with another, and its target likewise."""
    share, others = luck.beta(0.4, 0.4), torch.randperm(len(images))
    blend = share * images + (1 - share) * images[others]
    return blend.contiguous(memory_format=torch.channels_last), share * targets + (1 - share) * targets[others]


def difference(seen, copies):
    """How much copies differ in what is seen of them: 1 - cosine, the root of its mean square, since the few photos
    that come back changed matter more than the many that do not."""
    if copies == 1:
        return torch.zeros(())
    one, two = functional.normalize(seen, dim=1).chunk(2)
    return (1 - (one * two).sum(dim=1)).square().mean().add(TINY).sqrt()


def finetune(network, classifier, photos, classes, phase, seed):
    """Fits `network` and `classifier` in place to small photos and their classes."""
    torch.manual_seed(seed)
    luck = np.random.default_rng(seed)
    for module in [network.stem, *network.blocks[:FROZEN_BLOCKS]]:
        module.requires_grad_(False)
    for block in network.blocks:
        block.copies = phase.copies
    both = nn.ModuleList([network, classifier])
    both.to(memory_format=torch.channels_last).train()
    fitted, average = optimizer(network, classifier, phase), Average(both)
    each = len(photos) // (BATCH // phase.copies)
    begun, step = time.monotonic(), 0
    for epoch in range(phase.epochs):
        total = 0.0
        for images, words in batches(photos, classes, phase.copies, random.Random(seed * 1000 + epoch)):
            pace = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / (each * phase.schedule)))
            for group in fitted.param_groups:
                group["lr"] = group["highest"] * pace * min(1, (step + 1) / (phase.warm_up * each))
            targets = functional.one_hot(torch.from_numpy(words), classifier.out_features).float()
            targets = targets * (1 - phase.smoothing) + phase.smoothing / classifier.out_features
            seen = relight(scaled(images), phase.copies)
            if luck.random() < phase.mixed:
                seen, targets = overlaid(seen, targets, luck)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                lower = network.lower(seen, FROZEN_BLOCKS)
            features, texture = network.upper(lower.float(), FROZEN_BLOCKS)
            guesses = classifier(functional.dropout(features, phase.dropped))
            loss = -(targets * guesses.log_softmax(dim=1)).sum(dim=1).mean()
            changed = difference(features, phase.copies) + TEXTURE_COUNTS * difference(texture, phase.copies)
            loss = loss + phase.consistency * changed
            fitted.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_([one for one in both.parameters() if one.requires_grad], 2.0)
            fitted.step()
            average.update()
            total += loss.item()
            step += 1
        took = (time.monotonic() - begun) / 60
        left = took / (epoch + 1) * (phase.epochs - epoch - 1)
        print(
            f"train: epoch {epoch + 1} of {phase.epochs}, loss {total / each:.3f}, "
            f"{took:.1f} min, {left:.1f} min left in this phase",
            flush=True,
        )
    average.apply()
    both.eval()


def new_classifier(words):
    classifier = nn.Linear(FEATURES, words)
    nn.init.zeros_(classifier.weight)
    nn.init.zeros_(classifier.bias)
    return classifier
