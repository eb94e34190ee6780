//! The script of pulls for a signed-in Docker Desktop. It changes nothing that was on the machine before, keeps what came
//! of each pull, so that a second run goes on where the first one stopped, and prints one line a pull for [`super::results`].
//!
//! Every name in it was parsed, so none holds anything that a shell would take for its own; they are quoted all the same.

use std::fmt::Write as _;

use super::{Expected, Subject};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Shell {
    /// POSIX `sh`: macOS, Linux, and Windows with WSL or Git.
    #[default]
    Posix,
    /// PowerShell 5.1 and later.
    PowerShell,
}

/// Where what came of the pulls is kept, beside whoever runs the script.
const KEPT: &str = "wharfinger-verify-access.kept";

/// The script for these images.
pub(crate) fn script(shell: Shell, organization: &str, subjects: &[Subject]) -> String {
    let (frame, first) = match shell {
        Shell::Posix => (include_str!("script.sh"), "#!/bin/sh\n"),
        Shell::PowerShell => (include_str!("script.ps1"), ""),
    };
    let body = frame.strip_prefix(first).unwrap_or(frame);
    let mut text = format!("{first}{}", heading(shell, organization, subjects.len()));
    text.push_str(&body.replace("@KEPT@", KEPT));
    for subject in subjects {
        let _ = match shell {
            Shell::Posix => writeln!(text, "try {} {}", quoted(&subject.pull()), quoted(&comment(subject))),
            Shell::PowerShell => writeln!(text, "Test-Pull {} {}", quoted(&subject.pull()), quoted(&comment(subject))),
        };
    }
    text
}

/// What the script is and does, for whoever is to run it.
fn heading(shell: Shell, organization: &str, count: usize) -> String {
    let run = match shell {
        Shell::Posix => "sh verify-access.sh > results.txt",
        Shell::PowerShell => "powershell -ExecutionPolicy Bypass -File verify-access.ps1 > results.txt",
    };
    let images = crate::text::counted(count, "image");
    let lines = [
        format!("Which images Docker Desktop lets a member of {organization} pull. Made by"),
        "`wharfinger verify-access --script`; judged by `wharfinger verify-access --results FILE`.".to_owned(),
        String::new(),
        format!("Start Docker Desktop, sign in as a member of {organization} who is no owner, then run:"),
        String::new(),
        format!("    {run}"),
        String::new(),
        format!("and hand back results.txt. It pulls {images}, one after the other, and prints for each one line"),
        "with what Docker said. An image that was not here before is removed again; nothing else is removed".to_owned(),
        "or changed. What came of each pull is also kept in the file".to_owned(),
        format!("{KEPT}, here or where the first argument says: stopped, run it"),
        "again and it goes on where it was. To begin anew, delete that file.".to_owned(),
    ];
    lines.iter().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect()
}

/// What to expect of one image, for whoever runs the script: its name and tag stand there too, for a digest tells nobody
/// anything.
fn comment(subject: &Subject) -> String {
    let expected = match subject.expected {
        Expected::Pulled => "should work",
        Expected::ImageRefused | Expected::RegistryRefused => "should be refused",
        Expected::Unknown => "may be refused",
    };
    format!("{}: {expected}", subject.name())
}

/// `text` in single quotes, in which neither shell reads anything. None of the names has one itself.
fn quoted(text: &str) -> String {
    let inner: String = text.chars().filter(|c| *c != '\'' && !c.is_control()).collect();
    format!("'{inner}'")
}
