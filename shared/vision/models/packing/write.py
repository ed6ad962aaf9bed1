"""Writes a packed model: `DRNN`, then everything little-endian and in the order in which it is read.

    u32 version
    u16 values; of each: u32 channels, rows, columns
    u16 operations; of each: u8 kind and its fields, see `_operation`
    u8 outputs; of each: u8 length and UTF-8 name; u8 rank and u32 sizes; u8 pieces, of each: u16 value, u8 order
    then, for every convolution in turn: f32 biases, f32 scales (int8 only), weights

Weights are in the order in which a kernel reads them: output channels in blocks of 16, within them input channels in
blocks of 16, within them rows, columns, input channels, and innermost the 16 output channels (the last block filled
with zeros). Depthwise ones have blocks of 16 channels, rows, columns, channels. Each array starts at a multiple of
four bytes.
"""

import struct

import numpy as np

from .program import Convolution, DepthToSpace, Pool, Unsupported

MAGIC = b"DRNN"
VERSION = 1
BLOCK = 16
KINDS = {
    "convolution": 1,
    "max_pool": 2,
    "resize": 3,
    "average": 4,
    "add": 5,
    "multiply": 6,
    "concatenate": 7,
    "depth_to_space": 8,
    "activate": 9,
}
ACTIVATIONS = {"none": 0, "relu": 1, "clip": 2, "hard_swish": 3, "sigmoid": 4}
WEIGHTS = {"f32": 0, "f16": 1, "int8": 2}
NOTHING = 0xFFFF


def _activation(activation):
    return struct.pack("<Bff", ACTIVATIONS[activation.kind], activation.low, activation.high)


def _operation(operation, weights):
    values = operation.inputs
    out = struct.pack("<BB", KINDS[operation.kind], len(values))
    out += struct.pack(f"<{len(values)}HH", *values, operation.output)
    out += _activation(operation.activation)
    if isinstance(operation, Convolution):
        rows, columns = operation.weights.shape[2:]
        residual = NOTHING if operation.residual is None else operation.residual
        out += struct.pack("<BBBB", operation.depthwise, WEIGHTS[weights], rows, columns)
        out += struct.pack("<BBBB", *operation.stride, *operation.dilation)
        out += struct.pack("<BBHB", *operation.padding, residual, operation.residual_last)
    elif isinstance(operation, Pool):
        out += struct.pack("<BBBBBB", *operation.window, *operation.stride, *operation.padding)
    elif isinstance(operation, DepthToSpace):
        out += struct.pack("<B", operation.block)
    return out


def _pad_outputs(array):
    missing = -array.shape[0] % BLOCK
    return np.pad(array, [(0, missing)] + [(0, 0)] * (array.ndim - 1))


def _blocked(weights, depthwise):
    """Output × input × rows × columns in the order of a kernel."""
    weights = _pad_outputs(weights)
    if depthwise:
        return weights.reshape(-1, BLOCK, *weights.shape[2:]).transpose(0, 2, 3, 1).ravel()
    parts = []
    for start in range(0, weights.shape[0], BLOCK):
        for first in range(0, weights.shape[1], BLOCK):
            part = weights[start : start + BLOCK, first : first + BLOCK]
            parts.append(part.transpose(2, 3, 1, 0).ravel())
    return np.concatenate(parts)


def _aligned(data):
    return data + bytes(-len(data) % 4)


def _weights(operation, kind):
    out = _pad_outputs(operation.bias).astype("<f4").tobytes()
    weights = operation.weights
    if kind == "int8":
        scale = np.abs(weights).max(axis=(1, 2, 3)) / 127
        scale[scale == 0] = 1
        weights = np.rint(weights / scale[:, None, None, None])
        out += _pad_outputs(scale).astype("<f4").tobytes()
    packed = _blocked(weights, operation.depthwise)
    return out + _aligned(packed.astype({"f32": "<f4", "f16": "<f2", "int8": "i1"}[kind]).tobytes())


def write(program, path, weights):
    """Writes the program with weights of this kind: `f32`, `f16`, or `int8` with a scale for each output channel.
    Weights that f16 cannot hold are refused."""
    out = MAGIC + struct.pack("<I", VERSION)
    out += struct.pack("<H", len(program.shapes))
    for shape in program.shapes:
        out += struct.pack("<III", *shape)
    out += struct.pack("<H", len(program.operations))
    for operation in program.operations:
        out += _operation(operation, weights)
    out += struct.pack("<B", len(program.outputs))
    for output in program.outputs:
        name = output.name.encode()
        out += struct.pack("<B", len(name)) + name
        out += struct.pack(f"<B{len(output.shape)}I", len(output.shape), *output.shape)
        out += struct.pack("<B", len(output.pieces))
        for value, order in output.pieces:
            out += struct.pack("<HB", value, order)
    out = _aligned(out)
    for operation in program.operations:
        if isinstance(operation, Convolution):
            if weights == "f16" and np.abs(operation.weights).max() > np.finfo(np.float16).max:
                raise Unsupported("a weight is too large for f16")
            out += _weights(operation, weights)
    path.write_bytes(out)
