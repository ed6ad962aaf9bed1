//! The unit of all pictures and weights in memory: 16 channels of one pixel.

use bytemuck::{Pod, Zeroable};

/// Channels in a [`Block`].
pub(crate) const LANES: usize = 16;

/// 16 channels of one pixel, or 16 output channels of one weight; as large as a cache line and an AVX-512 register.
#[derive(Debug, Clone, Copy, PartialEq, Pod, Zeroable)]
#[repr(C, align(64))]
pub(crate) struct Block(pub(crate) [f32; LANES]);

impl Block {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// Channels × rows × columns of a picture. In memory it is a plane for each 16 channels, row by row; channels that
/// fill the last plane up have no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) channels: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}

impl Shape {
    /// Blocks in one plane.
    pub(crate) fn pixels(self) -> usize {
        self.rows * self.columns
    }

    /// Planes of 16 channels.
    pub(crate) fn planes(self) -> usize {
        self.channels.div_ceil(LANES)
    }

    /// Blocks in all planes.
    pub(crate) fn blocks(self) -> usize {
        self.planes() * self.pixels()
    }

    /// Numbers, as outputs are counted.
    pub(crate) fn numbers(self) -> usize {
        self.channels * self.pixels()
    }
}
