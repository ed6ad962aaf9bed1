//! "Fix Image" step by step, and what became of a photo that was sent twice.

use maud::{Markup, html};

use super::words;
use crate::report::{Drawn, Report, Step};

/// Both, if they came about.
pub(super) fn section(report: &Report) -> Markup {
    html! {
        @if report.mending.is_some() || report.again.is_some() {
            section {
                h2 { "Fix Image" }
                @if let Some(mending) = &report.mending {
                    p.context { "The " (mending.title) ", mended by hand and put back." }
                    div.steps {
                        @for step in &mending.steps { (picture(step)) }
                    }
                }
                @if let Some(again) = &report.again {
                    p.context {
                        "The photo of the " (again.title) " was sent a second time: after "
                        (words::duration(again.took)) " the new item "
                        @if again.recognised { "named the first one as the same garment." }
                        @else { "did not name the first one." }
                    }
                }
            }
        }
    }
}

fn picture(step: &Step) -> Markup {
    html! {
        figure.step {
            div.cutout.drawn {
                @if let Some(path) = &step.picture {
                    img src=(path) alt=(step.title);
                    @if let Some(drawn) = &step.drawn { (drawing(drawn)) }
                } @else {
                    p { (step.reason.as_deref().unwrap_or("It was still being worked on when this page was made.")) }
                }
            }
            figcaption { b { (step.title) } code { (step.asked) } }
        }
    }
}

/// Over the whole picture, whatever its shape.
fn drawing(drawn: &Drawn) -> Markup {
    let [left, top, right, bottom] = drawn.crop;
    let [from, to] = drawn.remove;
    html! {
        svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true" {
            rect x=(left) y=(top) width=(right - left) height=(bottom - top) fill="none" stroke="#2f6f5e" stroke-width="0.01" {}
            line x1=(from.0) y1=(from.1) x2=(to.0) y2=(to.1) stroke="#c0392b" stroke-opacity="0.7"
                stroke-width=(2.0 * drawn.radius) stroke-linecap="round" {}
        }
    }
}
