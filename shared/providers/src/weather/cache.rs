//! What was recently asked, kept for as long as the instance lives.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{LatLon, Observation, When};

/// Enough for the cities of one instance's users; an entry is a few dozen bytes.
const CAPACITY: usize = 512;

/// Place in tenths of a degree, what was asked, and the hour (since 1970) in which it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    place: (i16, i16),
    when: When,
    hour: i64,
}

impl Key {
    pub(super) fn new(place: LatLon, when: When, unix_seconds: i64) -> Self {
        Self {
            place: place.rounded(),
            when,
            hour: unix_seconds.div_euclid(3600),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<Key, Observation>>);

impl Cache {
    pub(super) fn get(&self, key: &Key) -> Option<Observation> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .copied()
    }

    pub(super) fn put(&self, key: Key, seen: Observation) {
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= CAPACITY {
            entries.retain(|old, _| old.hour == key.hour);
        }
        if entries.len() >= CAPACITY {
            entries.clear();
        }
        entries.insert(key, seen);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SEEN: Observation = Observation {
        temp_c: 28.0,
        humidity: Some(80.0),
        condition: "sunny",
    };

    #[test]
    fn an_answer_is_good_for_its_place_and_hour_only() {
        let cache = Cache::default();
        let lagos = LatLon::new(6.45, 3.39).unwrap();
        cache.put(Key::new(lagos, When::Now, 7200), SEEN);
        let nearby = LatLon::new(6.451, 3.391).unwrap();
        assert_eq!(
            cache.get(&Key::new(nearby, When::Now, 7200 + 3599)),
            Some(SEEN)
        );
        assert_eq!(cache.get(&Key::new(lagos, When::Now, 7200 + 3600)), None);
        assert_eq!(
            cache.get(&Key::new(LatLon::new(9.06, 7.49).unwrap(), When::Now, 7200)),
            None
        );
    }

    #[test]
    fn it_stays_small_however_much_is_asked() {
        let cache = Cache::default();
        for n in 0..2000 {
            cache.put(
                Key::new(
                    LatLon::new(0.0, f64::from(n % 1800) / 10.0).unwrap(),
                    When::Now,
                    i64::from(n),
                ),
                SEEN,
            );
            assert!(cache.0.lock().unwrap().len() <= CAPACITY);
        }
    }
}
