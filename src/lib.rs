//! Wharfinger: an organization approves container images by pull request.
//!
//! `manifest -> observe -> plan / proposal -> apply -> report`, one way. `ARCHITECTURE.md` is the map.

pub mod action;
pub mod apply;
pub mod args;
pub mod cli;
pub mod commands;
pub mod content;
pub mod diag;
pub mod doctor;
pub mod edit;
pub mod exit;
pub mod forge;
pub mod hub;
pub mod image;
pub mod ledger;
pub mod manifest;
pub mod markdown;
pub mod net;
pub mod observe;
pub mod plan;
pub mod policy;
pub mod progress;
pub mod proposal;
pub mod registry;
pub mod report;
pub mod rules;
pub mod settings;
pub mod text;
pub mod yaml;
