//! What the text of a file tells about its format, without a parser.

/// The first line that is neither empty nor a comment is an instruction that a Dockerfile can begin with.
pub(super) fn starts_as_dockerfile(text: &str) -> bool {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    first.is_some_and(|line| {
        let word = line.split_ascii_whitespace().next().unwrap_or_default();
        let instruction = word.eq_ignore_ascii_case("from") || word.eq_ignore_ascii_case("arg");
        instruction && !line.contains(" import ")
    })
}

/// `target "name" {`, with which Bake's files are recognized under any name.
pub(super) fn opens_target(line: &str) -> bool {
    line.strip_prefix("target")
        .is_some_and(|rest| rest.starts_with([' ', '\t', '"']) && rest.trim_end().ends_with('{') && !rest.contains('='))
}

/// A cheap test before lines are read.
pub(super) fn mentions_images(text: &str) -> bool {
    ["image", "docker", "container", "services", "Image", "repository"].iter().any(|word| text.contains(word))
}

/// Whether a text is a list of operations (RFC 6902) that can set an image.
pub(super) fn json_patch(text: &str) -> bool {
    let names = |keys: [&str; 2]| keys.iter().any(|key| text.contains(key));
    let is_list = text
        .lines()
        .map(str::trim_start)
        .find(|line| !(line.is_empty() || line.starts_with('#') || line.trim_end() == "---"))
        .is_some_and(|line| line.starts_with('[') || line.starts_with("- ") || line.trim_end() == "-");
    is_list
        && text.contains("mage")
        && names(["op:", "\"op\""])
        && names(["path:", "\"path\""])
        && names(["value:", "\"value\""])
}

/// Whether `apiVersion` and `kind` are keys of the outermost object of a JSON text.
pub(super) fn kubernetes_json(text: &str) -> bool {
    if !(text.contains("\"apiVersion\"") && text.contains("\"kind\"")) {
        return false;
    }
    let (mut depth, mut at, mut version, mut kind) = (0_usize, 0, false, false);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = at;
                at = end_of_string(bytes, at);
                version |= depth == 1 && &bytes[start..at] == b"apiVersion";
                kind |= depth == 1 && &bytes[start..at] == b"kind";
                at += 1;
            }
            _ => {}
        }
    }
    version && kind
}

/// Where the quote stands that ends the string that is open here, or the end of the text.
fn end_of_string(bytes: &[u8], mut at: usize) -> usize {
    while at < bytes.len() && bytes[at] != b'"' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len())
}

/// Whether a text in Helm's directory of templates is a template that can name an image.
pub(super) fn template(text: &str) -> bool {
    text.contains("{{") && (text.contains("image") || text.contains("Image"))
}
