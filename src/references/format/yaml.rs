//! Which format a YAML file has.

use super::formats::Format;
use super::path::{below, directly_in, file_name, in_templates};
use super::text::{json_patch, kubernetes_json, template};

/// The format of a YAML file: where GitHub, GitLab and Compose look for theirs first, then what the text says, then names
/// that are only customary.
pub(super) fn format(path: &str, text: &str) -> Option<Format> {
    let name = file_name(path);
    let compose = name.starts_with("compose") || name.starts_with("docker-compose");
    if [".github", ".forgejo", ".gitea"].iter().any(|parent| directly_in(path, parent, "workflows")) {
        return Some(Format::Workflow);
    }
    if name.ends_with(".gitlab-ci.yml") || name.ends_with(".gitlab-ci.yaml") {
        return Some(Format::GitLab);
    }
    let keys = Keys::of(text);
    if matches!(name, "action.yml" | "action.yaml") && keys.runs {
        return Some(Format::Action);
    }
    if keys.resource {
        return Some(Format::Kubernetes);
    }
    if json_patch(text) {
        return Some(Format::JsonPatch);
    }
    if keys.on && keys.jobs && text.contains("runs-on") {
        return Some(Format::Workflow);
    }
    if compose || (keys.services && composes(text)) {
        return Some(Format::Compose);
    }
    if in_templates(path) && template(text) {
        return Some(Format::Kubernetes);
    }
    if (below(path, ".gitlab") || below(path, ".gitlab-ci")) && is_pipeline(text) {
        return Some(Format::GitLab);
    }
    is_values(path).then_some(Format::HelmValues)
}

/// `values.yaml`, `values-prod.yaml`, `prod-values.yaml`, `values/prod.yaml`.
fn is_values(path: &str) -> bool {
    let name = file_name(path);
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    stem.starts_with("values")
        || stem.ends_with("values")
        || path.rsplit('/').nth(1).is_some_and(|directory| matches!(directory, "values" | "helm-values"))
}

/// Whether some job of a pipeline stands here.
fn is_pipeline(text: &str) -> bool {
    text.lines()
        .map(str::trim_start)
        .any(|line| ["script:", "image:", "stage:", "extends:", "trigger:"].iter().any(|key| line.starts_with(key)))
}

/// Which keys stand at the top level.
#[derive(Debug, Default)]
struct Keys {
    on: bool,
    jobs: bool,
    runs: bool,
    services: bool,
    /// `apiVersion` and `kind` in one document.
    resource: bool,
}

impl Keys {
    fn of(text: &str) -> Self {
        let (mut version, mut kind) = (false, false);
        let mut keys =
            Self { resource: text.trim_start().starts_with('{') && kubernetes_json(text), ..Self::default() };
        let mut indent = None;
        for (at, line) in lines(text) {
            let mut line = line;
            if let Some(rest) = line.strip_prefix("---") {
                (version, kind, indent) = (false, false, None);
                line = rest;
            }
            let bare = line.trim_start();
            if bare.is_empty() || bare.starts_with(['#', '%']) || bare.starts_with("{{") {
                continue;
            }
            // A document may be indented as a whole.
            let is_first = indent.is_none();
            let margin = *indent.get_or_insert(line.len() - bare.len());
            if is_first && bare.starts_with('{') {
                let document = &text[at..];
                let document = document.find("\n---").map_or(document, |end| &document[..end]);
                keys.resource |= document.contains("apiVersion") && document.contains("kind");
            }
            match line.get(margin..).and_then(key) {
                Some("on") => keys.on = true,
                Some("jobs") => keys.jobs = true,
                Some("runs") => keys.runs = true,
                Some("services") => keys.services = true,
                Some("apiVersion") => version = true,
                Some("kind") => kind = true,
                _ => {}
            }
            keys.resource |= version && kind;
        }
        keys
    }
}

/// The lines of a text, and where they begin.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.trim_end_matches(['\n', '\r']))
    })
}

/// The key with which a line begins.
fn key(line: &str) -> Option<&str> {
    let (key, rest) = line.split_once(':')?;
    let plain = key.trim_end().trim_matches(['"', '\'']);
    let starts = line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"' || c == '\'');
    (starts && (rest.is_empty() || rest.starts_with([' ', '\t']))).then_some(plain)
}

/// Whether a member of `services` has a key `image` or `build`, as in Compose's and Swarm's files under any name.
fn composes(text: &str) -> bool {
    let (mut inside, mut member, mut field) = (false, None, None);
    for line in text.lines() {
        let bare = line.trim_start();
        let indent = line.len() - bare.len();
        if bare.is_empty() || bare.starts_with('#') {
            continue;
        }
        if indent == 0 {
            inside = key(line) == Some("services");
            (member, field) = (None, None);
        } else if inside {
            let member = *member.get_or_insert(indent);
            if indent <= member {
                field = None;
            } else if *field.get_or_insert(indent) == indent && matches!(key(bare), Some("image" | "build")) {
                return true;
            }
        }
    }
    false
}
