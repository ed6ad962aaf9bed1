//! Writes packed models as `shared/vision/models/packing/write.py` does, and computes what they should answer, as
//! plainly as possible.
#![allow(dead_code, unreachable_pub, missing_docs)] // each test file uses a part

pub const BLOCK: usize = 16;

/// Numbers of channels × rows × columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub shape: [usize; 3],
    pub data: Vec<f32>,
}

impl Picture {
    pub fn random(random: &mut fastrand::Rng, shape: [usize; 3]) -> Self {
        let data = (0..shape.iter().product())
            .map(|_| random.f32() * 2.0 - 1.0)
            .collect();
        Self { shape, data }
    }

    pub fn make(shape: [usize; 3], mut number: impl FnMut(usize, usize, usize) -> f32) -> Self {
        let mut data = Vec::new();
        for channel in 0..shape[0] {
            for y in 0..shape[1] {
                for x in 0..shape[2] {
                    data.push(number(channel, y, x));
                }
            }
        }
        Self { shape, data }
    }

    pub fn at(&self, channel: usize, y: usize, x: usize) -> f32 {
        self.data[(channel * self.shape[1] + y) * self.shape[2] + x]
    }

    /// Zero outside.
    pub fn around(&self, channel: usize, y: isize, x: isize) -> f32 {
        match (usize::try_from(y), usize::try_from(x)) {
            (Ok(y), Ok(x)) if y < self.shape[1] && x < self.shape[2] => self.at(channel, y, x),
            _ => 0.0,
        }
    }

    pub fn concatenate(parts: &[Self]) -> Self {
        let channels = parts.iter().map(|part| part.shape[0]).sum();
        Self {
            shape: [channels, parts[0].shape[1], parts[0].shape[2]],
            data: parts.iter().flat_map(|part| part.data.clone()).collect(),
        }
    }
}

/// Kind, low, high as in the file.
#[derive(Debug, Clone, Copy)]
pub struct Activation(pub u8, pub f32, pub f32);

pub const NONE: Activation = Activation(0, 0.0, 0.0);
pub const ACTIVATIONS: [Activation; 5] = [
    NONE,
    Activation(1, 0.0, 0.0),
    Activation(2, -0.25, 0.5),
    Activation(3, 0.0, 0.0),
    Activation(4, 0.0, 0.0),
];

impl Activation {
    pub fn apply(self, x: f32) -> f32 {
        match self.0 {
            1 => x.max(0.0),
            2 => x.clamp(self.1, self.2),
            3 => x * (x + 3.0).clamp(0.0, 6.0) / 6.0,
            4 => 1.0 / (1.0 + (-x).exp()),
            _ => x,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Convolution {
    /// Output × input (1 if depthwise) × rows × columns.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub depthwise: bool,
    pub size: [usize; 2],
    pub stride: [usize; 2],
    pub dilation: [usize; 2],
    pub padding: [usize; 2],
    /// The value and whether it comes after the activation.
    pub residual: Option<(usize, bool)>,
    pub activation: Activation,
}

impl Convolution {
    pub fn random(
        random: &mut fastrand::Rng,
        inputs: usize,
        outputs: usize,
        size: [usize; 2],
        depthwise: bool,
    ) -> Self {
        let each = if depthwise { 1 } else { inputs } * size[0] * size[1];
        let scale = (3.0 / each as f32).sqrt();
        let mut numbers = |count: usize| {
            (0..count)
                .map(|_| (random.f32() * 2.0 - 1.0) * scale)
                .collect()
        };
        Self {
            weights: numbers(outputs * each),
            bias: numbers(outputs),
            depthwise,
            size,
            stride: [1, 1],
            dilation: [1, 1],
            padding: [0, 0],
            residual: None,
            activation: NONE,
        }
    }

    pub fn same_padding(mut self) -> Self {
        self.padding =
            std::array::from_fn(|axis| ((self.size[axis] - 1) * self.dilation[axis]).div_ceil(2));
        self
    }

    pub fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// The output's rows and columns with as much padding below and right as above and left.
    pub fn output_size(&self, input: [usize; 3]) -> [usize; 2] {
        std::array::from_fn(|axis| {
            let room = input[axis + 1] + 2 * self.padding[axis]
                - (self.size[axis] - 1) * self.dilation[axis]
                - 1;
            room / self.stride[axis] + 1
        })
    }

    pub fn compute(&self, input: &Picture, residual: Option<&Picture>) -> Picture {
        let [rows, columns] = self.output_size(input.shape);
        let each = if self.depthwise { 1 } else { input.shape[0] };
        Picture::make([self.outputs(), rows, columns], |output, y, x| {
            let mut sum = f64::from(self.bias[output]);
            for channel in 0..each {
                let source = if self.depthwise { output } else { channel };
                for ky in 0..self.size[0] {
                    for kx in 0..self.size[1] {
                        let from_y = (y * self.stride[0] + ky * self.dilation[0]) as isize
                            - self.padding[0] as isize;
                        let from_x = (x * self.stride[1] + kx * self.dilation[1]) as isize
                            - self.padding[1] as isize;
                        let weight = self.weights
                            [((output * each + channel) * self.size[0] + ky) * self.size[1] + kx];
                        sum += f64::from(weight) * f64::from(input.around(source, from_y, from_x));
                    }
                }
            }
            let sum = sum as f32;
            match (self.residual, residual) {
                (Some((_, true)), Some(other)) => {
                    self.activation.apply(sum) + other.at(output, y, x)
                }
                (_, Some(other)) => self.activation.apply(sum + other.at(output, y, x)),
                _ => self.activation.apply(sum),
            }
        })
    }
}

/// A packed model in the making. Value 0 is the input.
pub struct Packer {
    pub shapes: Vec<[usize; 3]>,
    operations: Vec<u8>,
    count: u16,
    outputs: Vec<u8>,
    output_count: u8,
    weights: Vec<u8>,
}

impl Packer {
    pub fn new(input: [usize; 3]) -> Self {
        Self {
            shapes: vec![input],
            operations: Vec::new(),
            count: 0,
            outputs: Vec::new(),
            output_count: 0,
            weights: Vec::new(),
        }
    }

    fn begin(
        &mut self,
        kind: u8,
        inputs: &[usize],
        shape: [usize; 3],
        activation: Activation,
    ) -> usize {
        let value = self.shapes.len();
        self.shapes.push(shape);
        self.count += 1;
        self.operations.extend([kind, inputs.len() as u8]);
        for number in inputs.iter().chain([&value]) {
            self.operations.extend((*number as u16).to_le_bytes());
        }
        self.operations.push(activation.0);
        self.operations.extend(activation.1.to_le_bytes());
        self.operations.extend(activation.2.to_le_bytes());
        value
    }

    pub fn convolution(&mut self, inputs: &[usize], convolution: &Convolution) -> usize {
        let input = self.shapes[inputs[0]];
        let channels: usize = inputs.iter().map(|value| self.shapes[*value][0]).sum();
        let [rows, columns] = convolution.output_size(input);
        let value = self.begin(
            1,
            inputs,
            [convolution.outputs(), rows, columns],
            convolution.activation,
        );
        let storage = 0;
        self.operations
            .extend([u8::from(convolution.depthwise), storage]);
        let Convolution {
            size,
            stride,
            dilation,
            padding,
            ..
        } = convolution;
        for pair in [size, stride, dilation, padding] {
            self.operations.extend(pair.map(|number| number as u8));
        }
        let (residual, last) = convolution.residual.unwrap_or((0xffff, false));
        self.operations.extend((residual as u16).to_le_bytes());
        self.operations.push(u8::from(last));
        self.weights(convolution, channels);
        value
    }

    fn weights(&mut self, convolution: &Convolution, channels: usize) {
        let outputs = convolution.outputs();
        let taps = convolution.size[0] * convolution.size[1];
        let mut push = |number: f32| self.weights.extend(number.to_le_bytes());
        for output in 0..outputs.next_multiple_of(BLOCK) {
            push(convolution.bias.get(output).copied().unwrap_or_default());
        }
        let weight = |output: usize, channel: usize, tap: usize| {
            let each = if convolution.depthwise { 1 } else { channels };
            if output < outputs {
                convolution.weights[(output * each + channel) * taps + tap]
            } else {
                0.0
            }
        };
        for first in (0..outputs).step_by(BLOCK) {
            let inputs = if convolution.depthwise { 1 } else { channels };
            for start in (0..inputs).step_by(BLOCK) {
                for tap in 0..taps {
                    for channel in start..inputs.min(start + BLOCK) {
                        for output in first..first + BLOCK {
                            push(weight(output, channel, tap));
                        }
                    }
                }
            }
        }
    }

    pub fn max_pool(
        &mut self,
        input: usize,
        output: [usize; 2],
        size: [u8; 2],
        stride: [u8; 2],
        padding: [u8; 2],
    ) -> usize {
        let value = self.begin(
            2,
            &[input],
            [self.shapes[input][0], output[0], output[1]],
            NONE,
        );
        self.operations.extend(size);
        self.operations.extend(stride);
        self.operations.extend(padding);
        value
    }

    pub fn depth_to_space(&mut self, input: usize, block: usize) -> usize {
        let [channels, rows, columns] = self.shapes[input];
        let value = self.begin(
            8,
            &[input],
            [channels / block / block, rows * block, columns * block],
            NONE,
        );
        self.operations.push(block as u8);
        value
    }

    /// An operation without fields of its own.
    pub fn plain(
        &mut self,
        kind: u8,
        inputs: &[usize],
        shape: [usize; 3],
        activation: Activation,
    ) -> usize {
        self.begin(kind, inputs, shape, activation)
    }

    /// Names values, each in an order (0 channels first, 1 last), as an output of this shape.
    pub fn output(&mut self, name: &str, shape: &[usize], pieces: &[(usize, u8)]) {
        self.output_count += 1;
        self.outputs.push(name.len() as u8);
        self.outputs.extend(name.as_bytes());
        self.outputs.push(shape.len() as u8);
        for size in shape {
            self.outputs.extend((*size as u32).to_le_bytes());
        }
        self.outputs.push(pieces.len() as u8);
        for (value, order) in pieces {
            self.outputs.extend((*value as u16).to_le_bytes());
            self.outputs.push(*order);
        }
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"DRNN\x01\0\0\0".to_vec();
        bytes.extend((self.shapes.len() as u16).to_le_bytes());
        for size in self.shapes.iter().flatten() {
            bytes.extend((*size as u32).to_le_bytes());
        }
        bytes.extend(self.count.to_le_bytes());
        bytes.extend(&self.operations);
        bytes.push(self.output_count);
        bytes.extend(&self.outputs);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes.extend(&self.weights);
        bytes
    }
}
