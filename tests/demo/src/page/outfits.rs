//! What to wear in one weather, and how the best of it looks.

use std::collections::HashMap;

use maud::{Markup, PreEscaped, html};

use super::words;
use crate::{
    api::{Feature, Outfit, Piece},
    report::{Fitting, LayerFiles, Outcome, Report, Weather, Window},
};

const SUN: &str = r##"<svg class="sky" viewBox="0 0 32 32" aria-hidden="true"><circle cx="16" cy="16" r="6.5" fill="#f2b33d"/><g stroke="#f2b33d" stroke-width="2.4" stroke-linecap="round"><path d="M16 2.5v4M16 25.5v4M2.5 16h4M25.5 16h4M6.5 6.5l2.8 2.8M22.7 22.7l2.8 2.8M25.5 6.5l-2.8 2.8M9.3 22.7l-2.8 2.8"/></g></svg>"##;
const RAIN: &str = r##"<svg class="sky" viewBox="0 0 32 32" aria-hidden="true"><path d="M9 19a5.5 5.5 0 0 1-.6-11A8 8 0 0 1 23.600 9.200 5 5 0 0 1 23.500 19z" fill="#9fb0c3"/><g stroke="#4d86c6" stroke-width="2.4" stroke-linecap="round"><path d="M11 22.500l-1.800 5M17 22.500l-1.800 5M23 22.500l-1.800 5"/></g></svg>"##;

/// Advice for one weather, with the try-on of the best outfit beside it.
/// `number` tells the sections of a page apart.
pub(super) fn section(number: usize, weather: &Weather, report: &Report) -> Markup {
    let advice = &weather.advice;
    let pictures = pictures(report);
    html! {
        section {
            h2 {
                @if weather.condition == "sunny" { (PreEscaped(SUN)) } @else { (PreEscaped(RAIN)) }
                (weather.temp_c) " °C, " (weather.condition)
            }
            p.context {
                @match advice.context.temp_c {
                    Some(temp) => { (temp) " °C" }
                    None => { "temperature unknown" }
                }
                " · " (advice.context.condition.as_deref().unwrap_or("sky unknown"))
                " · weather from " (advice.context.source)
                " · model " (advice.model)
                " · answered in " (words::duration(weather.latency))
            }
            @if !advice.missing.is_empty() {
                p.note { "The wardrobe has nothing for: " (list(&advice.missing)) "." }
            }
            @if !advice.relaxed.is_empty() {
                p.note { "Rules that had to give way: " (list(&advice.relaxed)) "." }
            }
            @if advice.recommendations.is_empty() {
                p.note { "There is no whole outfit in these photos." }
            }
            div.look {
                @if let Some(fitting) = &weather.fitting {
                    (tried_on(number, fitting, report))
                }
                @for (n, outfit) in advice.recommendations.iter().enumerate() {
                    (card(n + 1, outfit, &pictures, strongest(weather)))
                }
            }
        }
    }
}

/// Outfits that a boutique's things are part of.
pub(super) fn window(window: &Window, report: &Report) -> Markup {
    let mut pictures = pictures(report);
    pictures.extend(
        window
            .pictures
            .iter()
            .map(|(id, path)| (id.as_str(), path.as_str())),
    );
    let advice = &window.weather.advice;
    html! {
        section {
            h2 { "With what a boutique sells" }
            p.context {
                (words::count(window.pieces, "piece")) " for sale · "
                @match window.after {
                    Some(after) => { "found " (words::duration(after)) " after they were ready" }
                    None => { "none of them was found" }
                }
                " · " (window.weather.temp_c) " °C, " (window.weather.condition)
                " · answered in " (words::duration(window.weather.latency))
            }
            div.look {
                @for (n, outfit) in advice.recommendations.iter().enumerate() {
                    (card(n + 1, outfit, &pictures, strongest(&window.weather)))
                }
            }
        }
    }
}

/// The picture of each piece by its id.
type ById<'a> = HashMap<&'a str, &'a str>;

fn pictures(report: &Report) -> ById<'_> {
    let garments = report.garments.iter();
    garments
        .filter_map(|garment| match &garment.outcome {
            Outcome::Ready { item, pictures } => {
                let path = pictures.clean.as_ref().or(pictures.thumb.as_ref())?;
                Some((item.id.as_str(), path.as_str()))
            }
            Outcome::Failed { .. } => None,
        })
        .collect()
}

fn list(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| words::plain(word)).collect();
    words.join(", ")
}

/// The longest bar.
fn strongest(weather: &Weather) -> f64 {
    let outfits = weather.advice.recommendations.iter();
    outfits
        .flat_map(|outfit| &outfit.features)
        .map(|feature| feature.contribution)
        .fold(f64::MIN_POSITIVE, f64::max)
}

fn card(rank: usize, outfit: &Outfit, pictures: &ById<'_>, strongest: f64) -> Markup {
    html! {
        article.outfit {
            p.score { span { "Outfit No. " (rank) } span { "score " strong { (format!("{:.2}", outfit.score)) } } }
            div.pieces {
                @for piece in &outfit.pieces {
                    figure.sold[piece.boutique.is_some()] {
                        @match pictures.get(piece.item_id.as_str()) {
                            Some(path) => { img src=(path) alt=(piece.title); }
                            None => { div.none {} }
                        }
                        figcaption { b { (words::plain(&piece.slot)) } (piece.title) (offer(piece)) }
                    }
                }
            }
            div.why {
                ul.reasons {
                    @for reason in &outfit.explain { li { (reason) } }
                }
                (features(&outfit.features, strongest))
            }
        }
    }
}

/// Where it can be had, and for how much.
fn offer(piece: &Piece) -> Markup {
    html! {
        @if let Some(boutique) = &piece.boutique {
            br; (boutique.name)
            @if let Some(price) = &piece.price { " · " strong { (price.display) } }
        }
    }
}

fn features(features: &[Feature], strongest: f64) -> Markup {
    html! {
        dl.features {
            @for feature in features {
                @let share = feature.contribution / strongest;
                dt { (words::plain(&feature.name)) }
                dd {
                    span.bar { i style={ "width:" (words::percent(share)) } {} }
                    (format!("{:+.2}", feature.contribution))
                }
            }
        }
    }
}

fn tried_on(number: usize, fitting: &Fitting, report: &Report) -> Markup {
    let tryon = &fitting.tryon;
    html! {
        div.tryon {
            @if let Some(layers) = &fitting.layers { (lit(layers, number)) }
            div.pair {
                figure {
                    img src=(report.body) alt="The body photo";
                    figcaption { "your photo" }
                }
                @if let Some(path) = &fitting.picture {
                    figure {
                        img src=(path) alt="The same person in outfit No. 1";
                        figcaption { "in outfit No. 1" }
                    }
                }
            }
            @if !fitting.turns.is_empty() {
                div.pair.turns {
                    @for path in &fitting.turns {
                        figure { img loading="lazy" src=(path) alt="Turned a little"; figcaption { "turned a little" } }
                    }
                }
            }
            p.caption {
                @if fitting.picture.is_some() {
                    @if let Some(confidence) = tryon.confidence {
                        "Confidence " b { (words::percent(confidence)) } " · "
                    }
                    "seen after " b { (words::duration(fitting.took)) }
                    @if let Some(renderer) = &tryon.renderer { " · " (renderer) }
                    @for item in &tryon.items {
                        @if let Some(reason) = &item.skipped {
                            br; "Without the " (item.title) ": " (reason.message)
                        }
                    }
                } @else {
                    @match &tryon.error {
                        Some(error) => { (error.message) }
                        None => { "The try-on had not ended when this page was made." }
                    }
                }
            }
        }
    }
}

/// The picture in three lights, put together here from its layers: no light needs a new rendering.
fn lit(layers: &LayerFiles, number: usize) -> Markup {
    let filter = |name: &str, [red, green, blue]: [f64; 3]| {
        html! {
            filter id={ (name) (number) } color-interpolation-filters="sRGB" {
                feColorMatrix values={
                    (red) " 0 0 0 0 0 " (green) " 0 0 0 0 0 " (blue) " 0 0 0 0 0 1 0"
                } {}
            }
        }
    };
    let name = format!("light-{number}");
    html! {
        div.lit {
            svg width="0" height="0" aria-hidden="true" {
                (filter("warm-", layers.lighting.warm))
                (filter("cool-", layers.lighting.cool))
            }
            @for (light, title) in [("warm", "warm"), ("neutral", "as in the photo"), ("cool", "cool")] {
                input.(light) type="radio" name=(name) id={ (name) "-" (light) } checked[light == "neutral"];
                label for={ (name) "-" (light) } { (title) }
            }
            div.stack style={ "--warm:url(#warm-" (number) ");--cool:url(#cool-" (number) ")" } {
                img src=(layers.person) alt="The person below the garments";
                @for path in &layers.garments { img.cloth src=(path) alt="A garment"; }
                img src=(layers.shadow) alt="The shadows";
            }
        }
    }
}
