//! Development containers' `devcontainer.json` (Development Containers specification): `image`, unless the container is
//! built from a Dockerfile or comes from a compose file.

use super::expanded::Expanded;
use super::found::{Findings, Site};
use super::json::{self, Json};
use crate::text::excerpt;

pub(super) fn find(text: &str) -> Findings {
    let file = match json::read(text) {
        Ok(file) => file,
        Err(fault) => return json::unreadable(text, fault),
    };
    let mut found = Findings::default();
    let built = ["dockerComposeFile", "dockerFile"].iter().any(|key| file.get(key).is_some())
        || file.get("build").is_some_and(|build| build.get("dockerfile").is_some());
    let image = file.get("image").and_then(Json::string).filter(|_| !built);
    let Some(image) = image.filter(|image| !image.text().is_empty()) else { return found };
    let value = substituted(image);
    value.reference(0..value.text().len(), &mut found);
    if image.text().contains("${") {
        // A colon ends the default of a variable, so that no tag can be written there.
        found.references.iter_mut().for_each(|reference| reference.site = Site::Composed);
    }
    found
}

/// The text with `${localEnv:NAME:default}` replaced by its default.
fn substituted(image: &Expanded) -> Expanded {
    let mut whole = Expanded::default();
    let text = image.text();
    let mut at = 0;
    while let Some(start) = text[at..].find("${").map(|distance| at + distance) {
        let Some(end) = text[start..].find('}').map(|distance| start + distance) else { break };
        whole.push_part(image, at..start, None);
        at = end + 1;
        let Some(home) = image.place(start..at) else { break };
        let mut words = text[start + 2..end].split(':');
        let kind = words.next().unwrap_or_default();
        let (name, default) = (words.next(), words.next());
        match (kind, name, default) {
            ("localEnv" | "env", Some(name), Some(default)) => {
                let from = start + 2 + kind.len() + 1 + name.len() + 1;
                whole.push_part(image, from..from + default.len(), Some(home));
            }
            _ => {
                let variable = excerpt(&text[start..at], 80);
                whole.push_missing(home, format!("`{variable}` is not known here"));
            }
        }
    }
    whole.push_part(image, at..text.len(), None);
    whole
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// `text at the place -> image <literal>`, or `text at the place ? why`.
    fn shown(text: &str) -> Vec<String> {
        let found = find(text);
        let references = found.references.iter().map(|reference| {
            let tag = reference.image.tag.as_ref().map(|tag| format!(":{tag}")).unwrap_or_default();
            let site = match &reference.site {
                Site::Literal(at) => format!("<{}>", &text[at.start..at.end]),
                Site::Parts(_) | Site::Composed => "composed".to_owned(),
                Site::Shared => "shared".to_owned(),
            };
            format!("{} -> {}{tag} {site}", &text[reference.at.start..reference.at.end], reference.image.name)
        });
        let unresolved =
            found.unresolved.iter().map(|one| format!("{} ? {}", &text[one.at.start..one.at.end], one.why));
        references.chain(unresolved).collect()
    }

    #[test]
    fn the_image_of_a_container() {
        let base = "mcr.microsoft.com/devcontainers/base:1 -> mcr.microsoft.com/devcontainers/base:1 <mcr.microsoft.com/devcontainers/base:1>";
        let cases: [(&str, &[&str]); 14] = [
            (r#"{"name":"a","image":"mcr.microsoft.com/devcontainers/base:1"}"#, &[base]),
            // renovatebot/renovate#28914: comments; renovatebot/renovate#33913: commas before brackets.
            (
                "// é\n{\n  /* \"image\": \"x\" */\n  \"image\": \"mcr.microsoft.com/devcontainers/base:1\", // why\n}\n",
                &[base],
            ),
            (
                "\u{feff}{\r\n\t\"image\": \"mcr.microsoft.com/devcontainers/base:1\",\r\n\t\"forwardPorts\": [1,],\r\n}",
                &[base],
            ),
            // Features are not images that a mirror holds, and customizations are none.
            (r#"{"features":{"ghcr.io/devcontainers/features/go:1":{}},"customizations":{"image":"a:1"}}"#, &[]),
            (r#"{"build":{"dockerfile":"Dockerfile","cacheFrom":"a:1"},"image":"a:1"}"#, &[]),
            (r#"{"dockerFile":"Dockerfile","image":"a:1"}"#, &[]),
            (r#"{"dockerComposeFile":["a.yml"],"service":"a","image":"a:1"}"#, &[]),
            // The last of two, as programs read it.
            (r#"{"image":"a:1","image":"b:2"}"#, &["b:2 -> docker.io/library/b:2 <b:2>"]),
            (r#"{"image":"acme\/b:2"}"#, &["acme\\/b:2 -> docker.io/acme/b:2 <acme\\/b:2>"]),
            // devcontainers/spec#64: defaults, which a colon ends; microsoft/vscode-remote-release#1108.
            (r#"{"image":"a:${localEnv:TAG:3.1}"}"#, &["a:${localEnv:TAG:3.1} -> docker.io/library/a:3.1 composed"]),
            (
                r#"{"image":"${localEnv:IMAGE:alpine:3.19}"}"#,
                &["${localEnv:IMAGE:alpine:3.19} -> docker.io/library/alpine composed"],
            ),
            (r#"{"image":"a:${localEnv:TAG}"}"#, &["a:${localEnv:TAG} ? `${localEnv:TAG}` is not known here"]),
            (r#"{"image":"Not an image"}"#, &["Not an image ? not an image reference"]),
            (r#"{"image":["#, &[" ? this is not valid JSON"]),
        ];
        for (text, expected) in cases {
            assert_eq!(shown(text), expected, "{text}");
        }
        assert_eq!((shown("[]").len(), shown(r#"{"image":7}"#).len(), shown(r#"{"image":""}"#).len()), (0, 0, 0));
        assert_eq!(shown(r#"{"image":"${a"}"#), ["${a ? not an image reference"]);
    }

    proptest! {
        #[test]
        fn places_stay_in_the_text(image in "[a-z:/.${}éA-Z\\\\n]{0,30}", before in "(// é\n){0,2}") {
            let text = format!("{before}{{\"image\":\"{image}\",}}");
            let found = find(&text);
            for at in found.references.iter().map(|one| one.at).chain(found.unresolved.iter().map(|one| one.at)) {
                prop_assert!(text.get(at.start..at.end).is_some());
            }
            for reference in found.references {
                if let Site::Literal(at) = reference.site {
                    let after = format!("{}acme/x:1{}", &text[..at.start], &text[at.end..]);
                    prop_assert_eq!(&find(&after).references[0].image, &"acme/x:1".parse().unwrap());
                }
            }
        }
    }
}
