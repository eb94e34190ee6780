//! Docker credential helpers: `docker-credential-<name> get`, with the server on stdin.

use std::ffi::OsStr;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::credential::{Credential, CredentialError};
use crate::image::RegistryHost;

const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The program of a helper.
pub(super) fn program(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// Asks a helper; `None` if it does not know the registry. Its output is never shown: it may be the secret.
pub(super) async fn ask(
    name: &str,
    registry: &RegistryHost,
    path: Option<&OsStr>,
) -> Result<Option<Credential>, CredentialError> {
    let program = program(name);
    let fail = |why: String| CredentialError { origin: program.clone(), why };
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-')) {
        return Err(CredentialError {
            origin: "Docker's config.json".to_owned(),
            why: "a credential helper's name is invalid".to_owned(),
        });
    }
    let output = tokio::time::timeout(PATIENCE, run(&program, registry, path))
        .await
        .map_err(|_| fail(format!("no answer within {} s", PATIENCE.as_secs())))?
        .map_err(|e| fail(format!("cannot be run: {e}")))?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        if String::from_utf8_lossy(&said).contains("credentials not found") {
            return Ok(None);
        }
        return Err(fail(format!("failed ({})", output.status)));
    }
    let answer: Answer = serde_json::from_slice(&output.stdout)
        .map_err(|_| fail("returned something other than credentials".to_owned()))?;
    Ok(Some(match answer.username.as_str() {
        "<token>" => Credential::Identity(answer.secret.into()),
        "" if answer.secret.is_empty() => return Ok(None),
        _ => Credential::Password { username: answer.username, password: answer.secret.into() },
    }))
}

async fn run(program: &str, registry: &RegistryHost, path: Option<&OsStr>) -> std::io::Result<std::process::Output> {
    let server = if registry.is_docker_hub() { "https://index.docker.io/v1/" } else { registry.as_str() };
    let mut command = Command::new(find_program(program, path).as_deref().unwrap_or(OsStr::new(program)));
    if let Some(path) = path {
        command.env("PATH", path);
    }
    let mut child = command
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // A helper that does not read its input is judged by its answer, not by the broken pipe.
        let _ = stdin.write_all(server.as_bytes()).await;
    }
    child.wait_with_output().await
}

/// The program on the given path, which may differ from the process's own `PATH`.
fn find_program(program: &str, path: Option<&OsStr>) -> Option<std::ffi::OsString> {
    std::env::split_paths(path?).map(|dir| dir.join(program)).find(|p| p.is_file()).map(Into::into)
}
