//! Servers and helpers that tests and the demo share.
