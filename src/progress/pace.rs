//! How fast a bar moves, and how long it will take.

use std::time::Duration;

use crate::text::size;

/// This long after the last byte or answer, a bar is shown as waiting, without an estimate.
const WAITING: Duration = Duration::from_secs(1);

/// How fast a bar moves.
pub(super) struct Pace {
    /// How long ago something last arrived; `None`: nothing has.
    pub(super) since: Option<Duration>,
    pub(super) per_second: f64,
    pub(super) came: u64,
    pub(super) left: u64,
}

impl Pace {
    /// The speed, and the remaining time once enough has arrived to tell. Nothing is estimated while waiting.
    pub(super) fn shown(&self, in_bytes: bool) -> String {
        let Self { since, per_second, came, left } = *self;
        if since.is_none_or(|since| since >= WAITING) || !per_second.is_normal() || per_second < 0.0 {
            return "waiting".to_owned();
        }
        #[expect(clippy::cast_precision_loss, reason = "an estimate")]
        let seconds = left as f64 / per_second;
        let time = match seconds {
            _ if left == 0 || came < left / 100 => String::new(),
            ..90.0 => format!("{seconds:.0} s left"),
            90.0..5400.0 => format!("{:.0} min left", seconds / 60.0),
            _ => format!("{:.0} h left", seconds / 3600.0),
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is no negative number")]
        let rate = format!("{}/s", size(per_second as u64));
        match (in_bytes && left > 0, time.is_empty()) {
            (false, _) => time,
            (true, true) => rate,
            (true, false) => format!("{rate}, {time}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_not_estimated() {
        let (soon, late) = (Some(Duration::from_millis(10)), Some(WAITING));
        let bytes = |since, per_second, came, left| Pace { since, per_second, came, left }.shown(true);
        assert_eq!(bytes(None, 0.0, 0, 0), "waiting", "nothing came yet");
        assert_eq!(bytes(late, 1e6, 5_000_000, 5_000_000), "waiting", "nothing comes any more");
        assert_eq!(bytes(soon, f64::NAN, 1, 5_000_000), "waiting");
        assert_eq!(bytes(soon, 300.0, 159, 3_000_000), "300 B/s", "too little to tell");
        assert_eq!(bytes(soon, 1e6, 5_000_000, 5_000_000), "1.0 MB/s, 5 s left");
        assert_eq!(bytes(soon, 1e6, 9_000_000, 600_000_000), "1.0 MB/s, 10 min left");
        assert_eq!(bytes(soon, 1e6, 5_000_000, 0), "", "only the tag is to be set");
        let counted = |came, left| Pace { since: soon, per_second: 2.0, came, left }.shown(false);
        assert_eq!((counted(4, 60).as_str(), counted(1, 600).as_str()), ("30 s left", ""));
    }
}
