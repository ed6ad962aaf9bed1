//! What kind of file some bytes are, by their first few.

use drape_domain::item::ImageType;

use crate::error::PhotoError;

/// Formats that cannot be read but are worth naming, as (offset, magic, name with article).
const OTHERS: &[(usize, &[u8], &str)] = &[
    (0, b"GIF8", "a GIF image"),
    (0, b"BM", "a BMP image"),
    (0, b"II*\0", "a TIFF image"),
    (0, b"MM\0*", "a TIFF image"),
    (0, b"%PDF", "a PDF document"),
    (0, b"\xff\x0a", "a JPEG XL image"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL image"),
    (0, b"<svg", "an SVG drawing"),
];

/// ISO base media brands of still images, as (brand, name with article). HEIF covers the codecs' own brands
/// and the general `mif1` and `msf1`.
const BRANDS: &[(&[u8; 4], &str)] = &[
    (b"avif", "an AVIF photo"),
    (b"avis", "an AVIF photo"),
    (b"heic", "a HEIC photo"),
    (b"heix", "a HEIC photo"),
    (b"heim", "a HEIC photo"),
    (b"heis", "a HEIC photo"),
    (b"hevc", "a HEIC photo"),
    (b"hevx", "a HEIC photo"),
    (b"mif1", "a HEIC photo"),
    (b"msf1", "a HEIC photo"),
];

/// The type of a readable image.
///
/// # Errors
/// [`PhotoError::UnsupportedFormat`] for anything else, by name where the bytes show it.
pub(crate) fn image_type(bytes: &[u8]) -> Result<ImageType, PhotoError> {
    if bytes.starts_with(b"\xff\xd8\xff") {
        return Ok(ImageType::Jpeg);
    }
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Ok(ImageType::Png);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Ok(ImageType::Webp);
    }
    let kind = media_brand(bytes)
        .or_else(|| {
            let named = OTHERS.iter().find(|(at, magic, _)| {
                bytes.get(*at..).is_some_and(|rest| rest.starts_with(magic))
            });
            named.map(|(_, _, kind)| *kind)
        })
        .unwrap_or("not a photo that we can read");
    Err(PhotoError::UnsupportedFormat { kind })
}

/// AVIF files often list `mif1` as their major brand, so the compatible brands count first.
fn media_brand(bytes: &[u8]) -> Option<&'static str> {
    if bytes.get(4..8) != Some(b"ftyp") {
        return None;
    }
    let size = bytes
        .first_chunk::<4>()
        .map_or(0, |size| u32::from_be_bytes(*size) as usize);
    let brands = bytes
        .get(8..size.min(bytes.len()).min(256))
        .unwrap_or_default();
    let found = BRANDS
        .iter()
        .find(|(brand, _)| brands.chunks_exact(4).any(|one| one == *brand));
    Some(found.map_or("a video or an unknown kind of photo", |(_, kind)| *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> &'static str {
        match image_type(bytes) {
            Err(PhotoError::UnsupportedFormat { kind }) => kind,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_three_types_are_known_by_their_first_bytes() {
        assert_eq!(image_type(b"\xff\xd8\xff\xe0"), Ok(ImageType::Jpeg));
        assert_eq!(image_type(b"\x89PNG\r\n\x1a\n"), Ok(ImageType::Png));
        assert_eq!(image_type(b"RIFF\0\0\0\0WEBPVP8 "), Ok(ImageType::Webp));
    }

    #[test]
    fn phone_formats_are_named() {
        assert_eq!(kind(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), "a HEIC photo");
        assert_eq!(
            kind(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"),
            "an AVIF photo"
        );
        assert_eq!(
            kind(b"\0\0\0\x18ftypisom\0\0\0\0isommp41"),
            "a video or an unknown kind of photo"
        );
        assert_eq!(kind(b"GIF89a"), "a GIF image");
    }

    #[test]
    fn short_and_strange_bytes_are_refused_without_a_panic() {
        for bytes in [
            &b""[..],
            b"\xff",
            b"RIFF",
            b"\0\0\0\0ftyp",
            b"\xff\xff\xff\xffftyphei",
            b"hello there",
        ] {
            assert!(image_type(bytes).is_err());
        }
    }
}
