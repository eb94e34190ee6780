//! Amazon ECR: where its API is, the password that it gives for keys of AWS, and repositories, which a push does not make.
//!
//! Only private registries: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its relatives. The keys come from the environment
//! alone; whatever `config.json` or a helper has for such a host goes before them.

mod api;
mod passwords;
mod sign;

pub(crate) use api::Ecr;
pub(crate) use passwords::Passwords;
