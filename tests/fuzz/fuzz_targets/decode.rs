//! Any bytes through the decoder: a photo within its limits, or a reason, and never a panic.
#![no_main]

use drape_domain::item::ImageType;
use drape_vision::decode;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: quiet(), |bytes: &[u8]| {
    let declared = match bytes {
        [0x89, ..] => ImageType::Png,
        [b'R', ..] => ImageType::Webp,
        _ => ImageType::Jpeg,
    };
    match decode(bytes, declared) {
        Ok(photo) => {
            let (width, height) = photo.size();
            assert!(width > 0 && height > 0, "an empty photo");
            assert!(
                width.max(height) <= drape_vision::decode::MAX_SIDE,
                "{width} × {height}"
            );
            if let Some(alpha) = photo.alpha {
                assert_eq!(alpha.dimensions(), (width, height));
            }
        }
        Err(error) => assert!(!error.code().is_empty()),
    }
});

/// The engine turns a decoder's panic into a refusal, so only those that get past it may end the run.
fn quiet() {
    std::panic::set_hook(Box::new(|_| {}));
}
