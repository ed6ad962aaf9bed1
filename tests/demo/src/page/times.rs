//! What took how long.

use std::time::Duration;

use maud::{Markup, html};

use super::words;
use crate::report::{Report, Weather, middle_and_largest};

/// The figures at the top.
pub(super) fn tiles(report: &Report, ready: usize) -> Markup {
    let fittings: Vec<Duration> = report
        .weathers
        .iter()
        .filter_map(|weather| Some(weather.fitting.as_ref()?.took))
        .collect();
    let latencies: Vec<Duration> = report
        .weathers
        .iter()
        .map(|weather| weather.latency)
        .collect();
    let least = |times: &[Duration]| times.iter().min().copied().map(words::duration);
    html! {
        ul.tiles {
            li { strong { (ready) " of " (report.garments.len()) } "photos ready" }
            li { strong { (words::duration(report.times.all_settled)) } "from the first upload to the last tag" }
            @if let Some(time) = least(&latencies) { li { strong { (time) } "for outfits, as seen by the client" } }
            @if let Some(time) = least(&fittings) { li { strong { (time) } "for a try-on" } }
        }
    }
}

/// Every time that was measured.
pub(super) fn section(report: &Report) -> Markup {
    let times = &report.times;
    html! {
        section {
            h2 { "Times" }
            p.context {
                "Measured by the client that made this page, network and all; first calls include the start of the functions. "
                "There were up to " (words::duration(times.between_looks)) " between two looks at the wardrobe, so a photo may have been ready that much earlier."
            }
            table {
                thead { tr { th { "what" } th { "middle" } th { "longest" } } }
                tbody {
                    (spread(&format!("Upload of a photo: item, presigned PUT, confirmation; {} at once", times.parallel), &times.uploads))
                    (spread("From there until its cutout and tags are seen", &times.settling))
                    (single("All photos, from the first upload to the last tag", times.all_settled))
                    (single(&format!("Listing the wardrobe ({} photos)", report.garments.len()), times.listing))
                    @for weather in &report.weathers {
                        (single(&format!("Outfits for {}", name(weather)), weather.latency))
                    }
                    @for weather in &report.weathers {
                        @if let Some(fitting) = &weather.fitting {
                            (single(&format!("Try-on for {}, from asking to the finished picture", name(weather)), fitting.took))
                        }
                    }
                }
            }
        }
    }
}

fn name(weather: &Weather) -> String {
    format!("{} °C, {}", weather.temp_c, weather.condition)
}

fn spread(what: &str, times: &[Duration]) -> Markup {
    html! {
        @if let Some((middle, largest)) = middle_and_largest(times) {
            tr { td { (what) } td { (words::duration(middle)) } td { (words::duration(largest)) } }
        }
    }
}

fn single(what: &str, time: Duration) -> Markup {
    html! { tr { td { (what) } td colspan="2" { (words::duration(time)) } } }
}
