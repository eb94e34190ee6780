//! Real publishers' lists of tags on which tools that pick versions go wrong, with what a person would pick. Each is
//! tried like a person would: with `explain`, whose suggestions are pasted into the rule and must do what they say.

use serde_json::Value;

use crate::support::process::Run;

const PROGRAM: &str = env!("CARGO_BIN_EXE_wharfinger");

/// A rule, by the names of the manifest's keys.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    pub versions: Option<&'a str>,
    pub variant: Option<&'a str>,
    pub pattern: Option<&'a str>,
    pub follow: Option<&'a str>,
    pub prereleases: bool,
}

const ANY: Rule<'static> = Rule { versions: None, variant: None, pattern: None, follow: None, prereleases: false };

const fn versions(range: &str) -> Rule<'_> {
    Rule { versions: Some(range), ..ANY }
}

const fn variant(suffix: &str) -> Rule<'_> {
    Rule { variant: Some(suffix), ..ANY }
}

impl<'a> Rule<'a> {
    fn flags(self) -> Vec<&'a str> {
        let values = [
            ("--versions", self.versions),
            ("--variant", self.variant),
            ("--pattern", self.pattern),
            ("--follow", self.follow),
        ];
        let values = values.into_iter().filter_map(|(flag, value)| Some([flag, value?])).flatten();
        values.chain(self.prereleases.then_some("--prereleases")).collect()
    }

    /// The rule after a change as suggestions tell it: what stands in backquotes is set, or left out where it has no value.
    fn changed(mut self, change: &'a str) -> Self {
        for change in change.split('`').skip(1).step_by(2) {
            let (key, value) = change.split_once(": ").map_or((change, None), |(key, value)| (key, Some(value)));
            let value = value.map(|value| value.trim_matches(['\'', '"']));
            match key {
                "versions" => self.versions = value,
                "variant" => self.variant = value,
                "pattern" => self.pattern = value,
                "prereleases" => self.prereleases = value == Some("true"),
                _ => panic!("{key} cannot be tried on a list"),
            }
        }
        self
    }
}

/// What a person expects.
#[derive(Debug)]
enum Expected {
    Picks(&'static str),
    /// Nothing is chosen, and there is nothing to say.
    Nothing,
    /// Nothing is chosen; the tag is told with a rule that picks it.
    Told(&'static str),
    /// One or the other.
    PicksOrTold(&'static str),
    /// The tag is chosen; or nothing, and the approval is told as one that the rule does not read.
    PicksOrUnread(&'static str),
}

use Expected::{Nothing, Picks, PicksOrTold, PicksOrUnread, Told};

struct Case {
    list: List<'static>,
    rule: Rule<'static>,
    expected: Expected,
}

impl Case {
    const fn new(tags: &'static str, rule: Rule<'static>, expected: Expected) -> Self {
        Self { list: List { tags, approved: &[] }, rule, expected }
    }

    const fn after(self, approved: &'static [&'static str]) -> Self {
        Self { list: List { approved, ..self.list }, ..self }
    }
}

/// What a publisher has, and what of it is approved.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub tags: &'a str,
    pub approved: &'a [&'a str],
}

impl List<'_> {
    /// What `explain` says of the list under a rule.
    fn explained(self, rule: Rule<'_>) -> Value {
        let list = self.tags.split_whitespace().collect::<Vec<_>>().join("\n");
        let approved = self.approved.iter().flat_map(|tag| ["--approved", tag]);
        let arguments = ["explain", "acme/thing", "--tags", "-", "--format", "json"];
        let run = Run::new(PROGRAM).args(arguments).args(rule.flags()).args(approved).stdin(list);
        run.output().expect_status(0).json()["images"][0].clone()
    }

    fn has(self, tag: &str) -> bool {
        self.tags.split_whitespace().any(|listed| listed == tag)
    }
}

fn chosen(image: &Value) -> Option<&str> {
    image["lines"].as_array().unwrap().iter().find_map(|line| line["chosen"].as_str())
}

/// What is said of an image: a tag where there is one to name, and what change of the rule would help.
#[derive(Debug)]
struct Notice<'a> {
    tag: Option<&'a str>,
    suggestion: Option<&'a str>,
}

fn notices(image: &Value) -> Vec<Notice<'_>> {
    let list = |key: &str| image[key].as_array().map_or(&[] as &[Value], Vec::as_slice);
    let unread = list("unread").iter().map(|notice| (notice["tag"].as_str(), notice));
    let beside = list("beside").iter().map(|notice| (notice["newest"].as_str(), notice));
    let unmatched = image["suggestion"].is_string().then_some((None, image));
    let all = unread.chain(beside).chain(unmatched);
    all.map(|(tag, notice)| Notice { tag, suggestion: notice["suggestion"].as_str() }).collect()
}

/// The changes that a suggestion tells, each with the tag that it would pick.
fn promises(suggestion: &str) -> Vec<(&str, &str)> {
    let (mut promises, mut rest) = (Vec::new(), suggestion);
    while let Some((change, after)) = rest.split_once("would pick ") {
        let tag = after.split_whitespace().next().unwrap().trim_end_matches([',', ';']);
        promises.push((change, tag));
        rest = &after[tag.len()..];
    }
    promises
}

/// The tags that suggestions pick, and the faults: which of them the rule does not pick once the suggestion was pasted.
fn suggested(list: List<'_>, rule: Rule<'_>, notices: &[Notice<'_>], faults: &mut Vec<String>) -> Vec<String> {
    let promises: Vec<_> = notices.iter().filter_map(|notice| notice.suggestion).flat_map(promises).collect();
    for (change, tag) in &promises {
        let picks = match change.split_once("`tags: [") {
            // Tags that a rule names are followed as they are: the list must have them.
            Some((_, names)) => names.split_once(']').map(|(name, _)| name.to_owned()).filter(|name| list.has(name)),
            None => chosen(&list.explained(rule.changed(change))).map(str::to_owned),
        };
        if picks.as_deref() != Some(tag) {
            faults.push(format!("\"{change}would pick {tag}\", and it picks {picks:?}"));
        }
    }
    promises.into_iter().map(|(_, tag)| tag.to_owned()).collect()
}

/// The suggestions for a rule that do not do what they say; `None` where there is none.
pub fn broken_promises(list: List<'_>, rule: Rule<'_>) -> Option<Vec<String>> {
    let (image, mut faults) = (list.explained(rule), Vec::new());
    let notices = notices(&image);
    suggested(list, rule, &notices, &mut faults);
    notices.iter().any(|notice| notice.suggestion.is_some()).then_some(faults)
}

/// The tag without `v`, to the end of the version that it begins with.
fn number(tag: &str) -> &str {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    tag[..tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len())].trim_end_matches('.')
}

/// The reasons that name longer versions or builds where the list has none.
fn false_reasons(list: List<'_>, image: &Value, faults: &mut Vec<String>) {
    for verdict in image["tags"].as_array().unwrap() {
        let (tag, detail) = (verdict["tag"].as_str().unwrap(), verdict["detail"].as_str().unwrap());
        let longer = |other: &str| {
            let other = other.strip_prefix('v').unwrap_or(other);
            let rest = other.strip_prefix(number(tag)).and_then(|rest| rest.strip_prefix(['.', '-', '_']));
            rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()) || rest.starts_with("ea-"))
        };
        if detail.contains("published beside it") && !list.tags.split_whitespace().any(longer) {
            faults.push(format!("{tag} {detail}"));
        }
    }
}

/// What is wrong with a case.
fn faults(case: &Case) -> Vec<String> {
    let (image, mut faults) = (case.list.explained(case.rule), Vec::new());
    let (chosen, notices) = (chosen(&image), notices(&image));
    let suggested = suggested(case.list, case.rule, &notices, &mut faults);
    false_reasons(case.list, &image, &mut faults);
    let silent = notices.is_empty();
    let picks = |tag: &str| chosen == Some(tag) && silent;
    let told = |tag: &str| chosen.is_none() && suggested.iter().any(|picked| picked == tag);
    let unread = || chosen.is_none() && notices.iter().any(|notice| notice.tag == case.list.approved.first().copied());
    let met = match case.expected {
        Picks(tag) => picks(tag),
        Nothing => chosen.is_none() && silent,
        Told(tag) => told(tag),
        PicksOrTold(tag) => picks(tag) || told(tag),
        PicksOrUnread(tag) => picks(tag) || unread(),
    };
    if !met {
        faults.push(format!("{:?} is expected, it is {chosen:?} with {notices:?}", case.expected));
    }
    faults
}

#[track_caller]
fn check(cases: &[Case]) {
    let shown = |case: &Case| format!("{:?}, {:?}", case.list, case.rule);
    let faults: Vec<String> = cases
        .iter()
        .flat_map(|case| faults(case).into_iter().map(move |fault| format!("{}:\n  {fault}", shown(case))))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn what_moves_is_no_first_approval() {
    const JRE: &str = "21.0.11-jre-alpine 21.0.12-jre-alpine 21.0.12.1-jre-alpine";
    const UPDATED: &str = "21.0.11-jre-alpine 21.0.12-jre-alpine 21.0.12.1-jre-alpine 21.0.13-jre-alpine 21-jre-alpine";
    let jre = Rule { versions: Some("21"), variant: Some("jre-alpine"), ..ANY };
    check(&[
        // A major floats also where all that is longer has a variant: renovatebot/renovate#44603.
        Case::new(
            "21 21-jdk 21-jre 21.0.11_10-jdk 21.0.11_10-jre 21.0.12_8-jdk 21.0.12_8-jre latest",
            versions("21"),
            Told("21.0.12_8-jdk"),
        ),
        // A minor floats beside its builds, though older minors have none: docker-library/official-images#16734.
        Case::new("9.2 9.3 9.3-1612 9.4 9.4-1227", ANY, Picks("9.4-1227")),
        // A fourth part now and then makes no other version float: docker-library/official-images#13040.
        Case::new(UPDATED, jre, Picks("21.0.13-jre-alpine")),
        Case::new(UPDATED, ANY, PicksOrTold("21.0.13-jre-alpine")).after(&["21.0.12.1-jre-alpine"]),
        Case::new(JRE, ANY, Told("21.0.12.1-jre-alpine")).after(&["21.0.12-jre-alpine"]),
        // The bare tag of early-access builds goes when the release comes: docker-library/official-images#21056.
        Case::new(
            "26-ea-8-slim 26-ea-12-slim 26-ea-slim 26-slim",
            Rule { versions: Some("26"), prereleases: true, ..ANY },
            Picks("26-ea-12-slim"),
        )
        .after(&["26-ea-8-slim"]),
    ]);
}

#[test]
fn what_counts_up_is_followed_and_nothing_else() {
    check(&[
        // A day with a time of it is never newer than a count: elgohr/Publish-Docker-Github-Action#169.
        Case::new("v3 v4 v5 20190331160914", ANY, Picks("v5")).after(&["v4"]),
        // A bare number before a variant is the variant's: dependabot/dependabot-core#15530.
        Case::new("4.0.13-22-trixie 4.0.14-22-trixie 4.0.14-24-trixie", ANY, Picks("4.0.14-22-trixie"))
            .after(&["4.0.13-22-trixie"]),
        Case::new("4.0.13-22-trixie 4.0.13-24-trixie", ANY, Nothing).after(&["4.0.13-22-trixie"]),
        // A number after a word and a dot, or after a number and a word, counts builds: giantswarm/retagger#1221.
        Case::new("v1.1.0-gs.1 v1.1.0-gs.2 v1.2.0-gs.1 v1.2.0-gs.2", ANY, Picks("v1.2.0-gs.2")).after(&["v1.1.0-gs.1"]),
        Case::new("1.27.0-0ubuntu1 1.28.0-0ubuntu1 1.28.0-0ubuntu3", ANY, Picks("1.28.0-0ubuntu3"))
            .after(&["1.27.0-0ubuntu1"]),
        // So it does after a word that nobody knows: fluxcd/flux#3417.
        Case::new("1.0.0-test.98 1.0.0-test.99 1.0.0-test.100", ANY, Picks("1.0.0-test.100")).after(&["1.0.0-test.98"]),
    ]);
}

#[test]
fn what_the_rule_does_not_read_is_said() {
    const TEMURIN: &str = "25_36-jre-alpine 25.0.1_8-jre-alpine 25.0.4_7-jre-alpine 25-jre-alpine 21.0.12_8-jre-alpine";
    let jre = Rule { versions: Some("25"), variant: Some("jre-alpine"), ..ANY };
    check(&[
        // A letter after the version, and nothing is chosen below it: getwud/wud#1276.
        Case::new("1.1.1u 1.1.1v 1.1.1w 1.1.1", ANY, PicksOrUnread("1.1.1w")).after(&["1.1.1v"]),
        // The first release has fewer parts than its updates: elfhosted/containers#802.
        Case::new(TEMURIN, jre, PicksOrTold("25.0.4_7-jre-alpine")),
        Case::new(TEMURIN, versions("25"), PicksOrTold("25.0.4_7-jre-alpine")),
        Case::new(TEMURIN, ANY, PicksOrTold("25.0.4_7-jre-alpine")),
        Case::new(TEMURIN, jre, PicksOrTold("25.0.4_7-jre-alpine")).after(&["25_36-jre-alpine"]),
        Case::new(TEMURIN, ANY, PicksOrTold("25.0.4_7-jre-alpine")).after(&["25_36-jre-alpine"]),
        // Another word stands before the version: docker-library/official-images#17992.
        Case::new("testing-20240513 testing-20240612 12.5 12.6 latest", ANY, Told("testing-20240612"))
            .after(&["testing-20240513"]),
        Case::new("testing-20240513 testing-20240612 testing-20240612-slim 12.6", ANY, Told("testing-20240612"))
            .after(&["testing-20240513"]),
    ]);
}

#[test]
fn suggestions_lead_to_what_the_rule_says() {
    const COUCHBASE: &str = "7.6.8 8.0.2 community-8.0.2 enterprise-7.6.8 enterprise-8.0.2";
    const DENO: &str = "2.3.0 2.3.1 alpine alpine-2.3.0 alpine-2.3.1 bin-2.3.1 debian-2.3.1 distroless-2.3.1";
    const ARCH: &str =
        "base-20260809.0.1 base-20260816.0.2 base-devel-20260816.0.2 multilib-devel-20260816.0.2 base latest";
    const LINKERD: &str = "stable-2.14.9 stable-2.14.10 edge-24.10.4 edge-25.8.5 edge-26.9.1 edge-26.9.3";
    check(&[
        // docker-library/official-images#7924
        Case::new(COUCHBASE, variant("enterprise"), Told("enterprise-8.0.2")),
        // denoland/deno_docker#172
        Case::new(DENO, variant("alpine"), Told("alpine-2.3.1")),
        // gardener/gardener#12892
        Case::new(
            "v1.31.2 v1.32.1 distroless-v1.31.2 distroless-v1.32.1",
            variant("distroless"),
            Told("distroless-v1.32.1"),
        ),
        // docker-library/official-images#17992
        Case::new(ARCH, variant("base"), Told("base-20260816.0.2")),
        Case::new(ARCH, ANY, Told("base-20260816.0.2")),
        // Never another channel than the one that was approved: linkerd/website#39.
        Case::new(LINKERD, ANY, PicksOrTold("stable-2.14.10")).after(&["stable-2.14.9"]),
    ]);
    let linkerd = List { tags: LINKERD, approved: &["stable-2.14.9"] };
    let suggested = suggested(linkerd, ANY, &notices(&linkerd.explained(ANY)), &mut Vec::new());
    assert!(suggested.iter().all(|tag| tag.starts_with("stable-")), "{suggested:?}");
}
