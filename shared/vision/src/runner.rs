//! Running a model: one image-shaped input in, float outputs out.

use std::sync::Arc;

use rten::{Model, ModelOptions, NodeId, RunOptions, ThreadPool, op_registry};
use rten_tensor::{AsView, Layout, NdTensor, Tensor};

/// A model could not be loaded or run. This is a fault of the build or of the machine, never of a photo.
#[derive(Debug, thiserror::Error)]
#[error("model {model}: {reason}")]
pub struct ModelError {
    model: &'static str,
    reason: String,
}

/// One output of a model, in row-major order.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its values; as many as the dimensions' product.
    pub data: Vec<f32>,
}

/// A loaded model. Loading takes some 10–40 ms, so make it once and share it: running takes `&self`.
pub struct Runner {
    name: &'static str,
    model: Model,
    input: NodeId,
    outputs: Vec<NodeId>,
    pool: Option<Arc<ThreadPool>>,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// Loads an ONNX model whose only input is NCHW and of which the named outputs are wanted. `name` is for
    /// error messages.
    ///
    /// # Errors
    /// [`ModelError`] if the bytes are no model, need an operator that is not compiled in, or have no such
    /// output.
    pub fn load(
        name: &'static str,
        bytes: &'static [u8],
        outputs: &[&str],
    ) -> Result<Self, ModelError> {
        let fail = |reason: String| ModelError {
            model: name,
            reason,
        };
        // Only the operators that the five models use: naming them keeps the rest out of the binary.
        let operators = op_registry!(
            Add,
            Cast,
            Clip,
            Concat,
            Conv,
            ConvTranspose,
            DepthToSpace,
            Flatten,
            Gather,
            GlobalAveragePool,
            Identity,
            MaxPool,
            Mul,
            Pad,
            Relu,
            Reshape,
            Resize,
            Shape,
            Sigmoid,
            Slice,
            Transpose,
            Unsqueeze
        );
        let mut options = ModelOptions::with_ops(operators);
        options.prepack_weights(true);
        let model = options
            .load_static_slice(bytes)
            .map_err(|error| fail(error.to_string()))?;
        let [input] = *model.input_ids() else {
            return Err(fail(format!(
                "has {} inputs, not one",
                model.input_ids().len()
            )));
        };
        let outputs = outputs
            .iter()
            .map(|output| {
                model
                    .node_id(output)
                    .map_err(|error| fail(format!("output {output}: {error}")))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            model,
            input,
            outputs,
            pool: None,
        })
    }

    /// Runs on this many threads of its own from now on, instead of on a pool shared by the process with one
    /// thread for each core.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.pool = Some(Arc::new(ThreadPool::with_num_threads(threads)));
        self
    }

    /// Runs the model on one input of the given NCHW shape, and answers the outputs in the order in which
    /// they were named.
    ///
    /// # Errors
    /// [`ModelError`] if the shape is not the model's or does not fit the data.
    pub fn run(&self, shape: [usize; 4], data: Vec<f32>) -> Result<Vec<Output>, ModelError> {
        let fail = |reason: String| ModelError {
            model: self.name,
            reason,
        };
        let input =
            NdTensor::try_from_data(shape, data).map_err(|error| fail(error.to_string()))?;
        let options = self
            .pool
            .as_ref()
            .map(|pool| RunOptions::default().with_thread_pool(Some(Arc::clone(pool))));
        let values = self
            .model
            .run(vec![(self.input, input.into())], &self.outputs, options)
            .map_err(|error| fail(error.to_string()))?;
        values
            .into_iter()
            .map(|value| {
                let tensor: Tensor<f32> = value
                    .try_into()
                    .map_err(|_| fail("an output is not float".to_owned()))?;
                Ok(Output {
                    shape: tensor.shape().to_vec(),
                    data: tensor.to_vec(),
                })
            })
            .collect()
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
    fn every_model_loads_and_runs() {
        for (name, bytes, size, output) in [
            ("u2netp", drape_models::U2NETP, 320, "1959"),
            (
                "efficientnet_lite0",
                drape_models::EFFICIENTNET_LITE0,
                224,
                "features",
            ),
            (
                "pose_landmark",
                drape_models::POSE_LANDMARK,
                256,
                "Identity",
            ),
            (
                "selfie_segmentation",
                drape_models::SELFIE_SEGMENTATION,
                256,
                "activation_10",
            ),
        ] {
            let runner = Runner::load(name, bytes, &[output])
                .unwrap()
                .with_threads(1);
            let outputs = runner
                .run([1, 3, size, size], vec![0.5; 3 * size * size])
                .unwrap();
            assert!(
                outputs[0].data.iter().all(|value| value.is_finite()),
                "{name}"
            );
        }
    }

    #[test]
    fn rubbish_is_an_error_and_not_a_panic() {
        assert!(Runner::load("rubbish", b"not a model", &[]).is_err());
        assert!(Runner::load("u2netp", drape_models::U2NETP, &["no such output"]).is_err());
        let runner = Runner::load("u2netp", drape_models::U2NETP, &["1959"]).unwrap();
        assert!(runner.run([1, 3, 10, 10], vec![0.0; 5]).is_err());
    }
}
