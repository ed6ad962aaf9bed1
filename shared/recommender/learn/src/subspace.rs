//! The main directions of a large symmetric matrix of which only products are known.

use nalgebra::DMatrix;

/// At most `count` eigenvectors of the largest eigenvalues, as columns, largest first, by subspace iteration from a
/// random start (N. Halko, P. G. Martinsson, J. A. Tropp, "Finding structure with randomness", 2011, algorithm 4.4),
/// the same for the same seed. `apply` multiplies the matrix (`size` × `size`, positive semi-definite) with columns.
pub(crate) fn main_directions(
    size: usize,
    count: usize,
    seed: u64,
    apply: impl Fn(&DMatrix<f32>) -> DMatrix<f32>,
) -> DMatrix<f32> {
    const SPARE: usize = 10;
    const ROUNDS: usize = 4;
    let count = count.min(size);
    let mut random = fastrand::Rng::with_seed(seed);
    let start = DMatrix::from_fn(size, (count + SPARE).min(size), |_, _| {
        random.f32() - random.f32()
    });
    let mut basis = start.qr().q();
    for _ in 0..ROUNDS {
        basis = unit_columns(apply(&basis)).qr().q();
    }
    // Within the subspace the matrix is small enough for exact eigenvectors (Rayleigh and Ritz).
    let small = basis.transpose() * apply(&basis);
    // In double precision: in single, rounding where next to nothing varies can end as no number at all.
    let small = scaled(small).cast::<f64>();
    let eigen = ((&small + small.transpose()) * 0.5).symmetric_eigen();
    let mut order: Vec<usize> = (0..eigen.eigenvalues.len()).collect();
    let value = |at: &usize| eigen.eigenvalues.get(*at).copied().unwrap_or_default();
    order.sort_by(|a, b| value(b).total_cmp(&value(a)).then(a.cmp(b)));
    // Directions along which next to nothing varies are no more than rounding; one is kept in any case.
    let least = order.first().map(value).unwrap_or_default() * 1e-6;
    let chosen: Vec<_> = order
        .iter()
        .take(count)
        .enumerate()
        .filter(|(place, at)| *place == 0 || value(at) > least)
        .map(|(_, at)| eigen.eigenvectors.column(*at).map(|x| x as f32))
        .collect();
    basis * DMatrix::from_columns(&chosen)
}

/// With a largest value of one.
fn scaled(matrix: DMatrix<f32>) -> DMatrix<f32> {
    let size = matrix.amax();
    if size > 0.0 { matrix / size } else { matrix }
}

/// Columns with a largest value of one, so that squares of those along which little varies do not vanish.
fn unit_columns(mut columns: DMatrix<f32>) -> DMatrix<f32> {
    for mut column in columns.column_iter_mut() {
        let size = column.amax();
        if size > 0.0 {
            column /= size;
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_directions_of_a_diagonal_matrix_are_its_axes() {
        let diagonal = DMatrix::from_diagonal(&nalgebra::DVector::from_fn(40, |at, _| {
            if at == 7 {
                9.0
            } else if at == 31 {
                4.0
            } else {
                0.1
            }
        }));
        let found = main_directions(40, 2, 1, |columns| &diagonal * columns);
        assert!((found[(7, 0)].abs() - 1.0).abs() < 1e-4);
        assert!((found[(31, 1)].abs() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn a_matrix_of_low_rank_and_small_values_has_finite_directions() {
        let column = DMatrix::from_fn(30, 1, |at, _| (at as f32).sin() * 1e-9);
        let found = main_directions(30, 8, 1, |columns| &column * (column.transpose() * columns));
        assert!(found.iter().all(|x| x.is_finite()));
        let along = (column.transpose() * found.column(0))[(0, 0)];
        assert!((along.abs() / column.norm() - 1.0).abs() < 1e-3);
    }

    #[test]
    fn of_nothing_there_is_one_direction() {
        let zero = DMatrix::<f32>::zeros(5, 5);
        let found = main_directions(5, 3, 1, |columns| &zero * columns);
        assert_eq!(found.ncols(), 1);
        assert!(found.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn a_small_matrix_has_no_more_directions_than_its_size() {
        let found = main_directions(3, 10, 1, Clone::clone);
        assert_eq!(found.shape(), (3, 3));
    }
}
