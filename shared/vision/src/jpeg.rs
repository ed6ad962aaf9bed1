//! What a JPEG's markers say, for two questions that the decoder leaves open: is the file whole, and does a
//! CMYK file say how its inks are written? Markers are those of ITU-T T.81, annex B; the APP14 segment is
//! Adobe's.

const SOI: u8 = 0xd8;
const EOI: u8 = 0xd9;
const SOS: u8 = 0xda;
const APP14: u8 = 0xee;
const TEM: u8 = 0x01;

/// What the markers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Markers {
    /// Colour channels, 0 if no frame header was met.
    pub(crate) components: u8,
    /// An APP14 segment of Adobe's is there: inks, if any, are written inverted.
    pub(crate) adobe: bool,
    /// The end-of-image marker was met.
    pub(crate) complete: bool,
}

/// Walks the markers; stops quietly where the bytes end or make no sense.
pub(crate) fn markers(bytes: &[u8]) -> Markers {
    let mut found = Markers::default();
    let mut at = 0;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            EOI => {
                found.complete = true;
                break;
            }
            SOI | TEM | 0xd0..=0xd7 => continue,
            _ => {}
        }
        let Some(length) = bytes
            .get(at..at + 2)
            .map(|size| usize::from(u16::from_be_bytes([size[0], size[1]])))
        else {
            break;
        };
        let Some(body) = bytes.get(at + 2..at + length.max(2)) else {
            break;
        };
        match marker {
            // Frame headers: C0–CF without DHT (C4), JPG (C8) and DAC (CC).
            0xc0..=0xcf if !matches!(marker, 0xc4 | 0xc8 | 0xcc) => {
                found.components = body.get(5).copied().unwrap_or(0);
            }
            APP14 if body.starts_with(b"Adobe") => found.adobe = true,
            _ => {}
        }
        at += length.max(2);
        if marker == SOS {
            skip_scan(bytes, &mut at);
        }
    }
    found
}

/// Reads the marker at or after `at` and moves behind it. Fill bytes (FF) before it are allowed.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        let start = *at + bytes.get(*at..)?.iter().position(|byte| *byte == 0xff)?;
        let marker = start + bytes[start..].iter().position(|byte| *byte != 0xff)?;
        *at = marker + 1;
        if bytes[marker] != 0 {
            return Some(bytes[marker]);
        }
    }
}

/// Moves to the next marker behind entropy-coded data, where FF is followed by 0 or is a restart marker.
fn skip_scan(bytes: &[u8], at: &mut usize) {
    while let Some(offset) = bytes
        .get(*at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == 0xff))
    {
        *at += offset;
        match bytes.get(*at + 1) {
            Some(0 | 0xd0..=0xd7) => *at += 2,
            Some(0xff) => *at += 1,
            _ => return,
        }
    }
    *at = bytes.len();
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAME: &[u8] = &[0xff, 0xc0, 0, 8, 8, 0, 16, 0, 16, 4];
    const SCAN: &[u8] = &[0xff, 0xda, 0, 2, 1, 2, 0xff, 0, 0xff, 0xd1, 3];

    #[test]
    fn a_whole_file_ends_with_its_marker_even_if_more_follows() {
        let bytes = [
            &[0xff, 0xd8],
            FRAME,
            SCAN,
            &[0xff, 0xd9],
            b"a motion photo's video",
        ]
        .concat();
        assert_eq!(
            markers(&bytes),
            Markers {
                components: 4,
                adobe: false,
                complete: true
            }
        );
    }

    #[test]
    fn an_end_marker_inside_a_segment_does_not_count() {
        let thumbnail: &[u8] = &[0xff, 0xe1, 0, 6, 0xff, 0xd8, 0xff, 0xd9];
        let bytes = [&[0xff, 0xd8], thumbnail, FRAME, SCAN].concat();
        assert!(!markers(&bytes).complete);
    }

    #[test]
    fn adobes_segment_is_seen() {
        let adobe = [&[0xff, 0xee, 0, 14], &b"Adobe\0d\0\0\0\0\0"[..]].concat();
        assert!(markers(&[&[0xff, 0xd8], adobe.as_slice(), FRAME].concat()).adobe);
    }

    #[test]
    fn any_prefix_is_read_without_a_panic() {
        let bytes = [&[0xff, 0xd8], FRAME, SCAN, &[0xff, 0xd9]].concat();
        for end in 0..bytes.len() {
            assert!(!markers(&bytes[..end]).complete, "{end}");
        }
    }
}
