//! Which platforms of two images are compared with each other.

use crate::observe::upstream::Part;

/// The platforms of both images by their names, in the new image's order; then those that only the former has. A single
/// manifest has no name: it is compared with the platform that its configuration names, or the only one.
pub(in crate::observe) fn pairs<'a>(from: &'a [Part], to: &'a [Part]) -> Vec<(Option<&'a Part>, Option<&'a Part>)> {
    if let ([was], [is]) = (from, to)
        && (was.name.is_empty() || is.name.is_empty())
    {
        return vec![(Some(was), Some(is))];
    }
    let mut rest: Vec<&Part> = from.iter().collect();
    let mut pairs: Vec<_> = to
        .iter()
        .map(|is| {
            let at = rest.iter().position(|was| was.is_platform_of(is));
            (at.map(|at| rest.remove(at)), Some(is))
        })
        .collect();
    pairs.extend(rest.into_iter().map(|was| (Some(was), None)));
    pairs
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::image::Digest;

    #[test]
    fn platforms_are_paired_by_their_names() {
        let parts = |names: &[&str]| -> Vec<Part> {
            let part = |name: &&str| Part {
                name: if name.starts_with("for:") { String::new() } else { (*name).to_owned() },
                built_for: name.strip_prefix("for:").and_then(|name| name.parse().ok()),
                digest: Digest::sha256(name.as_bytes()),
                size: 0,
                blobs: BTreeMap::new(),
                config: None,
                layers: Vec::new(),
                annotations: BTreeMap::new(),
            };
            names.iter().map(part).collect()
        };
        let paired = |from: &[&str], to: &[&str]| -> Vec<String> {
            let (from, to) = (parts(from), parts(to));
            let name = |part: Option<&Part>| part.map_or("-".to_owned(), |part| format!("'{}'", part.name));
            pairs(&from, &to).into_iter().map(|(was, is)| format!("{} {}", name(was), name(is))).collect()
        };
        assert_eq!(paired(&["a", "b"], &["b", "c"]), ["'b' 'b'", "- 'c'", "'a' -"]);
        assert_eq!(paired(&[""], &["a"]), ["'' 'a'"]);
        assert_eq!(paired(&["a"], &[""]), ["'a' ''"]);
        assert_eq!(paired(&[""], &["a", "b"]), ["- 'a'", "- 'b'", "'' -"]);
        let both = ["linux/amd64", "linux/arm64/v8"];
        assert_eq!(paired(&["for:linux/arm64"], &both), ["- 'linux/amd64'", "'' 'linux/arm64/v8'"]);
        assert_eq!(paired(&both, &["for:linux/amd64"]), ["'linux/amd64' ''", "'linux/arm64/v8' -"]);
        assert_eq!(paired(&["for:windows/amd64"], &both), ["- 'linux/amd64'", "- 'linux/arm64/v8'", "'' -"]);
        assert_eq!(paired(&["a", "a"], &["a", "a"]), ["'a' 'a'", "'a' 'a'"], "such as versions of Windows");
        assert_eq!(paired(&[], &["a"]), ["- 'a'"]);
    }
}
