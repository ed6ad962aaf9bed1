//! SHA-256, in hex.

use std::fmt::Write;

use ring::digest::{SHA256, digest};

/// SHA-256 of `bytes` as 64 hex digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes)
        .as_ref()
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// SHA-256 over several parts, each preceded by its length, so that no two lists of parts collide.
#[must_use]
pub fn parts(parts: &[&[u8]]) -> String {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&(part.len() as u64).to_le_bytes());
        joined.extend_from_slice(part);
    }
    hex(&joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_empty_text_has_its_known_hash() {
        assert_eq!(
            hex(b""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(parts(&[b"ab", b"c"]), parts(&[b"a", b"bc"]));
    }
}
