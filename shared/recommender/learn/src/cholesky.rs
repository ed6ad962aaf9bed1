//! Symmetric positive systems of equations.

/// Solves `matrix · x = right` in place of `right`, by Cholesky's factors, which take the place of the matrix's
/// lower triangle (row by row; the upper is not read). None if the matrix is not positive definite.
pub(crate) fn solve(matrix: &mut [f64], right: &mut [f64]) -> Option<()> {
    let size = right.len();
    if matrix.len() != size * size {
        return None;
    }
    for i in 0..size {
        let (above, rest) = matrix.split_at_mut(i * size);
        let row = rest.get_mut(..=i)?;
        for (j, other) in above.chunks_exact(size).enumerate() {
            let (done, left) = row.split_at_mut_checked(j)?;
            let value = left.first_mut()?;
            *value = (*value - dot(done, other)) / other.get(j)?;
        }
        let (done, left) = row.split_at_mut_checked(i)?;
        let diagonal = left.first_mut()?;
        let square = *diagonal - dot(done, done);
        if square.is_nan() || square <= 0.0 || square.is_infinite() {
            return None;
        }
        *diagonal = square.sqrt();
    }
    // Forwards with the lower triangle, then backwards with its transpose.
    for (i, row) in matrix.chunks_exact(size).enumerate() {
        let (done, left) = right.split_at_mut_checked(i)?;
        let value = left.first_mut()?;
        *value = (*value - dot(done, row)) / row.get(i)?;
    }
    for (i, row) in matrix.chunks_exact(size).enumerate().rev() {
        let (before, left) = right.split_at_mut_checked(i)?;
        let value = left.first_mut()?;
        *value /= row.get(i)?;
        for (earlier, factor) in before.iter_mut().zip(row) {
            *earlier -= factor * *value;
        }
    }
    Some(())
}

/// Over the shorter of the two.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        // [4 2; 2 3] · [1; −2] = [0; −4]; the upper triangle is not read.
        let mut matrix = [4.0, 99.0, 2.0, 3.0];
        let mut right = [0.0, -4.0];
        solve(&mut matrix, &mut right).unwrap();
        assert!((right[0] - 1.0).abs() < 1e-12 && (right[1] + 2.0).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_positive_definite_has_no_solution() {
        assert_eq!(solve(&mut [1.0, 0.0, 2.0, 1.0], &mut [1.0, 1.0]), None);
        assert_eq!(solve(&mut [f64::NAN], &mut [1.0]), None);
        assert_eq!(solve(&mut [1.0, 0.0], &mut [1.0]), None);
    }
}
