//! Whether two texts name the same repository of source code.

use url::Url;

/// Whether both name the same repository: the protocol, the case of the host, a trailing `.git`, branch or tag, and
/// leading credentials make no difference.
pub(super) fn is_same_source(a: &str, b: &str) -> bool {
    normalized(a) == normalized(b)
}

fn normalized(text: &str) -> String {
    let is_git = text.starts_with("git+");
    let text = text.strip_prefix("git+").unwrap_or(text);
    // `git@host:path` is the notation of ssh.
    let text = match text.strip_prefix("git@").and_then(|rest| rest.split_once(':')) {
        Some((host, path)) if !path.starts_with("//") => format!("https://{host}/{path}"),
        _ => text.to_owned(),
    };
    let Ok(url) = Url::parse(&text) else { return text };
    let Some(host) = url.host_str() else { return text };
    let scheme = match url.scheme() {
        "ssh" | "git" => "https",
        scheme => scheme,
    };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = match url.path().split_once('@') {
        Some((path, _)) if is_git => path,
        _ => url.path(),
    };
    let path = path.trim_end_matches('/');
    let path = path.strip_suffix(".git").unwrap_or(path);
    format!("{scheme}://{}{port}{path}", host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_the_same_however_they_are_fetched() {
        let source = "https://github.com/acme/tool";
        for same in [
            "git+https://github.com/acme/tool@refs/tags/v1.2.3",
            "git+https://github.com/acme/tool.git",
            "https://GitHub.com/acme/tool.git#refs/heads/main:docker",
            "https://github.com/acme/tool/",
            "https://user:word@github.com/acme/tool",
            "git@github.com:acme/tool.git",
            "ssh://git@github.com/acme/tool.git",
        ] {
            assert!(is_same_source(source, same), "{same}");
        }
        for other in [
            "https://github.com/acme/Tool",
            "https://github.com/acme/tool2",
            "https://github.com.evil.example/acme/tool",
            "https://evil.example/github.com/acme/tool",
            "https://github.com:8443/acme/tool",
            "http://github.com/acme/tool",
            "https://github.com/acme/tool/tree/main",
            "acme/tool",
            "",
        ] {
            assert!(!is_same_source(source, other), "{other}");
        }
    }
}
