//! A client of Drape that takes a folder of photos the whole way: a new account, a wardrobe, outfits for two
//! weathers, try-ons, what a boutique adds, and a page that shows it all.

mod advice;
mod api;
mod files;
mod mend;
mod page;
mod photos;
mod progress;
mod report;
mod shop;
mod wardrobe;

use std::{
    collections::HashMap,
    fs,
    io::{Write, stderr},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, Result};
use clap::Parser;
use time::{OffsetDateTime, macros::format_description};

use api::{Api, Images, Item, ItemStatus, Role};
use photos::Photo;
use progress::Progress;
use report::{Garment, Outcome, Pictures, Report};

/// From so many photos on, it is said that a sample would do.
const MANY: usize = 150;

/// From so many photos on, one in `TO_THE_BOUTIQUE` belongs to a boutique instead of to the wardrobe.
const ENOUGH_FOR_TWO: usize = 20;
const TO_THE_BOUTIQUE: usize = 4;

/// Photos in, outfits and try-ons out, on one page.
#[derive(Debug, Parser)]
struct Args {
    /// Folder of clothing photos (.jpg, .png, .webp), with or without folders in it
    #[arg(long)]
    photos: PathBuf,
    /// A photo of a whole person, from the front
    #[arg(long)]
    body: PathBuf,
    /// Base URL of the API: `ApiUrl` of the stack's outputs
    #[arg(long)]
    api: String,
    /// Folder for the page
    #[arg(long, default_value = "demo")]
    out: PathBuf,
    /// Send at most so many photos, taken evenly from the folder
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Uploads at once
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=32))]
    parallel: u32,
}

#[tokio::main]
async fn main() -> ExitCode {
    let progress = Progress::new();
    match run(&Args::parse(), &progress).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing more can be done if nobody hears it.
            writeln!(stderr(), "demo: {error:#}").ok();
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args, progress: &Progress) -> Result<()> {
    let found = photos::find(&args.photos)?;
    let body = photos::one(&args.body)?;
    for skipped in &found.skipped {
        progress.say(&format!(
            "  {} is left out: it {}",
            skipped.name, skipped.reason
        ));
    }
    let total = found.photos.len();
    let all = match args.limit {
        // One more for the boutique to each three for the wardrobe.
        Some(limit) => photos::sample(
            found.photos,
            limit as usize * TO_THE_BOUTIQUE / (TO_THE_BOUTIQUE - 1),
        ),
        None => found.photos,
    };
    let (for_sale, photos) = if all.len() >= ENOUGH_FOR_TWO {
        share_out(all)
    } else {
        (Vec::new(), all)
    };
    if photos.len() + for_sale.len() < total {
        progress.say(&format!(
            "  {} of {total} photos, taken evenly by name, and {} for a boutique",
            photos.len(),
            for_sale.len()
        ));
    } else if total > MANY {
        progress.say(&format!(
            "  {total} photos need about a second each on one core: --limit 40 (make: LIMIT=40) takes an even sample"
        ));
    }

    files::prepare(&args.out)?;
    let parallel = args.parallel as usize;
    let shop = match for_sale.as_slice() {
        [] => None,
        photos => Some(shop::open(&args.api, photos, parallel, progress).await?),
    };
    let api = Api::sign_up(&args.api, Role::Shopper).await?;
    let sent = wardrobe::fill(&api, &photos, |_| None, parallel, progress).await?;
    let (items, listing) = wardrobe::list(&api).await?;
    let garments = garments(&api, &photos, sent.items, items, args, progress).await?;

    let body_url = advice::send_body(&api, &body).await?;
    let mut weathers = advice::ask(&api, progress).await?;
    advice::try_on(&api, &mut weathers, &body_url, &args.out, progress).await?;

    let mending = mend::mend(&api, &garments, &args.out, progress).await?;
    let again = mend::send_again(&api, &photos, &garments, progress).await?;

    // Last, since an index of what is sold is made every few minutes.
    let window = match &shop {
        Some(shop) => Some(shop::look(&api, shop, &args.out, progress).await?),
        None => None,
    };

    let body = fs::read(&body.path).context("reading the body photo")?;
    let report = Report {
        api: args.api.clone(),
        date: now()?,
        found: total,
        skipped: found.skipped,
        garments,
        body: files::keep(&args.out, "body", &body)?,
        weathers,
        window,
        mending,
        again,
        times: report::Times {
            listing,
            ..sent.times
        },
    };
    let path = args.out.join("index.html");
    fs::write(&path, page::render(&report).into_string())
        .with_context(|| format!("writing {}", path.display()))?;
    let path = path.canonicalize().unwrap_or(path);
    progress.say(&format!("\nThe page is at file://{}", path.display()));
    Ok(())
}

/// Every fourth photo, and the others.
fn share_out(photos: Vec<Photo>) -> (Vec<Photo>, Vec<Photo>) {
    let mut numbered: Vec<_> = photos.into_iter().enumerate().collect();
    let sold = numbered
        .extract_if(.., |(n, _)| *n % TO_THE_BOUTIQUE == TO_THE_BOUTIQUE - 1)
        .map(|(_, photo)| photo)
        .collect();
    let kept = numbered.into_iter().map(|(_, photo)| photo).collect();
    (sold, kept)
}

/// What became of each photo, with its pictures beside the page.
async fn garments(
    api: &Api,
    photos: &[Photo],
    sent: Vec<Result<String, String>>,
    mut items: HashMap<String, Item>,
    args: &Args,
    progress: &Progress,
) -> Result<Vec<Garment>> {
    let became: Vec<Result<Item, String>> = sent
        .into_iter()
        .map(|id| {
            let item = items.remove(&id?).ok_or("it is not in the wardrobe")?;
            match item.status {
                ItemStatus::Ready => Ok(item),
                ItemStatus::Failed => Err(item.error.map_or_else(
                    || "it failed, and nobody says why".to_owned(),
                    |error| error.message,
                )),
                _ => Err("it was still being worked on when this page was made".to_owned()),
            }
        })
        .collect();
    let ready = became.iter().flatten().map(|item| item.images.clone());
    let ready: Vec<Images> = ready.collect();
    let mut fetched = files::fetch(api, &args.out, &ready, progress)
        .await?
        .into_iter();

    let mut garments = Vec::with_capacity(photos.len());
    for (n, (photo, became)) in photos.iter().zip(became).enumerate() {
        let outcome = match became {
            Ok(item) => Outcome::Ready {
                item: Box::new(item),
                pictures: fetched.next().unwrap_or_else(Pictures::default),
            },
            Err(reason) => Outcome::Failed {
                reason,
                photo: fs::read(&photo.path).ok().and_then(|content| {
                    files::keep(&args.out, &format!("failed-{:04}", n + 1), &content).ok()
                }),
            },
        };
        garments.push(Garment {
            source: photo.name.clone(),
            outcome,
        });
    }
    Ok(garments)
}

fn now() -> Result<String> {
    let format =
        format_description!("[day padding:none] [month repr:long] [year], [hour]:[minute] UTC");
    Ok(OffsetDateTime::now_utc().format(format)?)
}
