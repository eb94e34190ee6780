//! image-syncer's rules: `images.yaml` or `images.json`, or the older `config.json` with `auth` and `images`.

use super::filter::{matching, unpinned};
use super::reading::{Reading, Unreadable, entries, is_template, shown, value};
use super::wish::{NamedTag, Tags, Wish};
use crate::image::{Digest, Repository, Tag};
use crate::references::Entry;
use crate::yaml::Node;

pub(super) fn read(reading: &mut Reading<'_>, root: &Node) -> Result<(), Unreadable> {
    let whole = value(root, "images").filter(|images| images.entries().is_some());
    if whole.is_some() {
        for Entry { name, value } in value(root, "auth").map(entries).unwrap_or_default() {
            let why = "credentials are not carried over: give them to the runs with `registry-auth`";
            reading.left(value, format!("auth of {}", shown(name)), why);
        }
        reading.unread(root, &["auth", "images"], &["defaultDestRegistry", "proc", "retries", "records"]);
    }
    let rules = entries(whole.unwrap_or(root));
    let is_rule = |rule: &Entry<'_>| rule.value.text().is_some() || rule.value.items().is_some();
    if rules.is_empty() || !rules.iter().all(is_rule) {
        return Err(Unreadable::new(
            "it is no configuration of image-syncer: it is no mapping from sources to destinations",
        ));
    }
    for Entry { name, value } in rules {
        let targets = value.items().map_or_else(|| vec![value], |items| items.iter().collect());
        for target in targets {
            rule(reading, name, target);
        }
    }
    Ok(())
}

/// The repository of a name, and what stands behind it: tags, an expression or a digest.
struct Split<'a> {
    repository: &'a str,
    selection: Selection<'a>,
}

enum Selection<'a> {
    All,
    Tags(Vec<&'a str>),
    Expression(&'a str),
    Digest(&'a str),
}

fn split(text: &str) -> Split<'_> {
    if let Some((repository, expression)) = text.split_once(":/").filter(|(_, rest)| rest.ends_with('/')) {
        return Split { repository, selection: Selection::Expression(expression.trim_end_matches('/')) };
    }
    if let Some((repository, digest)) = text.split_once('@') {
        return Split { repository, selection: Selection::Digest(digest) };
    }
    match text.rsplit_once(':').filter(|(_, tags)| !tags.contains('/')) {
        Some((repository, tags)) => Split { repository, selection: Selection::Tags(tags.split(',').collect()) },
        None => Split { repository: text, selection: Selection::All },
    }
}

fn rule(reading: &mut Reading<'_>, from: &str, target: &Node) {
    let to = target.text().unwrap_or_default();
    if is_template(to) {
        return reading.left(
            target,
            shown(to),
            "it is filled in when the tool runs: write the name that it stands for",
        );
    }
    let (source, mirror) = (split(from), split(to));
    let (Some(repository), Some(place)) =
        (reading.repository(target, source.repository), reading.repository(target, mirror.repository))
    else {
        return;
    };
    let tags = match (source.selection, mirror.selection) {
        (Selection::All, Selection::All) => Some(Tags::All),
        (Selection::Expression(expression), Selection::All) => match matching(expression, false) {
            Ok(pattern) => Some(Tags::Matching(pattern)),
            Err(why) => {
                reading.left(target, format!("/{}/ of {repository}", shown(expression)), why);
                None
            }
        },
        (Selection::Tags(tags), Selection::All) => named(reading, target, &repository, &tags, &tags),
        (Selection::Tags(tags), Selection::Tags(names)) => named(reading, target, &repository, &tags, &names),
        (Selection::Digest(digest), Selection::Tags(names)) => match (digest.parse::<Digest>(), &names[..]) {
            (Ok(digest), names) => {
                let named: Result<Vec<NamedTag>, _> = names
                    .iter()
                    .map(|name| name.parse().map(|tag| NamedTag { tag, digest: Some(digest.clone()) }))
                    .collect();
                let named = named.map_err(|error| reading.left(target, repository.to_string(), error.to_string()));
                named.ok().map(Tags::Named)
            }
            (Err(error), _) => {
                reading.left(target, format!("{repository}@{}", shown(digest)), error.to_string());
                None
            }
        },
        (Selection::Digest(_), _) => {
            reading.left(target, repository.to_string(), "it is copied by digest, without a tag");
            None
        }
        _ => {
            reading.left(target, repository.to_string(), "its destination names tags and its source does not");
            None
        }
    };
    let wish = |tags| Wish {
        source: repository,
        target: Some(place),
        tags,
        denied: Vec::new(),
        platforms: Vec::new(),
        at: target.span,
    };
    reading.wishes.extend(tags.map(wish));
}

/// Tags that keep their names at the destination.
fn named(reading: &mut Reading<'_>, at: &Node, source: &Repository, tags: &[&str], names: &[&str]) -> Option<Tags> {
    let mut kept = Vec::new();
    for (index, tag) in tags.iter().enumerate() {
        let name = names.get(index).copied().unwrap_or_default();
        match tag.parse::<Tag>() {
            Ok(parsed) if name == *tag => kept.push(unpinned(parsed)),
            Ok(_) => {
                let why = format!("it is renamed to {}: mirrors have upstream's tags here", shown(name));
                reading.left(at, format!("{source}:{}", shown(tag)), why);
            }
            Err(error) => reading.left(at, format!("{source}: {}", shown(tag)), error.to_string()),
        }
    }
    (!kept.is_empty()).then_some(Tags::Named(kept))
}
