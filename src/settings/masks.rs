//! What the runner must hide of the given secrets, used or not.

use std::collections::BTreeSet;

use secrecy::ExposeSecret;

use super::{Given, KEYS, Key, Secrets};
use crate::action::masks::{Secret, masks};
use crate::registry::credentials::JOB_USER;

/// What to hide of the secrets in the environment.
pub(crate) fn masks_of_variables(given: &Given<'_>) -> BTreeSet<String> {
    let users = Users::of(given);
    let variable = |name: &str| given.variables.get(name).map(String::as_str);
    let mut secrets = Vec::new();
    for key in KEYS.iter().filter(|key| key.secret) {
        let names = [key.input_variable(), key.variable()];
        let names = names.iter().map(String::as_str).chain(key.people.iter().copied());
        secrets.extend(names.filter_map(variable).map(|text| (key.name, text)));
    }
    let of_aws = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].into_iter().filter_map(variable);
    secrets.extend(of_aws.map(|text| ("", text)));
    secrets.extend(variable("DOCKER_AUTH_CONFIG").map(|text| ("registry-auth", text)));
    users.masks(secrets)
}

/// What to hide of all secrets, including those in files.
pub(crate) fn masks_of_all(given: &Given<'_>, secrets: &Secrets) -> BTreeSet<String> {
    let used = [
        ("github-token", &secrets.github_token),
        ("dockerhub-token", &secrets.dockerhub_token),
        ("registry-auth", &secrets.registry_auth),
    ];
    let used = used.into_iter().filter_map(|(name, secret)| Some((name, secret.as_ref()?.expose_secret())));
    &masks_of_variables(given) | &Users::of(given).masks(used)
}

/// The user names that were given with Docker Hub's token, in whatever way.
struct Users(Vec<String>);

impl Users {
    fn of(given: &Given<'_>) -> Self {
        let key = Key::named("dockerhub-username");
        // Includes the input if the command line is invalid: then it is unknown whether this is the action.
        let names = key.into_iter().flat_map(|key| given.texts(key).chain(given.variable(&key.input_variable())));
        Self(names.map(|given| given.text).collect())
    }

    fn masks<'a>(&self, secrets: impl IntoIterator<Item = (&'static str, &'a str)>) -> BTreeSet<String> {
        let users: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let secret = |(name, token)| match name {
            "registry-auth" => Secret::RegistryAuth(token),
            "dockerhub-token" => Secret::Token { token, users: &users },
            "github-token" => Secret::Token { token, users: &[JOB_USER] },
            _ => Secret::Token { token, users: &[] },
        };
        masks(&secrets.into_iter().map(secret).collect::<Vec<_>>())
    }
}
