//! The vision models' weights, fetched, converted and packed by `make models`, and compiled in.
//!
//! Each model is a static of its own, so the linker leaves out those that a binary never names. All are packed for
//! `drape-nn` with float32 weights, take one picture in NCHW order, and are licensed under Apache-2.0. `fetch.py`
//! beside this crate says where each comes from.

/// Salient-object segmentation: 1×3×320×320 (divided by the image's maximum, then ImageNet mean and
/// deviation) → 1×1×320×320, the fused map (`1959`).
pub static U2NETP: &[u8] = include_bytes!(concat!(env!("DRAPE_MODELS_DIR"), "/u2netp.nn"));

/// Image features: 1×3×224×224 as `(x − 127) / 128` → 1×1280, pooled (`features`). No classifier.
pub static EFFICIENTNET_LITE0: &[u8] =
    include_bytes!(concat!(env!("DRAPE_MODELS_DIR"), "/efficientnet_lite0.nn"));

/// Person detector: 1×3×224×224 as `x / 127.5 − 1` → 1×2254×12 boxes with four key points (`Identity`) and
/// 1×2254×1 score logits (`Identity_1`), over anchors of strides 8, 16, 32, 32, 32.
pub static POSE_DETECTION: &[u8] =
    include_bytes!(concat!(env!("DRAPE_MODELS_DIR"), "/pose_detection.nn"));

/// Body landmarks of one person crop: 1×3×256×256 as `x / 255` → 1×195 (39 landmarks × x, y, z,
/// visibility logit, presence logit; `Identity`), 1×1 presence (`Identity_1`), 1×1×256×256 mask logits
/// (`Identity_2`), 1×39×64×64 heat maps (`Identity_3`), 1×117 world coordinates (`Identity_4`).
pub static POSE_LANDMARK: &[u8] =
    include_bytes!(concat!(env!("DRAPE_MODELS_DIR"), "/pose_landmark.nn"));

/// Person mask: 1×3×256×256 as `x / 255` → 1×1×256×256 in 0–1 (`activation_10`).
pub static SELFIE_SEGMENTATION: &[u8] =
    include_bytes!(concat!(env!("DRAPE_MODELS_DIR"), "/selfie_segmentation.nn"));

#[cfg(test)]
mod tests {
    #[test]
    fn every_model_is_there() {
        for (name, bytes) in [
            ("u2netp", super::U2NETP),
            ("efficientnet_lite0", super::EFFICIENTNET_LITE0),
            ("pose_detection", super::POSE_DETECTION),
            ("pose_landmark", super::POSE_LANDMARK),
            ("selfie_segmentation", super::SELFIE_SEGMENTATION),
        ] {
            assert!(bytes.len() > 100_000, "{name} is {} bytes", bytes.len());
        }
    }
}
