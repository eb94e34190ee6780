//! Names and rules as people read and write them.

use crate::image::{Location, Repository};
use crate::policy::Standing;
use crate::rules::{Follow, Rule, Variant, VersionRule};

/// How files may name a source without a tag, as `docker pull` understands it; none for a directory.
pub(super) fn spellings(source: &Location) -> Vec<String> {
    let Location::Remote(Repository { registry, name }) = source else { return Vec::new() };
    if !registry.is_docker_hub() {
        return vec![format!("{registry}/{name}")];
    }
    let official = name.as_str().strip_prefix("library/");
    let names = official.into_iter().chain([name.as_str()]);
    let hosts = ["", "docker.io/", "index.docker.io/"];
    names.flat_map(|name| hosts.map(|host| format!("{host}{name}"))).collect()
}

/// A mirror's name without a tag.
pub(super) fn mirror(location: &Location) -> String {
    match location {
        Location::Remote(Repository { registry, name }) if registry.is_docker_hub() => name.to_string(),
        location => location.to_string(),
    }
}

/// A source's category; `None` if there is none, or it is not known.
pub(super) fn category(standing: &Standing) -> Option<String> {
    match standing {
        Standing::Category(category, _) => Some(category.words().to_owned()),
        Standing::Elsewhere(_) | Standing::Local | Standing::NotAsked | Standing::Unknown(_) => None,
    }
}

/// Which versions a rule follows.
pub(super) fn rule(rule: &Rule) -> String {
    let VersionRule { range, variant, pattern, follow, prereleases } = match rule {
        Rule::Versions(versions) => versions,
        Rule::Tags(tags) => {
            let tags: Vec<&str> = tags.iter().map(crate::image::Tag::as_str).collect();
            return format!("the tags {}", tags.join(", "));
        }
    };
    let mut words = vec![range.as_ref().map_or_else(|| "any version".to_owned(), |range| format!("versions {range}"))];
    words.extend(variant.as_ref().map(|variant| match variant {
        Variant::Any => "any variant".to_owned(),
        Variant::Exactly(variant) => format!("variant {variant}"),
    }));
    words.extend(pattern.as_ref().map(|pattern| format!("tags like {pattern}")));
    words.extend(match follow {
        Follow::Latest => None,
        Follow::EachMinor => Some("each minor release".to_owned()),
        Follow::EachMajor => Some("each major release".to_owned()),
        Follow::All => Some("every version".to_owned()),
    });
    words.extend(prereleases.then(|| "with prereleases".to_owned()));
    words.join(", ")
}
