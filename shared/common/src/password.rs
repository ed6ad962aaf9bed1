//! Passwords, hashed with Argon2id. Parameters after the OWASP password storage cheat sheet
//! (19 MiB, two passes, one lane).

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::phc::PasswordHash,
};

use crate::store::StoreError;

fn hasher() -> Argon2<'static> {
    // The constants are within Argon2's bounds, so the default is never used.
    Argon2::new(
        Algorithm::Argon2id,
        Version::V0x13,
        Params::new(19 * 1024, 2, 1, None).unwrap_or_default(),
    )
}

/// The hash to store, in PHC format, with a fresh salt.
///
/// # Errors
/// When no randomness can be had.
pub fn hash(password: &str) -> Result<String, StoreError> {
    let hash = hasher().hash_password(password.as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| StoreError::new("hash password", error.to_string()))
}

/// Whether the password has this hash. Without one the work is done all the same and the answer is no, so
/// that the time taken does not tell whether an account exists.
#[must_use]
pub fn verify(password: &str, hash: Option<&str>) -> bool {
    // The hash of a text that nobody knows.
    const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$ZHJhcGUtbm9ib2R5$QGvY8a7r0rPJ6Cw0bqJ6y1vYxk3mYcJ1m4yZ0Yz1m0A";
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    hasher()
        .verify_password(password.as_bytes(), &parsed)
        .is_ok()
        && hash.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_verifies() {
        let stored = hash("correct horse").unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(verify("correct horse", Some(&stored)));
        assert!(!verify("wrong horse", Some(&stored)));
        assert_ne!(
            stored,
            hash("correct horse").unwrap(),
            "each hash has its own salt"
        );
    }

    #[test]
    fn nobody_can_sign_in_as_nobody_and_it_takes_as_long() {
        let stored = hash("x").unwrap();
        let time = |hash: Option<&str>| {
            let started = std::time::Instant::now();
            assert!(!verify("correct horse", hash));
            started.elapsed()
        };
        time(None);
        // Not a timed bar: only that the work is done at all (skipping it takes microseconds).
        assert!(time(None) * 5 > time(Some(&stored)));
    }
}
