//! Names as small numbers, and their order.

use std::collections::HashMap;

/// Names in the order in which they first came.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    by_name: HashMap<String, u32>,
}

impl Names {
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let number = self.by_name.len() as u32;
        self.by_name.insert(name.to_owned(), number);
        number
    }

    pub(super) fn get(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, u32)> {
        self.by_name
            .iter()
            .map(|(name, number)| (name.as_str(), *number))
    }
}

/// Where an id stands among others. Ids are given as things arrive (numbers that count up, UUIDs that begin with
/// the time), so those of one season or one delivery stand together.
#[derive(Debug, Clone, Default)]
pub(super) struct Order {
    sorted: Vec<u128>,
}

impl Order {
    pub(super) fn new<'n>(names: impl IntoIterator<Item = &'n Names>) -> Self {
        let mut sorted: Vec<u128> = names
            .into_iter()
            .flat_map(|names| names.iter().map(|(name, _)| key(name)))
            .collect();
        sorted.sort_unstable();
        sorted.dedup();
        Self { sorted }
    }

    /// 0–1: the share of the others that stand before it.
    pub(super) fn place(&self, name: &str) -> f32 {
        let before = self.sorted.partition_point(|other| *other < key(name));
        (before as f64 / self.sorted.len().max(1) as f64) as f32
    }
}

/// Numbers in their own order, all else by its first sixteen bytes.
fn key(name: &str) -> u128 {
    name.parse().unwrap_or_else(|_| {
        let mut bytes = [0; 16];
        for (to, from) in bytes.iter_mut().zip(name.bytes()) {
            *to = from;
        }
        u128::from_be_bytes(bytes)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_by_value_and_words_by_spelling() {
        let mut names = Names::default();
        for name in ["10", "9", "b", "a"] {
            names.number(name);
        }
        let order = Order::new([&names]);
        let places: Vec<f32> = ["9", "10", "a", "b", "c"]
            .map(|name| order.place(name))
            .to_vec();
        assert_eq!(places, [0.0, 0.25, 0.5, 0.75, 1.0]);
    }

    #[test]
    fn a_name_keeps_its_number() {
        let mut names = Names::default();
        assert_eq!((names.number("x"), names.number("y")), (0, 1));
        assert_eq!((names.number("x"), names.len()), (0, 2));
        assert_eq!((names.get("y"), names.get("z")), (Some(1), None));
    }
}
