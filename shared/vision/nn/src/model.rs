//! A loaded model.

use std::sync::Mutex;

use crate::{
    block::Block,
    error::Error,
    format,
    isa::InstructionSet,
    kernels::{
        convolve::Dense,
        depthwise::Depthwise,
        elementwise::{Element, Elementwise},
        pool::{Average, MaxPool},
        rearrange,
        resize::Resize,
        stage::Plane,
        store::{Addend, Finish},
        winograd::Winograd,
    },
    plan::Plan,
    program::{Convolution, Kind, Operation, Program, Value},
};

/// One output of a model, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its numbers; as many as the dimensions' product.
    pub data: Vec<f32>,
}

/// A model, its weights and the memory that it runs in. Running takes `&self` and one core; runs at the same time
/// have memory of their own.
#[derive(Debug)]
pub struct Model {
    program: Program,
    plan: Plan,
    instructions: InstructionSet,
    /// Of the last run, for the next.
    idle: Mutex<Option<Workspace>>,
}

#[derive(Debug)]
struct Workspace {
    values: Vec<Block>,
    scratch: Vec<Block>,
}

impl Model {
    /// Loads a packed model for the outputs of these names, on the best instructions that this processor has.
    ///
    /// # Errors
    /// [`Error`] if the bytes are no packed model, or one without such an output.
    pub fn load(bytes: &[u8], outputs: &[&str]) -> Result<Self, Error> {
        Self::load_for(InstructionSet::best(), bytes, outputs)
    }

    /// The same on given instructions.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn load_for(
        instructions: InstructionSet,
        bytes: &[u8],
        outputs: &[&str],
    ) -> Result<Self, Error> {
        let program = format::read(bytes, outputs)?;
        let plan = Plan::new(&program)?;
        Ok(Self {
            program,
            plan,
            instructions,
            idle: Mutex::new(None),
        })
    }

    /// 1 × channels × rows × columns of the input.
    #[must_use]
    pub fn input_shape(&self) -> [usize; 4] {
        self.program.shapes.first().map_or([0; 4], |shape| {
            [1, shape.channels, shape.rows, shape.columns]
        })
    }

    /// Bytes of the memory for values between the operations.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.plan.blocks * size_of::<Block>()
    }

    /// Runs the model on one input of shape 1 × channels × rows × columns, in row-major order. Outputs come in the
    /// order in which they were named.
    ///
    /// # Errors
    /// [`Error::WrongInput`] if the shape is not the model's or there is another number of values.
    pub fn run(&self, shape: [usize; 4], input: &[f32]) -> Result<Vec<Output>, Error> {
        let wanted = self.input_shape();
        if shape != wanted || input.len() != wanted.iter().product() {
            return Err(Error::WrongInput {
                shape,
                values: input.len(),
                wanted,
            });
        }
        let idle = self.idle.lock().ok().and_then(|mut idle| idle.take());
        let mut workspace = idle.unwrap_or_else(|| Workspace {
            values: vec![Block::ZERO; self.plan.blocks],
            scratch: Vec::new(),
        });
        for operation in &self.program.operations {
            self.step(operation, input, &mut workspace);
        }
        let outputs = self.outputs(&workspace);
        if let Ok(mut idle) = self.idle.lock() {
            *idle = Some(workspace);
        }
        Ok(outputs)
    }

    fn outputs(&self, workspace: &Workspace) -> Vec<Output> {
        let outputs = self.program.outputs.iter().map(|output| {
            let mut data = Vec::with_capacity(output.shape.iter().product());
            for (value, order) in &output.pieces {
                let blocks = &workspace.values[self.plan.place(*value)];
                rearrange::flatten(blocks, self.program.shapes[*value], *order, &mut data);
            }
            Output {
                shape: output.shape.clone(),
                data,
            }
        });
        outputs.collect()
    }

    fn step(&self, operation: &Operation, input: &[f32], workspace: &mut Workspace) {
        let Workspace { values, scratch } = workspace;
        let place = self.plan.place(operation.output);
        let to = self.program.shapes[operation.output];
        let (before, rest) = values.split_at_mut(place.start);
        let (output, after) = rest.split_at_mut(place.len());
        let others = Others {
            plan: &self.plan,
            before,
            after,
            start: place.end,
            output: operation.output,
        };
        let activation = operation.activation;
        let shape = |value: &Value| self.program.shapes[*value];
        match (&operation.kind, operation.inputs.as_slice()) {
            (Kind::Convolution(convolution), inputs) => {
                let planes = self.planes(inputs, input, &others);
                let mut from = inputs.first().map_or(to, shape);
                from.channels = inputs.iter().map(|value| shape(value).channels).sum();
                let finish = Finish {
                    activation,
                    addend: convolution.residual.map_or(Addend::None, |residual| {
                        others
                            .get(residual.value)
                            .map_or(Addend::InPlace, Addend::Other)
                    }),
                    last: convolution.residual.is_some_and(|residual| residual.last),
                };
                self.convolve(convolution, &planes, (from, to), output, finish, scratch);
            }
            (Kind::MaxPool(window), [value]) => self.instructions.run(MaxPool {
                window: *window,
                input: others.read(*value),
                from: shape(value),
                output,
                to,
            }),
            (Kind::Resize, [value]) => self.instructions.run(Resize {
                input: others.read(*value),
                from: shape(value),
                output,
                to,
                scratch,
            }),
            (Kind::Average, [value]) => self.instructions.run(Average {
                input: others.read(*value),
                pixels: shape(value).pixels(),
                output,
            }),
            (Kind::Add, [a, b]) => {
                let element = Element::Add(others.read(*a), others.read(*b));
                self.elementwise(element, others.get(*a).is_none(), operation, output);
            }
            (Kind::Multiply, [a, b]) => {
                let (first, second) = (others.read(*a), others.read(*b));
                let element = if shape(b) == to {
                    Element::Multiply(first, second)
                } else {
                    Element::MultiplyPlanes(first, second, to.pixels())
                };
                self.elementwise(element, others.get(*a).is_none(), operation, output);
            }
            (Kind::Activate, [value]) => {
                let element = Element::Activate(others.read(*value));
                self.elementwise(element, others.get(*value).is_none(), operation, output);
            }
            (Kind::Concatenate, inputs) => {
                let inputs: Vec<_> = inputs
                    .iter()
                    .map(|value| (others.read(*value), shape(value)))
                    .collect();
                rearrange::concatenate(&inputs, output, to);
            }
            (Kind::DepthToSpace(block), [value]) => {
                rearrange::depth_to_space(others.read(*value), shape(value), *block, output, to);
            }
            // The reader lets no other number of inputs through.
            _ => {}
        }
    }

    fn elementwise(
        &self,
        element: Element<'_>,
        in_place: bool,
        operation: &Operation,
        output: &mut [Block],
    ) {
        self.instructions.run(Elementwise {
            element,
            in_place,
            activation: operation.activation,
            output,
        });
    }

    fn planes<'a>(
        &'a self,
        inputs: &[Value],
        input: &'a [f32],
        others: &Others<'a>,
    ) -> Vec<Plane<'a>> {
        let mut planes = Vec::new();
        for value in inputs {
            let shape = self.program.shapes[*value];
            if *value == 0 {
                planes.extend(
                    input
                        .chunks(shape.pixels() * crate::block::LANES)
                        .map(Plane::Planar),
                );
            } else {
                planes.extend(
                    others
                        .read(*value)
                        .chunks_exact(shape.pixels())
                        .map(Plane::Blocked),
                );
            }
        }
        planes
    }

    fn convolve(
        &self,
        convolution: &Convolution,
        planes: &[Plane<'_>],
        (input, shape): (crate::block::Shape, crate::block::Shape),
        output: &mut [Block],
        finish: Finish<'_>,
        scratch: &mut Vec<Block>,
    ) {
        if convolution.depthwise {
            self.instructions.run(Depthwise {
                convolution,
                planes,
                input,
                shape,
                output,
                finish,
                scratch,
            });
        } else if convolution.winograd {
            self.instructions.run(Winograd {
                convolution,
                planes,
                input,
                shape,
                output,
                finish,
                scratch,
            });
        } else {
            self.instructions.run(Dense {
                convolution,
                planes,
                input,
                shape,
                output,
                finish,
                scratch,
            });
        }
    }
}

/// All memory but an operation's output.
struct Others<'a> {
    plan: &'a Plan,
    before: &'a [Block],
    after: &'a [Block],
    /// Where `after` starts.
    start: usize,
    output: Value,
}

impl<'a> Others<'a> {
    /// A value, or nothing if it lies in the output's place.
    fn get(&self, value: Value) -> Option<&'a [Block]> {
        let place = self.plan.place(value);
        if place == self.plan.place(self.output) {
            None
        } else if place.start >= self.start {
            self.after
                .get(place.start - self.start..place.end - self.start)
        } else {
            self.before.get(place)
        }
    }

    /// A value that is not in the output's place.
    fn read(&self, value: Value) -> &'a [Block] {
        self.get(value).unwrap_or_default()
    }
}
