//! The photos of a folder, in a fixed order, with the class that their folder names.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, ensure};
use drape_domain::{Category, item::ImageType};
use walkdir::WalkDir;

/// A photo to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PhotoFile {
    pub(crate) path: PathBuf,
    /// Below the folder that was given.
    pub(crate) name: String,
    /// The category that its folder names, if it names one.
    pub(crate) class: Option<Category>,
    declared: ImageType,
}

impl PhotoFile {
    /// A single file, whatever folder it is in.
    pub(crate) fn single(path: &Path) -> Result<Self> {
        let declared = declared(path)
            .with_context(|| format!("{}: not a .jpg, .png or .webp file", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            name: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            class: None,
            declared,
        })
    }

    /// The bytes, and the type that the name declares.
    pub(crate) fn read(&self) -> Result<(Vec<u8>, ImageType)> {
        let bytes =
            fs::read(&self.path).with_context(|| format!("reading {}", self.path.display()))?;
        Ok((bytes, self.declared))
    }

    /// The file's name without its type, for files that are made of it.
    pub(crate) fn stem(&self) -> String {
        self.path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    }
}

/// All photos of a folder and of those in it, by path; at most `limit` of them, spread evenly.
///
/// # Errors
/// When the folder cannot be read, or holds no photo.
pub(crate) fn find(folder: &Path, limit: Option<usize>) -> Result<Vec<PhotoFile>> {
    ensure!(folder.is_dir(), "{} is not a folder", folder.display());
    let mut found = Vec::new();
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name() {
        let entry = entry.with_context(|| format!("reading {}", folder.display()))?;
        let path = entry.path();
        let Some(declared) = declared(path).filter(|_| entry.file_type().is_file()) else {
            continue;
        };
        let name = path.strip_prefix(folder).unwrap_or(path);
        found.push(PhotoFile {
            name: name.to_string_lossy().into_owned(),
            class: path.parent().and_then(Path::file_name).and_then(class),
            path: path.to_owned(),
            declared,
        });
    }
    ensure!(
        !found.is_empty(),
        "no photo in {}: give a folder of .jpg, .png or .webp files",
        folder.display()
    );
    Ok(spread(found, limit))
}

/// Some of the things, evenly spaced, in their order.
fn spread<T>(things: Vec<T>, limit: Option<usize>) -> Vec<T> {
    let (count, limit) = (things.len(), limit.unwrap_or(usize::MAX).max(1));
    if limit >= count {
        return things;
    }
    things
        .into_iter()
        .enumerate()
        .filter(|(at, _)| (at + 1) * limit / count > at * limit / count)
        .map(|(_, thing)| thing)
        .collect()
}

fn declared(path: &Path) -> Option<ImageType> {
    match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some(ImageType::Jpeg),
        "png" => Some(ImageType::Png),
        "webp" => Some(ImageType::Webp),
        _ => None,
    }
}

/// The category that a folder's name means: `t-shirt` and `T_Shirt` are `t_shirt`, and `outwear` is what a
/// well-known set of clothing photos calls `outerwear`.
fn class(folder: &std::ffi::OsStr) -> Option<Category> {
    let name = folder
        .to_str()?
        .to_ascii_lowercase()
        .replace(['-', ' '], "_");
    match name.as_str() {
        "outwear" => Some(Category::Outerwear),
        "tshirt" => Some(Category::TShirt),
        other => other.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"").unwrap();
        }
        folder
    }

    #[test]
    fn photos_come_in_the_order_of_their_paths_with_the_class_of_their_folder() {
        let folder = folder(&[
            "t-shirt/b.jpg",
            "outwear/z.JPG",
            "t-shirt/a.png",
            "others/c.webp",
            "notes.txt",
        ]);
        let found = find(folder.path(), None).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|photo| (photo.name.as_str(), photo.class))
            .collect();
        assert_eq!(
            told,
            [
                ("others/c.webp", None),
                ("outwear/z.JPG", Some(Category::Outerwear)),
                ("t-shirt/a.png", Some(Category::TShirt)),
                ("t-shirt/b.jpg", Some(Category::TShirt)),
            ]
        );
    }

    #[test]
    fn a_folder_without_photos_is_an_error() {
        let folder = folder(&["notes.txt"]);
        let error = find(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("no photo"), "{error}");
    }

    #[test]
    fn a_limit_takes_things_from_everywhere() {
        assert_eq!(spread((0..10).collect(), Some(3)), [3, 6, 9]);
        assert_eq!(spread(vec![1, 2], Some(9)), [1, 2]);
        assert_eq!(spread((0..4).collect::<Vec<_>>(), None).len(), 4);
    }
}
