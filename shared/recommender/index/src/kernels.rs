//! The inner loops.

use pulp::NullaryFnOnce;

use crate::{
    format::Factors,
    quantize::{PlaneQuery, WholeQuery},
};

/// Rows that are looked at together: those of a word of a bitset.
pub(crate) const BLOCK: usize = 64;

/// Inner products of a query with byte rows, for those rows of a block whose bit is set.
pub(crate) struct ByteProducts<'a> {
    /// Rows one after the other, as long as the query.
    pub(crate) rows: &'a [i8],
    pub(crate) scales: &'a [f32],
    pub(crate) query: &'a WholeQuery,
    pub(crate) chosen: u64,
    /// Added to each product.
    pub(crate) base: f32,
    pub(crate) out: &'a mut [f32; BLOCK],
}

impl NullaryFnOnce for ByteProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.query.values.len();
        let rows = self.rows.chunks_exact(width).zip(self.scales).zip(self.out);
        for (at, ((row, scale), out)) in rows.enumerate() {
            if self.chosen >> at & 1 == 1 {
                *out = self.base
                    + self.query.scale * scale * whole_product(row, &self.query.values) as f32;
            }
        }
    }
}

/// Both have a multiple of 64 numbers.
#[inline(always)]
fn whole_product(row: &[i8], query: &[i16]) -> i32 {
    row.iter()
        .zip(query)
        .map(|(row, query)| i32::from(*row) * i32::from(*query))
        .sum()
}

/// Upper bounds of inner products by one-bit codes, for a block.
pub(crate) struct CodeProducts<'a> {
    /// Words of eight rows at a time.
    pub(crate) codes: &'a [u64],
    pub(crate) factors: &'a [Factors],
    pub(crate) query: &'a PlaneQuery,
    /// Added to the query's product with the signs.
    pub(crate) margin: f32,
    /// Added to each product.
    pub(crate) base: f32,
    pub(crate) out: &'a mut [f32; BLOCK],
}

impl NullaryFnOnce for CodeProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let query = self.query;
        let rest = query.rest + self.margin;
        let groups = self.codes.chunks_exact(8 * query.planes.len());
        let (outs, _) = self.out.as_chunks_mut::<8>();
        let places = self.factors.iter().zip(outs);
        for (codes, (factor, out)) in groups.zip(places) {
            let mut counts = [0_u64; 8];
            for (words, planes) in codes.chunks_exact(8).zip(&query.planes) {
                for (count, word) in counts.iter_mut().zip(words) {
                    *count += u64::from((word & planes[0]).count_ones())
                        + (u64::from((word & planes[1]).count_ones()) << 1)
                        + (u64::from((word & planes[2]).count_ones()) << 2)
                        + (u64::from((word & planes[3]).count_ones()) << 3);
                }
            }
            for at in 0..8 {
                let product = query.per_count * counts[at] as u32 as f32
                    + query.per_one * factor.ones[at]
                    + rest;
                out[at] = self.base + factor.scales[at] * product;
            }
        }
    }
}

/// The inner product of two vectors in full precision.
pub(crate) struct Product<'a>(pub(crate) &'a [f32], pub(crate) &'a [f32]);

impl NullaryFnOnce for Product<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        // As many as keep the widest instructions busy while they wait for their own sums.
        const LANES: usize = 64;
        // The order of the sums is fixed, so that all instruction sets agree to the last bit.
        let mut sums = [0.0_f32; LANES];
        let (a, b) = (self.0.chunks_exact(LANES), self.1.chunks_exact(LANES));
        let rest: f32 = a
            .remainder()
            .iter()
            .zip(b.remainder())
            .map(|(a, b)| a * b)
            .sum();
        for (a, b) in a.zip(b) {
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum += a[at] * b[at];
            }
        }
        let mut width = LANES / 2;
        while width > 0 {
            for at in 0..width {
                sums[at] += sums[at + width];
            }
            width /= 2;
        }
        sums[0] + rest
    }
}

/// The rows of a block whose bit is set and whose product is from `least` up and below `most`.
pub(crate) struct Within<'a> {
    pub(crate) products: &'a [f32; BLOCK],
    pub(crate) chosen: u64,
    pub(crate) least: f32,
    pub(crate) most: f32,
}

impl NullaryFnOnce for Within<'_> {
    type Output = u64;

    #[inline(always)]
    fn call(self) -> u64 {
        let is_within = |product: &f32| (*product >= self.least) & (*product < self.most);
        // Mostly there is none, which is told much faster than which ones there are.
        if !self
            .products
            .iter()
            .fold(false, |any, product| any | is_within(product))
        {
            return 0;
        }
        let bits = self.products.iter().enumerate();
        bits.fold(0, |bits, (at, product)| {
            bits | u64::from(is_within(product)) << at
        }) & self.chosen
    }
}
