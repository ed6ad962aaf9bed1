//! Reading a packed model. The format is described where it is written: `shared/vision/models/packing/write.py`.
//!
//! All that the kernels rely on is checked here, so that a broken file is an error and never a panic.

use crate::{
    block::Shape,
    error::Error,
    kernels::winograd,
    program::{
        Activation, Convolution, Kind, Operation, Order, OutputPlan, Program, Residual, Value,
        Window,
    },
    reader::Reader,
    weights::{self, Storage},
};

const MAGIC: &[u8] = b"DRNN";
const VERSION: usize = 1;
const NOTHING: usize = 0xffff;

const MAX_VALUES: usize = 4096;
const MAX_CHANNELS: usize = 1 << 14;
const MAX_SIDE: usize = 4096;
/// A quarter of a gigabyte.
const MAX_BLOCKS: usize = 1 << 22;
const MAX_WINDOW: usize = 32;
const MAX_DILATION: usize = 64;
const MAX_DEPTH_BLOCK: usize = 8;

/// Reads a model and keeps what the named outputs need. Outputs are in the order of the names.
pub(crate) fn read(bytes: &[u8], names: &[&str]) -> Result<Program, Error> {
    let mut reader = Reader::new(bytes);
    if reader.take(MAGIC.len())? != MAGIC || reader.u32()? != VERSION {
        return Err(Error::NotAModel);
    }
    let shapes = shapes(&mut reader)?;
    let count = reader.u16()?;
    if count + 1 != shapes.len() {
        return Err(Error::Broken("values and operations do not match"));
    }
    let mut operations = Vec::with_capacity(count);
    for output in 1..=count {
        operations.push(operation(&mut reader, output, &shapes)?);
    }
    let outputs = outputs(&mut reader, &shapes)?;
    let outputs = names
        .iter()
        .map(|name| {
            let found = outputs.iter().find(|output| output.name == *name);
            found
                .cloned()
                .ok_or_else(|| Error::NoSuchOutput((*name).to_owned()))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let needed = needed(&operations, &outputs, shapes.len());
    reader.align()?;
    let mut kept = Vec::with_capacity(operations.len());
    for (mut operation, storage) in operations {
        let wanted = needed.get(operation.output).copied().unwrap_or_default();
        if let Kind::Convolution(convolution) = &mut operation.kind {
            let channels = sum_channels(&operation.inputs, &shapes)?;
            let size = weights::Size {
                outputs: shape(&shapes, operation.output)?.channels,
                each: convolution.window.size.0
                    * convolution.window.size.1
                    * if convolution.depthwise { 1 } else { channels },
            };
            (convolution.bias, convolution.weights) =
                weights::read(&mut reader, size, storage, wanted)?;
            let to = shape(&shapes, operation.output)?;
            if wanted && winograd::suits(convolution, channels, to) {
                convolution.weights =
                    winograd::transform_weights(&convolution.weights, channels, to.planes());
                convolution.winograd = true;
            }
        }
        if wanted {
            kept.push(operation);
        }
    }
    if !reader.is_empty() {
        return Err(Error::Broken("there is more than a model"));
    }
    Ok(Program {
        shapes,
        operations: kept,
        outputs,
    })
}

fn shape(shapes: &[Shape], value: Value) -> Result<Shape, Error> {
    shapes
        .get(value)
        .copied()
        .ok_or(Error::Broken("a value is not there"))
}

fn sum_channels(values: &[Value], shapes: &[Shape]) -> Result<usize, Error> {
    values
        .iter()
        .map(|value| shape(shapes, *value).map(|shape| shape.channels))
        .sum()
}

fn shapes(reader: &mut Reader<'_>) -> Result<Vec<Shape>, Error> {
    let count = reader.u16()?;
    if count > MAX_VALUES {
        return Err(Error::Broken("too many values"));
    }
    let mut shapes = Vec::with_capacity(count);
    for _ in 0..count {
        let shape = Shape {
            channels: reader.u32()?,
            rows: reader.u32()?,
            columns: reader.u32()?,
        };
        let sides = (1..=MAX_SIDE).contains(&shape.rows) && (1..=MAX_SIDE).contains(&shape.columns);
        if !sides || !(1..=MAX_CHANNELS).contains(&shape.channels) || shape.blocks() > MAX_BLOCKS {
            return Err(Error::Broken("a picture is empty or too large"));
        }
        shapes.push(shape);
    }
    Ok(shapes)
}

fn activation(reader: &mut Reader<'_>) -> Result<Activation, Error> {
    let kind = reader.u8()?;
    let (low, high) = (reader.f32()?, reader.f32()?);
    Ok(match kind {
        0 => Activation::None,
        1 => Activation::Relu,
        2 => Activation::Clip { low, high },
        3 => Activation::HardSwish,
        4 => Activation::Sigmoid,
        _ => return Err(Error::Broken("an unknown activation")),
    })
}

/// One operation, without its weights, and how those are stored.
fn operation(
    reader: &mut Reader<'_>,
    output: Value,
    shapes: &[Shape],
) -> Result<(Operation, Storage), Error> {
    let kind = reader.u8()?;
    let count = reader.u8()?;
    let inputs = (0..count)
        .map(|_| reader.u16())
        .collect::<Result<Vec<_>, _>>()?;
    if reader.u16()? != output {
        return Err(Error::Broken("values are not made in order"));
    }
    let activation = activation(reader)?;
    let to = shape(shapes, output)?;
    let from = inputs
        .iter()
        .map(|value| shape(shapes, *value))
        .collect::<Result<Vec<_>, _>>()?;
    // Only convolutions read the input, which is not in blocks.
    let first = if kind == 1 { 0 } else { 1 };
    if inputs.iter().any(|value| !(first..output).contains(value)) {
        return Err(Error::Broken("a value is read before it is made"));
    }
    let mut storage = Storage::F32;
    let kind = match (kind, from.as_slice()) {
        (1, _) => {
            let (convolution, stored) = convolution(reader, output, &from, to, shapes)?;
            storage = stored;
            Kind::Convolution(convolution)
        }
        (2, [from]) if from.channels == to.channels => {
            let window = Window {
                size: reader.pair()?,
                stride: reader.pair()?,
                dilation: (1, 1),
                padding: reader.pair()?,
            };
            check(window, *from, to)?;
            Kind::MaxPool(window)
        }
        (3, [from]) if from.channels == to.channels => Kind::Resize,
        (4, [from]) if from.channels == to.channels && to.pixels() == 1 => Kind::Average,
        (5, [a, b]) if *a == to && *b == to => Kind::Add,
        (6, [a, b]) if *a == to && b.channels == to.channels && (*b == to || b.pixels() == 1) => {
            Kind::Multiply
        }
        (7, [_, ..]) if concatenated(&from) == Some(to) => Kind::Concatenate,
        (8, [from]) => {
            let block = reader.u8()?;
            let made = Shape {
                channels: to.channels * block * block,
                rows: to.rows / block.max(1),
                columns: to.columns / block.max(1),
            };
            let whole = (made.rows * block, made.columns * block) == (to.rows, to.columns);
            if !(1..=MAX_DEPTH_BLOCK).contains(&block) || *from != made || !whole {
                return Err(Error::Broken("channels that do not become pixels"));
            }
            Kind::DepthToSpace(block)
        }
        (9, [from]) if *from == to => Kind::Activate,
        _ => {
            return Err(Error::Broken(
                "an unknown operation, or shapes that do not fit it",
            ));
        }
    };
    let computes = matches!(
        kind,
        Kind::Convolution(_) | Kind::Add | Kind::Multiply | Kind::Activate
    );
    if !computes && activation != Activation::None {
        return Err(Error::Broken("an activation where nothing is computed"));
    }
    let operation = Operation {
        kind,
        inputs,
        output,
        activation,
    };
    Ok((operation, storage))
}

fn convolution(
    reader: &mut Reader<'_>,
    output: Value,
    from: &[Shape],
    to: Shape,
    shapes: &[Shape],
) -> Result<(Convolution, Storage), Error> {
    let depthwise = reader.u8()? == 1;
    let storage = match reader.u8()? {
        0 => Storage::F32,
        1 => Storage::F16,
        2 => Storage::Int8,
        _ => return Err(Error::Broken("an unknown kind of weights")),
    };
    let window = Window {
        size: reader.pair()?,
        stride: reader.pair()?,
        dilation: reader.pair()?,
        padding: reader.pair()?,
    };
    let residual = reader.u16()?;
    let last = reader.u8()? == 1;
    let input = concatenated(from).ok_or(Error::Broken("inputs of different sizes"))?;
    check(window, input, to)?;
    // All but the last fill their planes, so that planes can be strung together.
    let all_but_last = from.split_last().map(|(_, rest)| rest).unwrap_or_default();
    if all_but_last
        .iter()
        .any(|shape| shape.planes() * crate::block::LANES != shape.channels)
    {
        return Err(Error::Broken("inputs that do not fill their planes"));
    }
    if depthwise && (from.len() != 1 || input.channels != to.channels) {
        return Err(Error::Broken(
            "a depthwise convolution that changes the channels",
        ));
    }
    let residual = if residual == NOTHING {
        None
    } else {
        if !(1..output).contains(&residual) || shape(shapes, residual)? != to {
            return Err(Error::Broken("a sum of different shapes"));
        }
        Some(Residual {
            value: residual,
            last,
        })
    };
    let convolution = Convolution {
        window,
        depthwise,
        residual,
        winograd: false,
        weights: Vec::new(),
        bias: Vec::new(),
    };
    Ok((convolution, storage))
}

/// The shape of pictures put together along the channels, if they fit.
fn concatenated(shapes: &[Shape]) -> Option<Shape> {
    let first = shapes.first()?;
    let same = |shape: &Shape| (shape.rows, shape.columns) == (first.rows, first.columns);
    shapes.iter().all(same).then(|| Shape {
        channels: shapes.iter().map(|shape| shape.channels).sum(),
        ..*first
    })
}

/// Whether every place of the window touches the picture, and all is within the limits.
fn check(window: Window, from: Shape, to: Shape) -> Result<(), Error> {
    let along =
        |size: usize, stride: usize, dilation: usize, padding: usize, from: usize, to: usize| {
            (1..=MAX_WINDOW).contains(&size)
                && (1..=2).contains(&stride)
                && (1..=MAX_DILATION).contains(&dilation)
                && padding <= (size - 1) * dilation
                && (to - 1) * stride < from + padding
        };
    let Window {
        size,
        stride,
        dilation,
        padding,
    } = window;
    if along(size.0, stride.0, dilation.0, padding.0, from.rows, to.rows)
        && along(
            size.1,
            stride.1,
            dilation.1,
            padding.1,
            from.columns,
            to.columns,
        )
    {
        Ok(())
    } else {
        Err(Error::Broken("a window that does not fit its picture"))
    }
}

fn outputs(reader: &mut Reader<'_>, shapes: &[Shape]) -> Result<Vec<OutputPlan>, Error> {
    let count = reader.u8()?;
    (0..count)
        .map(|_| {
            let length = reader.u8()?;
            let name = str::from_utf8(reader.take(length)?)
                .map_err(|_| Error::Broken("a name is not UTF-8"))?;
            let rank = reader.u8()?;
            let shape_of_it = (0..rank)
                .map(|_| reader.u32())
                .collect::<Result<Vec<_>, _>>()?;
            let count = reader.u8()?;
            let mut numbers: usize = 0;
            let mut pieces = Vec::with_capacity(count);
            for _ in 0..count {
                let value = reader.u16()?;
                let order = match reader.u8()? {
                    0 => Order::ChannelsFirst,
                    1 => Order::ChannelsLast,
                    _ => return Err(Error::Broken("an unknown order")),
                };
                if value == 0 {
                    return Err(Error::Broken("the input is an output"));
                }
                numbers += shape(shapes, value)?.numbers();
                pieces.push((value, order));
            }
            let wanted = shape_of_it
                .iter()
                .try_fold(1_usize, |product, size| product.checked_mul(*size));
            if wanted != Some(numbers) {
                return Err(Error::Broken("an output of another size than its parts"));
            }
            Ok(OutputPlan {
                name: name.to_owned(),
                shape: shape_of_it,
                pieces,
            })
        })
        .collect()
}

/// Which values the outputs are made of.
fn needed(operations: &[(Operation, Storage)], outputs: &[OutputPlan], values: usize) -> Vec<bool> {
    fn mark(needed: &mut [bool], value: Value) {
        if let Some(flag) = needed.get_mut(value) {
            *flag = true;
        }
    }
    let mut needed = vec![false; values];
    for (value, _) in outputs.iter().flat_map(|output| &output.pieces) {
        mark(&mut needed, *value);
    }
    for (operation, _) in operations.iter().rev() {
        if needed.get(operation.output) == Some(&true) {
            for value in operation.reads() {
                mark(&mut needed, value);
            }
        }
    }
    needed
}
