//! What the photos became.

use maud::{Markup, html};

use super::words;
use crate::{
    api::{Candidate, Color, Item},
    report::{Garment, Outcome, Pictures, Report},
};

const SEASONS: [&str; 4] = ["spring", "summer", "autumn", "winter"];

/// Every garment that is ready.
pub(super) fn section(report: &Report) -> Markup {
    let ready = report
        .garments
        .iter()
        .filter_map(|garment| match &garment.outcome {
            Outcome::Ready { item, pictures } => Some((garment, &**item, pictures)),
            Outcome::Failed { .. } => None,
        });
    html! {
        section {
            h2 { "The wardrobe" }
            p.context {
                "Every photo with its cutout, its thumb and what was read from it. Nobody typed a word."
                @if report.found > report.garments.len() {
                    " A sample of " (report.found) " photos, taken evenly."
                }
            }
            div.wardrobe {
                @for (garment, item, pictures) in ready { (card(garment, item, pictures)) }
            }
        }
    }
}

fn card(garment: &Garment, item: &Item, pictures: &Pictures) -> Markup {
    html! {
        article.garment {
            div.cutout {
                @if let Some(path) = pictures.clean.as_ref().or(pictures.original.as_ref()) {
                    img loading="lazy" src=(path) alt={ "Cutout: " (item.title) };
                }
            }
            div.small {
                @if let Some(path) = &pictures.original {
                    figure { img loading="lazy" src=(path) alt="The photo as sent"; figcaption { "photo" } }
                }
                @if let Some(path) = &pictures.thumb {
                    figure { img loading="lazy" src=(path) alt="The thumb"; figcaption { "thumb" } }
                }
                div.name {
                    h3 { (words::unbroken(&item.title)) }
                    p.source title=(garment.source) { (garment.source) }
                }
            }
            p.chips {
                @for word in [&item.category, &item.pattern].into_iter().flatten() {
                    span.chip { (words::plain(word)) }
                }
                @if let Some(slot) = &item.slot { span.chip.faint { (words::plain(slot)) } }
                @if item.duplicate_of.is_some() { span.chip.ask { "the same as another photo" } }
            }
            @if !item.category_candidates.is_empty() { (question(&item.category_candidates)) }
            (colors(&item.colors))
            dl.tags {
                @if let Some(formality) = item.formality {
                    dt { "formality" }
                    dd { span.bar { i style={ "width:" (words::percent(formality)) } {} } (format!("{formality:.2}")) }
                }
                @if let Some(confidence) = item.cutout_confidence {
                    dt { "cutout" }
                    dd { span.bar { i style={ "width:" (words::percent(confidence)) } {} } (format!("{confidence:.2}")) }
                }
                dt.hidden { "season" }
                dd.seasons {
                    @for season in SEASONS {
                        @let off = !item.season.iter().any(|worn| worn == season);
                        span class=[off.then_some("off")] { (season) }
                    }
                }
            }
        }
    }
}

/// What the app asks where the engine is not sure.
fn question(candidates: &[Candidate]) -> Markup {
    let told: Vec<_> = candidates
        .iter()
        .map(|one| {
            let word = words::plain(&one.category);
            format!("{word} ({})", words::percent(one.probability))
        })
        .collect();
    html! { p.question { "Is this: " (told.join(" or ")) "?" } }
}

fn colors(colors: &[Color]) -> Markup {
    html! {
        @if !colors.is_empty() {
            div.shares {
                @for color in colors {
                    i style={ "width:" (words::percent(color.share)) ";background:" (words::css_color(&color.hex)) } {}
                }
            }
            ul.colors {
                @for color in colors {
                    li {
                        i style={ "background:" (words::css_color(&color.hex)) } {}
                        (color.name) " " small { (words::percent(color.share)) }
                    }
                }
            }
        }
    }
}

/// What could not be used, and why.
pub(super) fn failures(report: &Report) -> Markup {
    let failed: Vec<_> = report
        .garments
        .iter()
        .filter_map(|garment| match &garment.outcome {
            Outcome::Failed { reason, photo } => Some((&garment.source, reason, photo.as_ref())),
            Outcome::Ready { .. } => None,
        })
        .collect();
    let skipped = &report.skipped;
    html! {
        @if !failed.is_empty() || !skipped.is_empty() {
            section {
                h2 { "Not usable" }
                p.context { "Photos that could not be used, with the words that the app shows beside “Fix Image”." }
                div.failures {
                    @for (source, reason, photo) in failed {
                        article.failure {
                            @match photo {
                                Some(path) => { img loading="lazy" src=(path) alt=""; }
                                None => { div.none {} }
                            }
                            div { p { (reason) } p.source { (source) } }
                        }
                    }
                    @for file in skipped {
                        article.failure {
                            div.none {}
                            div { p { "Not sent: the file " (file.reason) "." } p.source { (file.name) } }
                        }
                    }
                }
            }
        }
    }
}
