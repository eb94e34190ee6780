//! The sentences that the body, the summary and the terminal share.

use std::cmp::Ordering;

use chrono::TimeDelta;

use super::account::Account;
use super::check::Check;
use super::{Along, Comes, Evidence, Exchanged, Served};
use crate::content::artifact::{Artifact, Sort};
use crate::image::{Digest, Tag};
use crate::markdown::code;
use crate::packages::PackageSource;
use crate::plan::companions::LeftBehind;
use crate::policy::{Gate, Standing, Told};
use crate::proposal::Kind;
use crate::rules::Clock;
use crate::text::{Quote, duration_text, size, size_difference};

impl Account<'_> {
    /// Which rule of the organization its source falls under, and where that comes from.
    pub(crate) fn category_words(&self, quote: Quote) -> String {
        let means = gate(self);
        match self.standing() {
            Standing::Category(category, told) => {
                let told = match told {
                    Told::Name => "by its name",
                    Told::Search => "from Docker Hub's search: only a hint, because no published API says it",
                };
                format!("{} ({told}){means}", category.words())
            }
            Standing::NotAsked => format!("this run did not ask Docker Hub{means}"),
            Standing::Unknown(why) => format!("unknown: {}{means}", quote(&why, 200)),
            Standing::Elsewhere(host) => {
                let host = quote(&host.to_string(), 200);
                let means = if means.is_empty() {
                    "; Registry Access Management says whether developers may reach it"
                } else {
                    means
                };
                format!("none, {host} is not Docker Hub{means}")
            }
            Standing::Local => "none, it comes from a directory".to_owned(),
        }
    }

    /// What was checked and what was not, in the order of weight.
    pub(crate) fn checks(&self, quote: Quote) -> Vec<Check> {
        let Some(evidence) = self.evidence.filter(|_| self.lets_in()) else { return Vec::new() };
        let mut checks = vec![served(self, evidence, quote), complete(evidence)];
        let refused = evidence
            .refused
            .iter()
            .map(|why| Check::failed(format!("it is refused and never promoted: {}", quote(why, 300))));
        checks.extend(refused);
        let unknown =
            evidence.unknown.iter().map(|unknown| Check::unchecked(format!("not checked: {}", quote(unknown, 300))));
        checks.extend(unknown);
        checks.extend(self.makers(quote));
        if evidence.attestations > 0 {
            let read = match (evidence.makers.as_ref().is_some_and(|m| m.provenance.is_some()), has_sbom(evidence)) {
                (true, true) => "read only for provenance and packages",
                (true, false) => "read only for provenance",
                (false, true) => "read only for packages",
                (false, false) => "not read",
            };
            let what = match evidence.attestations {
                1 => format!("1 attestation that is copied too: {read}"),
                count => format!("{count} attestations that are copied too: {read}"),
            };
            checks.push(Check::unchecked(what));
        }
        checks.extend(evidence.along.iter().flat_map(|along| coming(along, quote)).map(Check::unchecked));
        let layers = match evidence.difference {
            Some(_) => "the layers: read only for the packages and files that are named here",
            None => "the layers: not read",
        };
        checks.push(Check::unchecked(format!("{layers}; promotion checks them against their digests")));
        checks
    }
}

/// Whether packages come from an SBOM.
fn has_sbom(evidence: &Evidence) -> bool {
    let platforms = evidence.difference.iter().flat_map(|difference| &difference.platforms);
    platforms.into_iter().any(|platform| platform.source == PackageSource::Sbom)
}

/// How many artifacts that are copied too, and how many that are left behind, are named.
const NAMED: usize = 6;

/// What is copied too and what is left behind, one line each.
fn coming(along: &Along, quote: Quote) -> Vec<String> {
    let under = |tag: Option<&Tag>, digest: &Digest| quote(tag.map_or(digest.as_str(), Tag::as_str), 160);
    let comes = |comes: &Comes| {
        let Artifact { sort, media_type, size: bytes } = &comes.artifact;
        let name = under(comes.under.as_ref(), &comes.digest);
        let unread = if matches!(sort, Sort::Signature | Sort::Attestation) { "" } else { ": not read" };
        format!("{} {name} that is copied too ({}, {}){unread}", sort.words(), quote(media_type, 100), size(*bytes))
    };
    let left = |left: &LeftBehind| {
        let name =
            left.digest.as_ref().map_or_else(|| "the rest".to_owned(), |digest| under(left.under.as_ref(), digest));
        format!("{name}, which upstream has for this image, is left behind: {}", quote(&left.why, 200))
    };
    let mut lines: Vec<String> = along.comes.iter().take(NAMED).map(comes).collect();
    lines.extend(more(along.comes.len(), NAMED, "signatures and other artifacts that are copied too"));
    lines.extend(along.left.iter().take(NAMED).map(left));
    lines.extend(more(along.left.len(), NAMED, "that are left behind"));
    lines
}

/// Says that there are more than are listed.
pub(super) fn more(count: usize, named: usize, what: &str) -> Option<String> {
    (count > named).then(|| format!("{} more {what}", count - named))
}

/// What the manifest's policy means for it; empty if the policy does not say.
fn gate(account: &Account<'_>) -> &'static str {
    let elsewhere = matches!(account.standing(), Standing::Elsewhere(_));
    match (account.gate(), elsewhere) {
        (Some(Gate::Allowlisted), _) => {
            "; the policy allowlists the whole repository: developers may pull any of its tags unreviewed, and need no mirror"
        }
        (Some(Gate::Allowed), false) => "; a mirror is not needed under this policy, which allows the category",
        (Some(Gate::Allowed), true) => "; a mirror is not needed under this policy, which allows the registry",
        (Some(Gate::Restricted), false) => {
            "; the policy restricts the category: developers can only get it from the mirror"
        }
        (Some(Gate::Restricted), true) => {
            "; the policy does not allow the registry: developers can only get it from the mirror"
        }
        (Some(Gate::Off), false) => "; the policy leaves Image Access Management off: developers may pull it directly",
        (Some(Gate::Off), true) => {
            "; the policy leaves Registry Access Management off: developers may pull it directly"
        }
        (Some(Gate::Unsaid) | None, _) => "",
    }
}

/// The version with what it is compared with, in Markdown; `None` if that says nothing: for an image's first version.
pub(super) fn version(account: &Account<'_>) -> Option<String> {
    let to = code(account.entry().to.as_ref()?.as_str(), 128);
    let line = account.new_line().map(|line| format!("{to}, {line}"));
    let Some((from, tag)) = account.update() else {
        return line.map(|line| {
            format!("{line}: no lower version of its family is approved, so there is nothing to compare it with")
        });
    };
    let shown = code(from.as_str(), 128);
    let from =
        super::upstream(&account.image().source, from).map_or_else(|| shown.clone(), |url| format!("[{shown}]({url})"));
    let habit = match (account.item.prefix_changed, tag.as_str().starts_with(['v', 'V'])) {
        (false, _) => "",
        (true, true) => "; upstream now writes its versions with a `v`",
        (true, false) => "; upstream now writes its versions without the `v`",
    };
    let text = match (account.order(), line) {
        (Some(Ordering::Less), _) => format!("{to}, a **downgrade** from {from}"),
        (Some(Ordering::Equal), _) => format!("{to}, another tag of the same version as {from}"),
        (None, _) => format!("{to}, a different tag from {from}: it is unknown which is newer"),
        (Some(Ordering::Greater), Some(line)) => format!("{line}, compared with {from}, the newest approval below it"),
        (Some(Ordering::Greater), None) => format!("{to} after {from}"),
    };
    Some(text + habit)
}

/// The label and the sentence about its age.
pub(super) fn age(account: &Account<'_>) -> (&'static str, String) {
    let image = account.image();
    let cooldown = duration_text(image.cooldown);
    let hurry = account.entry().urgent.is_some();
    let shorter = shorter_cooldown(account);
    let Some(since) = account.since() else {
        let why = match (image.cooldown.is_zero(), hurry, shorter) {
            (true, ..) => "not asked: the manifest sets no cooldown".to_owned(),
            (false, true, _) => format!("unknown; the cooldown of {cooldown} is skipped"),
            (false, false, Some(shorter)) => format!("unknown; {shorter}"),
            (false, false, None) => format!("unknown; the manifest's cooldown is {cooldown}"),
        };
        return ("Age", why);
    };
    let (label, by) = match since.clock {
        Clock::Published => ("Published", "Docker Hub's push time for this digest"),
        Clock::FirstSeen => ("First seen", "by Wharfinger's ledger: it may have been public before"),
    };
    let waited = account.waited().map(|w| format!("; it had waited {} when proposed", span(w))).unwrap_or_default();
    let over = match (hurry, shorter) {
        (true, _) => format!("the cooldown of {cooldown} is skipped"),
        (false, Some(shorter)) => shorter,
        (false, None) => format!("the cooldown of {cooldown} is over"),
    };
    (label, format!("{}, {by}{waited}; {over}", since.at.format("%Y-%m-%d %H:%M UTC")))
}

/// Why it waits less than others: `it waits 0s instead of 3d: fixes CVE-2027-1 (critical)`.
fn shorter_cooldown(account: &Account<'_>) -> Option<String> {
    let (image, fixes) = (account.image(), account.fixes()?);
    let wait = duration_text(image.fixes.map(|fixes| fixes.wait).unwrap_or_default());
    Some(format!("it waits {wait} instead of {}: {fixes}", duration_text(image.cooldown)))
}

/// The bytes that would be mirrored, and how they differ from what is approved; `None` if they are unknown.
pub(super) fn sizes(account: &Account<'_>) -> Option<String> {
    let evidence = account.evidence?;
    Some(total(evidence.size?, evidence.size_before, evidence.exchanged.filter(|_| is_rebuild(account))))
}

fn is_rebuild(account: &Account<'_>) -> bool {
    account.entry().kind == Kind::Rebuild
}

/// A size and how it differs: `41 MB (+1.9 MB)`, for a rebuild `41 MB (1.2 MB removed, 1.4 MB added)`.
pub(crate) fn total(bytes: u64, before: Option<u64>, exchanged: Option<Exchanged>) -> String {
    match (exchanged, before) {
        (Some(exchanged), _) => format!("{} ({exchanged})", size(bytes)),
        (None, Some(before)) => format!("{} ({})", size(bytes), size_difference(before, bytes)),
        (None, None) => size(bytes),
    }
}

/// A duration in the largest unit of which it has at least two.
pub(crate) fn span(span: TimeDelta) -> String {
    let counted = |count: i64, unit: &str| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    match (span.num_days(), span.num_hours()) {
        (days, _) if days >= 2 => counted(days, "day"),
        (_, hours) if hours >= 2 => counted(hours, "hour"),
        _ => counted(span.num_minutes(), "minute"),
    }
}

fn served(account: &Account<'_>, evidence: &Evidence, quote: Quote) -> Check {
    let tag = account.entry().to.as_ref().map(|t| quote(t.as_str(), 128)).unwrap_or_default();
    match &evidence.served {
        Served::Now => Check::verified(format!("upstream's {tag} resolves to this digest")),
        Served::Unknown => Check::unchecked(format!("it could not be determined what upstream's {tag} resolves to")),
        Served::Not(Some(other)) => {
            Check::failed(format!("upstream's {tag} resolves to {} instead", quote(other.as_str(), 200)))
        }
        Served::Not(None) => Check::failed(format!("upstream no longer has {tag}")),
    }
}

fn complete(evidence: &Evidence) -> Check {
    match evidence.complete {
        true => Check::verified(
            "every wanted platform exists: manifests match their digests, and configurations can be read".to_owned(),
        ),
        false => Check::failed("not every wanted platform is complete".to_owned()),
    }
}
