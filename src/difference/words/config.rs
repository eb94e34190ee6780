//! What the configuration says.

use super::listing::Listing;
use super::style::{Style, named};
use super::told::Line;
use crate::difference::{ConfigChange, Field, PlatformDifference};
use crate::text::counted;

/// How many names of one kind are listed.
const NAMED: usize = 4;

/// One line: what runs, as whom, what is open; then what is only there.
pub(super) fn tell(platform: &PlatformDifference, first: bool, on: &str, style: Style) -> (Vec<Line>, Vec<Listing>) {
    let changes = &platform.config;
    if platform.config_count() == 0 {
        return (Vec::new(), Vec::new());
    }
    if first {
        return (vec![Line::top(format!("Configuration{on}: {}", numbers(platform, style)))], Vec::new());
    }
    let of = |field: Field| changes.iter().filter(move |change| change.field == field);
    let single = [Field::User, Field::Entrypoint, Field::Command, Field::StopSignal, Field::Workdir];
    let mut parts: Vec<String> = single.into_iter().flat_map(of).map(|change| replaced(change, style)).collect();
    for field in [Field::Port, Field::Volume, Field::Env, Field::Label] {
        parts.extend(came_and_went(field, &of(field).collect::<Vec<_>>(), style));
    }
    parts.extend(platform.config_omitted.iter().map(|(field, count)| further(*field, *count)));
    let all: Vec<String> = changes.iter().map(|change| replaced(change, style)).collect();
    let (count, shown) = (platform.config_count(), if changes.len() > NAMED { 0 } else { all.len() });
    let line = Line::top(format!("Configuration{on}: {}", parts.join("; ")));
    (
        vec![line],
        vec![Listing {
            heading: format!("{} of the configuration", counted(count, "change")),
            on: on.to_owned(),
            further: count - all.len(),
            all,
            shown,
        }],
    )
}

/// Whether a configuration's user is root: none is given, or its name or number is.
fn is_root(user: Option<&str>) -> bool {
    let name = user.unwrap_or_default().split(':').next().unwrap_or_default();
    matches!(name, "" | "0" | "root")
}

fn numbers(platform: &PlatformDifference, style: Style) -> String {
    let changes = &platform.config;
    let user = changes.iter().find(|change| change.field == Field::User);
    let user = match is_root(user.and_then(|user| user.to.as_deref())) {
        true => style.strong("runs as root"),
        false => "does not run as root".to_owned(),
    };
    let count = |(field, noun): (Field, &str)| {
        let listed = changes.iter().filter(|change| change.field == field).count();
        let count = listed + platform.config_omitted.get(&field).copied().unwrap_or_default();
        (count > 0).then(|| counted(count, noun))
    };
    let counts = [
        (Field::Port, "port"),
        (Field::Volume, "volume"),
        (Field::Env, "environment variable"),
        (Field::Label, "label"),
    ];
    std::iter::once(user).chain(counts.into_iter().filter_map(count)).collect::<Vec<_>>().join(", ")
}

/// From what to what.
fn replaced(change: &ConfigChange, style: Style) -> String {
    let ConfigChange { field, from, to } = change;
    let told = |value: &Option<String>| match (value, field) {
        (value, Field::User) if is_root(value.as_deref()) => style.strong("root"),
        (Some(value), _) => style.name(value),
        (None, _) => "none".to_owned(),
    };
    match field {
        Field::Port | Field::Volume | Field::Env | Field::Label if from.is_none() => {
            format!("{} added: {}", noun(*field), told(to))
        }
        Field::Port | Field::Volume | Field::Env | Field::Label if to.is_none() => {
            format!("{} removed: {}", noun(*field), told(from))
        }
        _ if from == to => format!("{} changed: {}", noun(*field), told(to)),
        _ => format!("{}: {} → {}", noun(*field), told(from), told(to)),
    }
}

const fn noun(field: Field) -> &'static str {
    match field {
        Field::User => "user",
        Field::Entrypoint => "entrypoint",
        Field::Command => "command",
        Field::Env => "environment variable",
        Field::Port => "port",
        Field::Volume => "volume",
        Field::Label => "label",
        Field::StopSignal => "stop signal",
        Field::Workdir => "working directory",
    }
}

/// How many changes are not listed.
fn further(field: Field, count: usize) -> String {
    format!("{}: {}", noun(field), counted(count, "more change"))
}

/// Names that came, went and changed; of labels the keys.
fn came_and_went(field: Field, changes: &[&ConfigChange], style: Style) -> Vec<String> {
    if changes.is_empty() {
        return Vec::new();
    }
    let names = |is: fn(&ConfigChange) -> bool| {
        let these = changes.iter().filter(|change| is(change));
        let key = |text: &str| match field {
            Field::Label => style.name(text.split('=').next().unwrap_or_default()),
            _ => style.name(text),
        };
        these.filter_map(|c| c.to.as_deref().or(c.from.as_deref())).map(key).collect::<Vec<String>>()
    };
    let parts = [
        ("added", names(|change| change.from.is_none())),
        ("removed", names(|change| change.to.is_none())),
        ("changed", names(|change| change.from.is_some() && change.to.is_some())),
    ];
    let plural = |count: usize| if count == 1 { noun(field).to_owned() } else { format!("{}s", noun(field)) };
    let part = |(word, names): (&str, Vec<String>)| {
        (!names.is_empty()).then(|| format!("{} {word}: {}", plural(names.len()), named(&names, NAMED)))
    };
    parts.into_iter().filter_map(part).collect()
}
