//! Which files are photos: found by name, believed by content.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use walkdir::{DirEntry, WalkDir};

/// The API takes no larger photo, in bytes.
const MAX_BYTES: u64 = 15 * 1024 * 1024;
/// As many bytes as tell each type.
const MAGIC: usize = 12;

/// An image type that the API takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ImageType {
    Jpeg,
    Png,
    Webp,
}

impl ImageType {
    /// The type of a file that begins like this.
    pub(crate) fn of(content: &[u8]) -> Option<Self> {
        if content.starts_with(&[0xff, 0xd8, 0xff]) {
            Some(Self::Jpeg)
        } else if content.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if content.starts_with(b"RIFF") && content.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            None
        }
    }

    /// The media type.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// For a file name.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::Webp => "webp",
        }
    }
}

/// A file to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Photo {
    pub(crate) path: PathBuf,
    /// For people: the path below the folder that was given.
    pub(crate) name: String,
    /// By content, whatever the name says.
    pub(crate) kind: ImageType,
}

/// A file that has a photo's name and cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Skipped {
    pub(crate) name: String,
    pub(crate) reason: String,
}

/// What a folder holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) photos: Vec<Photo>,
    pub(crate) skipped: Vec<Skipped>,
}

/// The photos of a folder and of those in it, by name. Links are followed, hidden files left alone.
///
/// # Errors
/// When the folder cannot be read, or holds no photo.
pub(crate) fn find(folder: &Path) -> Result<Found> {
    ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    let mut found = Found::default();
    let files = WalkDir::new(folder)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry));
    for file in files {
        let file = file.with_context(|| format!("reading {}", folder.display()))?;
        if !file.file_type().is_file() || !has_photo_name(file.path()) {
            continue;
        }
        let name = file.path().strip_prefix(folder).unwrap_or(file.path());
        let name = name.to_string_lossy().into_owned();
        match examine(file.path()) {
            Ok(kind) => found.photos.push(Photo {
                path: file.path().to_owned(),
                name,
                kind,
            }),
            Err(error) => found.skipped.push(Skipped {
                name,
                reason: error.to_string(),
            }),
        }
    }
    if found.photos.is_empty() {
        let skipped = match found.skipped.first() {
            Some(first) => format!(" ({}: {})", first.name, first.reason),
            None => String::new(),
        };
        anyhow::bail!(
            "no photo in {}{skipped}: give a folder of .jpg, .png or .webp files",
            folder.display()
        );
    }
    Ok(found)
}

/// One photo.
///
/// # Errors
/// When the file cannot be read, is too large, or is no photo.
pub(crate) fn one(path: &Path) -> Result<Photo> {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let kind = examine(path).with_context(|| format!("{} cannot be sent", path.display()))?;
    Ok(Photo {
        path: path.to_owned(),
        name: name.to_string_lossy().into_owned(),
        kind,
    })
}

/// At most `limit` of them, taken evenly from first to last.
pub(crate) fn sample<T>(all: Vec<T>, limit: usize) -> Vec<T> {
    let count = all.len();
    if count <= limit {
        return all;
    }
    // Of `count` in a row, the nth is taken when it is the first in its share of the row.
    all.into_iter()
        .enumerate()
        .filter(|(n, _)| *n == 0 || n * limit / count > (n - 1) * limit / count)
        .map(|(_, one)| one)
        .take(limit)
        .collect()
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

fn has_photo_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let extension = extension.unwrap_or_default().to_ascii_lowercase();
    ["jpg", "jpeg", "png", "webp"].contains(&extension.as_str())
}

fn examine(path: &Path) -> Result<ImageType> {
    let file = File::open(path).context("cannot be opened")?;
    let length = file.metadata()?.len();
    ensure!(length > 0, "is empty");
    ensure!(length <= MAX_BYTES, "is larger than 15 MiB");
    let mut start = Vec::with_capacity(MAGIC);
    file.take(MAGIC as u64)
        .read_to_end(&mut start)
        .context("cannot be read")?;
    ImageType::of(&start).context("is not a JPEG, PNG or WebP inside")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const JPEG: &[u8] = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01";
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d";
    const WEBP: &[u8] = b"RIFF\x10\x00\x00\x00WEBPVP8 ";

    #[test]
    fn a_type_is_told_by_content() {
        assert_eq!(ImageType::of(JPEG), Some(ImageType::Jpeg));
        assert_eq!(ImageType::of(PNG), Some(ImageType::Png));
        assert_eq!(ImageType::of(WEBP), Some(ImageType::Webp));
        for other in [
            &b""[..],
            b"RIFF",
            b"RIFF\x10\x00\x00\x00WAVEfmt ",
            b"GIF89a",
            b"\xff\xd8",
        ] {
            assert_eq!(ImageType::of(other), None, "{other:?}");
        }
    }

    #[test]
    fn photos_are_found_in_folders_of_folders_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("b/c")).unwrap();
        fs::create_dir_all(folder.path().join(".hidden")).unwrap();
        for (name, content) in [
            ("z.JPG", JPEG),
            ("b/2.jpeg", JPEG),
            ("b/c/1.webp", WEBP),
            ("b/really-a-png.jpg", PNG),
            ("b/notes.txt", b"words"),
            (".hidden/1.jpg", JPEG),
            ("._z.jpg", JPEG),
        ] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        let found = find(folder.path()).unwrap();
        let photos: Vec<_> = found
            .photos
            .iter()
            .map(|photo| (photo.name.as_str(), photo.kind))
            .collect();
        assert_eq!(
            photos,
            [
                ("b/2.jpeg", ImageType::Jpeg),
                ("b/c/1.webp", ImageType::Webp),
                ("b/really-a-png.jpg", ImageType::Png),
                ("z.JPG", ImageType::Jpeg),
            ]
        );
        assert_eq!(found.skipped, []);
    }

    #[test]
    fn a_file_that_cannot_be_sent_is_left_out_with_its_reason() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("good.png"), PNG).unwrap();
        fs::write(folder.path().join("empty.png"), b"").unwrap();
        fs::write(folder.path().join("page.jpg"), b"<!doctype html>").unwrap();
        let large = File::create(folder.path().join("large.jpg")).unwrap();
        large.set_len(MAX_BYTES + 1).unwrap();

        let found = find(folder.path()).unwrap();
        let reasons: Vec<_> = found
            .skipped
            .iter()
            .map(|skipped| (skipped.name.as_str(), skipped.reason.as_str()))
            .collect();
        assert_eq!(
            reasons,
            [
                ("empty.png", "is empty"),
                ("large.jpg", "is larger than 15 MiB"),
                ("page.jpg", "is not a JPEG, PNG or WebP inside"),
            ]
        );
        assert_eq!(found.photos.len(), 1);
    }

    #[test]
    fn a_folder_without_photos_says_what_to_give() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("empty.png"), b"").unwrap();
        let error = find(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("empty.png: is empty") && error.contains("give a folder"),
            "{error}"
        );
    }

    #[test]
    fn a_sample_is_even_and_exact() {
        assert_eq!(sample((0..10).collect(), 5), [0, 2, 4, 6, 8]);
        assert_eq!(sample((0..3).collect(), 5), [0, 1, 2]);
        for (count, limit) in [(10, 1), (10, 3), (10, 9), (3804, 24), (7, 7)] {
            let taken = sample((0..count).collect(), limit);
            assert_eq!(taken.len(), limit, "{limit} of {count}");
            assert_eq!(taken[0], 0);
        }
    }
}
