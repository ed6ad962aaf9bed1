//! How often something may be tried.

use drape_domain::Timestamp;

use crate::{
    hash,
    http::Problem,
    store::{StoreError, queries::CountAttempts},
};

/// At most `most` attempts in each window of `seconds`.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Names the limit.
    pub name: &'static str,
    /// Attempts per window.
    pub most: i64,
    /// Length of a window; windows start at multiples of it.
    pub seconds: i64,
}

/// An attempt that was counted. Take it back if it turns out well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    id: String,
    expires_at: i64,
}

impl Limit {
    /// Counts an attempt of `who` (hashed, so that no address or email is stored). It is counted before it is
    /// made, so that many at once cannot slip under the limit together.
    ///
    /// # Errors
    /// 429 with `Retry-After` when there were too many.
    pub async fn count(
        self,
        store: &impl CountAttempts,
        who: &str,
        now: Timestamp,
    ) -> Result<Attempt, Problem> {
        let seconds = now.unix_timestamp();
        let window = seconds.div_euclid(self.seconds);
        let ends = (window + 1) * self.seconds;
        let id = hash::parts(&[self.name.as_bytes(), who.as_bytes(), &window.to_le_bytes()]);
        let attempt = Attempt {
            id,
            expires_at: ends,
        };
        if store.add_attempts(&attempt.id, 1, ends).await? > self.most {
            let wait = u64::try_from(ends - seconds).unwrap_or(1).max(1);
            return Err(Problem::too_many(
                "Too many attempts. Wait before the next one; see Retry-After.",
                wait,
            ));
        }
        Ok(attempt)
    }
}

impl Attempt {
    /// The attempt turned out well and does not count.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn take_back(&self, store: &impl CountAttempts) -> Result<(), StoreError> {
        store
            .add_attempts(&self.id, -1, self.expires_at)
            .await
            .map(drop)
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use super::*;
    use crate::store::memory::MemoryCounters;

    const LIMIT: Limit = Limit {
        name: "test",
        most: 2,
        seconds: 60,
    };

    #[tokio::test]
    async fn the_limit_holds_within_a_window_and_for_one_person() {
        let (store, now) = (MemoryCounters::default(), Timestamp::UNIX_EPOCH);
        LIMIT.count(&store, "a", now).await.unwrap();
        LIMIT.count(&store, "a", now).await.unwrap();
        assert_eq!(
            LIMIT.count(&store, "a", now).await.unwrap_err().status(),
            429
        );
        LIMIT.count(&store, "b", now).await.unwrap();
        LIMIT
            .count(&store, "a", now + time::Duration::seconds(60))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn what_turned_out_well_does_not_count() {
        let (store, now) = (MemoryCounters::default(), Timestamp::UNIX_EPOCH);
        for _ in 0..10 {
            let attempt = LIMIT.count(&store, "a", now).await.unwrap();
            attempt.take_back(&store).await.unwrap();
        }
    }
}
