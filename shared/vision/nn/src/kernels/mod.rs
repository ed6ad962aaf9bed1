//! The arithmetic, for each kind of operation.

pub(crate) mod convolve;
pub(crate) mod depthwise;
pub(crate) mod elementwise;
pub(crate) mod lanes;
pub(crate) mod pool;
pub(crate) mod rearrange;
pub(crate) mod resize;
pub(crate) mod stage;
pub(crate) mod store;
pub(crate) mod tile;
pub(crate) mod winograd;
