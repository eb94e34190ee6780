//! A YAML text as a tree of nodes that know where they stand: what strict reading and exact editing both start from.

mod node;
mod parse;

pub(crate) use node::{Kind, Node, Special, special};
pub(crate) use parse::read;

#[cfg(test)]
mod tests;
