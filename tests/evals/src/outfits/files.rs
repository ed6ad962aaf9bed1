//! Outfits by the files of a prefix: `_outfits.jsonl`, `_embeddings.npy`, and `_titles.json` where there is one.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{BufReader, Read},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use drape_domain::Slot;
use drape_learn::{Garment, words};
use npyz::NpyFile;
use serde::Deserialize;

/// A piece of an outfit: its place on the body, and its row.
pub(crate) type Piece = (Slot, usize);

/// Real outfits with what is known of their pieces.
pub(crate) struct Outfits {
    pub(crate) outfits: Vec<Vec<Piece>>,
    pub(crate) vectors: Vec<Vec<f32>>,
    words: Vec<Vec<u32>>,
}

/// A line of `_outfits.jsonl`.
#[derive(Deserialize)]
struct Line {
    items: BTreeMap<String, usize>,
}

impl Outfits {
    /// # Errors
    /// When a file is missing (but titles), or the files do not fit together.
    pub(crate) fn read(prefix: &str) -> Result<Self> {
        let file = |end: &str| PathBuf::from(format!("{prefix}{end}"));
        let vectors = embeddings(&file("_embeddings.npy"))?;
        let titles = file("_titles.json");
        let words = if titles.exists() {
            let text = fs::read(&titles).with_context(|| titles.display().to_string())?;
            let titles: Vec<String> = serde_json::from_slice(&text)?;
            ensure!(
                titles.len() == vectors.len(),
                "{} titles for {} embeddings",
                titles.len(),
                vectors.len()
            );
            titles.iter().map(|title| words::of_title(title)).collect()
        } else {
            vec![Vec::new(); vectors.len()]
        };
        let path = file("_outfits.jsonl");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let outfits = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(at, line)| {
                outfit(line, vectors.len())
                    .with_context(|| format!("{}, line {}", path.display(), at + 1))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            outfits,
            vectors,
            words,
        })
    }

    /// What is known of a piece.
    pub(crate) fn garment(&self, (slot, row): Piece) -> Garment<'_> {
        Garment {
            slot,
            category: None,
            vector: self.vectors.get(row).map(Vec::as_slice),
            colors: &[],
            words: self.words.get(row).map_or(&[], Vec::as_slice),
        }
    }
}

fn outfit(line: &str, rows: usize) -> Result<Vec<Piece>> {
    let line: Line = serde_json::from_str(line)?;
    line.items
        .into_iter()
        .map(|(slot, row)| {
            ensure!(row < rows, "row {row} of {rows}");
            Ok((named(&slot)?, row))
        })
        .collect()
}

/// A slot by our word for it or Polyvore's.
fn named(word: &str) -> Result<Slot> {
    let ours = match word {
        "upper" => "top",
        "shoe" => "shoes",
        other => other,
    };
    ours.parse()
        .map_err(|error| anyhow!("slot {word:?} {error}"))
}

/// The rows of a NumPy matrix of 16- or 32-bit floats.
fn embeddings(path: &Path) -> Result<Vec<Vec<f32>>> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    let file = NpyFile::new(BufReader::new(file))?;
    let &[rows, columns] = file.shape() else {
        return Err(anyhow!("{} is no matrix", path.display()));
    };
    let values = floats(file).with_context(|| path.display().to_string())?;
    ensure!(
        columns > 0 && values.len() as u64 == rows * columns,
        "{} is empty or cut off",
        path.display()
    );
    let columns = usize::try_from(columns)?;
    Ok(values.chunks_exact(columns).map(<[f32]>::to_vec).collect())
}

fn floats(file: NpyFile<impl Read>) -> Result<Vec<f32>> {
    match file.try_data::<half::f16>() {
        Ok(data) => data.map(|x| Ok(x?.to_f32())).collect(),
        Err(file) => {
            let data = file
                .try_data::<f32>()
                .map_err(|_| anyhow!("neither float16 nor float32"))?;
            data.map(|x| Ok(x?)).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use npyz::WriterBuilder;

    use super::*;

    fn write(prefix: &str, outfits: &str, titles: Option<&str>) {
        let values = [0.5_f32, 0.25, -1.0, 2.0];
        let mut bytes = Vec::new();
        let mut writer = npyz::WriteOptions::new()
            .default_dtype()
            .shape(&[2, 2])
            .writer(&mut bytes)
            .begin_nd()
            .unwrap();
        writer.extend(values.map(half::f16::from_f32)).unwrap();
        writer.finish().unwrap();
        fs::write(format!("{prefix}_embeddings.npy"), bytes).unwrap();
        fs::write(format!("{prefix}_outfits.jsonl"), outfits).unwrap();
        if let Some(titles) = titles {
            fs::write(format!("{prefix}_titles.json"), titles).unwrap();
        }
    }

    #[test]
    fn halves_outfits_and_titles_are_read_and_titles_may_be_missing() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("some").display().to_string();
        let line = r#"{"id": "1", "items": {"upper": 1, "shoe": 0}}"#;
        write(&prefix, line, None);
        let read = Outfits::read(&prefix).unwrap();
        assert_eq!(read.outfits, [[(Slot::Shoes, 0), (Slot::Top, 1)]]);
        assert_eq!(read.garment((Slot::Top, 1)).vector, Some(&[-1.0, 2.0][..]));
        assert!(read.garment((Slot::Top, 1)).words.is_empty());
        write(&prefix, line, Some(r#"["a b", "c"]"#));
        let read = Outfits::read(&prefix).unwrap();
        assert_eq!(read.garment((Slot::Shoes, 0)).words.len(), 2);
    }

    #[test]
    fn what_does_not_fit_together_is_refused_with_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("some").display().to_string();
        let refused = |outfits: &str, titles: Option<&str>| {
            write(&prefix, outfits, titles);
            format!("{:#}", Outfits::read(&prefix).err().unwrap())
        };
        assert!(refused(r#"{"items": {"shoe": 2}}"#, None).contains("line 1: row 2 of 2"));
        assert!(refused(r#"{"items": {"glove": 0}}"#, None).contains("glove"));
        assert!(refused("", Some(r#"["a"]"#)).contains("1 titles for 2"));
    }
}
