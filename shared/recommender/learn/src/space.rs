//! What goes with what: projections of two slots' codes into a space where pieces that are worn together meet.

use nalgebra::{DMatrix, DMatrixView, DVector};

use crate::{
    bytes::{Broken, Reader, Writer},
    garment::SLOTS,
    subspace::main_directions,
};

/// Dimensions of the space in which two slots meet.
pub(crate) const RANK: usize = 16;
/// The most dimensions of a code.
const MOST_KEPT: usize = 256;
/// Pulls the inverse covariances towards a multiple of one. Held-out results are flat from 30 to 1,000.
const RIDGE: f32 = 100.0;
/// How much of each slot's own statistics gives way to those of all slots, which rest on more pairs.
const SHARED: f32 = 0.5;

/// Sums over pieces and pairs; those of parts of the data add and subtract.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Moments {
    kept: usize,
    /// For each slot the sum of x xᵀ.
    own: Vec<DMatrix<f32>>,
    /// For slots a ≤ b at `a * SLOTS + b`, the sum of x yᵀ over pairs.
    cross: Vec<DMatrix<f32>>,
}

impl Moments {
    /// Of pieces, each with slot and code, and pairs of their places.
    pub(crate) fn of(kept: usize, pieces: &[(usize, &[f32])], pairs: &[(usize, usize)]) -> Self {
        let stacked = |rows: &[&[f32]]| {
            DMatrix::from_row_iterator(
                rows.len(),
                kept,
                rows.iter().flat_map(|row| row.iter().copied()),
            )
        };
        let own = (0..SLOTS)
            .map(|slot| {
                let of_slot = pieces.iter().filter(|(at, _)| *at == slot);
                let rows = stacked(&of_slot.map(|(_, code)| *code).collect::<Vec<_>>());
                rows.transpose() * &rows
            })
            .collect();
        let (mut lefts, mut rights) = (
            vec![Vec::new(); SLOTS * SLOTS],
            vec![Vec::new(); SLOTS * SLOTS],
        );
        for (first, second) in pairs {
            let (Some(mut x), Some(mut y)) = (pieces.get(*first), pieces.get(*second)) else {
                continue;
            };
            if x.0 > y.0 {
                std::mem::swap(&mut x, &mut y);
            }
            let at = x.0 * SLOTS + y.0;
            if let (Some(left), Some(right)) = (lefts.get_mut(at), rights.get_mut(at)) {
                left.push(x.1);
                right.push(y.1);
            }
        }
        let cross = lefts
            .iter()
            .zip(&rights)
            .enumerate()
            .map(|(at, (left, right))| {
                let sum = stacked(left).transpose() * stacked(right);
                if at / SLOTS == at % SLOTS {
                    // Within a slot neither piece comes first.
                    (&sum + sum.transpose()) * 0.5
                } else {
                    sum
                }
            })
            .collect();
        Self { kept, own, cross }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.zip(other, |x, y| *x += y);
    }

    pub(crate) fn subtract(&mut self, other: &Self) {
        self.zip(other, |x, y| *x -= y);
    }

    fn zip(&mut self, other: &Self, change: impl Fn(&mut DMatrix<f32>, &DMatrix<f32>)) {
        let own = self.own.iter_mut().zip(&other.own);
        for (x, y) in own.chain(self.cross.iter_mut().zip(&other.cross)) {
            change(x, y);
        }
    }
}

/// For every two slots a bilinear form xᵀ W y of low rank, in factors.
///
/// W is the cross-covariance of pieces worn together between the regularised inverse covariances of each side, as in
/// canonical correlation (H. Hotelling, 1936) with ridge (H. D. Vinod, 1976), its largest singular parts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Space {
    kept: usize,
    /// `RANK` × `kept` for each slot towards each other: at `from * SLOTS + to`.
    projections: Vec<f32>,
}

impl Space {
    pub(crate) fn fit(moments: &Moments, seed: u64) -> Self {
        let kept = moments.kept;
        if kept == 0 {
            return Self {
                kept,
                projections: Vec::new(),
            };
        }
        let mut shared = DMatrix::zeros(kept, kept);
        let mut everyone = DMatrix::zeros(kept, kept);
        for sum in &moments.cross {
            shared += sum + sum.transpose();
        }
        for sum in &moments.own {
            everyone += sum;
        }
        let ridge = DMatrix::identity(kept, kept) * RIDGE;
        let inverse: Vec<DMatrix<f32>> = moments
            .own
            .iter()
            .map(|own| {
                let covariance = own * (1.0 - SHARED) + &everyone * SHARED + &ridge;
                covariance.cholesky().map_or_else(
                    || DMatrix::identity(kept, kept) / RIDGE,
                    |factors| factors.inverse(),
                )
            })
            .collect();
        let size = RANK * kept;
        let mut projections = vec![0.0; SLOTS * SLOTS * size];
        let mut put = |from: usize, to: usize, projection: &DMatrix<f32>| {
            let at = (from * SLOTS + to) * size;
            let rows = projection.transpose();
            for (to, x) in projections.iter_mut().skip(at).zip(rows.iter()) {
                *to = *x;
            }
        };
        for (at, own) in moments.cross.iter().enumerate() {
            let (a, b) = (at / SLOTS, at % SLOTS);
            let (Some(left), Some(right)) = (inverse.get(a), inverse.get(b)) else {
                continue;
            };
            let form = left * (own * (1.0 - SHARED) + &shared * SHARED) * right;
            if a < b {
                let size = form.amax().max(f32::MIN_POSITIVE);
                let unit = &form / size;
                let directions = main_directions(kept, RANK, seed, |columns| {
                    &unit * (unit.transpose() * columns)
                });
                put(a, b, &directions.transpose());
                put(b, a, &(directions.transpose() * &form));
            } else if a == b {
                put(a, a, &positive_part(&form, seed));
            }
        }
        Self { kept, projections }
    }

    /// Makes the form's typical size over these pairs of pieces one.
    pub(crate) fn normalise<'a>(&mut self, pairs: impl Iterator<Item = [(usize, &'a [f32]); 2]>) {
        let (mut sum, mut count) = (0.0_f64, 0.0_f64);
        for [(a, x), (b, y)] in pairs {
            let value = dot(&self.towards(a, b, x), &self.towards(b, a, y));
            sum += f64::from(value).powi(2);
            count += 1.0;
        }
        let size = (sum / f64::max(count, 1.0)).sqrt();
        if size > 1e-20 && size.is_finite() {
            let scale = (1.0 / size.sqrt()) as f32;
            self.projections.iter_mut().for_each(|x| *x *= scale);
        }
    }

    /// A piece's code in the space where its slot meets the other: at most `RANK` values.
    fn towards(&self, from: usize, to: usize, code: &[f32]) -> Vec<f32> {
        let size = RANK * self.kept;
        let start = (from * SLOTS + to) * size;
        let rows = self
            .projections
            .get(start..start + size)
            .unwrap_or_default();
        rows.chunks_exact(self.kept.max(1))
            .map(|row| dot(row, code))
            .collect()
    }

    /// A piece's code in its meeting space with every slot, one after the other.
    pub(crate) fn project(&self, slot: usize, code: &[f32]) -> Vec<f32> {
        let mut all = Vec::with_capacity(SLOTS * RANK);
        for to in 0..SLOTS {
            all.extend(self.towards(slot, to, code));
        }
        all.resize(SLOTS * RANK, 0.0);
        all
    }

    /// The same for pieces with their slots, as one product of matrices for each slot, which is faster.
    pub(crate) fn project_all(&self, pieces: &[(usize, &[f32])]) -> Vec<Vec<f32>> {
        const SPAN: usize = SLOTS * RANK;
        /// Fewer are faster one by one.
        const LEAST: usize = 6;
        let mut all = vec![Vec::new(); pieces.len()];
        for slot in 0..SLOTS {
            let places: Vec<usize> = (pieces.iter().enumerate())
                .filter(|(_, (own, _))| *own == slot)
                .map(|(place, _)| place)
                .collect();
            let codes = || (places.iter()).filter_map(|place| Some(pieces.get(*place)?.1));
            let sound = codes().all(|code| code.len() == self.kept);
            let size = SPAN * self.kept;
            let rows = self.projections.get(slot * size..(slot + 1) * size);
            let mut put = |place: usize, values: Vec<f32>| {
                if let Some(to) = all.get_mut(place) {
                    *to = values;
                }
            };
            match rows {
                Some(rows) if places.len() >= LEAST && size > 0 && sound => {
                    let codes = codes().flat_map(|code| code.iter().copied());
                    let codes = DMatrix::from_row_iterator(places.len(), self.kept, codes);
                    let found = codes * DMatrixView::from_slice(rows, self.kept, SPAN);
                    for (row, place) in places.iter().enumerate() {
                        put(*place, found.row(row).iter().copied().collect());
                    }
                }
                _ => {
                    for (place, code) in places.iter().zip(codes()) {
                        put(*place, self.project(slot, code));
                    }
                }
            }
        }
        all
    }

    /// The code of the partner in the other slot that suits best: W applied to the code.
    pub(crate) fn partner(&self, from: usize, to: usize, code: &[f32]) -> Vec<f32> {
        let size = RANK * self.kept;
        let start = (to * SLOTS + from) * size;
        let rows = self
            .projections
            .get(start..start + size)
            .unwrap_or_default();
        let mut partner = vec![0.0; self.kept];
        let meeting = self.towards(from, to, code);
        for (row, x) in rows.chunks_exact(self.kept.max(1)).zip(meeting) {
            for (sum, y) in partner.iter_mut().zip(row) {
                *sum += x * y;
            }
        }
        partner
    }

    pub(crate) fn kept(&self) -> usize {
        self.kept
    }

    pub(crate) fn write(&self, to: &mut Writer) {
        to.count(self.kept);
        to.floats(&self.projections);
    }

    pub(crate) fn read(from: &mut Reader<'_>) -> Result<Self, Broken> {
        let kept = from.count(MOST_KEPT)?;
        Ok(Self {
            kept,
            projections: from.floats(SLOTS * SLOTS * RANK * kept)?,
        })
    }
}

/// Factors L of the positive semi-definite part of a symmetric form, L ᵀL, so that both pieces of one slot are
/// projected alike.
fn positive_part(form: &DMatrix<f32>, seed: u64) -> DMatrix<f32> {
    // Tiny values would be lost when squared.
    let size = form.amax();
    if size <= 0.0 {
        return DMatrix::zeros(1, form.ncols());
    }
    let form = form / size;
    let directions = main_directions(form.nrows(), RANK, seed, |columns| {
        &form * (&form * columns)
    });
    let small = (directions.transpose() * &form * &directions).cast::<f64>();
    let eigen = ((&small + small.transpose()) * 0.5).symmetric_eigen();
    let roots = DVector::from_iterator(
        eigen.eigenvalues.len(),
        eigen
            .eigenvalues
            .iter()
            .map(|value| (value.max(0.0) as f32 * size).sqrt()),
    );
    let vectors = eigen.eigenvectors.map(|x| x as f32);
    DMatrix::from_diagonal(&roots) * vectors.transpose() * directions.transpose()
}

/// Over the shorter of the two, in eight sums that a processor keeps side by side.
pub(crate) fn dot(x: &[f32], y: &[f32]) -> f32 {
    let length = x.len().min(y.len());
    let (x, y) = (
        x.get(..length).unwrap_or_default(),
        y.get(..length).unwrap_or_default(),
    );
    let ((x, x_rest), (y, y_rest)) = (x.as_chunks::<8>(), y.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (x, y) in x.iter().zip(y) {
        for ((sum, x), y) in sums.iter_mut().zip(x).zip(y) {
            *sum += x * y;
        }
    }
    let rest: f32 = x_rest.iter().zip(y_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pieces = Vec<(usize, Vec<f32>)>;

    /// Pieces of two slots with three random values; partners share the first, with opposite signs.
    fn planted(count: usize) -> (Pieces, Vec<(usize, usize)>) {
        let mut random = fastrand::Rng::with_seed(5);
        let mut value = || random.f32() * 2.0 - 1.0;
        let mut pieces = Vec::new();
        for _ in 0..count {
            let style = value();
            pieces.push((0, vec![style, value(), value()]));
            pieces.push((4, vec![-style, value(), value()]));
        }
        let pairs = (0..count).map(|at| (2 * at, 2 * at + 1)).collect();
        (pieces, pairs)
    }

    fn fitted(pieces: &[(usize, Vec<f32>)], pairs: &[(usize, usize)]) -> Space {
        let views: Vec<_> = pieces
            .iter()
            .map(|(slot, code)| (*slot, code.as_slice()))
            .collect();
        Space::fit(&Moments::of(3, &views, pairs), 1)
    }

    #[test]
    fn what_partners_have_in_common_is_found() {
        let (pieces, pairs) = planted(2000);
        let space = fitted(&pieces, &pairs);
        let score = |x: &[f32], y: &[f32]| dot(&space.towards(0, 4, x), &space.towards(4, 0, y));
        let good = score(&[1.0, 0.0, 0.0], &[-1.0, 0.0, 0.0]);
        assert!(good > 0.0);
        assert!(score(&[1.0, 0.0, 0.0], &[1.0, 0.0, 0.0]) < -0.9 * good);
        assert!(score(&[0.0, 1.0, 0.0], &[0.0, 1.0, 0.0]).abs() < 0.2 * good);
        let partner = space.partner(0, 4, &[1.0, 0.5, 0.5]);
        assert!(partner[0] < 0.0 && partner[1].abs() < -0.2 * partner[0]);
    }

    #[test]
    fn many_at_once_are_projected_like_each_alone() {
        let (pieces, pairs) = planted(20);
        let space = fitted(&pieces, &pairs);
        let mut views: Vec<_> = (pieces.iter())
            .map(|(slot, code)| (*slot, code.as_slice()))
            .collect();
        views.push((2, &[0.1, 0.2, 0.3]));
        let all = space.project_all(&views);
        assert_eq!(all.len(), views.len());
        for (values, (slot, code)) in all.iter().zip(&views) {
            let alone = space.project(*slot, code);
            assert_eq!(values.len(), alone.len());
            for (x, y) in values.iter().zip(&alone) {
                assert!((x - y).abs() <= 1e-5 * (1.0 + y.abs()), "{x} {y}");
            }
        }
    }

    #[test]
    fn codes_along_which_next_to_nothing_varies_have_finite_projections() {
        let (mut pieces, pairs) = planted(100);
        for (at, (_, code)) in pieces.iter_mut().enumerate() {
            *code = vec![1e-12 * (at as f32).sin(), 0.0, 1e-20];
        }
        let space = fitted(&pieces, &pairs);
        assert!(space.projections.iter().all(|x| x.is_finite()));
        let none = Space::fit(&Moments::of(3, &[], &[]), 1);
        assert!(none.projections.iter().all(|x| x.is_finite()));
    }

    #[test]
    fn sums_of_parts_are_the_sum_of_all() {
        let (pieces, pairs) = planted(50);
        let views: Vec<_> = pieces
            .iter()
            .map(|(slot, code)| (*slot, code.as_slice()))
            .collect();
        let whole = Moments::of(3, &views, &pairs);
        let mut rest = whole.clone();
        let part = Moments::of(3, &views[..40], &pairs[..20]);
        rest.subtract(&part);
        rest.add(&part);
        let (x, y) = (&rest.cross[4], &whole.cross[4]);
        assert!((x - y).norm() < 1e-4 && y.norm() > 1.0);
    }

    #[test]
    fn normalised_scores_are_of_size_one() {
        let (pieces, pairs) = planted(500);
        let mut space = fitted(&pieces, &pairs);
        let of = |at: usize| (pieces[at].0, pieces[at].1.as_slice());
        let sample = || pairs.iter().map(|(a, b)| [of(*a), of(*b)]);
        space.normalise(sample());
        let squares = sample()
            .map(|[(a, x), (b, y)]| dot(&space.towards(a, b, x), &space.towards(b, a, y)).powi(2));
        assert!((squares.sum::<f32>() / 500.0 - 1.0).abs() < 1e-3);
    }
}
