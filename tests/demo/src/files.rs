//! Pictures beside the page.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, stream};

use crate::{
    api::{Api, Images, Trouble},
    photos::ImageType,
    progress::Progress,
    report::Pictures,
};

/// The folder of pictures, beside the page.
pub(crate) const FOLDER: &str = "images";
/// Lies in a folder of pictures that this program made and may empty.
const MARK: &str = ".made-by-drape-demo";
/// Downloads at once.
const PARALLEL: usize = 6;

/// Makes `out` and an empty folder of pictures in it.
///
/// # Errors
/// When that cannot be, or there is a folder of pictures that somebody else made.
pub(crate) fn prepare(out: &Path) -> Result<()> {
    let folder = out.join(FOLDER);
    if folder.exists() {
        ensure!(
            folder.join(MARK).exists(),
            "{} exists and is not from an earlier demo: give another --out",
            folder.display()
        );
        fs::remove_dir_all(&folder).with_context(|| format!("emptying {}", folder.display()))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    fs::write(folder.join(MARK), "").context("writing into the folder of pictures")?;
    Ok(())
}

/// Writes a picture under this name, with the extension of its type, and answers its path from the page.
///
/// # Errors
/// When it is no picture, or cannot be written.
pub(crate) fn keep(out: &Path, name: &str, content: &[u8]) -> Result<String, Trouble> {
    let Some(kind) = ImageType::of(content) else {
        return Err(Trouble::Local(format!("{name} is not a picture")));
    };
    let path = format!("{FOLDER}/{name}.{}", kind.extension());
    fs::write(out.join(&path), content)
        .map_err(|error| Trouble::Local(format!("writing {path}: {error}")))?;
    Ok(path)
}

/// Fetches the pictures of items, in their order.
///
/// # Errors
/// When a picture cannot be fetched or written.
pub(crate) async fn fetch(
    api: &Api,
    out: &Path,
    items: &[Images],
    progress: &Progress,
) -> Result<Vec<Pictures>, Trouble> {
    let step = progress.step("pictures fetched", items.len());
    let mut fetched = Vec::with_capacity(items.len());
    let mut pictures = stream::iter(items.iter().enumerate())
        .map(|(n, images)| pictures(api, out, n + 1, images))
        .buffered(PARALLEL);
    while let Some(one) = pictures.next().await {
        fetched.push(one?);
        step.at(fetched.len());
    }
    step.done(&format!("of {} garments", fetched.len()));
    Ok(fetched)
}

async fn pictures(api: &Api, out: &Path, n: usize, images: &Images) -> Result<Pictures, Trouble> {
    let get = async |link: &Option<String>, what: &str| match link {
        Some(link) => keep(out, &format!("{n:04}-{what}"), &api.follow(link).await?).map(Some),
        None => Ok(None),
    };
    Ok(Pictures {
        original: get(&images.original, "photo").await?,
        clean: get(&images.clean, "cutout").await?,
        thumb: get(&images.thumb, "thumb").await?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_earlier_demo_is_replaced_and_nothing_else() {
        let out = tempfile::tempdir().unwrap();
        prepare(out.path()).unwrap();
        let path = keep(out.path(), "old", b"\xff\xd8\xff").unwrap();
        assert_eq!(path, "images/old.jpg");
        prepare(out.path()).unwrap();
        assert!(!out.path().join(path).exists());

        let own = tempfile::tempdir().unwrap();
        fs::create_dir(own.path().join(FOLDER)).unwrap();
        fs::write(own.path().join("images/holiday.jpg"), "mine").unwrap();
        let error = prepare(own.path()).unwrap_err().to_string();
        assert!(error.contains("--out"), "{error}");
        assert!(own.path().join("images/holiday.jpg").exists());
    }

    #[test]
    fn what_is_no_picture_is_not_kept() {
        let out = tempfile::tempdir().unwrap();
        prepare(out.path()).unwrap();
        assert!(keep(out.path(), "x", b"<html>").is_err());
    }
}
