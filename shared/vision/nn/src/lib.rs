//! Runs small convolutional networks on one core.
//!
//! ```no_run
//! # fn main() -> Result<(), drape_nn::Error> {
//! # let (bytes, photo): (Vec<u8>, Vec<f32>) = (Vec::new(), Vec::new());
//! let model = drape_nn::Model::load(&bytes, &["features"])?;
//! let outputs = model.run([1, 3, 224, 224], &photo)?;
//! # Ok(())
//! # }
//! ```

mod block;
mod error;
mod format;
mod isa;
mod kernels;
mod model;
mod plan;
mod program;
mod reader;
mod weights;

pub use error::Error;
pub use isa::InstructionSet;
pub use model::{Model, Output};
