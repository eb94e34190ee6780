//! The first lines of a body: what changes, which risks are marked, what merging does. Below them, what a reviewer must
//! not overlook.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::account::Account;
use super::mark::Mark;
use super::{AtMirror, inside, origin, risk};
use crate::difference::words::Style;
use crate::markdown::code;
use crate::policy::Standing;
use crate::proposal::Kind;
use crate::text::{counted, size};

/// How many changes are called out; the table marks all of them.
const CALLS: usize = 10;

/// A list of a few lines. `age`: whether it was checked since when versions have been public.
pub(super) fn lead(accounts: &[Account<'_>], age: bool) -> String {
    let mut lines = match accounts {
        [one] => of_one(one),
        many => {
            let first = [changes(many)].into_iter().chain(inside::of_many(many));
            first.chain([risk::of_many(many), format!("On merge: {}", merging(many))]).collect()
        }
    };
    if !age && accounts.iter().any(Account::lets_in) {
        lines.push(not_asked(accounts));
    }
    lines.iter().fold(String::new(), |text, line| text + "- " + line + "\n") + "\n"
}

fn of_one(account: &Account<'_>) -> Vec<String> {
    let told = account.told(Style::MARKDOWN);
    let asked = account.entry().reason.as_ref().map(|reason| format!("Asked for: {}", code(reason, 200)));
    let first = std::iter::once(format!("Change: {}", change(account))).chain(inside::why(told.as_ref())).chain(asked);
    let known = [inside::known(told.as_ref()), inside::signing(account)].into_iter().flatten();
    let lines = first.chain([risk::of_one(account)]).chain(known);
    let merging = format!("On merge: {}", account.merging(code));
    lines.chain(account.lets_in().then(|| digests(account))).chain([merging]).chain(origin::line(account)).collect()
}

/// What is approved now and what would be, in few digits.
pub(super) fn digests(account: &Account<'_>) -> String {
    let before = account.before().filter(|_| account.lets_in());
    let before = before.map(|digest| format!("`{}` → ", digest.short())).unwrap_or_default();
    format!("Digest: {before}`{}`", account.entry().digest.short())
}

/// What changes, in words: `patch update of docker.io/library/redis:7.2.1, after 7.2.0`.
fn change(account: &Account<'_>) -> String {
    let after = account.update().map(|(from, _)| format!(", after {}", code(from.as_str(), 128)));
    let other = (account.entry().kind == Kind::Rebuild).then(|| ": the same tag, different bytes".to_owned());
    format!("{} of {}{}", account.kind_and_step(), name(account), after.or(other).unwrap_or_default())
}

/// How many changes are named one by one.
const FEW: usize = 3;

/// Several changes: by name if they are few, otherwise the number of each kind, the most serious first.
fn changes(accounts: &[Account<'_>]) -> String {
    if accounts.len() <= FEW {
        return format!("Change: {}", accounts.iter().map(change).collect::<Vec<_>>().join("; "));
    }
    let mut kinds: Vec<(String, usize)> = Vec::new();
    for account in accounts {
        let kind = account.kind_and_step();
        match kinds.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => kinds.push((kind, 1)),
        }
    }
    let text = match kinds.as_slice() {
        [(kind, count)] => format!("{count} × {kind}"),
        kinds => {
            let kinds: Vec<String> = kinds.iter().map(|(kind, count)| format!("{count} × {kind}")).collect();
            format!("{} in all: {}", accounts.len(), kinds.join(", "))
        }
    };
    format!("Change: {text}")
}

/// What merging several changes does, added up.
fn merging(accounts: &[Account<'_>]) -> String {
    let incoming: Vec<&Account<'_>> = accounts.iter().filter(|account| account.lets_in()).collect();
    let mut parts = Vec::new();
    if !incoming.is_empty() {
        let sizes: Option<Vec<u64>> = incoming.iter().map(|account| account.evidence?.size).collect();
        let sum = |sizes: Vec<u64>| sizes.into_iter().fold(0_u64, u64::saturating_add);
        let bytes = sizes.map(|sizes| format!(", {}", size(sum(sizes)))).unwrap_or_default();
        parts.push(format!("copies {}{bytes}", counted(incoming.len(), "image")));
    }
    let repositories = |wanted: fn(&AtMirror) -> bool| {
        let of = |account: &&&Account<'_>| account.new_place().is_some_and(wanted);
        let names: BTreeSet<_> = incoming.iter().filter(of).map(|account| &account.image().repository).collect();
        (!names.is_empty()).then(|| match names.len() {
            1 => "1 repository".to_owned(),
            count => format!("{count} repositories"),
        })
    };
    parts.extend(repositories(|at| *at == AtMirror::Absent).map(|made| format!("creates {made}")));
    parts.extend(repositories(|at| *at == AtMirror::Unknown).map(|made| format!("creates {made} if missing")));
    parts.extend(repositories(|at| matches!(at, AtMirror::TakenOver(_))).map(|taken| format!("takes over {taken}")));
    parts.extend(
        repositories(|at| *at == AtMirror::NotOurs)
            .map(|others| format!("promotes nothing to {others} that already exist and are not ours")),
    );
    let entries = |kind: Kind| accounts.iter().filter(|account| account.entry().kind == kind).count();
    let leaving = [
        (Kind::Retire, "approval"),
        (Kind::Revoke, "approval"),
        (Kind::Reject, "new rejection"),
        (Kind::Expire, "expired rejection"),
    ];
    parts.extend(leaving.into_iter().filter(|(kind, _)| entries(*kind) > 0).map(|(kind, noun)| match kind {
        Kind::Reject => format!("adds {}", counted(entries(kind), noun)),
        Kind::Revoke => format!("revokes {}", counted(entries(kind), noun)),
        _ => format!("removes {}", counted(entries(kind), noun)),
    }));
    parts.join("; ")
}

/// What a run that only asks registries does not know.
fn not_asked(accounts: &[Account<'_>]) -> String {
    let of_hub = accounts.iter().any(|account| account.lets_in() && account.standing() == Standing::NotAsked);
    let category = if of_hub { ", and their category on Docker Hub" } else { "" };
    format!("Not checked: since when the new versions have been public{category}")
}

/// What even a tired reviewer has to see: urgency, revocations, downgrades.
pub(super) fn calls(accounts: &[Account<'_>]) -> String {
    let mut text = String::new();
    let calls: Vec<String> = accounts.iter().flat_map(calls_of).collect();
    for call in calls.iter().take(CALLS) {
        let _ = writeln!(text, "{call}\n");
    }
    if calls.len() > CALLS {
        let _ = writeln!(text, "**{} more like these:** their rows say so.\n", calls.len() - CALLS);
    }
    text
}

/// The callout for one change.
fn calls_of(account: &Account<'_>) -> Vec<String> {
    let name = name(account);
    let reason = account.reason().map(|reason| code(&reason, 200)).unwrap_or_default();
    let call = |mark| match mark {
        Mark::Revoked => Some(format!("> [!CAUTION]\n> Revoked: {name} must not be used any more. Why: {reason}")),
        Mark::Urgent => Some(format!("> [!WARNING]\n> Urgent: {name} does not wait for the cooldown. Why: {reason}")),
        Mark::TagMoved => {
            let why = if account.item.is_earlier {
                ", which is an earlier one: its current digest is too young"
            } else {
                " any more"
            };
            Some(format!(
                "> [!WARNING]\n> Moved on: upstream's {name} does not resolve to the digest proposed here{why}."
            ))
        }
        Mark::SignatureLost => Some(format!(
            "> [!WARNING]\n> **Signature lost:** what is approved is signed, and no signature of {name} was found."
        )),
        Mark::SignerChanged => {
            Some(format!("> [!WARNING]\n> **Signer changed:** nobody who signed what is approved signed {name}."))
        }
        Mark::Downgrade => account.update().map(|(from, _)| {
            let from = code(from.as_str(), 128);
            format!("> [!WARNING]\n> **Downgrade:** {name} is older than {from}, which is approved.")
        }),
        _ => None,
    };
    let marks = account.marks();
    let plain = code(&full_name(account), 400);
    let of_marks = marks.iter().filter_map(|mark| inside::meaning(account, *mark, &plain));
    let inside: Vec<String> = inside::hides(account, &plain).into_iter().chain(of_marks).collect();
    let inside = (!inside.is_empty()).then(|| format!("> [!WARNING]\n> {}", inside.join("\n>\n> ")));
    marks.into_iter().filter_map(call).chain(inside).collect()
}

/// The image with its tag, as a link if we know its page.
pub(super) fn name(account: &Account<'_>) -> String {
    let shown = code(&full_name(account), 400);
    account.link().map_or_else(|| shown.clone(), |url| format!("[{shown}]({url})"))
}

pub(super) fn full_name(account: &Account<'_>) -> String {
    let source = &account.image().source;
    account.entry().to.as_ref().map_or_else(|| source.to_string(), |tag| format!("{source}:{tag}"))
}
