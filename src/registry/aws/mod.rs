//! Amazon ECR: its API, the password it gives for AWS keys, and creating repositories, which a push does not do.
//!
//! Only private registries: `ACCOUNT.dkr.ecr.REGION.amazonaws.com` and its variants. The keys come from the environment
//! alone; a credential for such a host from `config.json` or a helper takes precedence.

mod api;
mod passwords;
mod sign;

pub(crate) use api::Ecr;
pub(crate) use passwords::Passwords;
