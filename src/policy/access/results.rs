//! The output of the pull script: one line per pull, read back whatever tool saved the file.
//!
//! A line is `pull`, the image, the exit status of `docker pull` and its message, separated by tabs; one line names the
//! system that Docker runs on. Empty lines and those that begin with `#` are ignored.

/// What the script printed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Results {
    /// Docker's name for the system that it runs on; `Docker Desktop` there.
    pub system: Option<String>,
    /// The results of the pulls, in the order of the lines.
    pub pulls: Vec<Pulled>,
    /// Lines that the script did not write: their numbers and text.
    pub strange: Vec<(usize, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pulled {
    /// The line's number, from 1.
    pub line: usize,
    /// The argument of `docker pull`.
    pub image: String,
    pub status: i32,
    /// Its message, on one line.
    pub said: String,
}

/// The text of a file saved from a terminal: UTF-8, or UTF-16 as PowerShell's `>` writes it.
pub(crate) fn decoded(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    }
}

pub(crate) fn read(text: &str) -> Results {
    let mut results = Results::default();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_end_matches('\r');
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let mut parts = line.splitn(4, '\t');
        let mut part = || parts.next().map(str::trim);
        match (part(), part(), part().map(str::parse), part()) {
            (Some("system"), Some(system), None, None) => results.system = Some(system.to_owned()),
            (Some("pull"), Some(image), Some(Ok(status)), said) => {
                let said = said.unwrap_or_default().to_owned();
                results.pulls.push(Pulled { line: index + 1, image: image.to_owned(), status, said });
            }
            _ => results.strange.push((index + 1, line.to_owned())),
        }
    }
    results
}

/// The result of a pull, as far as Docker's message shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    Pulled,
    /// It exists and may be pulled, but not for this machine's platform.
    OtherPlatform,
    ImageRefused,
    /// Registry Access Management refused this host, if the message names it.
    RegistryRefused(Option<String>),
    /// The registry itself refused it.
    Denied,
    /// The registry has no such image.
    Missing,
    Unclear,
}

impl Outcome {
    pub(super) fn of(pulled: &Pulled) -> Self {
        let said = pulled.said.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
        if pulled.status == 0 {
            Self::Pulled
        } else if any(&["image access denied"]) {
            Self::ImageRefused
        } else if let Some((_, rest)) = said.split_once("registry access to ") {
            Self::RegistryRefused(rest.split_once(" is not allowed").map(|(host, _)| host.trim().to_owned()))
        } else if any(&["no matching manifest", "no match for platform"]) {
            Self::OtherPlatform
        } else if any(&["pull access denied", "unauthorized", "denied:", "forbidden", "authentication required"]) {
            Self::Denied
        } else if any(&["not found", "manifest unknown"]) {
            Self::Missing
        } else {
            Self::Unclear
        }
    }

    /// Whether Docker Desktop decided: its decisions hold for a while, anything else may differ next time.
    pub(super) const fn is_decided(&self) -> bool {
        matches!(self, Self::Pulled | Self::OtherPlatform | Self::ImageRefused | Self::RegistryRefused(_))
    }
}
