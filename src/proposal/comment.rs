//! What a person asks of a proposal in a comment: `/wharfinger reject`, `recheck`, `refresh`.
//!
//! A command is a comment's first line. Commands that are quoted, shown as code or written further down are ignored, so
//! that people can talk about commands, and an answer by mail that quotes one does not repeat it. The lines below the
//! first are for people.

use chrono::NaiveDate;

use crate::image::Tag;
use crate::markdown::code;
use crate::text::excerpt;

/// The word that every command begins with.
const WORD: &str = "/wharfinger";

/// The most characters of a reason; the manifest allows no more.
const REASON: usize = 200;

/// The forms of all commands, for people who wrote something else.
pub(crate) const FORMS: &str = "- `/wharfinger reject [IMAGE[:TAG]] REASON [until YYYY-MM-DD]` turns this pull \
request into one that adds the version to `rejected`. REASON is on the same line and has at most 200 characters; if \
the pull request covers several images, IMAGE says which.
- `/wharfinger recheck` checks this pull request again.
- \
`/wharfinger refresh` moves it to the newest version, also after an approving review.";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Command {
    Reject(Reject),
    Recheck,
    Refresh,
}

/// `/wharfinger reject`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reject {
    /// The text between the word and `until`: the image, if one is named, and the reason. [`aim`] tells them apart.
    pub words: String,
    pub until: Option<NaiveDate>,
}

/// Why a command is not carried out, in Markdown. Text from the comment is only quoted in code spans.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Fault(pub String);

/// The command of a comment; `None` if there is none and nobody expects an answer. `today` is the UTC date.
pub(crate) fn parse(body: &str, today: NaiveDate) -> Option<Result<Command, Fault>> {
    let line = first_line(body)?;
    let mut words = line.split_whitespace();
    if !words.next()?.eq_ignore_ascii_case(WORD) {
        return None;
    }
    let verb = words.next().unwrap_or_default().to_ascii_lowercase();
    let rest: Vec<&str> = words.collect();
    Some(match verb.as_str() {
        "reject" => reject(&rest, today).map(Command::Reject),
        "recheck" => alone(&verb, &rest, Command::Recheck),
        "refresh" => alone(&verb, &rest, Command::Refresh),
        "" => Err(Fault("No command follows `/wharfinger`.".to_owned())),
        other => Err(Fault(format!("{} is not a command.", code(other, 40)))),
    })
}

/// The first line that is not empty, unless it is indented so far that Markdown shows it as code.
fn first_line(body: &str) -> Option<&str> {
    let line = body.trim_start_matches('\u{feff}').split(['\n', '\r']).find(|line| !line.trim().is_empty())?;
    let indent = line.len() - line.trim_start_matches(' ').len();
    (indent < 4 && !line.trim_start_matches(' ').starts_with('\t')).then_some(line)
}

fn alone(verb: &str, rest: &[&str], command: Command) -> Result<Command, Fault> {
    match rest {
        [] => Ok(command),
        _ => Err(Fault(format!("`/wharfinger {verb}` takes no arguments and must be on a line by itself."))),
    }
}

fn reject(rest: &[&str], today: NaiveDate) -> Result<Reject, Fault> {
    let (words, until) = match rest {
        [words @ .., until, date] if until.eq_ignore_ascii_case("until") && looks_like_a_date(date) => {
            (words, Some(day(date, today)?))
        }
        words => (words, None),
    };
    Ok(Reject { words: words.join(" "), until })
}

/// `until they fix it` is a part of the reason.
fn looks_like_a_date(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(['-', '/', '.'])
}

fn day(word: &str, today: NaiveDate) -> Result<NaiveDate, Fault> {
    let date = Some(word).filter(|w| w.len() == 10).and_then(|w| NaiveDate::parse_from_str(w, "%Y-%m-%d").ok());
    match date {
        None => Err(Fault(format!("{} is not a date: write it as `2027-03-01`.", code(word, 40)))),
        Some(date) if date < today => Err(Fault(format!("`{date}` is in the past."))),
        Some(date) => Ok(date),
    }
}

/// A version that a comment can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub names: Vec<String>,
    pub tag: Tag,
}

/// Which of `targets` is rejected, and why. `grouped`: the pull request may be about several images, so one has to be
/// named. `others` are names of images that it is not about: a comment that names one of them belongs elsewhere.
///
/// # Errors
/// If the image, the tag or the reason is missing, ambiguous or too long.
pub(crate) fn aim(
    reject: &Reject,
    targets: &[Target],
    grouped: bool,
    others: &[String],
) -> Result<(usize, String), Fault> {
    let (first, rest) = reject.words.split_once(' ').unwrap_or((&reject.words, ""));
    let word = first.trim_matches('`');
    let named: Vec<(usize, Option<&str>)> =
        targets.iter().enumerate().filter_map(|(at, target)| Some((at, named(target, word)?))).collect();
    let at = match named.as_slice() {
        [] if targets.is_empty() => return Err(Fault("This pull request does not approve any version.".to_owned())),
        [] if others.iter().any(|name| is_name(name, word)) => {
            return Err(Fault(format!(
                "This pull request is not about {}, but about {}.",
                code(word, 200),
                list(targets)
            )));
        }
        [] if grouped => return Err(Fault(format!("Which image? This pull request is about {}.", list(targets)))),
        [] => return one(targets, 0..targets.len()).and_then(|at| Ok((at, reason(&reject.words)?))),
        some => {
            let fits = some.iter().filter(|(at, tag)| tag.is_none_or(|tag| targets[*at].tag.as_str() == tag));
            let fits: Vec<usize> = fits.map(|(at, _)| *at).collect();
            if fits.is_empty() {
                let about = list(some.iter().map(|(at, _)| &targets[*at]));
                return Err(Fault(format!("This pull request is not about {}, but about {about}.", code(word, 200))));
            }
            one(targets, fits)?
        }
    };
    Ok((at, reason(rest)?))
}

/// Whether a word names a target, and the tag that it names.
fn named<'w>(target: &Target, word: &'w str) -> Option<Option<&'w str>> {
    let names = || target.names.iter();
    if names().any(|name| name == word) {
        return Some(None);
    }
    names().find_map(|name| word.strip_prefix(name.as_str())?.strip_prefix(':')).map(Some)
}

/// Whether a word is this name of an image, and is unlikely to be a word of a reason.
fn is_name(name: &str, word: &str) -> bool {
    let tag = word.strip_prefix(name).and_then(|rest| rest.strip_prefix(':')).filter(|tag| !tag.is_empty());
    tag.is_some() || (word == name && word.contains('/'))
}

fn one(targets: &[Target], fits: impl IntoIterator<Item = usize>) -> Result<usize, Fault> {
    let fits: Vec<usize> = fits.into_iter().collect();
    match fits.as_slice() {
        [at] => Ok(*at),
        several => Err(Fault(format!("Which version? It contains {}.", list(several.iter().map(|at| &targets[*at]))))),
    }
}

/// The versions as a person would name them.
fn list<'t>(targets: impl IntoIterator<Item = &'t Target>) -> String {
    let name = |target: &Target| target.names.first().cloned().unwrap_or_default();
    let all: Vec<String> = targets.into_iter().map(|t| code(&format!("{}:{}", name(t), t.tag), 300)).collect();
    match all.len() {
        0..=10 => all.join(", "),
        more => format!("{} and {} more", all[..10].join(", "), more - 10),
    }
}

/// A reason as the manifest keeps it: one line, without the quotation marks around it and without invisible characters.
fn reason(text: &str) -> Result<String, Fault> {
    let text = excerpt(text, usize::MAX);
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).filter(|t| !t.contains('"'));
    let text = inner.unwrap_or(&text).trim();
    match text.chars().count() {
        0 => Err(Fault("The reason is missing.".to_owned())),
        1..=REASON => Ok(text.to_owned()),
        long => Err(Fault(format!("The reason has {long} characters; the limit is {REASON}."))),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::fmt::Write as _;

    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).unwrap()
    }

    fn target(names: &[&str], tag: &str) -> Target {
        Target { names: names.iter().map(|n| (*n).to_owned()).collect(), tag: tag.parse().unwrap() }
    }

    fn read(body: &str) -> String {
        match parse(body, today()) {
            None => "-".to_owned(),
            Some(Ok(Command::Reject(Reject { words, until: Some(until) }))) => {
                format!("reject {words:?} until {until}")
            }
            Some(Ok(Command::Reject(Reject { words, until: None }))) => format!("reject {words:?}"),
            Some(Ok(other)) => format!("{other:?}"),
            Some(Err(fault)) => format!("! {fault}"),
        }
    }

    #[test]
    fn a_command_is_the_first_line() {
        let bodies = [
            "/wharfinger reject breaks retention",
            "/wharfinger reject loki:3.2.0 breaks retention until 2027-03-01",
            "\u{feff}\r\n\n  /Wharfinger   Reject\tbreaks\u{a0}it\r\nand a longer story",
            "/wharfinger reject until 2027-03-01",
            "/wharfinger reject flaky UNTIL 2026-11-21",
            "/wharfinger reject flaky until 2026-11-20",
            "/wharfinger reject flaky until 2027-13-01",
            "/wharfinger reject flaky until 1.3.2027",
            "/wharfinger reject flaky until they fix it",
            "/wharfinger reject waits until tomorrow",
            "/wharfinger reject",
            "/wharfinger recheck",
            "/wharfinger recheck please",
            "/wharfinger refresh\nThanks!",
            "/wharfinger",
            "/wharfinger merge `it` @octocat",
            // requests nothing
            "",
            "  \n",
            "looks good",
            "see /wharfinger reject",
            "/wharfingers reject it",
            "/wharfinger/reject it",
            "> /wharfinger reject breaks retention\n\nWhy?",
            "```\n/wharfinger reject it\n```",
            "`/wharfinger reject it`",
            "    /wharfinger reject it",
            "\t/wharfinger reject it",
            "<!-- /wharfinger reject it -->",
            "text\n/wharfinger reject it",
            "／wharfinger reject it",
        ];
        let mut table = String::new();
        for body in bodies {
            writeln!(table, "{body:?}\n    {}", read(body)).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    fn aimed(comment: &str, targets: &[Target], grouped: bool) -> String {
        let others = ["grafana/tempo".to_owned(), "tempo".to_owned()];
        match parse(comment, today()) {
            Some(Ok(Command::Reject(reject))) => match aim(&reject, targets, grouped, &others) {
                Ok((at, reason)) => format!("{} {reason:?}", targets[at].tag),
                Err(fault) => format!("! {fault}"),
            },
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_image_is_told_from_a_reason() {
        let loki = target(&["grafana/loki", "loki", "docker.io/grafana/loki"], "3.2.0");
        let redis = [target(&["redis", "library/redis"], "7.2.1"), target(&["redis", "library/redis"], "7.0.4")];
        let local = target(&["localhost:5000/tool", "tool"], "stable");
        let group = [loki.clone(), redis[0].clone(), redis[1].clone(), local.clone()];
        let one = std::slice::from_ref(&loki);
        let long = "x".repeat(201);
        let cases: [(&str, &[Target], bool); 23] = [
            ("breaks retention", one, false),
            ("loki breaks retention", one, false),
            ("`grafana/loki:3.2.0` \"breaks: {retention}, see #41\"", one, false),
            ("docker.io/grafana/loki \"a\" and \"b\"", one, false),
            ("loki:3.1.0 breaks", one, false),
            ("tempo:2.0 has a CVE", one, false),
            ("grafana/tempo has a CVE", one, false),
            ("tempo needs the old one", one, false),
            ("loki", one, false),
            ("\"\"", one, false),
            ("", one, false),
            (&long, one, false),
            (&long[..200], one, false),
            ("\u{202e}\u{200b}", one, false),
            ("it 🚢 \u{202e}gnp\u{0}\u{1b}[31m 'x' \\ <b>", one, false),
            ("breaks", &group, true),
            ("loki breaks", &group, true),
            ("redis breaks", &group, true),
            ("redis:7.0.4 breaks", &group, true),
            ("redis: breaks", &group, true),
            ("localhost:5000/tool:stable breaks", &group, true),
            ("breaks", one, true),
            ("breaks", &[], false),
        ];
        let mut table = String::new();
        for (words, targets, grouped) in cases {
            let name = if words.len() > 100 { format!("{} characters", words.len()) } else { format!("{words:?}") };
            let said =
                aimed(&format!("/wharfinger reject {words}"), targets, grouped).replace(&"x".repeat(200), "x*200");
            writeln!(table, "{name}{}\n    {said}", if grouped { " (group)" } else { "" }).unwrap();
        }
        insta::assert_snapshot!(table);
    }

    proptest! {
        #[test]
        fn whatever_a_comment_says_a_reason_is_one_short_line(body in "(/wharfinger reject )?(.|\n|\r){0,300}") {
            let targets = [target(&["redis"], "7.2.1")];
            let Some(Ok(Command::Reject(reject))) = parse(&body, today()) else { return Ok(()) };
            let Ok((_, reason)) = aim(&reject, &targets, false, &[]) else { return Ok(()) };
            prop_assert!((1..=REASON).contains(&reason.chars().count()));
            prop_assert!(!reason.contains(char::is_control) && reason.trim() == reason);
            prop_assert!(reject.until.is_none_or(|until| until >= today()));
        }
    }
}
