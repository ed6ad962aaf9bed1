"""TensorFlow Lite models with float weights to ONNX.

TFLite is NHWC throughout. Here everything with four dimensions is NCHW, so weights and axes are turned while
converting, and a Transpose is written only where a reshape flattens an image. Half-precision and sparse
weights become plain float32.
"""

import numpy as np
import tflite

from .graph import Graph, same_padding

OPERATORS = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
CUSTOM = tflite.BuiltinOperator.CUSTOM
DTYPES = {
    tflite.TensorType.FLOAT32: np.float32,
    tflite.TensorType.FLOAT16: np.float16,
    tflite.TensorType.INT32: np.int32,
}


def nchw(shape):
    return [shape[0], shape[3], shape[1], shape[2]] if len(shape) == 4 else list(shape)


class Converter:
    def __init__(self, content, name):
        self.model = tflite.Model.GetRootAsModel(content, 0)
        self.tensors = self.model.Subgraphs(0)
        self.graph = Graph(name)
        self.constants = {}  # tensor index -> array, still NHWC
        self.values = {}  # tensor index -> name in the ONNX graph

    # Tensors -------------------------------------------------------------------------------------------

    def shape(self, index):
        return self.tensors.Tensors(index).ShapeAsNumpy().tolist()

    def constant(self, index):
        if index not in self.constants:
            self.constants[index] = self._read(index)
        return self.constants[index]

    def _read(self, index):
        tensor = self.tensors.Tensors(index)
        raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy()
        values = np.frombuffer(raw.tobytes(), DTYPES[tensor.Type()])
        shape, sparsity = self.shape(index), tensor.Sparsity()
        return values.reshape(shape) if sparsity is None else self._densify(values, shape, sparsity)

    @staticmethod
    def _densify(values, shape, sparsity):
        """Rows of compressed last axes; the only sparse layout that these models have."""
        levels = [sparsity.DimMetadata(level) for level in range(sparsity.DimMetadataLength())]
        if [level.Format() for level in levels] != [0] * (len(shape) - 1) + [1]:
            raise NotImplementedError("a sparse layout other than compressed last axes")

        def vector(kind):
            union = getattr(levels[-1], kind)()
            view = {1: tflite.Int32Vector, 2: tflite.Uint16Vector, 3: tflite.Uint8Vector}[
                getattr(levels[-1], f"{kind}Type")()
            ]()
            view.Init(union.Bytes, union.Pos)
            return view.ValuesAsNumpy().astype(np.int64)

        starts, columns = vector("ArraySegments"), vector("ArrayIndices")
        rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
        dense = np.zeros((len(starts) - 1, shape[-1]), values.dtype)
        dense[rows, columns] = values
        return dense.reshape(shape)

    def operand(self, index):
        """The name of a computed value, or of a constant turned so that it broadcasts against NCHW."""
        if index in self.values:
            return self.values[index]
        array = self.constant(index).astype(np.float32)
        if array.ndim == 4:
            array = array.transpose(0, 3, 1, 2)
        elif array.ndim == 1 and array.size > 1:
            array = array.reshape(-1, 1, 1)
        return self.graph.constant(array)

    # Operators -----------------------------------------------------------------------------------------

    def options(self, operator, kind):
        options = getattr(tflite, kind)()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def activate(self, value, activation):
        if activation == tflite.ActivationFunctionType.NONE:
            return value
        if activation == tflite.ActivationFunctionType.RELU:
            return self.graph.node("Relu", value)
        if activation == tflite.ActivationFunctionType.RELU6:
            return self.graph.clip(value, 0, 6)
        raise NotImplementedError(f"activation {activation}")

    def window(self, options, source, kernel, dilation=(1, 1)):
        """ONNX attributes of a sliding window."""
        strides = [options.StrideH(), options.StrideW()]
        pads = [0, 0, 0, 0]
        if options.Padding() == tflite.Padding.SAME:
            height, width = self.shape(source)[1:3]
            top, bottom = same_padding(height, kernel[0], strides[0], dilation[0])
            left, right = same_padding(width, kernel[1], strides[1], dilation[1])
            pads = [top, left, bottom, right]
        return {"kernel_shape": list(kernel), "strides": strides, "pads": pads}

    def convolution(self, operator, inputs, depthwise):
        options = self.options(operator, "DepthwiseConv2DOptions" if depthwise else "Conv2DOptions")
        weights = self.constant(inputs[1]).astype(np.float32)
        weights = weights.transpose(3, 0, 1, 2) if depthwise else weights.transpose(0, 3, 1, 2)
        dilation = [options.DilationHFactor(), options.DilationWFactor()]
        value = self.graph.node(
            "Conv",
            self.values[inputs[0]],
            weights,
            self.constant(inputs[2]).astype(np.float32),
            dilations=dilation,
            group=self.shape(inputs[0])[3] if depthwise else 1,
            **self.window(options, inputs[0], weights.shape[2:], dilation),
        )
        return self.activate(value, options.FusedActivationFunction())

    def transposed_convolution(self, inputs, output):
        """MediaPipe's own operator: a transposed convolution with bias that scales the image up."""
        weights = self.constant(inputs[1]).astype(np.float32).transpose(3, 0, 1, 2)
        kernel = weights.shape[2]
        stride = self.shape(output)[1] // self.shape(inputs[0])[1]
        before = (kernel - stride) // 2
        after = kernel - stride - before
        return self.graph.node(
            "ConvTranspose",
            self.values[inputs[0]],
            weights,
            self.constant(inputs[2]).astype(np.float32),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[before, before, after, after],
        )

    def pool(self, operator, inputs, op):
        options = self.options(operator, "Pool2DOptions")
        kernel = [options.FilterHeight(), options.FilterWidth()]
        if op == "AveragePool" and kernel == self.shape(inputs[0])[1:3]:
            return self.graph.node("GlobalAveragePool", self.values[inputs[0]])
        return self.graph.node(op, self.values[inputs[0]], **self.window(options, inputs[0], kernel))

    def pad(self, inputs):
        amounts = nchw(self.constant(inputs[1]).tolist())
        ends = [before for before, _ in amounts] + [after for _, after in amounts]
        return self.graph.node("Pad", self.values[inputs[0]], np.array(ends, np.int64))

    def resize(self, operator, inputs, output):
        options = self.options(operator, "ResizeBilinearOptions")
        if options.AlignCorners() or not options.HalfPixelCenters():
            raise NotImplementedError("a resize without half-pixel centres")
        old, new = self.shape(inputs[0]), self.shape(output)
        scales = np.array([1, 1, new[1] / old[1], new[2] / old[2]], np.float32)
        return self.graph.node(
            "Resize",
            self.values[inputs[0]],
            None,
            scales,
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def concatenate(self, operator, inputs, output):
        axis, rank = self.options(operator, "ConcatenationOptions").Axis(), len(self.shape(output))
        axis %= rank
        if rank == 4:
            axis = [0, 2, 3, 1][axis]
        return self.graph.node("Concat", *[self.operand(index) for index in inputs], axis=axis)

    def reshape(self, inputs, output):
        value, shape = self.values[inputs[0]], self.shape(output)
        if len(shape) == 4:
            raise NotImplementedError("a reshape into an image")
        if len(self.shape(inputs[0])) == 4:
            value = self.graph.node("Transpose", value, perm=[0, 2, 3, 1])
        return self.graph.node("Reshape", value, np.array(shape, np.int64))

    def arithmetic(self, operator, inputs, op):
        options = self.options(operator, f"{op}Options")
        value = self.graph.node(op, self.operand(inputs[0]), self.operand(inputs[1]))
        return self.activate(value, options.FusedActivationFunction())

    def hard_swish(self, value):
        gate = self.graph.clip(self.graph.node("Add", value, np.float32(3)), 0, 6)
        return self.graph.node("Mul", self.graph.node("Mul", value, gate), np.float32(1 / 6))

    def depth_to_space(self, operator, inputs):
        block = self.options(operator, "DepthToSpaceOptions").BlockSize()
        return self.graph.node("DepthToSpace", self.values[inputs[0]], blocksize=block, mode="DCR")

    def operator(self, operator):
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
        kind = code.CustomCode().decode() if number == CUSTOM else OPERATORS[number]
        inputs, output = operator.InputsAsNumpy().tolist(), int(operator.OutputsAsNumpy()[0])
        if kind in ("DEQUANTIZE", "DENSIFY"):
            self.constants[output] = self.constant(inputs[0])
            return
        first = self.values.get(inputs[0])
        convert = {
            "ADD": lambda: self.arithmetic(operator, inputs, "Add"),
            "AVERAGE_POOL_2D": lambda: self.pool(operator, inputs, "AveragePool"),
            "CONCATENATION": lambda: self.concatenate(operator, inputs, output),
            "CONV_2D": lambda: self.convolution(operator, inputs, depthwise=False),
            "Convolution2DTransposeBias": lambda: self.transposed_convolution(inputs, output),
            "DEPTH_TO_SPACE": lambda: self.depth_to_space(operator, inputs),
            "DEPTHWISE_CONV_2D": lambda: self.convolution(operator, inputs, depthwise=True),
            "HARD_SWISH": lambda: self.hard_swish(first),
            "LOGISTIC": lambda: self.graph.node("Sigmoid", first),
            "MAX_POOL_2D": lambda: self.pool(operator, inputs, "MaxPool"),
            "MUL": lambda: self.arithmetic(operator, inputs, "Mul"),
            "PAD": lambda: self.pad(inputs),
            "RELU": lambda: self.graph.node("Relu", first),
            "RESHAPE": lambda: self.reshape(inputs, output),
            "RESIZE_BILINEAR": lambda: self.resize(operator, inputs, output),
        }.get(kind)
        if convert is None:
            raise NotImplementedError(f"operator {kind}")
        self.values[output] = convert()

    def run(self, target):
        (source,) = self.tensors.InputsAsNumpy().tolist()
        self.values[source] = "input"
        for index in range(self.tensors.OperatorsLength()):
            self.operator(self.tensors.Operators(index))
        outputs = {}
        for index in self.tensors.OutputsAsNumpy().tolist():
            name = self.tensors.Tensors(index).Name().decode()
            self.graph.node("Identity", self.values[index], output=name)
            outputs[name] = nchw(self.shape(index))
        self.graph.save(target, {"input": nchw(self.shape(source))}, outputs)


def convert(source, target):
    Converter(source.read_bytes(), target.stem).run(target)
