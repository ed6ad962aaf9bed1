//! Small positive definite matrices, stored row by row.

/// The lower triangle `l` with `l·lᵀ = a`; none if `a` (n × n) is not positive definite.
pub(crate) fn cholesky(a: &[f64], n: usize) -> Option<Vec<f64>> {
    debug_assert_eq!(a.len(), n * n);
    let mut l = vec![0.0; n * n];
    for row in 0..n {
        for column in 0..=row {
            let done: f64 = (0..column)
                .map(|k| l[row * n + k] * l[column * n + k])
                .sum();
            let left = a[row * n + column] - done;
            l[row * n + column] = if row == column {
                // Also false for NaN.
                if left > 1e-12 {
                    left.sqrt()
                } else {
                    return None;
                }
            } else {
                left / l[column * n + column]
            };
        }
    }
    Some(l)
}

/// Solves `l·x = b` in place.
pub(crate) fn forward(l: &[f64], b: &mut [f64]) {
    let n = b.len();
    for row in 0..n {
        let done: f64 = (0..row).map(|k| l[row * n + k] * b[k]).sum();
        b[row] = (b[row] - done) / l[row * n + row];
    }
}

/// Solves `lᵀ·x = b` in place.
pub(crate) fn backward(l: &[f64], b: &mut [f64]) {
    let n = b.len();
    for row in (0..n).rev() {
        let done: f64 = (row + 1..n).map(|k| l[k * n + row] * b[k]).sum();
        b[row] = (b[row] - done) / l[row * n + row];
    }
}

/// A standard normal number (Box–Muller; the second one is not kept, for simplicity).
pub(crate) fn normal(rng: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * rng.f64()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn solving_undoes_multiplying() {
        let a = [4.0, 2.0, 0.6, 2.0, 5.0, 1.0, 0.6, 1.0, 3.0];
        let x = [1.0, -2.0, 0.5];
        let mut b: Vec<f64> = (0..3)
            .map(|row| (0..3).map(|k| a[row * 3 + k] * x[k]).sum())
            .collect();
        let l = cholesky(&a, 3).unwrap();
        forward(&l, &mut b);
        backward(&l, &mut b);
        for (got, wanted) in b.iter().zip(x) {
            assert!((got - wanted).abs() < 1e-12);
        }
    }

    #[test]
    fn what_is_not_positive_definite_has_no_root() {
        assert!(cholesky(&[1.0, 2.0, 2.0, 1.0], 2).is_none());
        assert!(cholesky(&[f64::NAN], 1).is_none());
    }

    #[test]
    fn normal_numbers_have_mean_0_and_variance_1() {
        let mut rng = fastrand::Rng::with_seed(7);
        let drawn: Vec<f64> = (0..20_000).map(|_| normal(&mut rng)).collect();
        let mean = drawn.iter().sum::<f64>() / 20_000.0;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05);
    }
}
