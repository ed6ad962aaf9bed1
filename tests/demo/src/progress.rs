//! Steps that tell how far they are: bars on a terminal, lines elsewhere.

use std::{
    io::{IsTerminal, Write, stdout},
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Between two lines about the same step, where there is no bar.
const BETWEEN_LINES: Duration = Duration::from_secs(5);

/// Where steps are shown.
#[derive(Debug)]
pub(crate) struct Progress {
    bars: MultiProgress,
    live: bool,
}

impl Progress {
    /// On standard output.
    pub(crate) fn new() -> Self {
        let live = stdout().is_terminal();
        let target = if live {
            ProgressDrawTarget::stdout()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self {
            bars: MultiProgress::with_draw_target(target),
            live,
        }
    }

    /// Begins a step of so many parts; of an unknown number if 0.
    pub(crate) fn step(&self, title: &'static str, parts: usize) -> Step<'_> {
        let template = if parts == 0 {
            "  {spinner} {msg} {elapsed}"
        } else {
            "  {spinner} {msg:<26} {bar:30} {pos}/{len} {elapsed} (still {eta})"
        };
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = self.bars.add(ProgressBar::new(parts as u64));
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_message(title);
        bar.enable_steady_tick(Duration::from_millis(120));
        if !self.live {
            self.say(&format!("  … {title}"));
        }
        Step {
            progress: self,
            bar,
            title,
            began: Instant::now(),
            spoke: Mutex::new(Instant::now()),
        }
    }

    /// A line above the bars.
    pub(crate) fn say(&self, line: &str) {
        // Nothing is lost when there is nobody to read it.
        self.bars.suspend(|| writeln!(stdout(), "{line}").ok());
    }
}

/// A step under way.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    progress: &'a Progress,
    bar: ProgressBar,
    title: &'static str,
    began: Instant,
    spoke: Mutex<Instant>,
}

impl Step<'_> {
    /// So many parts are done.
    pub(crate) fn at(&self, parts: usize) {
        self.bar.set_position(parts as u64);
        if self.progress.live {
            return;
        }
        if let Ok(mut spoke) = self.spoke.lock()
            && spoke.elapsed() >= BETWEEN_LINES
        {
            *spoke = Instant::now();
            let of = self.bar.length().filter(|all| *all > 0);
            let of = of.map_or(String::new(), |all| format!(" {parts} of {all},"));
            let elapsed = self.began.elapsed().as_secs();
            self.progress
                .say(&format!("    {}:{of} {elapsed} s", self.title));
        }
    }

    /// It is done; `note` says with what result.
    pub(crate) fn done(self, note: &str) {
        self.bar.finish_and_clear();
        let (title, seconds) = (self.title, self.began.elapsed().as_secs_f64());
        self.progress
            .say(&format!("  ✓ {title}: {note} ({seconds:.1} s)"));
    }
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
