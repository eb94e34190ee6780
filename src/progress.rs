//! What is shown while a run works: bars on a terminal, in a log one line a phase.
//!
//! Copying tells [`Progress`] what came; how that is drawn is no matter of copying.

use std::io::{self, IsTerminal, Write};
use std::sync::OnceLock;
use std::time::Instant;

use indicatif::{HumanBytes, MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::text::counted;

/// How often a second bars are drawn.
const HERTZ: u8 = 10;
/// How the bar of an image looks.
const TEMPLATE: &str = "{msg:30!} {wide_bar} {bytes:>10} of {total_bytes:>10} {bytes_per_sec:>12} {eta:>5}";

/// How the bar of a phase looks that asks for many things.
const COUNTED: &str = "{msg:30!} {wide_bar} {pos:>7} of {len:>7} {eta:>5}";

/// The bars that are drawn on standard error, if any: what else is written there goes above them.
static DRAWN: OnceLock<MultiProgress> = OnceLock::new();

/// Standard error, written so that bars stay below.
#[derive(Debug, Default)]
pub(crate) struct AboveBars;

impl Write for AboveBars {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        match DRAWN.get() {
            Some(bars) => bars.suspend(|| io::stderr().write(text)),
            None => io::stderr().write(text),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Where the lines of phases go in the log: they are written in jobs of GitHub Actions, and elsewhere with `-v`.
pub(crate) const PHASE: &str = "wharfinger::phase";
/// Likewise where a group of lines begins and, with an empty text, ends.
pub(crate) const GROUP: &str = "wharfinger::phase::group";

/// A part of the run. Until it is dropped, lines in the log of a job are folded under its title.
#[must_use]
pub(crate) struct Group(());

impl Group {
    pub(crate) fn begin(title: &str) -> Self {
        tracing::info!(target: GROUP, "{title}");
        Self(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        tracing::info!(target: GROUP, "");
    }
}

/// Shows the images under way.
#[derive(Clone)]
pub(crate) struct Progress(MultiProgress);

/// One image under way. Its bar goes away with the last handle.
#[derive(Clone)]
pub(crate) struct Bar {
    shown: ProgressBar,
    name: String,
    began: Instant,
}

impl Progress {
    /// Shows nothing.
    pub(crate) fn hidden() -> Self {
        Self(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()))
    }

    /// Bars on standard error, where that is a terminal and no job of GitHub Actions.
    pub(crate) fn on_terminal(in_actions: bool) -> Self {
        if in_actions || !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ));
        Self(DRAWN.get_or_init(|| bars).clone())
    }

    /// A bar for one image, named `loki:3.1.0`; its size is not known yet.
    pub(crate) fn image(&self, name: &str) -> Bar {
        let shown = self.0.add(ProgressBar::new(0).with_message(name.to_owned())).with_style(style(TEMPLATE));
        Bar { shown, name: name.to_owned(), began: Instant::now() }
    }

    /// A bar for a phase that asks for `total` things.
    pub(crate) fn phase(&self, name: &str, total: usize) -> Phase {
        let bar = self.0.add(ProgressBar::new(total as u64).with_message(name.to_owned()));
        Phase(bar.with_style(style(COUNTED)))
    }
}

pub(crate) struct Phase(ProgressBar);

impl Phase {
    pub(crate) fn one(&self) {
        self.0.inc(1);
    }

    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

impl Bar {
    /// So many bytes more are to be brought, in so many blobs.
    pub(crate) fn expect(&self, blobs: usize, bytes: u64) {
        self.shown.inc_length(bytes);
        tracing::info!(target: PHASE, "{}: {}, {}", self.name, counted(blobs, "blob"), HumanBytes(bytes));
    }

    /// So many bytes came, or are there already.
    pub(crate) fn came(&self, bytes: u64) {
        self.shown.inc(bytes);
    }

    /// So many bytes that came are to come again.
    pub(crate) fn lost(&self, bytes: u64) {
        self.shown.dec(bytes);
    }

    /// The image is done, or failed. Where nothing was to be brought, nothing is told.
    pub(crate) fn end(&self, well: bool) {
        self.shown.finish_and_clear();
        if self.shown.length().unwrap_or_default() == 0 {
            return;
        }
        let (how, after) = (if well { "done" } else { "failed" }, self.began.elapsed().as_secs_f64());
        tracing::info!(target: PHASE, "{}: {how} after {after:.1} s", self.name);
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates are fixed; were one broken, the plain style shows as much.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn a_bar_counts_what_came() {
        let bar = Progress::hidden().image("loki:3.1.0");
        bar.expect(2, 100);
        bar.expect(1, 50);
        bar.came(70);
        bar.lost(30);
        assert_eq!((bar.shown.length(), bar.shown.position()), (Some(150), 40));
        bar.end(true);
        assert!(bar.shown.is_finished());
    }

    #[test]
    fn the_templates_are_sound() {
        assert!([TEMPLATE, COUNTED].iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }
}
