//! Python's order (PEP 440): `1!2.0a1.post2.dev3+local`.

use std::cmp::Ordering;

use super::numbers::{Number, compare_padded, dotted, split_while};

/// A version of a Python package.
struct Version<'a> {
    epoch: Number<'a>,
    release: Vec<Number<'a>>,
    rest: Rest<'a>,
}

/// What decides between versions of one release, in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Rest<'a> {
    pre: Pre<'a>,
    /// None comes before every post-release.
    post: Option<Number<'a>>,
    dev: Dev<'a>,
    local: Vec<Local<'a>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Pre<'a> {
    /// A development release of the release itself comes before its pre-releases.
    Development,
    Alpha(Number<'a>),
    Beta(Number<'a>),
    Candidate(Number<'a>),
    None,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Dev<'a> {
    Number(Number<'a>),
    None,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Local<'a> {
    Word(&'a str),
    Number(Number<'a>),
}

/// `None` if one of them is no such version.
pub(super) fn compare(a: &str, b: &str) -> Option<Ordering> {
    let (a, b) = (a.trim().to_ascii_lowercase(), b.trim().to_ascii_lowercase());
    let (a, b) = (Version::read(&a)?, Version::read(&b)?);
    let release = compare_padded(&a.release, &b.release, &Number::default());
    Some(a.epoch.cmp(&b.epoch).then(release).then_with(|| a.rest.cmp(&b.rest)))
}

impl<'a> Version<'a> {
    fn read(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let (text, local) = text.split_once('+').map_or((text, None), |(rest, local)| (rest, Some(local)));
        let (epoch, text) = text.split_once('!').unwrap_or(("0", text));
        let (release, mut rest) = split_while(text, |c| c.is_ascii_digit() || c == '.');
        // `1.0.dev1`: the last dot belongs to what follows.
        let release = dotted(release.strip_suffix('.').unwrap_or(release))?;
        let pre = take_pre(&mut rest);
        let post = take_post(&mut rest);
        let dev = take(&mut rest, &["dev"]);
        let pre = match (pre, post, dev) {
            (Some(pre), _, _) => pre,
            (None, None, Some(_)) => Pre::Development,
            (None, _, _) => Pre::None,
        };
        let local = local.map(read_local).unwrap_or_default();
        let epoch = Number::read(epoch)?;
        let ordered = Rest { pre, post, dev: dev.map_or(Dev::None, Dev::Number), local };
        rest.is_empty().then_some(Self { epoch, release, rest: ordered })
    }
}

/// Takes one of these words off the beginning, and the number after it; separators around the word do not count.
fn take<'a>(rest: &mut &'a str, words: &[&str]) -> Option<Number<'a>> {
    let is_separator = |c: char| matches!(c, '.' | '-' | '_');
    let text = rest.strip_prefix(is_separator).unwrap_or(rest);
    let after = words.iter().find_map(|word| text.strip_prefix(word))?;
    let spaced = after.strip_prefix(is_separator).filter(|spaced| spaced.starts_with(|c: char| c.is_ascii_digit()));
    let (digits, after) = split_while(spaced.unwrap_or(after), |c| c.is_ascii_digit());
    *rest = after;
    Some(Number::of(digits))
}

fn take_pre<'a>(rest: &mut &'a str) -> Option<Pre<'a>> {
    take(rest, &["alpha", "a"])
        .map(Pre::Alpha)
        .or_else(|| take(rest, &["beta", "b"]).map(Pre::Beta))
        .or_else(|| take(rest, &["rc", "c", "preview", "pre"]).map(Pre::Candidate))
}

fn take_post<'a>(rest: &mut &'a str) -> Option<Number<'a>> {
    take(rest, &["post", "rev", "r"]).or_else(|| {
        let (digits, after) = split_while(rest.strip_prefix('-')?, |c| c.is_ascii_digit());
        let number = Number::read(digits)?;
        *rest = after;
        Some(number)
    })
}

fn read_local(text: &str) -> Vec<Local<'_>> {
    let part = |part| Number::read(part).map_or(Local::Word(part), Local::Number);
    text.split(['.', '-', '_']).map(part).collect()
}
