//! A YAML text as a tree of nodes that know their position: the basis of strict reading and exact editing.

mod node;
mod parse;
mod plain;
mod stream;

pub(crate) use granit_parser::ScalarStyle;
pub(crate) use node::{Kind, Node, Special};
pub(crate) use parse::read;
pub(crate) use plain::is_plain_text;
pub(crate) use stream::{Broken, document_spans, read_stream};

#[cfg(test)]
mod tests;
