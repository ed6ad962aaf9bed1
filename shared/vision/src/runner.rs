//! Running a model: one image-shaped input in, float outputs out.

use drape_nn::Model;
pub use drape_nn::Output;

/// A model could not be loaded or run. This is a fault of the build or of the machine, never of a photo.
#[derive(Debug, thiserror::Error)]
#[error("model {model}: {reason}")]
pub struct ModelError {
    model: &'static str,
    reason: drape_nn::Error,
}

/// A loaded model. Loading takes some milliseconds, so make it once and share it: running takes `&self` and one
/// core.
#[derive(Debug)]
pub struct Runner {
    name: &'static str,
    model: Model,
}

impl Runner {
    /// Loads a packed model of which the named outputs are wanted. `name` is for error messages.
    ///
    /// # Errors
    /// [`ModelError`] if the bytes are no model, or one without such an output.
    pub fn load(
        name: &'static str,
        bytes: &'static [u8],
        outputs: &[&str],
    ) -> Result<Self, ModelError> {
        let model = Model::load(bytes, outputs).map_err(|reason| ModelError {
            model: name,
            reason,
        })?;
        Ok(Self { name, model })
    }

    /// Runs the model on one input of the given NCHW shape, and answers the outputs in the order in which
    /// they were named.
    ///
    /// # Errors
    /// [`ModelError`] if the shape is not the model's or does not fit the data.
    pub fn run(
        &self,
        shape: [usize; 4],
        data: impl AsRef<[f32]>,
    ) -> Result<Vec<Output>, ModelError> {
        self.model
            .run(shape, data.as_ref())
            .map_err(|reason| ModelError {
                model: self.name,
                reason,
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loaded_model_answers_the_named_outputs_in_order() {
        let runner = Runner::load(
            "pose_detection",
            drape_models::POSE_DETECTION,
            &["Identity_1", "Identity"],
        )
        .unwrap();
        let outputs = runner
            .run([1, 3, 224, 224], vec![0.0; 3 * 224 * 224])
            .unwrap();
        let shapes: Vec<_> = outputs
            .iter()
            .map(|output| output.shape.as_slice())
            .collect();
        assert_eq!(shapes, [[1, 2254, 1], [1, 2254, 12]]);
        assert_eq!(outputs[1].data.len(), 2254 * 12);
    }

    #[test]
    fn rubbish_is_an_error_and_not_a_panic() {
        assert!(Runner::load("rubbish", b"not a model", &[]).is_err());
        assert!(
            Runner::load(
                "selfie",
                drape_models::SELFIE_SEGMENTATION,
                &["no such output"]
            )
            .is_err()
        );
        let runner = Runner::load(
            "selfie",
            drape_models::SELFIE_SEGMENTATION,
            &["activation_10"],
        )
        .unwrap();
        assert!(runner.run([1, 3, 256, 256], [0.0; 5]).is_err());
        assert!(
            runner
                .run([1, 3, 128, 512], vec![0.0; 3 * 256 * 256])
                .is_err()
        );
    }
}
