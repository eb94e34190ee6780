//! Bars on a terminal, or one line per phase in a log.
//!
//! Copying reports to [`Progress`] what came; it does not know how that is drawn.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::pace::Pace;
use super::{drawn, say};
use crate::text::{counted, size};

/// How many times a second bars are drawn at most.
const HERTZ: u8 = 10;
/// How often bars are drawn while nothing arrives.
const TICK: Duration = Duration::from_millis(500);
/// The layout of a bar that counts bytes.
const BYTES: &str = "{msg:30!} {wide_bar} {sizes:>20} {pace:>22}";
/// The layout of a bar for a phase with many requests.
const COUNTED: &str = "{msg:30!} {wide_bar} {pos:>7} of {len:>7} {pace:>22}";

/// Shows the images under way, and below them the total.
#[derive(Clone)]
pub(crate) struct Progress {
    bars: MultiProgress,
    total: Arc<Total>,
}

/// All images of a run.
#[derive(Default)]
struct Total {
    shown: Mutex<Option<Counter>>,
    expected: AtomicUsize,
    done: AtomicUsize,
}

/// One image under way. Its bar disappears with the last handle.
#[derive(Clone)]
pub(crate) struct Bar {
    shown: Counter,
    total: Arc<Total>,
    /// Whether it is one of the images that the total counts.
    counts: bool,
    name: String,
    began: Instant,
}

/// A bar that knows when it last moved.
#[derive(Clone)]
struct Counter {
    bar: ProgressBar,
    moved: Arc<Mutex<Option<Instant>>>,
}

impl Progress {
    /// Shows nothing.
    pub(crate) fn hidden() -> Self {
        Self::on(MultiProgress::with_draw_target(ProgressDrawTarget::hidden()))
    }

    /// Bars on standard error, if that is a terminal and not a GitHub Actions job.
    pub(crate) fn on_terminal(in_actions: bool) -> Self {
        if in_actions || !std::io::stderr().is_terminal() {
            return Self::hidden();
        }
        let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(HERTZ));
        Self::on(drawn::draw(bars))
    }

    fn on(bars: MultiProgress) -> Self {
        Self { bars, total: Arc::default() }
    }

    /// How many images are to be copied. If there is more than one, the total is shown.
    pub(crate) fn expect(&self, images: usize) {
        self.total.expected.store(images, Ordering::Relaxed);
        if images > 1 {
            *self.total.lock() = Some(self.counter(&self.total.text(), BYTES, 0));
        }
    }

    /// A bar for one image, named like `loki:3.1.0`; its size is not known yet.
    pub(crate) fn image(&self, name: &str) -> Bar {
        self.bar(name, true)
    }

    /// A bar for something added later to an existing image: the total does not count it as one.
    pub(crate) fn beside(&self, name: &str) -> Bar {
        self.bar(name, false)
    }

    fn bar(&self, name: &str, counts: bool) -> Bar {
        let shown = self.counter(name, BYTES, 0);
        Bar { shown, total: Arc::clone(&self.total), counts, name: name.to_owned(), began: Instant::now() }
    }

    /// A bar for a phase with `total` requests.
    pub(crate) fn phase(&self, name: &str, total: usize) -> Phase {
        Phase(self.counter(name, COUNTED, total as u64))
    }

    /// No more images will follow.
    pub(crate) fn end(&self) {
        if let Some(total) = self.total.lock().take() {
            total.bar.finish_and_clear();
        }
    }

    /// A bar above that of the total, if there is one.
    fn counter(&self, name: &str, template: &str, length: u64) -> Counter {
        let bar = ProgressBar::new(length).with_message(name.to_owned());
        let bar = match &*self.total.lock() {
            Some(total) => self.bars.insert_before(&total.bar, bar),
            None => self.bars.add(bar),
        };
        let counter = Counter { bar, moved: Arc::default() };
        counter.bar.set_style(style(template, &counter.moved));
        if !self.bars.is_hidden() {
            counter.bar.enable_steady_tick(TICK);
        }
        counter
    }
}

impl Total {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Counter>> {
        self.shown.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn text(&self) -> String {
        let (done, expected) = (self.done.load(Ordering::Relaxed), self.expected.load(Ordering::Relaxed));
        format!("{} of {}", done.min(expected), counted(expected, "image"))
    }

    fn with(&self, act: impl FnOnce(&Counter)) {
        if let Some(total) = &*self.lock() {
            act(total);
        }
    }

    fn one(&self) {
        self.done.fetch_add(1, Ordering::Relaxed);
        self.with(|total| total.bar.set_message(self.text()));
    }
}

impl Counter {
    fn came(&self, much: u64) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.bar.inc(much);
    }
}

pub(crate) struct Phase(Counter);

impl Phase {
    pub(crate) fn one(&self) {
        self.0.came(1);
    }

    pub(crate) fn end(&self) {
        self.0.bar.finish_and_clear();
    }
}

impl Bar {
    /// Announces this many more bytes, in this many blobs.
    pub(crate) fn expect(&self, blobs: usize, bytes: u64) {
        self.shown.bar.inc_length(bytes);
        self.total.with(|total| total.bar.inc_length(bytes));
        say(&format!("{}: {}, {}", self.name, counted(blobs, "blob"), size(bytes)));
    }

    /// How many bytes arrived, or exist already.
    pub(crate) fn came(&self, bytes: u64) {
        self.shown.came(bytes);
        self.total.with(|total| total.came(bytes));
    }

    /// How many bytes that arrived have to be sent again.
    pub(crate) fn lost(&self, bytes: u64) {
        self.shown.bar.dec(bytes);
        self.total.with(|total| total.bar.dec(bytes));
    }

    /// The image is done, or failed. If there was nothing to copy, nothing is reported.
    pub(crate) fn end(&self, well: bool) {
        self.shown.bar.finish_and_clear();
        if self.counts {
            self.total.one();
        }
        if self.shown.bar.length().unwrap_or_default() == 0 {
            return;
        }
        let (how, after) = (if well { "done" } else { "failed" }, self.began.elapsed().as_secs_f64());
        say(&format!("{}: {how} after {after:.1} s", self.name));
    }
}

fn style(template: &str, moved: &Arc<Mutex<Option<Instant>>>) -> ProgressStyle {
    let (moved, in_bytes) = (Arc::clone(moved), template == BYTES);
    let pace_of = move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let moved = *moved.lock().unwrap_or_else(PoisonError::into_inner);
        let left = state.len().unwrap_or_default().saturating_sub(state.pos());
        let pace =
            Pace { since: moved.map(|moved| moved.elapsed()), per_second: state.per_sec(), came: state.pos(), left };
        // What cannot be written is not shown.
        let _ = out.write_str(&pace.shown(in_bytes));
    };
    let sizes_of = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
        let total = state.len().unwrap_or_default();
        if total > 0 {
            let _ = write!(out, "{} of {}", size(state.pos()), size(total));
        }
    };
    // The templates are fixed; if one were broken, the plain style would show as much.
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("pace", pace_of).with_key("sizes", sizes_of)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use indicatif::TermLike;

    use super::*;

    /// A terminal: its rows, and the position of the next character. A full row is left only by the next character.
    #[derive(Debug, Clone, Default)]
    struct Screen(Arc<Mutex<(Vec<Vec<char>>, usize)>>);

    impl Screen {
        fn lines(&self) -> Vec<String> {
            let rows = self.0.lock().unwrap().0.clone();
            let words =
                |row: &Vec<char>| row.iter().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
            rows.iter().map(words).filter(|line| !line.is_empty()).collect()
        }

        /// Goes to another row, computed from the current one. Rows are written from their beginning.
        fn go(&self, to: impl FnOnce(usize) -> usize) -> std::io::Result<()> {
            let row = &mut self.0.lock().unwrap().1;
            *row = to(*row);
            Ok(())
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            120
        }

        fn move_cursor_up(&self, n: usize) -> std::io::Result<()> {
            self.go(|row| row.saturating_sub(n))
        }

        fn move_cursor_down(&self, n: usize) -> std::io::Result<()> {
            self.go(|row| row + n)
        }

        fn move_cursor_right(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> std::io::Result<()> {
            Ok(())
        }

        fn write_line(&self, text: &str) -> std::io::Result<()> {
            self.write_str(text)?;
            self.go(|row| row + 1)
        }

        fn write_str(&self, text: &str) -> std::io::Result<()> {
            let (rows, row) = &mut *self.0.lock().unwrap();
            for c in text.chars() {
                rows.resize(rows.len().max(*row + 2), Vec::new());
                if c == '\r' {
                    rows[*row].clear();
                    continue;
                }
                if rows[*row].len() == 120 {
                    *row += 1;
                    rows[*row].clear();
                }
                rows[*row].push(c);
            }
            Ok(())
        }

        fn clear_line(&self) -> std::io::Result<()> {
            let (rows, row) = &mut *self.0.lock().unwrap();
            rows.resize(rows.len().max(*row + 2), Vec::new());
            rows[*row].clear();
            Ok(())
        }

        fn flush(&self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn on_screen() -> (Screen, Progress) {
        let screen = Screen::default();
        let target = ProgressDrawTarget::term_like(Box::new(screen.clone()));
        (screen.clone(), Progress::on(MultiProgress::with_draw_target(target)))
    }

    #[test]
    fn a_bar_counts_what_came() {
        let bar = Progress::hidden().image("loki:3.1.0");
        bar.expect(2, 100);
        bar.expect(1, 50);
        bar.came(70);
        bar.lost(30);
        assert_eq!((bar.shown.bar.length(), bar.shown.bar.position()), (Some(150), 40));
        bar.end(true);
        assert!(bar.shown.bar.is_finished());
    }

    #[test]
    fn the_templates_are_sound() {
        assert!([BYTES, COUNTED].iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    #[test]
    fn several_images_have_a_total_below_them() {
        let (screen, progress) = on_screen();
        progress.expect(2);
        let (one, other) = (progress.image("loki:3.1.0"), progress.image("app:1"));
        one.expect(2, 4_000_000);
        other.expect(1, 2_000_000);
        other.came(2_000_000);
        other.end(true);
        one.shown.bar.force_draw();
        progress.total.with(|total| total.bar.force_draw());
        let lines = screen.lines();
        assert!(lines[0].starts_with("loki:3.1.0") && lines[0].ends_with("0 B of 4.0 MB waiting"), "{lines:#?}");
        assert!(lines[1].starts_with("1 of 2 images") && lines[1].contains("2.0 MB of 6.0 MB"), "{lines:#?}");
        one.end(false);
        progress.end();
        assert_eq!(screen.lines(), Vec::<String>::new());
    }

    #[test]
    fn bars_go_away_with_the_run() {
        let (screen, progress) = on_screen();
        let (bar, phase) = (progress.image("loki:3.1.0"), progress.phase("sources", 3));
        bar.expect(1, 1_000);
        phase.one();
        bar.shown.bar.force_draw();
        phase.0.bar.force_draw();
        assert_eq!(screen.lines().len(), 2);
        // A tick between clearing and hiding could draw once more: this is about what comes later.
        bar.shown.bar.disable_steady_tick();
        phase.0.bar.disable_steady_tick();
        drawn::take_away(&progress.bars);
        bar.came(10);
        phase.one();
        assert_eq!(screen.lines(), Vec::<String>::new());
    }
}
