//! How often the category is right, and whether its probability is.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use comfy_table::Table;
use drape_domain::Category;
use drape_vision::{GarmentVision, decode};
use serde::Serialize;

use crate::{
    photos,
    progress::Progress,
    report::{Report, or_dash, percent, table},
    stats::{Share, Times, calibration_error},
};

/// What a photo was said to show.
struct Answer {
    truth: Category,
    /// All categories, likeliest first.
    guesses: Vec<(Category, f32)>,
}

impl Answer {
    /// The likeliest categories of some, and how likely they are among those.
    fn among(&self, classes: Option<&BTreeSet<Category>>) -> Vec<(Category, f32)> {
        let allowed = |category: &Category| classes.is_none_or(|all| all.contains(category));
        let guesses = self.guesses.iter().filter(|(guess, _)| allowed(guess));
        let total: f32 = guesses.clone().map(|(_, part)| part).sum();
        guesses
            .map(|(guess, part)| (*guess, part / total.max(f32::MIN_POSITIVE)))
            .collect()
    }
}

/// How good the answers are when they may name certain categories.
#[derive(Debug, Serialize)]
struct Accuracy {
    /// How many categories there were to choose from.
    choices: usize,
    top1: Share,
    top3: Share,
    calibration_error: f64,
}

#[derive(Debug, Serialize)]
struct Class {
    category: Category,
    photos: usize,
    precision: Option<f64>,
    recall: f64,
    /// What its photos were taken for, most often first.
    taken_for: Vec<(Category, usize)>,
}

/// The result of `evals tags`.
#[derive(Debug, Serialize)]
pub(crate) struct Tags {
    photos: usize,
    /// Guessing among the classes that the folder has.
    among_classes: Accuracy,
    /// Guessing among all categories that the engine knows, as in production.
    among_all: Accuracy,
    /// Each class, guessing among those that the folder has.
    classes: Vec<Class>,
    /// From bytes to category, with decoding.
    time: Option<Times>,
    /// Photos that could not be read, with the reason.
    unreadable: Vec<(String, String)>,
}

/// Looks at every photo in a folder of class folders.
///
/// # Errors
/// When there is no such photo, or the engine fails.
pub(crate) fn run(folder: &Path, limit: Option<usize>) -> Result<Tags> {
    let photos: Vec<_> = photos::find(folder, limit)?
        .into_iter()
        .filter_map(|photo| photo.class.map(|class| (photo, class)))
        .collect();
    ensure!(
        !photos.is_empty(),
        "no folder in {} is named by a category (such as `dress` or `t-shirt`)",
        folder.display()
    );
    let vision = GarmentVision::load()?;
    let progress = Progress::new("tags", photos.len());
    let (mut answers, mut times, mut unreadable) = (Vec::new(), Vec::new(), Vec::new());
    for (photo, truth) in photos {
        let (bytes, declared) = photo.read()?;
        let began = Instant::now();
        match decode(&bytes, declared) {
            Ok(decoded) => {
                let guesses = vision
                    .categories(&decoded.rgb)
                    .with_context(|| photo.name.clone())?;
                times.push(began.elapsed().as_secs_f64() * 1000.0);
                answers.push(Answer { truth, guesses });
            }
            Err(error) => unreadable.push((photo.name, error.to_string())),
        }
        progress.advance();
    }
    Ok(judge(&answers, times, unreadable))
}

fn judge(answers: &[Answer], times: Vec<f64>, unreadable: Vec<(String, String)>) -> Tags {
    let classes: BTreeSet<Category> = answers.iter().map(|answer| answer.truth).collect();
    Tags {
        photos: answers.len(),
        among_classes: accuracy(answers, Some(&classes)),
        among_all: accuracy(answers, None),
        classes: by_class(answers, &classes),
        time: Times::of(times),
        unreadable,
    }
}

fn accuracy(answers: &[Answer], classes: Option<&BTreeSet<Category>>) -> Accuracy {
    let (mut top1, mut top3, mut choices) = (0, 0, 0);
    let mut confidences = Vec::with_capacity(answers.len());
    for answer in answers {
        let guesses = answer.among(classes);
        choices = guesses.len();
        let place = guesses
            .iter()
            .position(|(category, _)| *category == answer.truth);
        top1 += usize::from(place == Some(0));
        top3 += usize::from(place.is_some_and(|place| place < 3));
        if let Some((_, confidence)) = guesses.first() {
            confidences.push((*confidence, place == Some(0)));
        }
    }
    Accuracy {
        choices,
        top1: Share::new(top1, answers.len()),
        top3: Share::new(top3, answers.len()),
        calibration_error: calibration_error(&confidences),
    }
}

fn by_class(answers: &[Answer], classes: &BTreeSet<Category>) -> Vec<Class> {
    let mut counts: BTreeMap<(Category, Category), usize> = BTreeMap::new();
    for answer in answers {
        if let Some((guess, _)) = answer.among(Some(classes)).first() {
            *counts.entry((answer.truth, *guess)).or_default() += 1;
        }
    }
    let count = |truth, guess| counts.get(&(truth, guess)).copied().unwrap_or(0);
    classes
        .iter()
        .map(|class| {
            let right = count(*class, *class);
            let photos: usize = classes.iter().map(|guess| count(*class, *guess)).sum();
            let named: usize = classes.iter().map(|truth| count(*truth, *class)).sum();
            let mut taken_for: Vec<_> = classes
                .iter()
                .filter(|guess| *guess != class && count(*class, **guess) > 0)
                .map(|guess| (*guess, count(*class, *guess)))
                .collect();
            taken_for.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            Class {
                category: *class,
                photos,
                precision: (named > 0).then(|| right as f64 / named as f64),
                recall: right as f64 / photos.max(1) as f64,
                taken_for,
            }
        })
        .collect()
}

impl Report for Tags {
    fn tables(&self) -> Vec<Table> {
        let mut summary = table(&["category", "top-1", "top-3", "calibration error"]);
        for accuracy in [&self.among_classes, &self.among_all] {
            summary.add_row([
                format!("among {} categories", accuracy.choices),
                accuracy.top1.to_string(),
                accuracy.top3.to_string(),
                format!("{:.3}", accuracy.calibration_error),
            ]);
        }
        let mut classes = table(&["class", "photos", "precision", "recall", "taken for"]);
        for class in &self.classes {
            let taken_for: Vec<_> = class
                .taken_for
                .iter()
                .map(|(category, count)| format!("{category} {count}"))
                .collect();
            classes.add_row([
                class.category.to_string(),
                class.photos.to_string(),
                or_dash(class.precision.map(percent)),
                percent(class.recall),
                taken_for.join(", "),
            ]);
        }
        let mut run = table(&["a photo takes", "unreadable"]);
        run.add_row([or_dash(self.time), self.unreadable.len().to_string()]);
        vec![summary, classes, run]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(truth: Category, guesses: &[(Category, f32)]) -> Answer {
        Answer {
            truth,
            guesses: guesses.to_vec(),
        }
    }

    #[test]
    fn guesses_of_categories_that_the_folder_lacks_count_only_among_all() {
        let answers = [
            answer(
                Category::Shirt,
                &[
                    (Category::Blouse, 0.5),
                    (Category::Shirt, 0.4),
                    (Category::Hat, 0.1),
                ],
            ),
            answer(
                Category::Hat,
                &[
                    (Category::Hat, 0.8),
                    (Category::Shirt, 0.1),
                    (Category::Blouse, 0.1),
                ],
            ),
        ];
        let tags = judge(&answers, vec![1.0, 3.0], Vec::new());
        assert_eq!((tags.among_classes.choices, tags.among_all.choices), (2, 3));
        assert!((tags.among_classes.top1.part - 1.0).abs() < 1e-9);
        assert!((tags.among_all.top1.part - 0.5).abs() < 1e-9);
        assert!((tags.among_all.top3.part - 1.0).abs() < 1e-9);
        assert_eq!(tags.classes.len(), 2);
    }

    #[test]
    fn each_class_has_precision_recall_and_what_it_was_taken_for() {
        let hat = [(Category::Hat, 0.9), (Category::Shirt, 0.1)];
        let answers = [
            answer(Category::Hat, &hat),
            answer(Category::Shirt, &hat),
            answer(Category::Shirt, &[(Category::Shirt, 1.0)]),
        ];
        let classes = judge(&answers, Vec::new(), Vec::new()).classes;
        let shirt = classes
            .iter()
            .find(|class| class.category == Category::Shirt)
            .unwrap();
        assert_eq!(shirt.precision, Some(1.0));
        assert!((shirt.recall - 0.5).abs() < 1e-9);
        assert_eq!(shirt.taken_for, [(Category::Hat, 1)]);
        let hat = classes
            .iter()
            .find(|class| class.category == Category::Hat)
            .unwrap();
        assert_eq!(hat.precision, Some(0.5));
    }
}
