//! Vectors to search among, and what is truly nearest.

use std::{fs::File, io::BufWriter, path::Path};

use anyhow::{Context, Result, ensure};
use npyz::{NpyFile, WriterBuilder};

/// Rows of equal length, one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Vectors {
    pub(crate) dim: usize,
    pub(crate) values: Vec<f32>,
}

impl Vectors {
    pub(crate) fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    pub(crate) fn row(&self, at: usize) -> &[f32] {
        &self.values[at * self.dim..(at + 1) * self.dim]
    }

    pub(crate) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        self.values.chunks_exact(self.dim)
    }

    /// Rows of a NumPy file, brought to length 1.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let context = || format!("reading {}", path.display());
        let file = NpyFile::new(std::io::BufReader::new(
            File::open(path).with_context(context)?,
        ))
        .with_context(context)?;
        let shape = file.shape().to_vec();
        ensure!(
            shape.len() == 2 && shape[1] > 0,
            "{}: not a table of vectors",
            path.display()
        );
        let mut vectors = Self {
            dim: usize::try_from(shape[1])?,
            values: file.into_vec::<f32>().with_context(context)?,
        };
        let dim = vectors.dim;
        vectors.values.chunks_exact_mut(dim).for_each(normalize);
        Ok(vectors)
    }

    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let context = || format!("writing {}", path.display());
        let file = BufWriter::new(File::create(path).with_context(context)?);
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[self.len() as u64, self.dim as u64])
            .writer(file)
            .begin_nd()
            .with_context(context)?;
        writer.extend(&self.values).with_context(context)?;
        writer.finish().with_context(context)
    }

    /// Takes so many rows, spread evenly, away from the others.
    pub(crate) fn split_off(&mut self, count: usize) -> Self {
        let step = (self.len() / count.max(1)).max(1);
        let (mut kept, mut taken) = (Vec::new(), Vec::new());
        for (at, row) in self.rows().enumerate() {
            let is_taken = at % step == 0 && taken.len() < count * self.dim;
            if is_taken { &mut taken } else { &mut kept }.extend_from_slice(row);
        }
        self.values = kept;
        Self {
            dim: self.dim,
            values: taken,
        }
    }
}

/// How vectors are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Kind {
    /// Like those of garments: see [`Kind::make`].
    Garments,
    /// Every direction is as likely: the worst case, in which everything is about as far from everything.
    Uniform,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Garments => "garments",
            Self::Uniform => "uniform",
        }
    }

    /// Makes unit vectors. Those like garments' lie around 256 centres, unevenly many around each, on a surface of
    /// 24 dimensions of their own, with a little noise in all dimensions; what all have in common, and the later
    /// coordinates being the smaller, is as in embeddings out of a PCA.
    pub(crate) fn make(self, count: usize, dim: usize, seed: u64) -> Vectors {
        let mut random = Random::new(seed);
        let mut values = vec![0.0; count * dim];
        match self {
            Self::Uniform => {
                for row in values.chunks_exact_mut(dim) {
                    random.fill(row, |_| 1.0);
                    normalize(row);
                }
            }
            Self::Garments => Garments::new(dim).fill(&mut values, &mut random),
        }
        Vectors { dim, values }
    }
}

const CENTRES: usize = 256;
const SURFACE: usize = 24;

/// The places around which vectors like garments' lie. They are the same in every run.
struct Garments {
    dim: usize,
    centres: Vec<f32>,
    surfaces: Vec<f32>,
}

impl Garments {
    fn new(dim: usize) -> Self {
        let mut random = Random::new(7);
        let falling = |at: usize| (1.0 + at as f32).powf(-0.35);
        let mut common = vec![0.0; dim];
        random.fill(&mut common, falling);
        normalize(&mut common);
        let mut centres = vec![0.0; CENTRES * dim];
        for centre in centres.chunks_exact_mut(dim) {
            random.fill(centre, falling);
            normalize(centre);
            for (value, common) in centre.iter_mut().zip(&common) {
                *value = 0.6 * *value + 0.35 * common;
            }
        }
        let mut surfaces = vec![0.0; CENTRES * SURFACE * dim];
        for axis in surfaces.chunks_exact_mut(dim) {
            random.fill(axis, falling);
            normalize(axis);
            for value in axis {
                *value *= 0.11;
            }
        }
        Self {
            dim,
            centres,
            surfaces,
        }
    }

    fn fill(&self, values: &mut [f32], random: &mut Random) {
        let noise = 0.3 / (self.dim as f32).sqrt();
        for row in values.chunks_exact_mut(self.dim) {
            // Squared, so that some kinds are much more common than others.
            let centre = (random.uniform().powi(2) * CENTRES as f32) as usize % CENTRES;
            random.fill(row, |_| noise);
            let own = &self.centres[centre * self.dim..][..self.dim];
            add(row, 1.0, own);
            let surface = &self.surfaces[centre * SURFACE * self.dim..][..SURFACE * self.dim];
            for axis in surface.chunks_exact(self.dim) {
                add(row, random.normal(), axis);
            }
            normalize(row);
        }
    }
}

fn add(row: &mut [f32], factor: f32, other: &[f32]) {
    for (value, other) in row.iter_mut().zip(other) {
        *value += factor * other;
    }
}

fn normalize(row: &mut [f32]) {
    let norm = row.iter().map(|value| value * value).sum::<f32>().sqrt();
    for value in row {
        *value /= norm.max(f32::MIN_POSITIVE);
    }
}

/// Numbers by chance, the same for the same seed.
struct Random(fastrand::Rng);

impl Random {
    fn new(seed: u64) -> Self {
        Self(fastrand::Rng::with_seed(seed))
    }

    fn uniform(&mut self) -> f32 {
        self.0.f32()
    }

    /// Normal with deviation 1 (Box and Muller, 1958).
    fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    fn fill(&mut self, row: &mut [f32], deviation: impl Fn(usize) -> f32) {
        for (at, value) in row.iter_mut().enumerate() {
            *value = self.normal() * deviation(at);
        }
    }
}

/// The inner product, in sixteen sums at a time.
fn product(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 16];
    let (a, b) = (a.chunks_exact(16), b.chunks_exact(16));
    let rest: f32 = (a.remainder().iter().zip(b.remainder()))
        .map(|(a, b)| a * b)
        .sum();
    for (a, b) in a.zip(b) {
        for (at, sum) in sums.iter_mut().enumerate() {
            *sum += a[at] * b[at];
        }
    }
    sums.iter().sum::<f32>() + rest
}

/// What is truly nearest to each query, by comparing it with all rows.
#[derive(Debug)]
pub(crate) struct Truth<'a> {
    base: &'a Vectors,
    queries: &'a Vectors,
    /// The `k`-th highest inner product of each query.
    last: Vec<f32>,
    k: usize,
}

impl<'a> Truth<'a> {
    pub(crate) fn find(base: &'a Vectors, queries: &'a Vectors, k: usize) -> Self {
        let mut best = vec![Vec::new(); queries.len()];
        // Few rows at a time, which then are near the processor for all queries.
        for rows in base.values.chunks(64 * base.dim) {
            for (query, best) in queries.rows().zip(&mut best) {
                best.extend(rows.chunks_exact(base.dim).map(|row| product(row, query)));
                if best.len() >= 4096 {
                    keep_best(best, k);
                }
            }
        }
        let last = best.into_iter().map(|mut best| {
            keep_best(&mut best, k);
            best.last().copied().unwrap_or(f32::NEG_INFINITY)
        });
        Self {
            base,
            queries,
            last: last.collect(),
            k,
        }
    }

    /// What part of the nearest `k` is among the rows found for each query. Equally near ones are as good.
    pub(crate) fn recall(&self, found: &[Vec<usize>]) -> f64 {
        let mut hits = 0;
        for ((found, query), last) in found.iter().zip(self.queries.rows()).zip(&self.last) {
            let good = |row: &&usize| product(self.base.row(**row), query) >= last - 1e-6;
            hits += found.iter().take(self.k).filter(good).count();
        }
        hits as f64 / (self.k.min(self.base.len()) * self.queries.len()) as f64
    }
}

fn keep_best(best: &mut Vec<f32>, k: usize) {
    best.sort_unstable_by(|a, b| b.total_cmp(a));
    best.truncate(k);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_all_of_the_truth_and_others_none() {
        let base = Kind::Uniform.make(500, 32, 1);
        let queries = Kind::Uniform.make(3, 32, 2);
        let truth = Truth::find(&base, &queries, 10);
        let (mut nearest, mut farthest) = (Vec::new(), Vec::new());
        for query in queries.rows() {
            let mut rows: Vec<usize> = (0..base.len()).collect();
            rows.sort_by(|a, b| {
                product(base.row(*b), query).total_cmp(&product(base.row(*a), query))
            });
            nearest.push(rows[..10].to_vec());
            farthest.push(rows[490..].to_vec());
        }
        assert_eq!(
            (truth.recall(&nearest), truth.recall(&farthest)),
            (1.0, 0.0)
        );
    }

    #[test]
    fn vectors_have_length_one_and_come_back_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        for kind in [Kind::Garments, Kind::Uniform] {
            let made = kind.make(20, 48, 3);
            made.write(&path).unwrap();
            let mut read = Vectors::read(&path).unwrap();
            for (one, other) in read.values.iter().zip(&made.values) {
                assert!((one - other).abs() < 1e-6);
            }
            assert!(
                read.rows()
                    .all(|row| (product(row, row) - 1.0).abs() < 1e-5)
            );
            let taken = read.split_off(5);
            assert_eq!((taken.len(), read.len()), (5, 15));
        }
    }
}
