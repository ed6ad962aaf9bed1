//! How fast one thread reads memory: what no search that reads all of it can beat.

use std::{hint::black_box, time::Duration};

use cpu_time::ThreadTime;

/// Bytes a second, in so much memory; the best of several times.
pub(crate) fn read(bytes: usize) -> f64 {
    const SUMS: usize = 16;
    let words = vec![1_u64; bytes / 8];
    // Small memory is read more often, for the clock is coarse.
    let rounds = (256 << 20) / bytes + 1;
    let mut best = Duration::MAX;
    for _ in 0..7 {
        let before = ThreadTime::now();
        for _ in 0..rounds {
            let mut sums = [0_u64; SUMS];
            for words in black_box(&words).chunks_exact(SUMS) {
                for (sum, word) in sums.iter_mut().zip(words) {
                    *sum = sum.wrapping_add(*word);
                }
            }
            black_box(sums);
        }
        best = best.min(before.elapsed());
    }
    (words.len() * 8 * rounds) as f64 / best.as_secs_f64()
}
