//! How wide the terminal is, and whether it shows colours.

use std::io::IsTerminal;

use crate::action::Variables;
use crate::report::Look;

/// Text is not laid out for narrower or wider terminals than this.
const WIDTHS: std::ops::RangeInclusive<usize> = 40..=160;

/// The look of standard output and standard error.
pub(super) struct Looks {
    pub(super) out: Look,
    pub(super) err: Look,
}

impl Looks {
    /// For the streams of this process. What a runner reads is neither coloured nor wider than usual.
    pub(super) fn of_process(variables: &Variables, in_actions: bool) -> Self {
        if in_actions {
            return Self { out: Look::default(), err: Look::default() };
        }
        let (out, err) = (std::io::stdout(), std::io::stderr());
        let wide =
            |size: Option<(terminal_size::Width, terminal_size::Height)>| size.map(|(width, _)| usize::from(width.0));
        Self {
            out: look(variables, out.is_terminal(), wide(terminal_size::terminal_size_of(&out))),
            err: look(variables, err.is_terminal(), wide(terminal_size::terminal_size_of(&err))),
        }
    }
}

/// The conventions of https://no-color.org and https://bixense.com/clicolors: `NO_COLOR` takes precedence.
fn look(variables: &Variables, is_terminal: bool, width: Option<usize>) -> Look {
    let given = |name: &str| variables.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let is_on = |name: &str| given(name).is_some_and(|text| text != "0");
    let colour = match (given("NO_COLOR"), is_on("CLICOLOR_FORCE")) {
        (Some(_), _) => false,
        (None, true) => true,
        (None, false) => is_terminal && given("CLICOLOR") != Some("0") && given("TERM") != Some("dumb"),
    };
    let width = width.filter(|width| is_terminal && *width > 0).unwrap_or(Look::default().width);
    Look { width: width.clamp(*WIDTHS.start(), *WIDTHS.end()), colour }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_coloured_unless_somebody_says_otherwise() {
        let of = |variables: &[(&str, &str)], is_terminal| {
            let variables: Variables =
                variables.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            look(&variables, is_terminal, Some(120)).colour
        };
        assert!(of(&[], true) && !of(&[], false));
        assert!(!of(&[("NO_COLOR", "1")], true) && of(&[("NO_COLOR", "")], true));
        assert!(of(&[("CLICOLOR_FORCE", "1")], false) && !of(&[("CLICOLOR_FORCE", "0")], false));
        assert!(!of(&[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], true));
        assert!(!of(&[("CLICOLOR", "0")], true) && !of(&[("TERM", "dumb")], true));
    }

    #[test]
    fn text_is_as_wide_as_the_terminal_within_reason() {
        let width = |is_terminal, width| look(&Variables::new(), is_terminal, width).width;
        assert_eq!((width(true, Some(120)), width(false, Some(120)), width(true, None)), (120, 80, 80));
        assert_eq!((width(true, Some(20)), width(true, Some(400)), width(true, Some(0))), (40, 160, 80));
    }
}
