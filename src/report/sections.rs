//! The rows of plans, outcomes and checks as people read them.

use super::page::Tone;
use super::rows::{
    Alias, Beside, Carried, Failed, Finding, LeftBehind, Outcome, Plan, PlannedRepository, Promoted, Promotion,
    Proposed, ProposedAction, Removal, Unmatched, Unread, Waiting,
};
use super::table::Place::{First, Prose, Second, Third};
use super::table::{Cell, Column, Section, column, in_table, labelled, on_terminal};
use crate::image::{RepositoryName, Tag};
use crate::plan::State;
use crate::plan::aliases::AliasState;
use crate::rules::Notice;
use crate::text::counted;

const PROMOTIONS: &[Column] =
    &[column("state", First), column("mirror", Second), column("digest", Third), column("detail", Prose)];
const REPOSITORIES: &[Column] =
    &[column("action", First), column("repository", Second), column("setting", Third), column("detail", Prose)];
const REMOVALS: &[Column] =
    &[column("reason", First), column("mirror", Second), column("digest", Third), column("detail", Prose)];
const WAITING: &[Column] =
    &[column("version", Second), column("reason", First), labelled("until", Third, "until"), column("detail", Prose)];
const FAILED: &[Column] = &[column("step", First), column("of", Second), column("error", Prose)];
const FINDINGS: &[Column] = &[
    column("finding", First),
    column("of", Second),
    labelled("expected", Prose, "expected"),
    labelled("found", Prose, "found"),
];
const CHANGED: &[Column] =
    &[column("setting", First), column("of", Second), column("now", Prose), labelled("before", Prose, "was")];
const PROPOSALS: &[Column] = &[
    column("action", First),
    in_table("proposal"),
    in_table("title"),
    column("branch", Second),
    on_terminal(Prose),
    in_table("why"),
];
const PROMOTED: &[Column] = &[
    on_terminal(First),
    column("mirror", Second),
    column("digest", Prose),
    in_table("approved by"),
    in_table("what was done"),
];
const CARRIED: &[Column] = &[on_terminal(First), column("of", Second), column("digest", Prose)];

const NOTICES: &[Column] = &[
    column("warning", First),
    column("image", Second),
    column("source", Third),
    on_terminal(Prose),
    in_table("what"),
    in_table("how to fix it"),
];

/// The most rules in a table of the summary: it may be those of every image, for months.
const NOTICES_SHOWN: usize = 100;

const LEFT_BEHIND: &[Column] =
    &[on_terminal(First), column("beside", Second), column("what", Third), column("why", Prose)];

/// The parts of a plan below its promotions.
pub(super) fn plan(plan: &Plan) -> Vec<Section> {
    let repository = |r: &PlannedRepository| {
        let (code, detail) = (Cell::code_or_nothing(r.code), Cell::text(&r.detail));
        vec![Cell::name(&r.action), Cell::code(&r.repository), code, detail]
    };
    vec![
        Section::new("Repositories", REPOSITORIES, &plan.repositories, repository),
        aliases("Aliases", plan.aliases.iter().filter(|alias| alias.state != AliasState::Present)),
        removals("Tags to delete", &plan.removals),
        waiting(&plan.waiting),
        notices(&plan.notices.unmatched, &plan.notices.unread, &plan.notices.beside),
    ]
}

/// What was done, except for what failed or was found. `plan` is what was intended.
pub(super) fn outcome(outcome: &Outcome, plan: Option<&Plan>) -> Vec<Section> {
    let word = |word: &str| Cell::Word(word.to_owned());
    let promoted = |p: &Promoted| {
        let by = p.pull.map_or(Cell::Nothing, |number| linked(number, p.pull_url.as_deref().unwrap_or_default()));
        let planned = plan.into_iter().flat_map(|plan| &plan.promotions);
        let planned = planned.into_iter().find(|planned| planned.repository == p.repository && planned.tag == p.tag);
        let what = planned.map_or(Cell::Nothing, |planned| Cell::text(&planned.detail));
        vec![word("promoted"), mirror_tag(&p.repository, &p.tag), Cell::Result(p.mirrored.clone()), by, what]
    };
    let carried =
        |c: &Carried| vec![word("carried"), mirror_tag(&c.repository, &c.tag), Cell::Result(c.digest.clone())];
    vec![
        Section::new("Proposals", PROPOSALS, in_order(&outcome.proposals), proposed),
        Section::new("Promoted", PROMOTED, &outcome.promoted, promoted),
        Section::new("Signatures and attestations", CARRIED, &outcome.carried, carried),
        Section::new("Left behind", LEFT_BEHIND, &outcome.left_behind, left_behind),
        Section::new("Settings changed", CHANGED, &outcome.fixed, finding),
        aliases("Aliases moved", &outcome.aliases),
        removals("Tags deleted", &outcome.removed),
        waiting(&outcome.waiting),
        notices(&outcome.notices.unmatched, &outcome.notices.unread, &outcome.notices.beside),
    ]
}

/// What was done comes first, what stayed unchanged last.
fn in_order(proposals: &[Proposed]) -> Vec<&Proposed> {
    let mut all: Vec<&Proposed> = proposals.iter().collect();
    all.sort_by_key(|proposal| match proposal.action {
        ProposedAction::Opened => 0,
        ProposedAction::Updated => 1,
        ProposedAction::Left => 2,
        ProposedAction::Closed => 3,
        ProposedAction::Unchanged => 4,
    });
    all
}

fn left_behind(left: &LeftBehind) -> Vec<Cell> {
    let what = match (&left.under, &left.digest) {
        (Some(tag), _) => Cell::code(tag),
        (None, Some(digest)) => Cell::code(digest),
        (None, None) => Cell::Word("the rest".to_owned()),
    };
    vec![Cell::Word("left".to_owned()), mirror_tag(&left.repository, &left.tag), what, Cell::text(&left.why)]
}

/// Promotions that are not done yet.
pub(super) fn promotions(promotions: &[Promotion]) -> Section {
    promotions_under("Promotions", promotions)
}

pub(super) fn promotions_under(heading: &str, promotions: &[Promotion]) -> Section {
    let open = promotions.iter().filter(|p| p.state != State::Present);
    Section::new(heading, PROMOTIONS, open, |p| {
        let mirror = mirror_tag(&p.repository, &p.tag);
        vec![Cell::name(&p.state), mirror, Cell::Digest(p.digest.clone()), Cell::text(&p.detail)]
    })
}

/// How many promotions are done, in words.
pub(super) fn present(promotions: &[Promotion]) -> Option<String> {
    let present = promotions.iter().filter(|p| p.state == State::Present).count();
    (present > 0).then(|| format!("{} already promoted and unchanged", counted(present, "approval")))
}

pub(super) fn findings(findings: &[Finding]) -> Section {
    Section::new("Findings", FINDINGS, findings, finding).toned(Tone::Doubtful)
}

/// What rules leave out, the most serious first.
pub(super) fn notices(unmatched: &[Unmatched], unread: &[Unread], beside: &[Beside]) -> Section {
    let unmatched = unmatched.iter().map(|u| notice("unmatched", Cell::code(&u.repository), &u.source, &u.notice()));
    let unread = unread.iter().map(|u| notice("unread", mirror_tag(&u.repository, &u.tag), &u.source, &u.notice()));
    let beside = beside.iter().map(|b| notice("beside", mirror_tag(&b.repository, &b.current), &b.source, &b.notice()));
    let rows = unmatched.chain(unread).chain(beside);
    Section::new("Warnings", NOTICES, rows, |row| row).shown_in_tables(NOTICES_SHOWN)
}

fn notice(word: &str, image: Cell, source: &str, notice: &Notice) -> Vec<Cell> {
    let help = notice.suggestion.as_deref().map_or(Cell::Nothing, Cell::text);
    let (whole, what) = (Cell::Text(notice.text()), Cell::Text(notice.kind.to_string()));
    vec![Cell::Word(word.to_owned()), image, Cell::code(source), whole, what, help]
}

pub(super) fn failed(failed: &[Failed]) -> Section {
    Section::new("Failed", FAILED, failed, |f| {
        vec![Cell::name(&f.step), subject(f.subject(), f.tag.as_ref()), Cell::text(&f.error)]
    })
    .toned(Tone::Bad)
}

fn removals(heading: &str, removals: &[Removal]) -> Section {
    Section::new(heading, REMOVALS, removals, |r| {
        let mirror = mirror_tag(&r.repository, &r.tag);
        vec![Cell::name(&r.reason), mirror, Cell::Digest(r.digest.clone()), Cell::text(&r.detail)]
    })
}

fn aliases<'a>(heading: &str, aliases: impl IntoIterator<Item = &'a Alias>) -> Section {
    Section::new(heading, PROMOTIONS, aliases, |alias| {
        let mirror = mirror_tag(&alias.repository, &alias.alias);
        let digest = alias.digest.clone().map_or(Cell::Nothing, Cell::Digest);
        vec![Cell::name(&alias.state), mirror, digest, Cell::text(&alias.detail)]
    })
}

fn waiting(waiting: &[Waiting]) -> Section {
    Section::new("Waiting", WAITING, waiting, |w| {
        let until = w.until.map(|until| until.format("%Y-%m-%d %H:%M UTC").to_string());
        let version = mirror_tag(&w.repository, &w.tag);
        vec![version, Cell::name(&w.reason), until.map_or(Cell::Nothing, Cell::Word), Cell::text(&w.detail)]
    })
}

fn mirror_tag(repository: &RepositoryName, tag: &Tag) -> Cell {
    Cell::Code(format!("{repository}:{tag}"))
}

fn finding(f: &Finding) -> Vec<Cell> {
    let of = subject(f.repository.as_ref().map(RepositoryName::as_str), f.tag.as_ref());
    vec![Cell::code(f.code), of, Cell::text(&f.expected), Cell::text(&f.found)]
}

/// What a row is about: a repository, with its tag if there is one.
fn subject(repository: Option<&str>, tag: Option<&Tag>) -> Cell {
    match (repository, tag) {
        (Some(repository), Some(tag)) => Cell::Code(format!("{repository}:{tag}")),
        (repository, tag) => Cell::code_or_nothing(repository.or(tag.map(Tag::as_str))),
    }
}

fn proposed(proposal: &Proposed) -> Vec<Cell> {
    let number = proposal.number.map_or_else(|| Cell::code(&proposal.branch), |number| linked(number, &proposal.url));
    // Without a page on the forge, the branch is the place to look, and it is already shown.
    let url = Some(&proposal.url).filter(|url| **url != proposal.branch);
    let title = Some(proposal.title.as_str()).filter(|title| !title.is_empty());
    let prose: Vec<&str> = title.into_iter().chain(url.map(String::as_str)).chain(proposal.detail.as_deref()).collect();
    let text = |text: Option<&str>| text.map_or(Cell::Nothing, Cell::text);
    let (what, why) = (text(title), text(proposal.detail.as_deref()));
    vec![Cell::name(&proposal.action), number, what, Cell::code(&proposal.branch), Cell::Text(prose.join("; ")), why]
}

/// A proposal's number, as a link: a summary does not link bare numbers.
fn linked(number: u64, url: &str) -> Cell {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-._~:/".contains(c);
    match url.starts_with("http") && url.chars().all(plain) {
        true => Cell::Word(format!("[#{number}]({url})")),
        false => Cell::Word(format!("#{number}")),
    }
}
