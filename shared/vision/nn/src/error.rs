//! What can go wrong.

/// A packed model could not be loaded or run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes end too early.
    #[error("the model is cut short")]
    CutShort,
    /// The bytes are no packed model, or one of another version.
    #[error("not a packed model of this version")]
    NotAModel,
    /// A part of the model contradicts another or goes beyond a limit.
    #[error("the model is broken: {0}")]
    Broken(&'static str),
    /// The model has no output of this name.
    #[error("no output is called {0}")]
    NoSuchOutput(String),
    /// The input has another shape than the model's, or another number of values.
    #[error("an input of shape {shape:?} with {values} values where {wanted:?} is expected")]
    WrongInput {
        /// As it was called.
        shape: [usize; 4],
        /// How many there were.
        values: usize,
        /// The model's shape.
        wanted: [usize; 4],
    },
}
