"""A small builder of ONNX graphs, so that the converters say what is computed and not how it is written."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8


def same_padding(size, kernel, stride, dilation=1):
    """TensorFlow's SAME padding of one axis: (before, after), the odd pixel going after."""
    steps = -(-size // stride)
    total = max((steps - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


class Graph:
    """Collects nodes and constants under names that depend on nothing but the order of the calls."""

    def __init__(self, name):
        self.name = name
        self._nodes = []
        self._constants = []
        self._count = 0

    def _fresh(self, prefix):
        self._count += 1
        return f"{prefix}{self._count}"

    def constant(self, array):
        name = self._fresh("c")
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, op, *inputs, output=None, **attributes):
        """Adds a node; inputs are names, arrays (made constants) or None (left out). Answers its output."""
        names = []
        for value in inputs:
            if value is None:
                names.append("")
            else:
                names.append(value if isinstance(value, str) else self.constant(value))
        output = output or self._fresh("t")
        self._nodes.append(helper.make_node(op, names, [output], **attributes))
        return output

    def clip(self, value, low, high):
        return self.node("Clip", value, np.float32(low), np.float32(high))

    def save(self, path, inputs, outputs):
        """Checks the graph and writes it; inputs and outputs are {name: shape}."""

        def describe(values):
            return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in values.items()]

        graph = helper.make_graph(self._nodes, self.name, describe(inputs), describe(outputs), self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        path.write_bytes(model.SerializeToString(deterministic=True))
