//! Wharfinger: an organization approves container images by pull request.
//!
//! `manifest -> observe -> plan / proposal -> apply -> report`, one way. `ARCHITECTURE.md` is the map.

mod action;
mod apply;
mod args;
mod cli;
mod commands;
mod content;
mod diag;
mod doctor;
mod edit;
mod exit;
mod forge;
mod hub;
mod image;
mod ledger;
mod manifest;
mod markdown;
mod net;
mod observe;
mod plan;
mod policy;
mod progress;
mod proposal;
mod registry;
mod report;
mod rules;
mod settings;
mod text;
mod yaml;

pub use cli::main;

/// What the benchmarks measure and what the tests check beneath the command line. Nothing else can be named from outside, so the compiler
/// says of everything else whether it is used.
pub mod internals {
    pub mod action {
        pub use crate::action::Variables;
    }
    pub mod apply {
        pub mod repository {
            pub use crate::apply::repository::ensure;
        }
    }
    pub mod args {
        pub use crate::args::{Cli, Promote};
    }
    pub mod commands {
        pub use crate::commands::{Context, Exit, promote};
    }
    pub mod content {
        pub mod media_type {
            pub use crate::content::media_type::ACCEPTED;
        }
        pub use crate::content::{Content, Document};
    }
    pub mod diag {
        pub use crate::diag::{Diagnostic, Span};
    }
    pub mod edit {
        pub use crate::edit::{Change, Edit, apply};
    }
    pub mod forge {
        pub mod git {
            pub use crate::forge::git::GitForge;
        }
        pub mod github {
            pub use crate::forge::github::GitHub;
        }
        pub use crate::forge::{
            Branches, By, Commit, Contents, Conversation, Error, FileChange, Forge, Merge, Message, OpenProposal,
            Proposals, Review, Reviews, StatusState, Statuses, Verdict, Version,
        };
    }
    pub mod hub {
        pub use crate::hub::{Created, Credential, Derived, Error, Hub, ImmutableTags, NewRepository, RETRY};
    }
    pub mod image {
        pub use crate::image::{Descriptor, Digest, Location, Platform, Reference, Repository, RepositoryName, Tag};
    }
    pub mod manifest {
        pub mod schema {
            pub use crate::manifest::schema::json_schema;
        }
        pub use crate::manifest::{
            Approval, Destination, File, Image, Manifest, Permission, Rejection, Team, Visibility, file, parse,
        };
    }
    pub mod net {
        pub mod retry {
            pub use crate::net::retry::Policy;
        }
    }
    pub mod observe {
        pub mod manifest {
            pub use crate::observe::manifest::{LoadError, from_directory};
        }
    }
    pub mod plan {
        pub mod destination {
            pub use crate::plan::destination::{Kind, lacking};
        }
        pub mod removal {
            pub use crate::plan::removal::Why;
        }
        pub use crate::plan::{FailedStep, RepositoryStep, State};
    }
    pub mod policy {
        pub mod audit {
            pub use crate::policy::audit::Code;
        }
        pub mod settings {
            pub mod advice {
                pub use crate::policy::settings::advice::LIMITS;
            }
        }
        pub use crate::policy::{Category, Gate, Told};
    }
    pub mod proposal {
        pub mod body {
            pub use crate::proposal::body::{Mark, Step};
        }
        pub mod metadata {
            pub use crate::proposal::metadata::{Metadata, ObjectId, read, write};
        }
        pub use crate::proposal::{Kind, subject};
    }
    pub mod registry {
        pub mod credentials {
            pub use crate::registry::credentials::{Credentials, Environment, Given};
        }
        pub mod remote {
            pub use crate::registry::remote::{Client, Options, Patience};
        }
        pub use crate::registry::{BlobSource, ByteStream, Deleted, Error, ErrorKind, Put, Reach, Registries, Store};
    }
    pub mod report {
        pub mod diagnostics {
            pub use crate::report::diagnostics::text;
        }
        pub mod facts {
            pub use crate::report::facts::{PlannedFacts, PlannedPlatform};
        }
        pub mod json {
            pub use crate::report::json::schema;
        }
        pub mod rows {
            pub use crate::report::rows::{
                Check, Failed, Finding, Matrix, Outcome, Plan, PlannedImage, PlannedProposal, PlannedRepository,
                Promoted, Promotion, Proposed, ProposedAction, Removal, RepositoryAction, Waiting,
            };
        }
        pub use crate::report::{Ending, Format, Output, Sinks, Style};
    }
    pub mod rules {
        pub use crate::rules::{
            Clock, Fact, Facts, Follow, ROUNDS, Readiness, Readings, Reason, Rule, Selection, Since, Subject, Verdict,
            VersionRule,
        };
    }
    pub mod settings {
        pub use crate::settings::{ForgeChoice, Format, Given, KEYS, RecordMode, Settings, resolve, secrets};
    }
}
