//! Small files that would be huge pictures are refused from their headers. Alone in its process, so that the
//! peak memory is its own.

mod files;

use std::time::{Duration, Instant};

use drape_domain::item::ImageType::{Jpeg, Png, Webp};
use drape_vision::decode;
use files::{black_png, jpeg_claiming, webp_claiming};

/// The most memory that the process ever held, in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

#[test]
fn a_picture_of_40000_by_40000_costs_neither_memory_nor_time() {
    let png = black_png(40_000, 40_000);
    let jpeg = jpeg_claiming(40_000, 40_000);
    let webp = webp_claiming(16_384, 16_384);
    let before = peak_kib();

    let started = Instant::now();
    for (bytes, declared) in [(&png, Png), (&jpeg, Jpeg), (&webp, Webp)] {
        let error = decode(bytes, declared).unwrap_err();
        assert_eq!(error.code(), "too_many_pixels");
        assert!(
            error.message().contains("50 megapixels"),
            "{}",
            error.message()
        );
    }

    assert!(
        started.elapsed() < Duration::from_secs(2),
        "{:?}",
        started.elapsed()
    );
    if let (Some(before), Some(after)) = (before, peak_kib()) {
        assert!(after - before < 16 * 1024, "{} KiB more", after - before);
    }
}
