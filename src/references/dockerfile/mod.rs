//! Dockerfiles, read as BuildKit reads them.

mod directives;
mod expand;
mod heredoc;
mod lines;
mod placed;
mod stages;
#[cfg(test)]
mod tests;
mod value;
mod words;

use super::found::{Findings, Unresolved};
use lines::Lines;
use stages::Stages;
use words::{Instruction, Keyword};

/// The images that a Dockerfile builds on, copies or mounts from, and the one that reads it.
pub(super) fn find(text: &str) -> Findings {
    let mut lines = Lines::new(text);
    let mut stages = Stages::new(text.len(), lines.escape());
    if let Some(image) = directives::syntax(text) {
        stages.syntax(&image);
    }
    while let Some(line) = lines.instruction() {
        let outer = Instruction::of(&line, lines.escape());
        let triggered = outer.keyword == Keyword::Onbuild;
        let instruction = if triggered { Instruction::of(&outer.rest, lines.escape()) } else { outer };
        let heredocs = heredoc::of(&line, &instruction);
        stages.read(&instruction, triggered);
        if let Some(endless) = heredocs.iter().find(|heredoc| !lines.skip(heredoc)) {
            stages.unresolved(Unresolved { at: endless.at, why: "the here-document has no end".to_owned() });
        }
    }
    stages.findings()
}
