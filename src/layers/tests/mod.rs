#![allow(clippy::unwrap_used, clippy::expect_used)]

mod archives;
mod hostile;
mod images;
mod support;
