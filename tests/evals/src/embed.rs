//! Writing vectors, and how often the nearest other photo shows the same kind of garment.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::BufWriter,
    path::Path,
    time::Instant,
};

use anyhow::{Context, Result};
use comfy_table::Table;
use drape_domain::Category;
use drape_vision::{
    GarmentVision, MODEL_ID, decode,
    embed::{DIMENSIONS, likeness},
};
use npyz::WriterBuilder;
use serde::Serialize;

use crate::{
    photos,
    progress::Progress,
    report::{Report, or_dash, table},
    stats::{Share, Times, nearest_rank},
};

/// A photo's vector, with its class if its folder names one.
struct Row {
    name: String,
    class: Option<Category>,
    vector: Vec<f32>,
}

#[derive(Debug, Serialize)]
struct Neighbours {
    /// How often the nearest other photo is of the same class.
    same_class: Share,
    by_class: BTreeMap<Category, Share>,
    /// Quantiles (0.05, 0.5, 0.95, 0.99, 0.999) of the cosine between a photo and its nearest other one.
    likeness: Vec<(f64, f64)>,
}

/// The result of `evals embed`.
#[derive(Debug, Serialize)]
pub(crate) struct Embedded {
    model: &'static str,
    dimensions: usize,
    /// In the order of the rows.
    names: Vec<String>,
    /// From the decoded photo to the vector.
    time: Option<Times>,
    neighbours: Option<Neighbours>,
    /// Photos that could not be read, with the reason. They have no row.
    unreadable: Vec<(String, String)>,
}

/// Embeds every photo in a folder, and writes the vectors and, beside them, the names.
///
/// # Errors
/// When there is no photo, the files cannot be written, or the engine fails.
pub(crate) fn run(folder: &Path, out: &Path, limit: Option<usize>) -> Result<Embedded> {
    let photos = photos::find(folder, limit)?;
    let vision = GarmentVision::load()?;
    let progress = Progress::new("embed", photos.len());
    let (mut rows, mut times, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for photo in photos {
        let (bytes, declared) = photo.read()?;
        match decode(&bytes, declared) {
            Ok(decoded) => {
                let began = Instant::now();
                let vector = vision
                    .embedding(&decoded.rgb)
                    .with_context(|| photo.name.clone())?;
                times.push(began.elapsed().as_secs_f64() * 1000.0);
                rows.push(Row {
                    name: photo.name,
                    class: photo.class,
                    vector,
                });
            }
            Err(error) => unreadable.push((photo.name, error.to_string())),
        }
        progress.advance();
    }
    write(&rows, out)?;
    Ok(Embedded {
        model: MODEL_ID,
        dimensions: DIMENSIONS,
        time: Times::of(times),
        neighbours: neighbours(&rows),
        names: rows.into_iter().map(|row| row.name).collect(),
        unreadable,
    })
}

fn write(rows: &[Row], out: &Path) -> Result<()> {
    let context = || format!("writing {}", out.display());
    let file = BufWriter::new(File::create(out).with_context(context)?);
    let mut writer = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&[rows.len() as u64, DIMENSIONS as u64])
        .writer(file)
        .begin_nd()
        .with_context(context)?;
    for row in rows {
        writer.extend(&row.vector).with_context(context)?;
    }
    writer.finish().with_context(context)?;
    let names: String = rows.iter().map(|row| format!("{}\n", row.name)).collect();
    let path = out.with_extension("txt");
    fs::write(&path, names).with_context(|| format!("writing {}", path.display()))
}

/// What the nearest other photo of each photo with a class is; none if fewer than two have one.
fn neighbours(rows: &[Row]) -> Option<Neighbours> {
    let classed: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row.class?, &row.vector)))
        .collect();
    let mut counts: BTreeMap<Category, (usize, usize)> = BTreeMap::new();
    let mut nearest = Vec::with_capacity(classed.len());
    for (at, (class, vector)) in classed.iter().enumerate() {
        let others = classed.iter().enumerate().filter(|(other, _)| *other != at);
        let (found, cosine) = others
            .map(|(_, (class, other))| (class, likeness(vector, other)))
            .max_by(|one, two| one.1.total_cmp(&two.1))?;
        let count = counts.entry(*class).or_default();
        count.0 += usize::from(found == class);
        count.1 += 1;
        nearest.push(f64::from(cosine));
    }
    nearest.sort_by(f64::total_cmp);
    let hits = counts.values().map(|(hits, _)| hits).sum();
    Some(Neighbours {
        same_class: Share::new(hits, (!nearest.is_empty()).then_some(nearest.len())?),
        by_class: counts
            .into_iter()
            .map(|(class, (hits, of))| (class, Share::new(hits, of)))
            .collect(),
        likeness: [0.05, 0.5, 0.95, 0.99, 0.999]
            .into_iter()
            .filter_map(|part| Some((part, nearest_rank(&nearest, part)?)))
            .collect(),
    })
}

impl Report for Embedded {
    fn tables(&self) -> Vec<Table> {
        let mut run = table(&[
            "model",
            "vectors",
            "dimensions",
            "a vector takes",
            "unreadable",
        ]);
        run.add_row([
            self.model.to_owned(),
            self.names.len().to_string(),
            self.dimensions.to_string(),
            or_dash(self.time),
            self.unreadable.len().to_string(),
        ]);
        let Some(neighbours) = &self.neighbours else {
            return vec![run];
        };
        let mut classes = table(&["nearest other photo", "of the same class"]);
        classes.add_row(["all".to_owned(), neighbours.same_class.to_string()]);
        for (class, share) in &neighbours.by_class {
            classes.add_row([class.to_string(), share.to_string()]);
        }
        let mut likeness = table(&[
            "part of the photos",
            "nearest other one's cosine is at most",
        ]);
        for (part, cosine) in &neighbours.likeness {
            likeness.add_row([part.to_string(), format!("{cosine:.4}")]);
        }
        vec![run, classes, likeness]
    }
}

#[cfg(test)]
mod tests {
    use npyz::NpyFile;

    use super::*;

    fn row(name: &str, class: Option<Category>, at: usize, other: f32) -> Row {
        let mut vector = vec![0.0; DIMENSIONS];
        vector[at] = 1.0;
        vector[DIMENSIONS - 1] = other;
        Row {
            name: name.to_owned(),
            class,
            vector,
        }
    }

    #[test]
    fn a_photo_is_not_its_own_neighbour() {
        let rows = [
            row("a", Some(Category::Hat), 0, 0.1),
            row("b", Some(Category::Hat), 0, 0.2),
            row("c", Some(Category::Dress), 1, 0.2),
            row("d", None, 1, 0.2),
        ];
        let neighbours = neighbours(&rows).unwrap();
        assert_eq!(neighbours.same_class, Share::new(2, 3));
        assert_eq!(neighbours.by_class[&Category::Dress], Share::new(0, 1));
    }

    #[test]
    fn photos_without_classes_have_vectors_but_no_accuracy() {
        assert!(neighbours(&[row("a", None, 0, 0.0), row("b", None, 1, 0.0)]).is_none());
    }

    #[test]
    fn the_file_holds_a_row_for_each_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.npy");
        write(&[row("a", None, 0, 0.5), row("b", None, 3, 0.25)], &path).unwrap();
        let file = NpyFile::new(fs::File::open(&path).unwrap()).unwrap();
        assert_eq!(file.shape(), [2, DIMENSIONS as u64]);
        let values: Vec<f32> = file.into_vec().unwrap();
        assert_eq!((values[0], values[DIMENSIONS + 3]), (1.0, 1.0));
        assert_eq!(
            fs::read_to_string(folder.path().join("vectors.txt")).unwrap(),
            "a\nb\n"
        );
    }
}
