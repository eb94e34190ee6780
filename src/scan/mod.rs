//! What the manifest says of an image that a file names: whether it is approved, which mirror replaces it, and how the file is
//! rewritten.

mod choice;
mod file;
mod fix;
mod judge;
#[cfg(test)]
mod tests;
mod verdict;

pub(crate) use file::{JudgedFile, JudgedReference, SourceText, judge_file};
pub(crate) use fix::{Fix, Repair, edited, fix, untried};
pub(crate) use judge::Judge;
pub(crate) use verdict::Verdict;
