"""What a packed model is made of: values with fixed shapes, a list of operations over them, and outputs.

`shared/vision/nn` reads and runs it; the names here and there are the same."""

from dataclasses import dataclass, field
from typing import Any, Optional

# How the numbers of a value are ordered when it leaves as an output.
CHANNELS_FIRST = 0
CHANNELS_LAST = 1


class Unsupported(Exception):
    """The graph has something that cannot be packed."""


@dataclass
class Activation:
    """`none`, `relu`, `clip` (with its limits), `hard_swish` or `sigmoid`."""

    kind: str = "none"
    low: float = 0.0
    high: float = 0.0


@dataclass
class Operation:
    """One step. `inputs` and `output` are numbers of values."""

    kind: str
    inputs: list
    output: int
    activation: Activation = field(default_factory=Activation)


@dataclass
class Convolution(Operation):
    """Inputs are concatenated along the channels. `weights` are output × input × rows × columns, with one
    input channel each where it is depthwise."""

    weights: Any = None  # arrays
    bias: Any = None
    depthwise: bool = False
    stride: tuple = (1, 1)
    dilation: tuple = (1, 1)
    padding: tuple = (0, 0)  # above, left; the other sides follow from the output's size
    residual: Optional[int] = None  # a value to add …
    residual_last: bool = False  # … before the activation, or after it


@dataclass
class Pool(Operation):
    """The largest in each window."""

    window: tuple = (2, 2)
    stride: tuple = (2, 2)
    padding: tuple = (0, 0)


@dataclass
class DepthToSpace(Operation):
    """Channels (row, column, channel) become blocks of pixels."""

    block: int = 2


@dataclass
class Output:
    """Values flattened in the given order, one after the other, and called a tensor of this shape."""

    name: str
    shape: tuple
    pieces: list  # of (value, order)


@dataclass
class Program:
    """Value 0 is the input. Shapes are channels × rows × columns."""

    shapes: list
    operations: list
    outputs: list

    def prune(self):
        """Leaves out what no output needs, and numbers the values anew."""
        needed = {value for output in self.outputs for value, _ in output.pieces}
        kept = []
        for operation in reversed(self.operations):
            if operation.output in needed:
                kept.append(operation)
                needed.update(operation.inputs)
                if getattr(operation, "residual", None) is not None:
                    needed.add(operation.residual)
        self.operations = kept[::-1]
        order = [0] + [operation.output for operation in self.operations]
        number = {value: index for index, value in enumerate(order)}
        self.shapes = [self.shapes[value] for value in order]
        for operation in self.operations:
            operation.inputs = [number[value] for value in operation.inputs]
            operation.output = number[operation.output]
            if getattr(operation, "residual", None) is not None:
                operation.residual = number[operation.residual]
        for output in self.outputs:
            output.pieces = [(number[value], order) for value, order in output.pieces]
