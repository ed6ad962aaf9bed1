//! Matrix factorisation learned from comparisons (S. Rendle et al., "BPR: Bayesian personalized ranking from
//! implicit feedback", UAI 2009).

/// Numbers per row and per item.
const RANK: usize = 16;
/// Passes over the comparisons.
const EPOCHS: usize = 30;
const RATE: f32 = 0.05;
const PENALTY: f32 = 0.01;
/// Standard deviation of the first values.
const START: f32 = 0.1;

/// That `row` preferred one item to another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Comparison {
    pub(super) row: u32,
    pub(super) better: u32,
    pub(super) worse: u32,
}

/// A vector for each row and item, and a bias for each item.
#[derive(Debug, Clone)]
pub(super) struct Factors {
    rows: Vec<[f32; RANK]>,
    items: Vec<[f32; RANK]>,
    biases: Vec<f32>,
}

impl Factors {
    /// By stochastic gradient descent from a fixed seed; rows and items are below the given counts.
    pub(super) fn train(comparisons: &[Comparison], rows: usize, items: usize) -> Self {
        let mut rng = fastrand::Rng::with_seed(1);
        let mut start = |count: usize| -> Vec<[f32; RANK]> {
            (0..count)
                .map(|_| {
                    // Uniform with the wanted deviation.
                    [(); RANK].map(|()| (rng.f32() * 2.0 - 1.0) * START * 3f32.sqrt())
                })
                .collect()
        };
        let mut factors = Self {
            rows: start(rows),
            items: start(items),
            biases: vec![0.0; items],
        };
        let mut order: Vec<usize> = (0..comparisons.len()).collect();
        for _ in 0..EPOCHS {
            rng.shuffle(&mut order);
            for index in &order {
                if let Some(comparison) = comparisons.get(*index) {
                    factors.step(*comparison);
                }
            }
        }
        factors
    }

    fn step(&mut self, Comparison { row, better, worse }: Comparison) {
        let (row, better, worse) = (row as usize, better as usize, worse as usize);
        let (Some(of_row), Some(of_better), Some(of_worse)) = (
            self.rows.get_mut(row),
            self.items.get(better).copied(),
            self.items.get(worse).copied(),
        ) else {
            return;
        };
        let mut margin = self.biases[better] - self.biases[worse];
        for k in 0..RANK {
            margin += of_row[k] * (of_better[k] - of_worse[k]);
        }
        let slope = 1.0 / (1.0 + margin.exp());
        for k in 0..RANK {
            let (r, b, w) = (of_row[k], of_better[k], of_worse[k]);
            of_row[k] += RATE * (slope * (b - w) - PENALTY * r);
            self.items[better][k] += RATE * (slope * r - PENALTY * b);
            self.items[worse][k] += RATE * (-slope * r - PENALTY * w);
        }
        self.biases[better] += RATE * (slope - PENALTY * self.biases[better]);
        self.biases[worse] += RATE * (-slope - PENALTY * self.biases[worse]);
    }

    /// How much an unknown row, or an unknown item, is taken to want: what is known of the other alone.
    pub(super) fn score(&self, row: Option<u32>, item: Option<u32>) -> f32 {
        let Some(item) = item.map(|item| item as usize) else {
            return 0.0;
        };
        let bias = self.biases.get(item).copied().unwrap_or_default();
        bias + self.affinity(row, Some(item as u32))
    }

    /// Without the item's bias.
    pub(super) fn affinity(&self, row: Option<u32>, item: Option<u32>) -> f32 {
        let of_row = row.and_then(|row| self.rows.get(row as usize));
        let of_item = item.and_then(|item| self.items.get(item as usize));
        match (of_row, of_item) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a * b).sum(),
            _ => 0.0,
        }
    }
}
