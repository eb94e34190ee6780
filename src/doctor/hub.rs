//! What Docker Hub's own API permits its credential.

use super::check::{APPLY_POLICY, AUDIT, Area, Check, PROMOTE, some};
use super::credential::{ORGANIZATION_TOKENS, PERSONAL_TOKENS, described};
use super::facts::{Answer, Fault, Holder, HubFacts, Kind, Rights, Role};

const MEMBERS: &str = "Docker Home (app.docker.com), the organization, Admin Console, Members";

pub(super) fn judge(hub: &HubFacts) -> Vec<Check> {
    let Some(holder) = &hub.holder else {
        let how = "create a personal access token of an owner or editor with Read, Write, Delete";
        return vec![
            Check::missing(Area::DockerHub, "credential", "none: private repositories will seem not to exist")
                .needed_for(&[PROMOTE, AUDIT, APPLY_POLICY])
                .fix(format!("{how} ({PERSONAL_TOKENS}) and provide it as DOCKERHUB_USERNAME and DOCKERHUB_TOKEN")),
        ];
    };
    let mut checks = vec![credential(hub, holder)];
    if !matches!(hub.signed_in, Some(Ok(()))) {
        return checks;
    }
    checks.extend(role(hub, holder));
    if is_stranger(hub, holder) {
        return checks;
    }
    checks.extend(level(hub, holder));
    checks.extend(teams(hub, holder));
    checks.extend(repositories(hub, holder));
    if is_organization(hub, holder) {
        checks.extend(scopes(hub));
    }
    checks.extend(settings(hub, holder));
    checks
}

/// Whether this is the organization's own token.
fn is_organization(hub: &HubFacts, holder: &Holder) -> bool {
    holder.kind == Kind::HubOrganization || hub.organization.is_some() && holder.user == hub.organization
}

fn credential(hub: &HubFacts, holder: &Holder) -> Check {
    let needed = [PROMOTE, AUDIT, APPLY_POLICY];
    let found = described(holder);
    match &hub.signed_in {
        Some(Ok(())) if is_organization(hub, holder) => Check::ok(
            Area::DockerHub,
            "credential",
            format!(
                "{found}; Docker Hub accepts it, but such a token cannot change an existing repository's description \
                 or visibility, or Image Access Management"
            ),
        ),
        Some(Ok(())) => Check::ok(Area::DockerHub, "credential", format!("{found}; Docker Hub accepts it")),
        Some(Err(fault)) => {
            let (Fault::Refused(why) | Fault::Failed(why)) = fault;
            let fault = match fault {
                Fault::Refused(_) => Fault::Refused(format!("{found}: {why}")),
                Fault::Failed(_) => Fault::Failed(format!("{found}: {why}")),
            };
            Check::failed(Area::DockerHub, "credential", &fault).fix(fix_sign_in(hub, holder))
        }
        None => Check::unknown(Area::DockerHub, "credential", format!("{found}; not tried")),
    }
    .needed_for(&needed)
}

fn fix_sign_in(hub: &HubFacts, holder: &Holder) -> String {
    let first = if matches!(hub.signed_in, Some(Err(Fault::Refused(_)))) { "wrong password or token? " } else { "" };
    format!("{first}{}", look_at_token(hub, holder))
}

fn look_at_token(hub: &HubFacts, holder: &Holder) -> String {
    match (holder.kind, &hub.organization) {
        (Kind::HubOrganization, Some(organization)) if holder.user.as_ref() != Some(organization) => {
            format!("an organization access token goes with the organization's name: set DOCKERHUB_USERNAME to {organization}")
        }
        (Kind::HubOrganization, _) => format!("{ORGANIZATION_TOKENS}: check that it exists, is active and has not expired"),
        (_, Some(organization)) if holder.user.as_ref() == Some(organization) => {
            "DOCKERHUB_USERNAME is the organization's name, which only goes with an organization access token: use the user's name"
                .to_owned()
        }
        _ => format!("{PERSONAL_TOKENS}: check that it exists, is active and has not expired, or create a new one"),
    }
}

/// Teams are shown only to members: whoever is refused them is not a member, and is refused everything else too.
fn is_stranger(hub: &HubFacts, holder: &Holder) -> bool {
    !is_organization(hub, holder) && hub.role.is_some() && matches!(hub.teams, Some(Err(Fault::Refused(_))))
}

/// The access that a personal token was created with, which Docker Hub does not reveal.
fn level(hub: &HubFacts, holder: &Holder) -> Option<Check> {
    if is_organization(hub, holder) || hub.organization.is_none() {
        return None;
    }
    let found = "only writing a repository or a setting shows whether the token has Read, Write, Delete";
    let check = Check::unknown(Area::DockerHub, "the token's access", found);
    Some(check.needed_for(&[PROMOTE, APPLY_POLICY]).fix(format!("{PERSONAL_TOKENS} shows it")))
}

/// A person's role; an organization's token has none.
fn role(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let (Some(organization), Some(role)) = (&hub.organization, &hub.role) else { return Vec::new() };
    let user = holder.user.as_deref().unwrap_or("the user");
    let subject = format!("role in {organization}");
    let managing = [PROMOTE, AUDIT];
    if let Some(Err(Fault::Refused(why))) = hub.teams.as_ref().filter(|_| is_stranger(hub, holder)) {
        return vec![
            Check::missing(
                Area::DockerHub,
                subject,
                format!("{user} is not a member of {organization}, or may not see it: {why}"),
            )
            .needed_for(&managing)
            .fix(format!("{MEMBERS}: invite {user} as editor, or as owner for apply-policy")),
        ];
    }
    vec![match role {
        Ok(Some(Role::Owner)) => Check::ok(Area::DockerHub, subject, format!("{user} is an owner")).needed_for(&[
            PROMOTE,
            AUDIT,
            APPLY_POLICY,
        ]),
        Ok(Some(Role::Editor)) => {
            Check::ok(Area::DockerHub, subject, format!("{user} is an editor, who may create and change repositories"))
                .needed_for(&managing)
        }
        Ok(None) => Check::missing(Area::DockerHub, subject, format!("{user} is neither owner nor editor"))
            .needed_for(&managing)
            .fix(format!("{MEMBERS}: make {user} an editor, or an owner for apply-policy")),
        Err(Fault::Refused(_)) => Check::unknown(
            Area::DockerHub,
            subject,
            format!("{user} is a member, but Docker Hub only shows roles to those who may manage members"),
        )
        .needed_for(&managing)
        .fix(format!("{MEMBERS} shows the role: creating repositories takes an editor, apply-policy an owner")),
        Err(fault) => Check::failed(Area::DockerHub, subject, fault)
            .needed_for(&managing)
            .fix(format!("{MEMBERS} shows the role: creating repositories takes an editor, apply-policy an owner")),
    }]
}

fn teams(hub: &HubFacts, holder: &Holder) -> Option<Check> {
    let answer = hub.teams.as_ref().filter(|_| !hub.wanted_teams.is_empty())?;
    let check = match answer {
        Ok(there) => {
            let lacking: Vec<String> = hub
                .wanted_teams
                .iter()
                .filter(|(name, made)| !**made && !there.contains(name))
                .map(|(n, _)| n.clone())
                .collect();
            match lacking.is_empty() {
                true => Check::ok(Area::DockerHub, "teams", "the manifest's teams exist, or promote creates them"),
                false => Check::missing(
                    Area::DockerHub,
                    "teams",
                    format!("the organization has no team {}", some(&lacking)),
                )
                .fix("create it on the organization's page on Docker Hub, Teams; or set `create: true` for the team in the manifest"),
            }
        }
        Err(fault) => Check::failed(Area::DockerHub, "teams", fault).fix_if_not_ok(fix_teams(hub, holder)),
    };
    Some(check.needed_for(&[PROMOTE, AUDIT]))
}

fn fix_teams(hub: &HubFacts, holder: &Holder) -> String {
    match is_organization(hub, holder) {
        true => format!("{ORGANIZATION_TOKENS}: scope-group-read under Organization"),
        false => format!("{MEMBERS}: make the user a member"),
    }
}

/// What the credential may do with existing mirrors, according to Docker Hub.
fn repositories(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let mut checks = Vec::new();
    let (mut good, mut unmade) = (Vec::new(), Vec::new());
    for (name, rights) in &hub.mirrors {
        if let Some(why) = hub.not_ours.get(name) {
            checks.push(
                Check::missing(Area::DockerHub, format!("repository {name}"), why.clone())
                    .needed_for(&[PROMOTE])
                    .fix("set `adopt: true` on the image if the repository is to be taken over"),
            );
            continue;
        }
        match rights {
            Ok(Some(Rights { write: true, admin: true, .. })) => good.push(name.clone()),
            Ok(Some(rights)) if !is_organization(hub, holder) => checks.push(limited(name, *rights)),
            Ok(Some(_)) => good.push(name.clone()),
            Ok(None) => unmade.push(name.clone()),
            Err(fault) => checks.push(
                Check::failed(Area::DockerHub, format!("repository {name}"), fault)
                    .needed_for(&[PROMOTE, AUDIT])
                    .fix(fix_repository(hub, holder)),
            ),
        }
    }
    if !good.is_empty() {
        let found = match is_organization(hub, holder) {
            true => format!("can be read: {}", some(&good)),
            false => format!("can be read and managed: {}", some(&good)),
        };
        checks.insert(0, Check::ok(Area::DockerHub, "repositories", found).needed_for(&[PROMOTE, AUDIT]));
    }
    if !unmade.is_empty() {
        let found = format!("not visible to this credential, so promote would create them: {}", some(&unmade));
        checks.push(Check::ok(Area::DockerHub, "repositories to create", found).needed_for(&[PROMOTE]));
    }
    checks
}

fn limited(name: &str, rights: Rights) -> Check {
    let may = if rights.write { "be pushed to, but its settings cannot be changed" } else { "only be read" };
    Check::missing(Area::DockerHub, format!("repository {name}"), format!("it can {may}")).needed_for(&[PROMOTE]).fix(
        format!(
            "{MEMBERS}: make the user an editor, or give one of their teams admin on the repository's Permissions page"
        ),
    )
}

fn fix_repository(hub: &HubFacts, holder: &Holder) -> String {
    match is_organization(hub, holder) {
        true => {
            format!("{ORGANIZATION_TOKENS}: scope-repository-read under Repository, for this repository or all of them")
        }
        false => format!("{MEMBERS}: make the user an editor"),
    }
}

/// What an organization's token needs, scope by scope. Only read access can be checked without writing.
fn scopes(hub: &HubFacts) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut read = |scope: &str, asked: &Option<(String, Answer<()>)>, needed: &[&'static str]| {
        let Some((name, answer)) = asked else { return };
        let check = match answer {
            Ok(()) => Check::ok(Area::DockerHub, scope, format!("the token has it for {name}")),
            Err(fault) => Check::failed(Area::DockerHub, scope, fault).fix_if_not_ok(format!(
                "{ORGANIZATION_TOKENS}: {scope} under Repository, for {name} or all repositories"
            )),
        };
        checks.push(check.needed_for(needed));
    };
    read("scope-tag-read", &hub.tags, &[AUDIT]);
    read("scope-repo-group-read", &hub.grants, &[PROMOTE, AUDIT]);
    checks.extend(hub.listed.as_ref().map(|(name, listed)| listing(name, listed)));
    let teams = !hub.wanted_teams.is_empty();
    let makes_teams = hub.wanted_teams.values().any(|made| *made);
    let unshown = [
        (
            hub.mirrors.iter().any(|(_, rights)| matches!(rights, Ok(None))),
            "scope-repository-create",
            "under Organization",
        ),
        (teams, "scope-repo-group-edit", "under Repository"),
        (makes_teams, "scope-group-edit", "under Organization"),
        (hub.immutable, "scope-repository-settings-admin", "under Repository"),
        (hub.takes_down, "scope-tag-admin", "under Repository"),
        (hub.takes_down && teams, "scope-repo-group-admin", "under Repository"),
    ];
    for (_, scope, level) in unshown.into_iter().filter(|(wanted, ..)| *wanted) {
        checks.push(
            Check::unknown(Area::DockerHub, scope, "only writing shows whether the token has it")
                .needed_for(&[PROMOTE])
                .fix(format!("{ORGANIZATION_TOKENS} shows it, {level}")),
        );
    }
    checks
}

/// A list without an existing private repository was cut because the token may not list it.
fn listing(name: &str, listed: &Answer<Option<bool>>) -> Check {
    let scope = "scope-repository-list";
    let check = match listed {
        Ok(Some(true)) => Check::ok(Area::DockerHub, scope, format!("{name}, which is private, is listed")),
        Ok(Some(false)) => Check::missing(
            Area::DockerHub,
            scope,
            format!("the list of repositories does not contain {name}, which is private"),
        ),
        Ok(None) => Check::unknown(Area::DockerHub, scope, "the list of repositories is too long to tell"),
        Err(fault) => Check::failed(Area::DockerHub, scope, fault),
    };
    check.fix_if_not_ok(format!("{ORGANIZATION_TOKENS}: {scope} under Organization")).needed_for(&[AUDIT])
}

/// The organization's settings, if the policy covers them.
fn settings(hub: &HubFacts, holder: &Holder) -> Vec<Check> {
    let owner = matches!(hub.role, Some(Ok(Some(Role::Owner))));
    let both = [
        ("Image Access Management", &hub.image_access, None),
        ("Registry Access Management", &hub.registry_access, Some("scope-ram-write")),
    ];
    let mut checks = Vec::new();
    for (subject, answer, write) in both {
        let Some(answer) = answer else { continue };
        if let Err(fault) = answer {
            let how = fix_settings(hub, holder, write.is_some());
            checks.push(Check::failed(Area::DockerHub, subject, fault).needed_for(&[AUDIT, APPLY_POLICY]).fix(how));
            continue;
        }
        let check = match (owner, write.filter(|_| is_organization(hub, holder))) {
            (true, _) => Check::ok(Area::DockerHub, subject, "it can be read, and an owner can change it"),
            (false, Some(scope)) => Check::unknown(
                Area::DockerHub,
                subject,
                format!("it can be read, but only writing shows whether the token has {scope}"),
            ),
            (false, None) => match &hub.role {
                Some(Ok(_)) => {
                    Check::missing(Area::DockerHub, subject, "it can be read, but only owners can change it")
                        .fix(format!("{MEMBERS}: apply-policy needs an owner's token"))
                }
                _ => Check::unknown(Area::DockerHub, subject, "it can be read, but only owners can change it"),
            },
        };
        let needed: &[&'static str] = if owner { &[AUDIT, APPLY_POLICY] } else { &[APPLY_POLICY] };
        checks.push(check.needed_for(needed));
    }
    checks
}

fn fix_settings(hub: &HubFacts, holder: &Holder, takes_organization: bool) -> String {
    match (is_organization(hub, holder), takes_organization) {
        (true, true) => {
            format!("{ORGANIZATION_TOKENS}: scope-ram-read under Organization, and scope-ram-write to change it")
        }
        (true, false) => {
            format!("provide an owner's personal access token with Read, Write, Delete ({PERSONAL_TOKENS})")
        }
        (false, _) => format!("{MEMBERS}: make the user an owner"),
    }
}
