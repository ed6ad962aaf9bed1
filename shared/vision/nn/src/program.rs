//! A model in memory: pictures of fixed shapes, and operations over them in the order in which they run.

use crate::block::{Block, Shape};

/// The number of a value; 0 is the input.
pub(crate) type Value = usize;

/// What is done to each number of an operation's result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Activation {
    None,
    Relu,
    Clip {
        low: f32,
        high: f32,
    },
    /// `x · clip(x + 3, 0, 6) / 6`.
    HardSwish,
    Sigmoid,
}

/// One operation and the value that it makes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Value>,
    pub(crate) output: Value,
    pub(crate) activation: Activation,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Convolution(Convolution),
    MaxPool(Window),
    /// Bilinear, with pixels at the centres of their squares, repeated beyond the edge.
    Resize,
    /// The mean of each channel.
    Average,
    Add,
    /// The second may be one pixel, which then holds for all.
    Multiply,
    Concatenate,
    /// Channels (row, column, channel) become squares of this many pixels a side.
    DepthToSpace(usize),
    Activate,
}

/// How a window moves over a picture. Pairs are (rows, columns).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) size: (usize, usize),
    pub(crate) stride: (usize, usize),
    pub(crate) dilation: (usize, usize),
    /// Above and left; what lies below and right follows from the output's size.
    pub(crate) padding: (usize, usize),
}

/// A convolution over its inputs concatenated along the channels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convolution {
    pub(crate) window: Window,
    pub(crate) depthwise: bool,
    pub(crate) residual: Option<Residual>,
    /// Whether the weights are transformed for [`crate::kernels::winograd`]; otherwise they are in the order of the
    /// packed file, see `shared/vision/models/packing/write.py`.
    pub(crate) winograd: bool,
    pub(crate) weights: Vec<Block>,
    /// One block for each 16 output channels.
    pub(crate) bias: Vec<Block>,
}

/// A value that is added to a convolution's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Residual {
    pub(crate) value: Value,
    /// Added after the activation instead of before.
    pub(crate) last: bool,
}

/// Values flattened one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputPlan {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) pieces: Vec<(Value, Order)>,
}

/// How the numbers of a picture are ordered when it leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    ChannelsFirst,
    ChannelsLast,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Program {
    pub(crate) shapes: Vec<Shape>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) outputs: Vec<OutputPlan>,
}

impl Operation {
    /// All values that it reads.
    pub(crate) fn reads(&self) -> impl Iterator<Item = Value> + '_ {
        let residual = match &self.kind {
            Kind::Convolution(convolution) => convolution.residual.map(|residual| residual.value),
            _ => None,
        };
        self.inputs.iter().copied().chain(residual)
    }
}
