//! What provenance claims: SLSA 0.2 and 1, and BuildKit's additions to both.

use serde_json::Value;

use crate::text::{clean, cut};

const SLSA_0_2: &str = "https://slsa.dev/provenance/v0.2";
const SLSA_1: &str = "https://slsa.dev/provenance/v1";

/// The build types of GitHub's workflows, which define `workflow.repository` as the source.
const GITHUB: [&str; 2] = [
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
];

/// The build type of BuildKit, which defines `configSource` as the source.
const BUILDKIT_1: &str = "https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md";

/// Where BuildKit keeps its client's claims about the checkout, in SLSA 0.2.
const BUILDKIT: &str = "https://mobyproject.org/buildkit@v1#metadata";

/// The most characters of a claim.
const LENGTH: usize = 500;

/// Who built it, and from what.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Claims {
    pub builder: Option<String>,
    pub source: Option<String>,
    pub commit: Option<String>,
    /// Whether the builder fetched the source itself. Otherwise its client only stated what it sent.
    pub is_fetched: bool,
    /// What requirements are compared with.
    pub exact: Exact,
}

/// The claims as written, not cleaned for people, and only where the type of build defines their meaning.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Exact {
    pub builder: Option<String>,
    /// The source that was built; what else went into the image does not count.
    pub source: Option<String>,
}

impl Claims {
    /// Whether predicates of this type are provenance.
    pub(crate) fn are_in(predicate_type: &str) -> bool {
        matches!(predicate_type, SLSA_0_2 | SLSA_1)
    }

    /// Reads the claims of a predicate. What is missing or malformed counts as not claimed.
    pub(crate) fn read(predicate_type: &str, predicate: &str) -> Self {
        let predicate: Value = serde_json::from_str(predicate).unwrap_or_default();
        if predicate_type == SLSA_0_2 { version_0_2(&predicate) } else { version_1(&predicate) }
    }

    fn of(builder: &Value, source: &Value, fetched: Option<Origin>, said: Option<Origin>) -> Self {
        let is_fetched = fetched.is_some();
        // An address with anything that people do not see is of no repository.
        let source = source.as_str().filter(|text| !text.is_empty() && clean(text) == *text);
        let exact = Exact { builder: builder.as_str().map(str::to_owned), source: source.map(str::to_owned) };
        let Origin { source, commit } = fetched.or(said).unwrap_or_default();
        Self { builder: text(builder), source, commit, is_fetched, exact }
    }
}

/// A source and its commit.
#[derive(Default)]
struct Origin {
    source: Option<String>,
    commit: Option<String>,
}

fn version_0_2(predicate: &Value) -> Claims {
    let config = &predicate["invocation"]["configSource"];
    let materials = list(&predicate["materials"]);
    let fetched = fetched(config).or_else(|| materials.iter().find_map(fetched));
    Claims::of(&predicate["builder"]["id"], &config["uri"], fetched, said(&predicate["metadata"][BUILDKIT]["vcs"]))
}

fn version_1(predicate: &Value) -> Claims {
    let (build, run) = (&predicate["buildDefinition"], &predicate["runDetails"]);
    let parameters = &build["externalParameters"];
    let dependencies = list(&build["resolvedDependencies"]);
    // BuildKit names the source here and its commit among the dependencies.
    let config = fetched(&parameters["configSource"]);
    let fetched = match config {
        Some(Origin { source: Some(source), commit: None }) => {
            let same = dependencies.iter().find(|dependency| text(&dependency["uri"]).as_ref() == Some(&source));
            let commit = same.and_then(commit_of);
            Some(Origin { source: Some(source), commit })
        }
        Some(config) => Some(config),
        None => dependencies.iter().find_map(fetched),
    };
    let source = match build["buildType"].as_str() {
        Some(kind) if GITHUB.contains(&kind) => &parameters["workflow"]["repository"],
        Some(BUILDKIT_1) => &parameters["configSource"]["uri"],
        _ => &Value::Null,
    };
    Claims::of(&run["builder"]["id"], source, fetched, said(&run["metadata"]["buildkit_metadata"]["vcs"]))
}

/// What a builder fetched from version control.
fn fetched(resource: &Value) -> Option<Origin> {
    let uri = text(&resource["uri"])?;
    let is_git =
        uri.starts_with("git+") || uri.starts_with("git://") || uri.split(['#', '@']).any(|p| p.ends_with(".git"));
    let commit = commit_of(resource);
    let is_source = is_git || commit.is_some() && uri.starts_with("https://");
    is_source.then_some(Origin { source: Some(uri), commit })
}

fn commit_of(resource: &Value) -> Option<String> {
    let digest = &resource["digest"];
    text(&digest["gitCommit"]).or_else(|| text(&digest["sha1"]))
}

/// What BuildKit's client stated about its checkout.
fn said(vcs: &Value) -> Option<Origin> {
    let origin = Origin { source: text(&vcs["source"]), commit: text(&vcs["revision"]) };
    (origin.source.is_some() || origin.commit.is_some()).then_some(origin)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text that is not empty, cut to a readable length.
fn text(value: &Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(|text| cut(&clean(text), LENGTH))
}
