"""EfficientNet-Lite0 from its PyTorch checkpoint, as a feature extractor: the classifier is left out and
batch normalisation is folded into the convolutions."""

import numpy as np

from .checkpoint import read_checkpoint
from .graph import Graph, same_padding

SIZE = 224
BATCH_NORM_EPSILON = 1e-3
# Stages of inverted-residual blocks: (blocks, kernel, stride of the first, expansion, channels out).
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]
STEM_CHANNELS = 32
FEATURES = 1280


def convert(source, target):
    weights = read_checkpoint(source)
    graph = Graph("efficientnet_lite0")
    size = SIZE

    def convolution(value, layer, norm, stride=1, groups=1, activate=True):
        nonlocal size
        scale = weights[f"{norm}.weight"] / np.sqrt(weights[f"{norm}.running_var"] + np.float32(BATCH_NORM_EPSILON))
        kernel = weights[f"{layer}.weight"] * scale.reshape(-1, 1, 1, 1)
        bias = weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * scale
        side = kernel.shape[2]
        before, after = same_padding(size, side, stride)
        size = -(-size // stride)
        value = graph.node(
            "Conv",
            value,
            kernel.astype(np.float32),
            bias.astype(np.float32),
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[before, before, after, after],
            group=groups,
        )
        return graph.clip(value, 0, 6) if activate else value

    value = convolution("input", "_conv_stem", "_bn0", stride=2)
    channels, block = STEM_CHANNELS, 0
    for blocks, _, first_stride, expansion, out in STAGES:
        for position in range(blocks):
            prefix, shortcut = f"_blocks.{block}.", value
            stride = first_stride if position == 0 else 1
            wide = channels * expansion
            if expansion != 1:
                value = convolution(value, f"{prefix}_expand_conv", f"{prefix}_bn0")
            value = convolution(value, f"{prefix}_depthwise_conv", f"{prefix}_bn1", stride=stride, groups=wide)
            value = convolution(value, f"{prefix}_project_conv", f"{prefix}_bn2", activate=False)
            if stride == 1 and channels == out:
                value = graph.node("Add", value, shortcut)
            channels, block = out, block + 1
    value = convolution(value, "_conv_head", "_bn1")
    value = graph.node("GlobalAveragePool", value)
    graph.node("Flatten", value, output="features", axis=1)
    graph.save(target, {"input": [1, 3, SIZE, SIZE]}, {"features": [1, FEATURES]})
