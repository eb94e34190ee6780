//! Teams of the organization and what they may do with a repository.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::call::{Call, MANAGES, Need, READS};
use super::client::{Teams, no_organization};
use super::{Error, Grant, Hub, HubTeam};
use crate::image::RepositoryName;
use crate::manifest::Permission;
use crate::text::excerpt;

#[derive(Deserialize)]
struct GrantBody {
    group_id: u64,
    #[serde(default)]
    group_name: String,
    permission: String,
}

impl Hub {
    /// The teams of an organization, by name; listed once per run.
    pub async fn teams(&self, organization: &str) -> Result<Vec<HubTeam>, Error> {
        let mut known = self.teams.lock().await;
        Ok(self.known_teams(&mut known, organization).await?.values().cloned().collect())
    }

    /// What each team may do with a repository; `None` if the repository does not exist.
    pub async fn grants(&self, organization: &str, name: &RepositoryName) -> Result<Option<Vec<Grant>>, Error> {
        let path = ["v2", "repositories", organization, name.as_str(), "groups"];
        let need = Need::on_repository(organization, "scope-repo-group-read", READS);
        let call = Call::new(Method::GET, &path, need, format!("listing the teams of {organization}/{name}"));
        let Some(bodies) = self.pages::<GrantBody>(&call).await? else { return Ok(None) };
        let mut grants = bodies.into_iter().map(grant).collect::<Result<Vec<_>, _>>()?;
        grants.sort_by(|a, b| a.team.name.cmp(&b.team.name));
        Ok(Some(grants))
    }

    /// Grants a team its permission on a repository; creates a missing team first if `create` says so. A missing team
    /// is otherwise an error that lists the existing ones. An existing grant is not written again: returns whether
    /// anything was written.
    pub async fn grant(
        &self,
        organization: &str,
        name: &RepositoryName,
        team: &str,
        permission: Permission,
        create: bool,
    ) -> Result<bool, Error> {
        let (team, made) = self.team(organization, team, create).await?;
        let action = format!("granting {} {} on {organization}/{name}", team.name, permission.as_str());
        // A grant whose answer was lost is seen when reading again; so the write itself is never repeated blindly.
        let mut failed = None;
        for _ in 0..2 {
            let held = self.granted(organization, name, &team, &action).await?;
            if held == Some(permission) {
                return Ok(made || failed.is_some());
            }
            let write = write(organization, name, &team, permission, held.is_some(), &action);
            match self.write_grant(&write, permission).await {
                Err(error @ Error::Unreachable(_)) => failed = Some(error),
                written => return written.map(|()| true),
            }
        }
        let held = self.granted(organization, name, &team, &action).await?;
        failed.filter(|_| held != Some(permission)).map_or(Ok(true), Err)
    }

    /// Removes a team's grant on a repository, if it has one.
    pub async fn revoke(&self, organization: &str, name: &RepositoryName, team: &HubTeam) -> Result<(), Error> {
        let id = team.id.to_string();
        let path = ["v2", "repositories", organization, name.as_str(), "groups", &id];
        let need = Need::on_repository(organization, "scope-repo-group-admin", MANAGES);
        let action = format!("removing the grant of {} on {organization}/{name}", excerpt(&team.name, 60));
        let call = Call::new(Method::DELETE, &path, need, action);
        let answer = self.send(&call).await?;
        if matches!(answer.status, 200..=299 | 404) { Ok(()) } else { Err(answer.unexpected(&call)) }
    }

    /// What a team may do with a repository now. Read in order to grant, so what is missing is what granting needs.
    async fn granted(
        &self,
        organization: &str,
        name: &RepositoryName,
        team: &HubTeam,
        action: &str,
    ) -> Result<Option<Permission>, Error> {
        let id = team.id.to_string();
        let path = ["v2", "repositories", organization, name.as_str(), "groups", &id];
        let need = Need::on_repository(organization, "scope-repo-group-edit", MANAGES);
        let call = Call::new(Method::GET, &path, need, action.to_owned());
        let held = self.get::<GrantBody>(&call).await?.map(grant).transpose()?;
        Ok(held.map(|grant| grant.permission))
    }

    async fn write_grant(&self, call: &Call<'_>, permission: Permission) -> Result<(), Error> {
        let written: GrantBody = self.send(call).await?.read(call)?;
        if grant(written)?.permission == permission {
            return Ok(());
        }
        Err(Error::Unusable(format!("{} was not done, although Docker Hub reported success", call.action)))
    }

    /// The team of that name, created if it is missing and may be; and whether it was created.
    async fn team(&self, organization: &str, name: &str, create: bool) -> Result<(HubTeam, bool), Error> {
        let mut known = self.teams.lock().await;
        let teams = self.known_teams(&mut known, organization).await?;
        if let Some(team) = teams.get(name) {
            return Ok((team.clone(), false));
        }
        if !create {
            return Err(Error::NoTeam {
                organization: organization.to_owned(),
                team: name.to_owned(),
                known: teams.keys().cloned().collect(),
            });
        }
        let made = self.make_team(organization, name).await?;
        teams.insert(made.name.clone(), made.clone());
        Ok((made, true))
    }

    /// Creates a team; one created in the meantime, or without an answer, is found by listing again.
    async fn make_team(&self, organization: &str, name: &str) -> Result<HubTeam, Error> {
        let path = ["v2", "orgs", organization, "groups"];
        let need = Need::in_organization(organization, "scope-group-edit", MANAGES);
        let call = Call::new(Method::POST, &path, need, format!("creating the team {name} of {organization}"))
            .body(json!({"name": name}));
        let failed = match self.send(&call).await {
            Ok(answer) if answer.is_success() => return answer.read(&call),
            Ok(answer) => answer.unexpected(&call),
            Err(error @ Error::Unreachable(_)) => error,
            Err(error) => return Err(error),
        };
        self.list_teams(organization).await?.remove(name).ok_or(failed)
    }

    async fn known_teams<'a>(
        &self,
        known: &'a mut Teams,
        organization: &str,
    ) -> Result<&'a mut BTreeMap<String, HubTeam>, Error> {
        if !known.contains_key(organization) {
            let teams = self.list_teams(organization).await?;
            known.insert(organization.to_owned(), teams);
        }
        Ok(known.entry(organization.to_owned()).or_default())
    }

    async fn list_teams(&self, organization: &str) -> Result<BTreeMap<String, HubTeam>, Error> {
        let need = Need::in_organization(organization, "scope-group-read", READS);
        let action = format!("listing the teams of {organization}");
        let call = Call::new(Method::GET, &["v2", "orgs", organization, "groups"], need, action);
        let teams = self.pages::<HubTeam>(&call).await?.ok_or_else(|| no_organization(organization))?;
        Ok(teams.into_iter().map(|team| (team.name.clone(), team)).collect())
    }
}

/// The first grant of a team, or the change of its existing one.
fn write<'a>(
    organization: &'a str,
    name: &'a RepositoryName,
    team: &HubTeam,
    permission: Permission,
    change: bool,
    action: &str,
) -> Call<'a> {
    let id = team.id.to_string();
    let need = Need::on_repository(organization, "scope-repo-group-edit", MANAGES);
    let mut path = vec!["v2", "repositories", organization, name.as_str(), "groups"];
    if change {
        path.push(&id);
        return Call::new(Method::PATCH, &path, need, action.to_owned())
            .body(json!({"permission": permission.as_str()}));
    }
    Call::new(Method::POST, &path, need, action.to_owned())
        .body(json!({"group_id": team.id, "permission": permission.as_str()}))
}

fn grant(body: GrantBody) -> Result<Grant, Error> {
    let all = [Permission::Read, Permission::Write, Permission::Admin];
    let permission = all
        .into_iter()
        .find(|permission| permission.as_str() == body.permission)
        .ok_or_else(|| Error::Unusable(format!("the permission `{}` is unknown", excerpt(&body.permission, 40))))?;
    Ok(Grant { team: HubTeam { id: body.group_id, name: body.group_name }, permission })
}
