//! Wharfinger: an organization approves container images by pull request.
//!
//! `manifest -> observe -> plan / proposal -> apply -> report`, one way. `ARCHITECTURE.md` is the map.

mod action;
mod apply;
mod args;
mod catalog;
mod cli;
mod commands;
mod content;
mod diag;
mod difference;
mod doctor;
mod edit;
mod evidence;
mod exit;
mod forge;
mod hub;
mod image;
mod import;
mod init;
mod layers;
mod ledger;
mod manifest;
mod markdown;
mod net;
mod observe;
mod packages;
mod plan;
mod policy;
mod progress;
mod proposal;
mod references;
mod registry;
mod report;
mod rules;
mod scan;
mod settings;
mod text;
mod vulnerabilities;
mod yaml;

pub use cli::main;

/// What the benchmarks measure and what the tests check beneath the command line. Beside [`main`] nothing else can be named from
/// outside, so the compiler says of everything else whether it is used.
pub mod internals {
    pub mod action {
        pub use crate::action::Variables;
    }
    pub mod apply {
        pub use crate::apply::repository;
    }
    pub mod args {
        pub use crate::args::{Cli, Promote};
    }
    pub mod catalog {
        pub use crate::catalog::{
            Catalog, CatalogImage, CatalogPlatform, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting,
            SignatureState, TagState, WaitingState,
        };
    }
    pub mod commands {
        pub use crate::commands::{Context, Exit, promote};
    }
    pub mod content {
        pub use crate::content::{Content, Document, media_type};
    }
    pub mod diag {
        pub use crate::diag::{Diagnostic, Span};
    }
    pub mod edit {
        pub use crate::edit::{Change, Edit, apply};
    }
    pub mod forge {
        pub use crate::forge::{
            Account, Activity, Actor, Branches, Commit, Contents, Conversation, Error, FileChange, Forge, Merge,
            MergedHead, Message, MovementKind, NewCommit, OpenProposal, Proposals, Review, Reviews, StatusState,
            Statuses, Told, Verdict, Version, Written, git, github,
        };
    }
    pub mod hub {
        pub use crate::hub::{Created, Credential, Derived, Error, Hub, ImmutableTags, NewRepository, RETRY};
    }
    pub mod image {
        pub use crate::image::{Descriptor, Digest, Location, Platform, Reference, Repository, RepositoryName, Tag};
    }
    pub mod manifest {
        pub use crate::manifest::{
            Approval, Destination, File, Image, Manifest, Permission, Rejection, Revocation, Team, Visibility, file,
            parse, schema,
        };
    }
    pub mod net {
        pub use crate::net::retry;
    }
    pub mod observe {
        pub use crate::observe::manifest;
    }
    pub mod plan {
        pub use crate::plan::{FailedStep, RepositoryStep, State, destination, removal};
    }
    pub mod policy {
        pub use crate::policy::{Category, Gate, Told, audit, settings};
    }
    pub mod proposal {
        pub use crate::proposal::{Kind, body, metadata, subject};
    }
    pub mod registry {
        pub use crate::registry::{
            BlobSource, ByteStream, Deleted, Error, ErrorKind, Put, Reach, Registries, Store, credentials, remote,
        };
    }
    pub mod report {
        pub use crate::report::{Ending, Format, Output, Runner, Sinks, Style, diagnostics, facts, json, rows};
        pub mod catalog {
            pub use crate::report::catalog::page;
        }
    }
    pub mod rules {
        pub use crate::rules::{
            Clock, Fact, Facts, Follow, NotShorter, ROUNDS, Readiness, Readings, Reason, Rule, Selection, Since,
            Subject, Verdict, VersionRule,
        };
    }
    pub mod settings {
        pub use crate::settings::{ForgeChoice, Format, Given, KEYS, RecordMode, Settings, resolve, secrets};
    }
}
