"""The fitted network as ONNX, its weights rounded to what is stored."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import FEATURES, TEXTURE, TEXTURE_BLOCK, same
from views import SIDE

OPSET, IR_VERSION = 13, 8
# Weights are stored as signed bytes times a scale for each output channel.
LARGEST = 127


def rounded(weights):
    """Rows of weights as they are once stored."""
    flat = weights.reshape(len(weights), -1)
    scale = np.abs(flat).max(axis=1, keepdims=True) / LARGEST
    scale[scale == 0] = 1
    return (np.round(flat / scale) * scale).astype(np.float32).reshape(weights.shape)


class Graph:
    def __init__(self):
        self.nodes, self.constants, self.size = [], [], SIDE
        self.clip = [self.constant("zero", np.float32(0)), self.constant("six", np.float32(6))]

    def constant(self, name, value):
        self.constants.append(numpy_helper.from_array(np.array(value), name))
        return name

    def node(self, operator, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def convolution(self, source, name, layer, active):
        weights = self.constant(name + ".weight", rounded(layer.weight.detach().numpy()))
        bias = self.constant(name + ".bias", layer.bias.detach().numpy())
        before, after = same(self.size, layer.kernel, layer.stride)
        self.size = -(-self.size // layer.stride)
        result = self.node(
            "Conv",
            [source, weights, bias],
            name,
            kernel_shape=[layer.kernel] * 2,
            strides=[layer.stride] * 2,
            pads=[before, before, after, after],
            group=layer.groups,
        )
        return self.node("Clip", [result, *self.clip], name + ".active") if active else result

    def pooled(self, source, name):
        """The mean of each channel."""
        means = self.node("GlobalAveragePool", [source], name + ".means")
        self.node("Flatten", [means], name, axis=1)


def to_onnx(network, path):
    """Writes the network: `image` (1 × 3 × SIDE × SIDE) to `features` (1 × FEATURES) and `texture` (1 × TEXTURE)."""
    graph = Graph()
    values = graph.convolution("image", "stem", network.stem, True)
    for index, block in enumerate(network.blocks):
        name, inner = f"block{index}", values
        if block.expand is not None:
            inner = graph.convolution(inner, name + ".expand", block.expand, True)
        if index == TEXTURE_BLOCK:
            graph.pooled(inner, "texture")
        inner = graph.convolution(inner, name + ".depthwise", block.depthwise, True)
        result = graph.convolution(inner, name + ".project", block.project, False)
        values = graph.node("Add", [values, result], name) if block.residual else result
    values = graph.convolution(values, "head", network.head, True)
    graph.pooled(values, "features")
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (("features", FEATURES), ("texture", TEXTURE))
    ]
    made = helper.make_graph(graph.nodes, "garment", [image], outputs, graph.constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def extract(path, photos, threads):
    """Features of photos (an iterable of bytes, height × width × 3), averaged over their views: number × FEATURES, and
    their texture: number × TEXTURE."""
    import onnxruntime

    from views import views

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # see train.py
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rows = []
    for photo in photos:
        planes = ((views(photo) - 127) / 128).transpose(0, 3, 1, 2).astype(np.float32)
        seen = [np.concatenate(session.run(["features", "texture"], {"image": one[None]}), axis=1) for one in planes]
        rows.append(np.mean(seen, axis=0)[0])
        if len(rows) % 500 == 0:
            print(f"train: features of {len(rows)} photos", flush=True)
    return np.split(np.array(rows), [FEATURES], axis=1)
