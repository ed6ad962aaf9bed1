//! How far a long run is, on standard error, so that standard output holds the table alone.

use std::io::{IsTerminal, Write, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// Between two lines, where there is no terminal for a bar, in parts of the whole.
const LINES: u64 = 10;

/// A bar on a terminal, lines elsewhere.
pub(crate) struct Progress {
    bar: ProgressBar,
    live: bool,
}

impl Progress {
    pub(crate) fn new(title: &'static str, parts: usize) -> Self {
        let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} (still {eta})");
        let bar = ProgressBar::new(parts as u64);
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_message(title);
        Self {
            bar,
            live: stderr().is_terminal(),
        }
    }

    /// One part is done.
    pub(crate) fn advance(&self) {
        self.bar.inc(1);
        let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
        if !self.live && done * LINES / all.max(1) > (done - 1) * LINES / all.max(1) {
            // Nobody is there to be told if this fails.
            let _ = writeln!(stderr(), "{} {done}/{all}", self.bar.message());
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
