//! The page: one file that shows everything, with its pictures beside it, from any disk, without scripts.

mod mending;
mod outfits;
mod times;
mod wardrobe;
mod words;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::report::{Outcome, Report};

const STYLE: &str = include_str!("style.css");

/// The whole page. All text from outside is escaped by the templates.
pub(crate) fn render(report: &Report) -> Markup {
    let ready = report
        .garments
        .iter()
        .filter(|garment| matches!(garment.outcome, Outcome::Ready { .. }))
        .count();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Drape: " (ready) " garments" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    p.brand { "Drape" span { (report.date) } }
                    h1 { (words::count(report.garments.len(), "photo")) " in, outfits out" }
                    p.lead {
                        "Cut out, tagged, put together for the weather and tried on, through the API at "
                        code { (report.api) } "."
                    }
                    (times::tiles(report, ready))
                }
                main {
                    @for (number, weather) in report.weathers.iter().enumerate() {
                        (outfits::section(number, weather, report))
                    }
                    @if let Some(window) = &report.window { (outfits::window(window, report)) }
                    (mending::section(report))
                    (wardrobe::section(report))
                    (wardrobe::failures(report))
                    (times::section(report))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
