//! The catalogue that people read.

mod browser;
mod fixture;
mod page;
mod program;
