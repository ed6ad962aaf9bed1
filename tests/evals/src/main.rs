//! Measures the vision engine and the index on photos and data that are not in the repository.
//!
//! Each subcommand prints a table, and writes the same as JSON if asked to. Times are wall-clock times of this
//! machine; run on a quiet one.

mod colors;
mod cutouts;
mod embed;
mod index;
mod outfits;
mod personal;
mod photos;
mod progress;
mod report;
mod sheet;
mod stats;
mod tags;
mod tryon;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// Also write the result to this file, as JSON.
    #[arg(long, global = true, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Look at no more than this many photos, spread evenly over the folder, or learn from no more than this many
    /// outfits.
    #[arg(long, global = true, value_name = "COUNT")]
    limit: Option<usize>,
}

#[derive(Subcommand)]
enum Command {
    /// Category: top-1, top-3, calibration, each class's precision and recall, confusion, time.
    Tags {
        /// Holds one folder of photos for each class, named by its category.
        #[arg(long, value_name = "DIR")]
        photos: PathBuf,
    },
    /// Writes each garment cut out, and a sheet of all on a checkerboard.
    Cutouts {
        /// Photos, in whatever folders.
        #[arg(long, value_name = "DIR")]
        photos: PathBuf,
        /// Where the PNGs go.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Writes each photo's unit vector as a row of a NumPy file, in file-name order.
    Embed {
        /// Photos; those in folders of classes also tell how often the nearest other photo is of the same class.
        #[arg(long, value_name = "DIR")]
        photos: PathBuf,
        /// The NumPy file; beside it, with `.txt`, the names in the same order.
        #[arg(long, value_name = "FILE.npy")]
        out: PathBuf,
    },
    /// Draws each photo beside its named colours.
    Colors {
        /// Photos, in whatever folders.
        #[arg(long, value_name = "DIR")]
        photos: PathBuf,
        /// Where the sheets go.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Puts each garment, and one whole outfit, on a person.
    Tryon {
        /// A full-body photo.
        #[arg(long, value_name = "FILE")]
        body: PathBuf,
        /// Photos of garments. A folder named by a category says what they are; otherwise the engine does.
        #[arg(long, value_name = "DIR")]
        garments: PathBuf,
        /// Where the pictures go.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// AUC of preferring the bottom that a person chose for a top, beside popularity and matrix factorisation.
    Personal {
        /// Lines `user,top,positive_bottom,negative_bottom` to learn from.
        #[arg(long, value_name = "CSV")]
        train: PathBuf,
        /// Such lines to judge by.
        #[arg(long, value_name = "CSV")]
        test: PathBuf,
    },
    /// Time and recall of the index of what boutiques sell, beside faiss, usearch and hnswlib.
    Index(index::Options),
    /// Learns from outfits and tells real ones from random ones: AUC, fill in the blank, calibration, times.
    Outfits {
        /// Start of the files `_outfits.jsonl`, `_embeddings.npy` and (optional) `_titles.json` to learn from.
        #[arg(long, value_name = "PREFIX")]
        train: String,
        /// Start of the same files to measure on; without it, parts of those to learn from are held out in turn.
        #[arg(long, value_name = "PREFIX")]
        test: Option<String>,
        /// How many parts, without a test set.
        #[arg(long, value_name = "COUNT", default_value_t = 5)]
        folds: usize,
    },
}

fn main() -> ExitCode {
    let Arguments {
        command,
        json,
        limit,
    } = Arguments::parse();
    let done = match command {
        Command::Tags { photos } => {
            tags::run(&photos, limit).and_then(|report| report::give(&report, json.as_deref()))
        }
        Command::Cutouts { photos, out } => cutouts::run(&photos, &out, limit)
            .and_then(|report| report::give(&report, json.as_deref())),
        Command::Embed { photos, out } => embed::run(&photos, &out, limit)
            .and_then(|report| report::give(&report, json.as_deref())),
        Command::Colors { photos, out } => colors::run(&photos, &out, limit)
            .and_then(|report| report::give(&report, json.as_deref())),
        Command::Tryon {
            body,
            garments,
            out,
        } => tryon::run(&body, &garments, &out, limit)
            .and_then(|report| report::give(&report, json.as_deref())),
        Command::Personal { train, test } => {
            personal::run(&train, &test).and_then(|report| report::give(&report, json.as_deref()))
        }
        Command::Index(options) => {
            index::run(&options).and_then(|report| report::give(&report, json.as_deref()))
        }
        Command::Outfits { train, test, folds } => {
            outfits::run(&train, test.as_deref(), folds, limit)
                .and_then(|report| report::give(&report, json.as_deref()))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::complain(&error);
            ExitCode::FAILURE
        }
    }
}
