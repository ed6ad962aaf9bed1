//! Looking through a slot of several segments for the rows that are nearest to queries.

use drape_domain::Slot;

use crate::{
    Hit, InstructionSet, Row, Segment, Wanted,
    catalog::Part,
    filter::{ones, select},
    kernels::{BLOCK, ByteProducts, CodeProducts, Product, Within},
    quantize::{PlaneQuery, WholeQuery},
    rotate::Rotation,
    shortlist::{Largest, Shortlist},
};

/// Most rows that are scored in full precision for a query, as a multiple of `k` and at least.
const RESCORED: (usize, usize) = (16, 2048);

/// How many standard deviations a row may be better than its one-bit code says, so as not to be left out: more finds
/// more of the nearest and takes longer. Of 300,000 vectors, this finds all of the ten nearest where vectors are like
/// garments', and 99.8 % where all directions are as likely.
const MARGIN: f32 = 1.5;

/// By how much the inner product of a query of length 1 with a code's signs is off, which is √(1 − 2/π).
const DEVIATION: f32 = 0.603;

/// A query, made ready.
struct Query<'a> {
    precise: &'a [f32],
    rotated: Vec<f32>,
    norm: f32,
    whole: WholeQuery,
    planes: PlaneQuery,
    shortlist: Shortlist,
}

/// For each query, which must have as many numbers as the rows and all finite, its hits.
pub(crate) fn search(
    parts: &[Part],
    rotation: &Rotation,
    set: InstructionSet,
    slot: Slot,
    queries: &[&[f32]],
    wanted: &Wanted<'_>,
    k: usize,
) -> Vec<Vec<Hit>> {
    let mut ready: Vec<Query<'_>> = queries
        .iter()
        .map(|query| {
            let mut rotated = vec![0.0; rotation.padded()];
            rotation.apply(query, &mut rotated);
            Query {
                precise: query,
                norm: norm(query),
                whole: WholeQuery::new(&rotated),
                planes: PlaneQuery::new(&rotated),
                rotated,
                shortlist: Shortlist::new(k, (k * RESCORED.0).max(RESCORED.1)),
            }
        })
        .collect();
    let index = slot as usize;
    for (at, part) in parts.iter().enumerate() {
        if part.segment.rows_of(index).is_empty() {
            continue;
        }
        let scan = Scan {
            set,
            number: at as u32,
            segment: &part.segment,
            slot: index,
            chosen: select(&part.segment, index, wanted, part.hidden(index)),
            mean_norm: norm(part.segment.mean(index)),
        };
        scan.run(&mut ready, k);
    }
    ready
        .into_iter()
        .map(|query| rescore(parts, set, query, k))
        .collect()
}

/// What codes say of a query's products.
struct Glance {
    base: f32,
    /// Upper bounds, block by block.
    uppers: Vec<[f32; BLOCK]>,
    /// The highest of them.
    best: Largest,
}

/// One slot of one segment, looked through.
struct Scan<'a> {
    set: InstructionSet,
    number: u32,
    segment: &'a Segment,
    slot: usize,
    chosen: Vec<u64>,
    mean_norm: f32,
}

impl Scan<'_> {
    fn run(&self, queries: &mut [Query<'_>], k: usize) {
        let count: u32 = self.chosen.iter().map(|word| word.count_ones()).sum();
        match self.segment.codes(self.slot) {
            // Few rows are faster looked up one by one than among all codes.
            Some(_) if count as usize >= self.chosen.len() * 4 => self.by_codes(queries, k),
            _ => self.by_bytes(&self.chosen, queries),
        }
    }

    /// Compares the chosen rows' bytes with all queries, block by block.
    fn by_bytes(&self, chosen: &[u64], queries: &mut [Query<'_>]) {
        let bases: Vec<f32> = queries.iter().map(|query| self.base(query)).collect();
        for (block, chosen) in chosen
            .iter()
            .enumerate()
            .filter(|(_, chosen)| **chosen != 0)
        {
            for (query, base) in queries.iter_mut().zip(&bases) {
                self.compare(block, *chosen, query, *base);
            }
        }
    }

    fn compare(&self, block: usize, chosen: u64, query: &mut Query<'_>, base: f32) {
        let all = self.segment.rows_of(self.slot);
        let start = all.start + block * BLOCK;
        let rows = start..(start + BLOCK).min(all.end);
        let padded = self.segment.padded();
        let mut products = [f32::NEG_INFINITY; BLOCK];
        self.set.run(ByteProducts {
            rows: &self.segment.rows()[rows.start * padded..rows.end * padded],
            scales: &self.segment.scales()[rows],
            query: &query.whole,
            chosen,
            base,
            out: &mut products,
        });
        let error = self.error(query);
        let within = Within {
            products: &products,
            chosen,
            least: query.shortlist.least() - error,
            most: f32::INFINITY,
        };
        for at in ones(self.set.run(within)) {
            let row = Row::new(self.number, start + at);
            query.shortlist.push(row, products[at], error);
        }
    }

    /// Goes by the codes first, and compares the bytes of those rows that may be near.
    fn by_codes(&self, queries: &mut [Query<'_>], k: usize) {
        let Some((factors, codes)) = self.segment.codes(self.slot) else {
            return;
        };
        let words = self.segment.padded() / 64;
        let mut glances: Vec<Glance> = (queries.iter())
            .map(|query| Glance {
                base: self.base(query),
                uppers: vec![[0.0; BLOCK]; self.chosen.len()],
                best: Largest::new(2 * k + 16),
            })
            .collect();
        for (block, chosen) in self
            .chosen
            .iter()
            .enumerate()
            .filter(|(_, chosen)| **chosen != 0)
        {
            let rows = block * BLOCK..(block + 1) * BLOCK;
            for (query, glance) in queries.iter().zip(&mut glances) {
                let uppers = &mut glance.uppers[block];
                self.set.run(CodeProducts {
                    codes: &codes[rows.start * words..rows.end * words],
                    factors: &factors[rows.start / 8..rows.end / 8],
                    query: &query.planes,
                    margin: MARGIN * DEVIATION * query.norm,
                    base: glance.base,
                    out: uppers,
                });
                let within = Within {
                    products: uppers,
                    chosen: *chosen,
                    least: glance.best.least(),
                    most: f32::INFINITY,
                };
                for at in ones(self.set.run(within)) {
                    glance.best.push(uppers[at]);
                }
            }
        }
        for (query, glance) in queries.iter_mut().zip(&glances) {
            // The most promising ones tell how good the best are, which leaves few others.
            let promising = glance.best.least();
            self.compare_within(glance, promising, f32::INFINITY, query);
            let least = query.shortlist.least() - self.error(query);
            self.compare_within(glance, least, promising, query);
        }
    }

    /// Compares the bytes of the chosen rows whose upper bound is from `least` up and below `most`.
    fn compare_within(&self, glance: &Glance, least: f32, most: f32, query: &mut Query<'_>) {
        for (block, (products, chosen)) in glance.uppers.iter().zip(&self.chosen).enumerate() {
            let near = self.set.run(Within {
                products,
                chosen: *chosen,
                least,
                most,
            });
            if near != 0 {
                self.compare(block, near, query, glance.base);
            }
        }
    }

    /// The part of all scores that comes from the slot's mean.
    fn base(&self, query: &Query<'_>) -> f32 {
        self.set
            .run(Product(self.segment.mean(self.slot), &query.rotated))
    }

    /// How far a product of bytes may be from the score; nothing if there is no better score to be had.
    fn error(&self, query: &Query<'_>) -> f32 {
        if !self.segment.has_rescoring() {
            return 0.0;
        }
        // |q·x − q̂·x̂| ≤ |q||x − x̂| + |q − q̂||x̂|, and the roundings of the sums.
        let row = self.segment.error_of(self.slot);
        let reach = self.segment.reach_of(self.slot) + row;
        query.norm * row + query.whole.error * reach + 1e-5 * query.norm * (reach + self.mean_norm)
    }
}

/// Scores candidates in full precision where that is there, and returns the best.
fn rescore(parts: &[Part], set: InstructionSet, query: Query<'_>, k: usize) -> Vec<Hit> {
    let mut scored: Vec<_> = (query.shortlist.into_candidates().into_iter())
        .filter_map(|candidate| {
            let segment = &parts.get(candidate.row.segment as usize)?.segment;
            let row = candidate.row.row as usize;
            let score = match segment.precise(row) {
                Some(precise) => set.run(Product(precise, query.precise)),
                None => candidate.upper,
            };
            let hit = Hit {
                score,
                row: candidate.row,
            };
            score.is_finite().then(|| (hit, segment.item(row)))
        })
        .collect();
    scored
        .sort_unstable_by(|(a, one), (b, other)| b.score.total_cmp(&a.score).then(one.cmp(other)));
    scored.into_iter().take(k).map(|(hit, _)| hit).collect()
}

fn norm(vector: &[f32]) -> f32 {
    vector
        .iter()
        .map(|value| f64::from(*value).powi(2))
        .sum::<f64>()
        .sqrt() as f32
}
