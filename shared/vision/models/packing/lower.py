"""From an ONNX graph to a program: shapes are fixed, constants computed, activations and sums made part of the
convolution before them, batch normalisation folded into it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from onnx import helper, numpy_helper

from .program import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    Activation,
    Convolution,
    DepthToSpace,
    Operation,
    Output,
    Pool,
    Program,
    Unsupported,
)

BLOCK = 16


@dataclass
class Tensor:
    """What a name in the graph stands for: values one after the other, each flattened in an order, of a shape that
    may be another than theirs. `shape` has the leading 1 of ONNX."""

    pieces: list
    shape: tuple


class Lowering:
    """Walks the nodes once. `names` maps a name to an array (a constant) or a Tensor."""

    def __init__(self, graph):
        self.graph = graph
        self.names = {item.name: numpy_helper.to_array(item) for item in graph.initializer}
        self.program = Program([], [], [])
        self.producer = {}  # value → operation
        inputs = [item for item in graph.input if item.name not in self.names]
        if len(inputs) != 1:
            raise Unsupported(f"{len(inputs)} inputs, not one")
        shape = tuple(dim.dim_value for dim in inputs[0].type.tensor_type.shape.dim)
        if len(shape) != 4 or shape[0] not in (0, 1) or min(shape[1:]) < 1:
            raise Unsupported(f"an input of shape {shape}, not 1 × channels × rows × columns")
        self.names[inputs[0].name] = Tensor([(self.value(shape[1:]), CHANNELS_FIRST)], (1, *shape[1:]))

    def run(self, outputs):
        nodes = self.needed(outputs)
        self.uses = Counter(name for node in nodes for name in node.input) + Counter(outputs)
        self.consumers = {}
        for node in nodes:
            for name in node.input:
                self.consumers.setdefault(name, []).append(node)
        for node in nodes:
            if node.output[0] not in self.names:  # else it was made part of one before
                self.node(node)
        for name in outputs:
            tensor = self.names[name]
            if not isinstance(tensor, Tensor):
                raise Unsupported(f"output {name} is constant")
            self.program.outputs.append(Output(name, tensor.shape, tensor.pieces))
        self.program.prune()
        return self.program

    def needed(self, outputs):
        wanted, nodes = set(outputs), []
        for node in reversed(self.graph.node):
            if wanted.intersection(node.output):
                nodes.append(node)
                wanted.update(node.input)
        missing = set(outputs) - {name for node in nodes for name in node.output}
        if missing:
            raise Unsupported(f"no output {', '.join(sorted(missing))}")
        return nodes[::-1]

    # Values and operations

    def value(self, shape):
        self.program.shapes.append(tuple(int(size) for size in shape))
        return len(self.program.shapes) - 1

    def emit(self, operation):
        self.program.operations.append(operation)
        self.producer[operation.output] = operation
        return Tensor([(operation.output, CHANNELS_FIRST)], (1, *self.program.shapes[operation.output]))

    def image(self, name):
        """The value behind a name that is one picture; 1×C, as linear layers have it, is taken as C×1×1."""
        tensor = self.names[name]
        if not isinstance(tensor, Tensor):
            raise Unsupported(f"{name} is constant where a picture is wanted")
        if len(tensor.pieces) == 1:
            value, _ = tensor.pieces[0]
            shape = self.program.shapes[value]
            if tensor.shape == (1, *shape) or (shape[1:] == (1, 1) and tensor.shape == (1, shape[0])):
                return value
        raise Unsupported(f"{name} of shape {tensor.shape} is not one picture")

    def shape(self, value):
        return self.program.shapes[value]

    # Nodes

    def node(self, node):
        attributes = {item.name: helper.get_attribute_value(item) for item in node.attribute}
        inputs = [self.names.get(name) if name else None for name in node.input]
        name = node.output[0]
        if node.op_type == "Shape":
            self.names[name] = np.array(inputs[0].shape, np.int64)
        elif all(item is None or isinstance(item, np.ndarray) for item in inputs):
            self.names[name] = fold(node, attributes, inputs)
        else:
            handler = getattr(self, "on_" + node.op_type.lower(), None)
            if handler is None:
                raise Unsupported(f"operator {node.op_type}")
            self.names[name] = handler(node, attributes, inputs)

    def on_conv(self, node, attributes, inputs):
        sources = self.concatenated(node.input[0])
        weights = inputs[1].astype(np.float32)
        bias = inputs[2] if len(inputs) > 2 and inputs[2] is not None else np.zeros(weights.shape[0])
        group = attributes.get("group", 1)
        channels = sum(self.shape(value)[0] for value in sources)
        depthwise = group == channels == weights.shape[0] and group > 1
        if not depthwise and group != 1:
            raise Unsupported(f"a convolution in {group} groups")
        if not depthwise and weights.shape[1] != channels:
            raise Unsupported("a convolution whose weights do not fit its input")
        if depthwise and len(sources) > 1:
            sources = [self.image(node.input[0])]
        rows, columns = self.shape(sources[0])[1:]
        kernel = weights.shape[2:]
        stride = tuple(attributes.get("strides", (1, 1)))
        dilation = tuple(attributes.get("dilations", (1, 1)))
        size, padding = window((rows, columns), kernel, stride, dilation, attributes)
        return self.emit(
            Convolution(
                "convolution",
                sources,
                self.value((weights.shape[0], *size)),
                weights=weights,
                bias=np.asarray(bias, np.float32),
                depthwise=depthwise,
                stride=stride,
                dilation=dilation,
                padding=padding,
            )
        )

    def concatenated(self, name):
        """The pictures behind a name, several where it is a concatenation that a convolution can read as it is."""
        tensor = self.names[name]
        if isinstance(tensor, list):
            if all(self.shape(value)[0] % BLOCK == 0 for value in tensor[:-1]):
                return tensor
            return [self.joined(name)]
        return [self.image(name)]

    def joined(self, name):
        """A concatenation made a picture of its own."""
        values = self.names[name]
        channels = sum(self.shape(value)[0] for value in values)
        output = self.value((channels, *self.shape(values[0])[1:]))
        self.names[name] = self.emit(Operation("concatenate", values, output))
        return output

    def on_concat(self, node, attributes, inputs):
        if attributes["axis"] == 1 and all(len(item.shape) == 4 for item in inputs):
            values = [self.image(name) for name in node.input]
            if len({self.shape(value)[1:] for value in values}) != 1:
                raise Unsupported("a concatenation of pictures of several sizes")
            if all(user.op_type == "Conv" for user in self.consumers.get(node.output[0], [])):
                return values
            self.names[node.output[0]] = values
            self.joined(node.output[0])
            return self.names[node.output[0]]
        if attributes["axis"] != 1 or any(item.shape[0] != 1 for item in inputs):
            raise Unsupported("a concatenation along that axis")
        shape = list(inputs[0].shape)
        shape[1] = sum(item.shape[1] for item in inputs)
        return Tensor([piece for item in inputs for piece in item.pieces], tuple(shape))

    def on_batchnormalization(self, node, attributes, inputs):
        gain, offset, mean, variance = (np.asarray(item, np.float64) for item in inputs[1:5])
        gain = gain / np.sqrt(variance + attributes.get("epsilon", 1e-5))
        convolution = self.producer.get(self.image(node.input[0]))
        if not self.open(node.input[0], convolution) or not isinstance(convolution, Convolution):
            raise Unsupported("batch normalisation that follows no convolution")
        convolution.weights = (convolution.weights * gain[:, None, None, None]).astype(np.float32)
        convolution.bias = ((convolution.bias - mean) * gain + offset).astype(np.float32)
        return inputs[0]

    def on_gemm(self, node, attributes, inputs):
        if attributes.get("alpha", 1.0) != 1.0 or attributes.get("beta", 1.0) != 1.0 or attributes.get("transA", 0):
            raise Unsupported("a Gemm with factors or a transposed input")
        weights = inputs[1] if attributes.get("transB", 0) else inputs[1].T
        return self.linear(inputs[0], weights, inputs[2] if len(inputs) > 2 else None)

    def on_matmul(self, node, attributes, inputs):
        if not isinstance(inputs[1], np.ndarray) or inputs[1].ndim != 2:
            raise Unsupported("a MatMul with anything but a constant matrix on the right")
        return self.linear(inputs[0], inputs[1].T, None)

    def linear(self, tensor, weights, bias):
        """A linear layer, as a convolution with a window as large as the picture."""
        if len(tensor.pieces) != 1 or tensor.pieces[0][1] != CHANNELS_FIRST or len(tensor.shape) != 2:
            raise Unsupported("a linear layer over something that is no flattened picture")
        value = tensor.pieces[0][0]
        weights = np.asarray(weights, np.float32).reshape(len(weights), *self.shape(value))
        bias = np.zeros(len(weights)) if bias is None else np.broadcast_to(bias, len(weights))
        output = self.value((len(weights), 1, 1))
        made = self.emit(
            Convolution("convolution", [value], output, weights=weights, bias=np.asarray(bias, np.float32))
        )
        return Tensor(made.pieces, (1, len(weights)))

    def open(self, name, operation):
        """Whether an operation can take in what is done to its output, since nobody else sees it."""
        return operation is not None and self.uses[name] == 1 and operation.activation.kind == "none"

    def activate(self, name, activation):
        tensor = self.names[name]
        value = self.image(name)
        operation = self.producer.get(value)
        fits = operation is not None and operation.kind in ("convolution", "add", "multiply", "activate")
        if fits and self.open(name, operation) and not getattr(operation, "residual_last", False):
            operation.activation = activation
            return tensor
        made = self.emit(Operation("activate", [value], self.value(self.shape(value)), activation))
        return Tensor(made.pieces, tensor.shape)

    def on_relu(self, node, attributes, inputs):
        return self.activate(node.input[0], Activation("relu"))

    def on_sigmoid(self, node, attributes, inputs):
        return self.activate(node.input[0], Activation("sigmoid"))

    def on_hardswish(self, node, attributes, inputs):
        return self.activate(node.input[0], Activation("hard_swish"))

    def on_clip(self, node, attributes, inputs):
        limits = list(inputs[1:]) + [None, None]
        low = attributes.get("min", -np.inf) if limits[0] is None else float(np.ravel(limits[0])[0])
        high = attributes.get("max", np.inf) if limits[1] is None else float(np.ravel(limits[1])[0])
        return self.activate(node.input[0], Activation("clip", low, high))

    def on_add(self, node, attributes, inputs):
        for this, other in ((0, 1), (1, 0)):
            if isinstance(inputs[other], np.ndarray):
                return self.add_constant(node, node.input[this], inputs[other])
        values = [self.image(name) for name in node.input]
        if self.shape(values[0]) != self.shape(values[1]):
            raise Unsupported("a sum of pictures of different shapes")
        # The later of the two is computed with the earlier at hand.
        late = max((0, 1), key=lambda index: values[index])
        convolution = self.producer.get(values[late])
        if (
            isinstance(convolution, Convolution)
            and values[0] != values[1]
            and self.uses[node.input[late]] == 1
            and convolution.residual is None
        ):
            convolution.residual = values[1 - late]
            convolution.residual_last = convolution.activation.kind != "none"
            return self.names[node.input[late]]
        return self.emit(Operation("add", values, self.value(self.shape(values[0]))))

    def add_constant(self, node, name, constant):
        """A bias that was left outside, or the start of x · clip(x + 3, 0, 6) / 6."""
        swish = self.hard_swish(node, name, constant)
        if swish:
            self.names[swish] = self.activate_alone(name)
            return self.names[name]
        convolution = self.producer.get(self.names[name].pieces[0][0])
        channels = len(convolution.bias) if isinstance(convolution, Convolution) else -1
        bias = np.squeeze(constant)
        fits = bias.ndim == 0 or (bias.ndim == 1 and len(bias) == channels)
        if not fits or not self.open(name, convolution) or convolution.residual is not None:
            raise Unsupported("a constant that is added to something else than a convolution")
        convolution.bias = (convolution.bias + bias).astype(np.float32)
        return self.names[name]

    def hard_swish(self, node, name, constant):
        """The name of the chain's end, if this Add begins one."""

        def only(user, kind):
            users = self.consumers.get(user.output[0], [])
            return users[0] if len(users) == 1 and users[0].op_type == kind else None

        def scalar(item, expected):
            array = self.names.get(item)
            return isinstance(array, np.ndarray) and array.size == 1 and abs(float(array.ravel()[0]) - expected) < 1e-6

        if constant.size != 1 or float(constant.ravel()[0]) != 3.0:
            return None
        clip = only(node, "Clip")
        if clip is None or len(clip.input) != 3 or not (scalar(clip.input[1], 0) and scalar(clip.input[2], 6)):
            return None
        product = only(clip, "Mul")
        if product is None or name not in product.input:
            return None
        sixth = only(product, "Mul")
        if sixth is None or not any(scalar(item, 1 / 6) for item in sixth.input):
            return None
        # What lies between is never computed on its own.
        self.names[clip.output[0]] = self.names[product.output[0]] = self.names[name]
        self.uses[name] -= 1
        return sixth.output[0]

    def activate_alone(self, name):
        return self.activate(name, Activation("hard_swish"))

    def on_mul(self, node, attributes, inputs):
        if any(isinstance(item, np.ndarray) for item in inputs):
            raise Unsupported("a product with a constant")
        values = [self.image(name) for name in node.input]
        values.sort(key=lambda value: self.shape(value)[1:] == (1, 1))
        large, small = (self.shape(value) for value in values)
        if large[0] != small[0] or small[1:] not in (large[1:], (1, 1)):
            raise Unsupported("a product of pictures of different shapes")
        return self.emit(Operation("multiply", values, self.value(large)))

    def on_maxpool(self, node, attributes, inputs):
        value = self.image(node.input[0])
        kernel, stride = tuple(attributes["kernel_shape"]), tuple(attributes.get("strides", (1, 1)))
        if tuple(attributes.get("dilations", (1, 1))) != (1, 1):
            raise Unsupported("a dilated pooling")
        channels, *size = self.shape(value)
        size, padding = window(size, kernel, stride, (1, 1), attributes)
        return self.emit(
            Pool("max_pool", [value], self.value((channels, *size)), window=kernel, stride=stride, padding=padding)
        )

    def on_resize(self, node, attributes, inputs):
        mode = attributes.get("mode", b"nearest").decode()
        where = attributes.get("coordinate_transformation_mode", b"half_pixel").decode()
        value = self.image(node.input[0])
        channels, *size = self.shape(value)
        if len(inputs) > 3 and inputs[3] is not None:
            target = [int(item) for item in inputs[3]]
        else:
            target = [1, channels] + [int(np.floor(a * b)) for a, b in zip(size, inputs[2][2:])]
            if list(inputs[2][:2]) != [1, 1] or any(a * float(b) != c for a, b, c in zip(size, inputs[2][2:], target[2:])):
                raise Unsupported("a resize by a broken factor")
        if mode != "linear" or where not in ("half_pixel", "pytorch_half_pixel") or target[:2] != [1, channels]:
            raise Unsupported(f"a resize that is {mode}, {where}")
        # The two ways of placing pixels differ only where one pixel is left.
        if where == "pytorch_half_pixel" and min(target[2:]) < 2:
            raise Unsupported("a resize to one pixel")
        return self.emit(Operation("resize", [value], self.value(target[1:])))

    def on_globalaveragepool(self, node, attributes, inputs):
        value = self.image(node.input[0])
        return self.emit(Operation("average", [value], self.value((self.shape(value)[0], 1, 1))))

    def on_reducemean(self, node, attributes, inputs):
        axes = attributes.get("axes") if len(inputs) < 2 or inputs[1] is None else inputs[1]
        if axes is None or sorted(int(axis) % 4 for axis in axes) != [2, 3] or len(inputs[0].shape) != 4:
            raise Unsupported("a mean over anything but rows and columns")
        made = self.on_globalaveragepool(node, attributes, inputs)
        return made if attributes.get("keepdims", 1) else Tensor(made.pieces, made.shape[:2])

    def on_depthtospace(self, node, attributes, inputs):
        if attributes.get("mode", b"DCR") != b"DCR":
            raise Unsupported("DepthToSpace in the order CRD")
        value, block = self.image(node.input[0]), attributes["blocksize"]
        channels, rows, columns = self.shape(value)
        output = self.value((channels // block**2, rows * block, columns * block))
        return self.emit(DepthToSpace("depth_to_space", [value], output, block=block))

    def on_convtranspose(self, node, attributes, inputs):
        """With windows that do not overlap it is a 1×1 convolution to blocks of pixels."""
        weights = inputs[1]
        block = weights.shape[2]
        plain = (
            tuple(attributes.get("strides", (1, 1))) == weights.shape[2:] == (block, block)
            and not any(attributes.get("pads", ()))
            and not any(attributes.get("output_padding", ()))
            and attributes.get("group", 1) == 1
        )
        if not plain:
            raise Unsupported("a transposed convolution whose windows overlap")
        value = self.image(node.input[0])
        channels, rows, columns = self.shape(value)
        outputs = weights.shape[1]
        bias = np.zeros(outputs) if len(inputs) < 3 or inputs[2] is None else inputs[2]
        weights = weights.transpose(2, 3, 1, 0).reshape(block * block * outputs, channels, 1, 1)
        blocks = self.value((block * block * outputs, rows, columns))
        self.emit(
            Convolution(
                "convolution",
                [value],
                blocks,
                weights=np.ascontiguousarray(weights, np.float32),
                bias=np.tile(bias, block * block).astype(np.float32),
            )
        )
        output = self.value((outputs, rows * block, columns * block))
        return self.emit(DepthToSpace("depth_to_space", [blocks], output, block=block))

    def on_pad(self, node, attributes, inputs):
        pads = [int(item) for item in (attributes["pads"] if len(inputs) < 2 else inputs[1])]
        users = self.consumers.get(node.output[0], [])
        zero = len(inputs) < 3 or inputs[2] is None or not np.any(inputs[2])
        around = pads[:2] == [0, 0] == pads[4:6] and min(pads) >= 0
        if attributes.get("mode", b"constant") != b"constant" or not zero or not around:
            raise Unsupported("a padding that is not of zeros around the picture")
        if any(user.op_type != "Conv" for user in users):
            raise Unsupported("a padding that no convolution follows")
        for user in users:
            own = [item for item in user.attribute if item.name == "pads"]
            for item in own:
                user.attribute.remove(item)
            before = list(own[0].ints) if own else [0, 0, 0, 0]
            added = [pads[2], pads[3], pads[6], pads[7]]
            user.attribute.append(helper.make_attribute("pads", [a + b for a, b in zip(before, added)]))
        return inputs[0]

    # Shapes and orders

    def on_identity(self, node, attributes, inputs):
        self.uses[node.input[0]] += self.uses[node.output[0]] - 1
        return inputs[0]

    on_dropout = on_identity

    def on_transpose(self, node, attributes, inputs):
        tensor, order = inputs[0], list(attributes["perm"])
        if order == [0, 2, 3, 1] and len(tensor.pieces) == 1 and tensor.pieces[0][1] == CHANNELS_FIRST:
            value = self.image(node.input[0])
            channels, rows, columns = self.shape(value)
            return Tensor([(value, CHANNELS_LAST)], (1, rows, columns, channels))
        raise Unsupported(f"a transposition to {order}")

    def on_reshape(self, node, attributes, inputs):
        tensor = inputs[0]
        count = int(np.prod(tensor.shape))
        shape = [int(size) or tensor.shape[index] for index, size in enumerate(inputs[1])]
        if -1 in shape:
            shape[shape.index(-1)] = count // -int(np.prod(shape))
        if int(np.prod(shape)) != count:
            raise Unsupported(f"a reshape of {tensor.shape} to {shape}")
        return Tensor(tensor.pieces, tuple(shape))

    def on_flatten(self, node, attributes, inputs):
        if attributes.get("axis", 1) != 1:
            raise Unsupported("a flattening from another axis than the second")
        return Tensor(inputs[0].pieces, (1, int(np.prod(inputs[0].shape))))

    def on_squeeze(self, node, attributes, inputs):
        rank = len(inputs[0].shape)
        axes = attributes.get("axes") if len(inputs) < 2 or inputs[1] is None else inputs[1]
        if axes is None:
            raise Unsupported("a squeeze of all axes")
        axes = {int(axis) % rank for axis in axes}
        return Tensor(inputs[0].pieces, tuple(size for axis, size in enumerate(inputs[0].shape) if axis not in axes))


def window(size, kernel, stride, dilation, attributes):
    """The output's size, and the padding above and left, of a window that moves over a picture."""
    pads = list(attributes.get("pads", (0, 0, 0, 0)))
    if attributes.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise Unsupported("automatic padding")
    up = attributes.get("ceil_mode", 0)
    found = []
    for axis in (0, 1):
        room = size[axis] + pads[axis] + pads[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1
        if room < 0:
            raise Unsupported("a window larger than its picture")
        steps = -(-room // stride[axis]) if up else room // stride[axis]
        # No window starts in the padding behind the picture.
        if up and steps * stride[axis] >= size[axis] + pads[axis]:
            steps -= 1
        found.append(steps + 1)
    return tuple(found), (pads[0], pads[1])


def fold(node, attributes, inputs):
    """The value of a node over constants."""
    kind = node.op_type
    if kind == "Constant":
        if "value" not in attributes:
            raise Unsupported("a constant that is not a tensor")
        return numpy_helper.to_array(attributes["value"])
    if kind == "Gather":
        return np.asarray(np.take(inputs[0], inputs[1].astype(np.int64), axis=attributes.get("axis", 0)))
    if kind == "Unsqueeze":
        axes = attributes["axes"] if "axes" in attributes else [int(axis) for axis in inputs[1]]
        return np.expand_dims(inputs[0], tuple(axes))
    if kind == "Cast":
        return inputs[0].astype(helper.tensor_dtype_to_np_dtype(attributes["to"]))
    if kind == "Concat":
        return np.concatenate(inputs, axis=attributes["axis"])
    if kind == "Identity":
        return inputs[0]
    if kind == "Slice" and len(inputs) > 2:
        starts, ends = inputs[1], inputs[2]
        axes = inputs[3] if len(inputs) > 3 and inputs[3] is not None else range(len(starts))
        steps = inputs[4] if len(inputs) > 4 and inputs[4] is not None else [1] * len(starts)
        where = [slice(None)] * inputs[0].ndim
        for start, end, axis, step in zip(starts, ends, axes, steps):
            where[int(axis)] = slice(int(start), int(end), int(step))
        return inputs[0][tuple(where)]
    raise Unsupported(f"operator {kind} over constants")


def lower(model, outputs):
    """The program that computes these outputs of an ONNX model."""
    return Lowering(model.graph).run(outputs)
