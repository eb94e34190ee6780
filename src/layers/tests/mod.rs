#![allow(clippy::unwrap_used, clippy::expect_used)]

mod archives;
mod images;
mod support;
