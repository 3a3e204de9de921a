use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::say;
use super::voice::is_quiet;

/// Steps of the bar; shares are finer than a terminal can show.
const UNITS: u64 = 10_000;

/// Where a bar is drawn; nowhere with `-q`.
fn target() -> ProgressDrawTarget {
    match is_quiet() {
        true => ProgressDrawTarget::hidden(),
        false => ProgressDrawTarget::stderr(),
    }
}

/// A progress bar with the time left, on a terminal; elsewhere only lines are printed.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(UNITS), target());
        let style = ProgressStyle::with_template(
            "{elapsed_precise} [{wide_bar}] {percent:>3} %  {eta} left  {msg}",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(500));
        Self { bar }
    }

    /// A counter of `what`, if the total is unknown.
    pub(crate) fn count(what: &str) -> Self {
        let bar = ProgressBar::with_draw_target(None, target());
        let style = ProgressStyle::with_template("{elapsed_precise}  {pos} {msg}, {per_sec}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        Self { bar }
    }

    /// Counts one.
    pub(crate) fn one_more(&self) {
        self.bar.inc(1);
    }

    /// Shows how much is done, 0 to 1.
    pub(crate) fn share(&self, share: f64) {
        self.bar
            .set_position((share.clamp(0.0, 1.0) * UNITS as f64) as u64);
    }

    /// Starts estimating the time left from this share, since earlier work was not part of this run.
    pub(crate) fn start_at(&self, share: f64) {
        self.share(share);
        self.bar.reset_eta();
    }

    /// Shows a message.
    pub(crate) fn message(&self, text: String) {
        self.bar.set_message(text);
    }

    /// Prints a line above the bar.
    pub(crate) fn line(&self, text: &str) {
        self.bar.suspend(|| say(text));
    }

    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
