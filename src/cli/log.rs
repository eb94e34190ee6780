//! The log: one line per event, in which untrusted text never starts a line or a workflow command.

use std::fmt;

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::progress::{GROUP, Messages, PHASE};
use crate::report::workflow_command::inert_line;
use crate::text::{Hidden, clean};

/// Starts the log of this program's own events at `level`. Libraries log nothing: at their finer levels they would
/// write headers, and with them credentials. Nothing in `hidden` is logged. In a job the phases of the run are always
/// logged, unless only errors are.
pub(super) fn start(level: Level, ansi: bool, in_actions: bool, hidden: Hidden) {
    let phases = if in_actions && level < Level::INFO && level > Level::ERROR { ",wharfinger::phase=info" } else { "" };
    let filter = EnvFilter::new(format!("off,wharfinger={level}{phases}"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(Messages::default)
        .with_ansi(ansi)
        .event_format(Line { in_actions, hidden })
        .finish();
    // An error means that a log was started already, which is just as good.
    let _ = tracing::subscriber::set_global_default(log);
}

/// `level: message field=value`, on one line.
struct Line {
    in_actions: bool,
    hidden: Hidden,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, context: &FmtContext<'_, S, N>, mut writer: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut text = String::new();
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root) {
            text.push_str(span.name());
            if let Some(fields) = span.extensions().get::<FormattedFields<N>>().filter(|fields| !fields.is_empty()) {
                text.push_str(&format!("{{{fields}}}"));
            }
            text.push_str(": ");
        }
        context.format_fields(Writer::new(&mut text), event)?;
        let text = self.hidden.redact(&clean(&text));
        let text = if self.in_actions { inert_line(&text) } else { text };
        let (level, target) = (event.metadata().level(), event.metadata().target());
        match (target, self.in_actions) {
            (GROUP, true) if text.is_empty() => return writeln!(writer, "::endgroup::"),
            (GROUP, false) if text.is_empty() => return Ok(()),
            (GROUP, true) => return writeln!(writer, "::group::{text}"),
            (PHASE, true) => return writeln!(writer, "{text}"),
            _ => {}
        }
        if writer.has_ansi_escapes() {
            writeln!(writer, "{}{}\u{1b}[0m: {text}", colour(*level), name(*level))
        } else {
            writeln!(writer, "{}: {text}", name(*level))
        }
    }
}

const fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::ERROR => "\u{1b}[31m",
        Level::WARN => "\u{1b}[33m",
        Level::INFO => "\u{1b}[32m",
        _ => "\u{1b}[2m",
    }
}
