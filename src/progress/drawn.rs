//! The bars of this process, if it draws any: they take turns with other output.

use std::sync::OnceLock;

use indicatif::{MultiProgress, ProgressDrawTarget};

static DRAWN: OnceLock<MultiProgress> = OnceLock::new();

/// The bars that are drawn: these, or the ones drawn before.
pub(super) fn draw(bars: MultiProgress) -> MultiProgress {
    DRAWN.get_or_init(|| bars).clone()
}

/// Does something while no bars are drawn.
pub(super) fn suspended<T>(act: impl FnOnce() -> T) -> T {
    match DRAWN.get() {
        Some(bars) => bars.suspend(act),
        None => act(),
    }
}

/// Removes all bars for good: the run ends.
pub(crate) fn end_bars() {
    if let Some(bars) = DRAWN.get() {
        take_away(bars);
    }
}

pub(super) fn take_away(bars: &MultiProgress) {
    // A terminal that is gone does not matter.
    let _ = bars.clear();
    bars.set_draw_target(ProgressDrawTarget::hidden());
}
