//! Servers and helpers that tests and the demo share. Nothing here knows the program's internals beyond the names of
//! images; the binary's path is passed in, so that tests (`CARGO_BIN_EXE_wharfinger`) and the demo can both use it.
#![allow(dead_code)]

pub mod authority;
pub mod clone;
pub mod contract;
pub mod der;
pub mod ecr;
pub mod git;
pub mod github;
pub mod http;
pub mod hub;
pub mod images;
pub mod layers;
pub mod osv;
pub mod process;
pub mod registry;
pub mod runner;
pub mod servers;
pub mod signing;
