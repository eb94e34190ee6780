//! The permissions that a workflow's file gives a job's own token.

use std::collections::BTreeMap;

use crate::yaml;

/// What `read-all` and `write-all` stand for, as far as needed here.
const ALL: [&str; 5] = ["contents", "pull-requests", "issues", "statuses", "packages"];

/// The permissions that a workflow's text gives a job: the job's own `permissions`, else the workflow's. `None` if
/// there are none, so that the repository's default applies; what a map does not name is `none`.
///
/// # Errors
/// If there is no such job, or the text cannot be understood.
pub(crate) fn permissions(text: &str, job: &str) -> Result<Option<BTreeMap<String, String>>, String> {
    let (root, _) = yaml::read(text);
    let root = root.ok_or("it is not YAML")?;
    let jobs = root.get("jobs").ok_or("it has no jobs")?;
    let of_job = jobs.get(job).ok_or_else(|| format!("it has no job `{job}`"))?;
    let Some(given) = of_job.get("permissions").or_else(|| root.get("permissions")) else { return Ok(None) };
    let given = given.resolved();
    if let Some(entries) = given.entries() {
        let pair = |(name, level): &(yaml::Node, yaml::Node)| {
            let text = |node: &yaml::Node| node.resolved().text().map(|text| crate::text::cut(text, 40));
            Some((text(name)?, text(level)?))
        };
        return Ok(Some(entries.iter().filter_map(pair).collect()));
    }
    let level = match given.text() {
        Some("read-all") => "read",
        Some("write-all") => "write",
        _ => return Err("its `permissions` is neither a map nor read-all or write-all".to_owned()),
    };
    Ok(Some(ALL.iter().map(|name| ((*name).to_owned(), level.to_owned())).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    fn of(text: &str, job: &str) -> String {
        match permissions(text, job) {
            Ok(Some(given)) => given.iter().map(|(name, level)| format!("{name}={level} ")).collect(),
            Ok(None) => "default".to_owned(),
            Err(why) => why,
        }
    }

    #[test]
    fn the_jobs_own_goes_before_the_workflows() {
        let text = "on: push\npermissions: { contents: read }\njobs:\n  a:\n    permissions:\n      contents: write\n      \
                    statuses: write\n    steps: []\n  b:\n    steps: []\n  c:\n    permissions: {}\n";
        assert_eq!(of(text, "a"), "contents=write statuses=write ");
        assert_eq!(of(text, "b"), "contents=read ");
        assert_eq!(of(text, "c"), "");
        assert_eq!(of(text, "d"), "it has no job `d`");
        assert_eq!(of("jobs: { a: {} }", "a"), "default");
        assert!(of("permissions: write-all\njobs: { a: {} }", "a").contains("pull-requests=write"));
        assert!(of("permissions: read-all\njobs: { a: {} }", "a").contains("issues=read"));
        assert_eq!(of("x", "a"), "it has no jobs");
    }
}
