//! Order statistics of small samples.

/// Measurements of one thing, in any unit.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sample(Vec<f64>);

impl Sample {
    pub(crate) fn add(&mut self, value: f64) {
        let at = self.0.partition_point(|known| *known < value);
        self.0.insert(at, value);
    }

    /// The nearest-rank percentile: the least value that at least `percent` of the sample do not exceed. None
    /// of an empty sample.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        let rank = (percent / 100.0 * self.0.len() as f64).ceil() as usize;
        self.0.get(rank.saturating_sub(1)).copied()
    }

    pub(crate) fn median(&self) -> Option<f64> {
        self.percentile(50.0)
    }

    pub(crate) fn most(&self) -> Option<f64> {
        self.0.last().copied()
    }

    pub(crate) fn least(&self) -> Option<f64> {
        self.0.first().copied()
    }
}

impl FromIterator<f64> for Sample {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut sample = Self::default();
        for value in values {
            sample.add(value);
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let sample: Sample = [5.0, 1.0, 4.0, 2.0, 3.0].into_iter().collect();
        assert_eq!(sample.median(), Some(3.0));
        assert_eq!(sample.percentile(99.0), Some(5.0));
        assert_eq!(sample.percentile(20.0), Some(1.0));
        assert_eq!(sample.percentile(21.0), Some(2.0));
        assert_eq!((sample.least(), sample.most()), (Some(1.0), Some(5.0)));
    }

    #[test]
    fn the_99th_of_two_hundred_leaves_two_out() {
        let sample: Sample = (1..=200).map(f64::from).collect();
        assert_eq!(sample.percentile(99.0), Some(198.0));
        assert_eq!(sample.median(), Some(100.0));
    }

    #[test]
    fn nothing_has_no_percentiles() {
        assert_eq!(Sample::default().median(), None);
        assert_eq!(
            [7.0].into_iter().collect::<Sample>().percentile(0.0),
            Some(7.0)
        );
    }
}
