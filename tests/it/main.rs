//! Integration tests: one binary, one module a subject.
#![allow(clippy::unwrap_used, clippy::expect_used, unreachable_pub, missing_docs)]

mod action;
mod action_yml;
mod architecture;
mod attack;
mod calls;
mod check;
mod cli;
mod companions;
mod container;
mod contract;
mod cooldown;
mod corpus;
mod credentials;
mod edit;
mod explain;
mod forge_contract;
mod forge_git;
mod github;
mod hostile;
mod hub;
mod include;
mod interrupt;
mod ledger;
mod manifest;
mod promote;
mod propose;
mod proxy;
mod readme;
mod record;
mod registry_auth;
mod registry_contract;
mod registry_faults;
mod report;
mod requests;
mod reviews;
mod settings;
mod shards;
mod sign_in;
#[path = "../support/mod.rs"]
mod support;
mod support_github;
mod support_process;
mod support_registry;
mod tls;
mod whole_loop;
