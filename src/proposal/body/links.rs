//! Links to upstream, made only from names.

use crate::image::{Location, Repository, Tag};

/// The upstream page of a tag; `None` if we know of none.
pub(crate) fn upstream(location: &Location, tag: &Tag) -> Option<String> {
    let Location::Remote(Repository { registry, name }) = location else { return None };
    match registry.as_str() {
        "docker.io" => Some(match name.as_str().strip_prefix("library/") {
            Some(official) => format!("https://hub.docker.com/_/{official}/tags?name={tag}"),
            None => format!("https://hub.docker.com/r/{name}/tags?name={tag}"),
        }),
        "quay.io" => Some(format!("https://quay.io/repository/{name}?tab=tags&tag={tag}")),
        // GitHub sends this to the package's page
        "ghcr.io" => Some(format!("https://ghcr.io/{name}:{tag}")),
        "public.ecr.aws" => Some(format!("https://gallery.ecr.aws/{name}")),
        _ => None,
    }
}
