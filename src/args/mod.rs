//! The arguments, as `clap` reads them.

use std::collections::BTreeMap;

use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, Parser, Subcommand};

use crate::observe::repositories::Attention;

mod later;

use later::Later;

/// What short help leaves out.
const MORE: &str = "`wharfinger --help` describes every option, `wharfinger COMMAND --help` has examples";

/// Examples for a first run.
const BEGIN: &str = "\
Examples:
  wharfinger plan                         show what propose and promote would do
  wharfinger explain grafana/loki         say why each tag is or is not chosen
  wharfinger doctor                       check credentials and permissions
  wharfinger --forge git propose          propose new versions as branches of this clone
  wharfinger --format json plan | jq .    pass the plan to another program";

/// The command line.
#[derive(Debug, Parser)]
#[command(name = "wharfinger", version, about, arg_required_else_help = false, max_term_width = 100)]
#[command(after_help = MORE, after_long_help = BEGIN)]
pub struct Cli {
    /// Options that may stand before or after the command.
    #[command(flatten)]
    pub global: Global,
    /// The command; the action gives none.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// Flags that every command accepts. Each has an environment variable: `--a-b` is `WHARFINGER_A_B`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command (--a-b is also WHARFINGER_A_B)")]
pub struct Global {
    /// The manifest of approved images; for scan also OWNER/REPO@REF:PATH on GitHub [default: approved-images.yml]
    #[arg(long, global = true, value_name = "FILE")]
    pub manifest: Option<String>,
    /// Output format; sarif is for audit and scan, markdown for diff only [default: human]
    #[arg(long, global = true, value_parser = one_of(&["human", "json", "sarif", "markdown"]))]
    pub format: Option<String>,
    /// Log more: -v is --log-level info, -vv debug, -vvv trace
    #[arg(short, long, global = true, action = clap::ArgAction::Count, conflicts_with = "log_level")]
    pub verbose: u8,
    /// Log level on standard error [default: warn]
    #[arg(long, global = true, hide_short_help = true, value_name = "LEVEL", value_parser = one_of(&["error", "warn", "info", "debug", "trace"]))]
    pub log_level: Option<String>,
    /// Where proposals are made: GitHub, or branches of the local clone [default: github in Actions, or if a token and
    /// GITHUB_REPOSITORY are set; otherwise none]
    #[arg(long, global = true, value_parser = one_of(&["github", "git", "none"]))]
    pub forge: Option<String>,
    /// Read GitHub's token from FILE, or from standard input if FILE is `-` [default: the variable GITHUB_TOKEN]
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub github_token_file: Option<String>,
    /// Docker Hub user, or the organization of an organization access token [default: the variable
    /// DOCKERHUB_USERNAME]
    #[arg(long, global = true, hide_short_help = true, value_name = "NAME")]
    pub dockerhub_username: Option<String>,
    /// Read Docker Hub's token from FILE, or from standard input if FILE is `-` [default: the variable DOCKERHUB_TOKEN]
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub dockerhub_token_file: Option<String>,
    /// Read registry credentials (a Docker config.json) from FILE, or from standard input if FILE is `-`
    #[arg(long, global = true, hide_short_help = true, value_name = "FILE")]
    pub registry_auth_file: Option<String>,
    /// Certificates to trust in addition to the system's: a PEM file or PEM text
    #[arg(long, global = true, hide_short_help = true, value_name = "PEM")]
    pub ca_certificates: Option<String>,
    /// Give up on a request that receives no data for this long, such as 90s or 2m [default: 60s]
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION")]
    pub timeout: Option<String>,
    /// Give up on a source whose tag lists and evidence take longer than this in total [default: 5m]
    #[arg(long, global = true, hide_short_help = true, value_name = "DURATION")]
    pub source_timeout: Option<String>,
    /// Also send registry passwords to these token services: registry=https://origin, comma-separated
    #[arg(long, global = true, hide_short_help = true, value_name = "LIST")]
    pub token_services: Option<String>,
    /// Read scanners' reports from DIR: files `<hex of digest>*.json` by Grype, Trivy or as SARIF
    #[arg(long, global = true, hide_short_help = true, value_name = "DIR")]
    pub reports: Option<String>,
    /// Name in proposals that retire or revoke a tag which files of these repositories on GitHub use it: OWNER/REPO, comma-separated
    #[arg(long, global = true, hide_short_help = true, value_name = "LIST")]
    pub consumers: Option<String>,
}

/// The commands.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Do what the event calls for: promote and propose on a schedule, check pull requests, promote what was merged
    #[command(after_long_help = "Examples:\n  wharfinger run --dry-run        in a job: show what this event would do")]
    Run(Later<Run>),
    /// Show what propose and promote would do
    #[command(
        after_long_help = "Examples:\n  wharfinger plan                 all images of the manifest\n  wharfinger plan loki            one image\n  wharfinger plan --shards 4      with the matrix of four parts for GitHub Actions"
    )]
    Plan(Later<Plan>),
    /// Show what a rule decides about each tag, and why
    #[command(
        after_long_help = "Examples:\n  wharfinger explain loki\n  wharfinger explain grafana/loki --tags tags.txt --versions \"^3\"    try a rule on a list of tags"
    )]
    Explain(Later<Explain>),
    /// Find new versions and propose them, one pull request each
    ///
    /// The manifest on the default branch decides: uncommitted edits are ignored, with a warning.
    #[command(
        after_long_help = "Examples:\n  wharfinger propose --dry-run                 show what would be proposed\n  wharfinger --forge git propose loki          as a branch of this clone, without GitHub"
    )]
    Propose(Later<Propose>),
    /// Check a pull request: the manifest, the evidence, what a merge would promote
    #[command(
        after_long_help = "Examples:\n  wharfinger check                the manifest here, compared with that of the default branch"
    )]
    Check(Later<Images>),
    /// Copy approved bytes to their mirrors and record the digests
    ///
    /// With --forge git, the record is a commit on the default branch of this clone. It is pushed to origin if the push brings
    /// nothing else; if that branch has other unpushed commits, the record stays local, and the output says so. --dry-run shows
    /// which of the two would happen, and what would prevent the record. The next run retries a push that failed.
    #[command(
        after_long_help = "Examples:\n  wharfinger promote --dry-run                 show what would be copied and recorded\n  wharfinger --forge git promote               record on the default branch of this clone\n  wharfinger promote --signatures              also copy signatures that appeared since"
    )]
    Promote(Later<Promote>),
    /// Approve one version: edit the manifest here or open a proposal; a new image is added
    #[command(
        after_long_help = "Examples:\n  wharfinger approve grafana/loki:3.1.0        edit the manifest here\n  wharfinger approve loki --urgent \"CVE-2026-1234\" --propose"
    )]
    Approve(Later<Approve>),
    /// Show what was known of one approval when it was proposed and what is known now, who approved it, when, in which pull request
    #[command(
        after_long_help = "Examples:\n  wharfinger evidence loki:3.1.0\n  wharfinger --format json evidence loki:3.1.0    for auditors"
    )]
    Evidence(Later<Evidence>),
    /// Compare the organization with the manifest: tags, repositories, teams, sources, settings; --issue keeps an issue about it
    #[command(
        after_long_help = "Examples:\n  wharfinger audit\n  wharfinger --format sarif audit --output audit.sarif\n  wharfinger audit --issue        keep one issue on GitHub"
    )]
    Audit(Later<Audit>),
    /// Compare the organization's settings with the manifest's policy; --yes writes them
    #[command(
        after_long_help = "Examples:\n  wharfinger apply-policy         show what differs\n  wharfinger apply-policy --yes   write it"
    )]
    ApplyPolicy(Later<ApplyPolicy>),
    /// Show what each credential is and may do, what is missing and where to fix it; writes nothing
    #[command(
        after_long_help = "Examples:\n  wharfinger doctor\n  wharfinger doctor --hosts       the hosts to open in a firewall"
    )]
    Doctor(Later<Doctor>),
    /// Print or write the files that enforce sign-in to Docker Desktop, with installation instructions
    #[command(after_long_help = "Examples:\n  wharfinger sign-in --output enforce-sign-in")]
    SignIn(Later<SignIn>),
    /// Check what a member of the organization can pull against the manifest and its policy
    #[command(
        override_usage = "wharfinger verify-access [OPTIONS] (--username <NAME> | --script [SHELL] | --results <FILE>) [IMAGE]..."
    )]
    #[command(
        after_long_help = "Examples:\n  wharfinger verify-access --username dev --dockerhub-token-file token.txt\n  wharfinger verify-access --script > verify-access.sh\n  wharfinger verify-access --results results.txt"
    )]
    VerifyAccess(Later<VerifyAccess>),
    /// Show when the mirror's tags were last pulled by somebody else, as Docker Hub shows it; pulls nothing
    ///
    /// Docker Hub shows the last pull of a tag, whoever it was. One that may be our own counts as unknown: promotion may
    /// read what it pushed, and audits may read images of which the manifest selects platforms. When a promotion was
    /// recorded is read from the manifest's history, which needs GITHUB_TOKEN and GITHUB_REPOSITORY, or --forge git.
    #[command(
        after_long_help = "Examples:\n  wharfinger usage\n  wharfinger usage loki --in ../shop --repository acme/billing    and who names it"
    )]
    Usage(Later<Usage>),
    /// Write a page, tables and a Renovate preset about what is approved, for the people who pull it
    ///
    /// index.html works from disk and from any web server, such as GitHub Pages; catalog.json and catalog.md say the same.
    /// renovate.json is a preset: the mirror instead of the source, and only approved versions. The same facts give the same
    /// bytes. Other files in DIR stay, and a file of these names that `catalog` did not write is not replaced.
    #[command(
        after_long_help = "Examples:\n  wharfinger catalog site             what is approved, waiting, rejected and revoked\n  wharfinger catalog site --offline   from the manifest alone"
    )]
    Catalog(Later<Catalog>),
    /// Show what changed between any two images, and why: layers, configuration, packages, vulnerabilities; needs no manifest
    ///
    /// If there is a manifest, its `evidence` says how much is read and who is asked for vulnerabilities. The exit status is 0
    /// whatever differs, and 3 if one of the images cannot be read.
    #[command(
        after_long_help = "Examples:\n  wharfinger diff redis:7.2.4 redis:7.2.5\n  wharfinger diff ghcr.io/acme/tool:1.0 ghcr.io/acme/tool@sha256:... --platform linux/amd64\n  wharfinger --format markdown diff redis:7.2.4 redis:7.2.5    for a comment in a pull request"
    )]
    Diff(Later<Diff>),
    /// Find image references in Dockerfiles, Kubernetes manifests, workflows and the like that are not approved, and what replaces
    /// them; --fix writes it
    ///
    /// The exit status is 1 if an image is neither approved nor allowed; what cannot be resolved, such as a template, is listed
    /// and does not change it. What .gitignore and .git/info/exclude exclude is left out; links are not followed. Only
    /// `--manifest OWNER/REPO@REF:PATH` uses the network: it reads another repository's manifest on GitHub, with a token that may
    /// read it (GITHUB_TOKEN) or, if it is public, without one.
    #[command(
        after_long_help = "Examples:\n  wharfinger scan .\n  wharfinger scan . --fix         replace what can be replaced, with tag and digest\n  wharfinger scan . --manifest acme/images@main:approved-images.yml\n  wharfinger scan . --changed-since origin/main --format sarif --output scan.sarif"
    )]
    Scan(Later<Scan>),
    /// Make a manifest of another tool's configuration, of what a cluster runs, or of what an organization has today
    ///
    /// Prints the manifest; what it cannot hold is listed on standard error, with its place, and makes the exit status 1.
    /// How a tool runs, such as its schedule, is not about images and is passed over. Only `hub` contacts a host.
    #[command(
        override_usage = "wharfinger import [OPTIONS] <regsync|skopeo|image-syncer|rancher|dregsy|kubernetes> <FILE>\n       wharfinger import [OPTIONS] hub <ORGANIZATION> [--sources <FILE>]"
    )]
    #[command(
        after_long_help = "Examples:\n  wharfinger import regsync regsync.yml --output approved-images.yml\n  wharfinger import skopeo sync.yml --organization acme\n  kubectl get pods --all-namespaces -o json | wharfinger import kubernetes - --organization acme\n  wharfinger import hub acme --sources sources.txt    lines such as `loki grafana/loki`"
    )]
    Import(Later<Import>),
    /// Set up a repository: write a first manifest, the workflow and code owners, and say what is left to set
    ///
    /// On a terminal it asks for what was not given; elsewhere the options and their defaults count. No file is overwritten and
    /// no link followed. It ends by running `check` and `doctor`; its exit status is 0 if the files could be written, whatever
    /// these two find.
    #[command(
        after_long_help = "Examples:\n  wharfinger init                 ask\n  wharfinger init --yes --organization acme --source \"grafana/loki ^3\" --owner @acme/platform"
    )]
    Init(Later<Init>),
    /// Print the JSON Schema of the manifest, or of what --format json prints
    #[command(
        after_long_help = "Examples:\n  wharfinger schema > approved-images.schema.json\n  wharfinger schema output"
    )]
    Schema(Later<Schema>),
    /// Print shell completions
    #[command(
        after_long_help = "Examples:\n  wharfinger completions bash > ~/.local/share/bash-completion/completions/wharfinger"
    )]
    Completions(Later<Completions>),
}

/// Which images.
#[derive(Debug, Clone, Default, Args)]
pub struct Images {
    /// Only these images: source, repository, or <repository>-<variant>
    #[arg(value_name = "IMAGE")]
    pub images: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Run {
    /// Show what would be done; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Options of promotion.
    #[command(flatten)]
    pub promotion: Promotion,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Plan {
    #[command(flatten)]
    pub images: Images,
    /// Also print the matrix of N parts for GitHub's job matrix
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=256))]
    pub shards: Option<u32>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Explain {
    /// Only these images: source, repository, or <repository>-<variant>; with --tags, the source of the listed tags
    #[arg(value_name = "IMAGE")]
    pub images: Vec<String>,
    /// Try a rule on the tags in FILE, one per line, or on standard input if FILE is `-`; needs no manifest or network
    #[arg(long, value_name = "FILE")]
    pub tags: Option<String>,
    /// The range, such as "^1.2 || 3.x"
    #[arg(long, value_name = "RANGE", requires = "tags")]
    pub versions: Option<String>,
    /// The exact suffix after the version, or `*`
    #[arg(long, requires = "tags", allow_hyphen_values = true)]
    pub variant: Option<String>,
    /// The regular expression that parses tags
    #[arg(long, requires = "tags")]
    pub pattern: Option<String>,
    /// Which release lines to follow [default: latest]
    #[arg(long, requires = "tags", value_parser = one_of(&["latest", "each-minor", "each-major", "all"]))]
    pub follow: Option<String>,
    /// Include prereleases
    #[arg(long, requires = "tags")]
    pub prereleases: bool,
    /// A tag that is already approved; may be repeated
    #[arg(long, value_name = "TAG", requires = "tags")]
    pub approved: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Propose {
    #[command(flatten)]
    pub images: Images,
    /// Show what would be done; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Approve {
    /// An image of the manifest (source, repository, or <repository>-<variant>) or a new source, such as grafana/loki:3.1.0;
    /// without TAG, the version that the rule picks now
    #[arg(value_name = "IMAGE[:TAG]")]
    pub image: String,
    /// Skip the cooldown for this reason, which the proposal's title and body show
    #[arg(long, value_name = "REASON")]
    pub urgent: Option<String>,
    /// Why it is asked for, in one line: the approval's `reason` in the manifest, and the proposal's body
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Open a proposal instead of editing the working directory; always so in Actions
    #[arg(long)]
    pub propose: bool,
    /// Show what would be done; write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Evidence {
    /// An image of the manifest (source, repository, or <repository>-<variant>) with a tag that is approved
    #[arg(value_name = "IMAGE:TAG")]
    pub image: String,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Promote {
    #[command(flatten)]
    pub images: Images,
    /// Also copy signatures, attestations and SBOMs that appeared after an image was promoted
    #[arg(long)]
    pub signatures: bool,
    /// Also make private repositories public where the manifest says so; a workflow never does
    #[arg(long)]
    pub yes: bool,
    /// Also delete mirror tags whose approval was retired, if the default branch's history records them as promoted
    #[arg(long)]
    pub prune: bool,
    /// How closely the settings of repositories are compared; `run` chooses by event.
    #[arg(skip)]
    pub attention: Attention,
    /// Show what would be done; write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Options of promotion.
    #[command(flatten)]
    pub promotion: Promotion,
}

/// Options of promotion.
#[derive(Debug, Clone, Default, Args)]
pub struct Promotion {
    /// How to record digests; auto is a commit, or a pull request if the branch refuses it [default: auto]
    #[arg(long, value_parser = one_of(&["commit", "pull-request", "auto", "none"]))]
    pub record: Option<String>,
    /// Refuse approvals that reached the branch with fewer than N reviews, whatever the manifest's policy says [default: 0]
    #[arg(long, value_name = "N")]
    pub min_approvals: Option<String>,
    /// Promote part i of N, counting from 1
    #[arg(long, value_name = "i/N")]
    pub shard: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Audit {
    /// Keep one issue on GitHub as the dashboard: open it, update it, close it when nothing differs
    #[arg(long)]
    pub issue: bool,
    /// Write JSON or SARIF to FILE, and print the text for people
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
    /// With --issue: show what would be done; write nothing
    #[arg(long, requires = "issue")]
    pub dry_run: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Usage {
    #[command(flatten)]
    pub images: Images,
    /// Say which files below PATH name each tag; may be repeated
    #[arg(long = "in", value_name = "PATH")]
    pub paths: Vec<String>,
    /// Say which files of this repository on GitHub name each tag, at its default branch; may be repeated
    #[arg(long = "repository", value_name = "OWNER/REPO")]
    pub repositories: Vec<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Catalog {
    /// The directory to write into; it is made if it does not exist
    #[arg(value_name = "DIR")]
    pub directory: String,
    /// Contact no host: say only what the manifest says
    #[arg(long)]
    pub offline: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct ApplyPolicy {
    /// Write what differs; without it, only show the differences
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Doctor {
    /// List the hosts to open in a firewall for this manifest and these settings; contacts none of them
    #[arg(long)]
    pub hosts: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct SignIn {
    /// The organization whose members may use Docker Desktop; may be repeated [default: the manifest's organization]
    #[arg(long, value_name = "NAME")]
    pub organization: Vec<String>,
    /// Write the files into DIR instead of printing them
    #[arg(long, value_name = "DIR")]
    pub output: Option<String>,
    /// Overwrite files in DIR whose content differs
    #[arg(long, requires = "output")]
    pub force: bool,
}

#[derive(Debug, Clone, Default, Args)]
pub struct VerifyAccess {
    #[command(flatten)]
    pub images: Images,
    /// The member whose token DOCKERHUB_TOKEN or --dockerhub-token-file holds: ask the registry what they can pull
    #[arg(long, value_name = "NAME", required_unless_present_any = ["script", "results"])]
    pub username: Option<String>,
    /// Print a script of pulls to run where Docker Desktop is signed in as a member: sh or powershell
    #[arg(long, value_name = "SHELL", num_args = 0..=1, default_missing_value = "sh", conflicts_with = "username",
          value_parser = ["sh", "powershell"])]
    pub script: Option<String>,
    /// Evaluate the script's output, from FILE or from standard input if FILE is `-`
    #[arg(long, value_name = "FILE", conflicts_with_all = ["username", "script"])]
    pub results: Option<String>,
    /// How many sources of each registry to check too, in the manifest's order
    #[arg(long, value_name = "N", default_value_t = crate::policy::access::SAMPLE)]
    pub upstreams: usize,
    /// An image that must be refused: the script pulls it too, and --results checks that; may be repeated
    #[arg(long, value_name = "IMAGE", conflicts_with = "username")]
    pub refused: Vec<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Diff {
    /// The former image: NAME:TAG or NAME@DIGEST, also `oci:DIR:TAG`
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The new image
    #[arg(value_name = "TO")]
    pub to: String,
    /// Compare only this platform, such as linux/amd64
    #[arg(long, value_name = "PLATFORM")]
    pub platform: Option<String>,
    /// Verify signatures of both with the public key in FILE
    #[arg(long, value_name = "FILE")]
    pub key: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Scan {
    /// Files and directories; in a job, the working directory if none is given
    #[arg(value_name = "PATH")]
    pub paths: Vec<String>,
    /// Replace what can be replaced, keeping every other byte
    #[arg(long)]
    pub fix: bool,
    /// Only files that differ from the commit at which REF and HEAD parted, and new ones
    #[arg(long, value_name = "REF")]
    pub changed_since: Option<String>,
    /// Write JSON or SARIF to FILE, and print the text for people
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub struct Import {
    /// Whose configuration it is; `hub` for a running organization
    #[arg(value_name = "KIND", value_parser = ["regsync", "skopeo", "image-syncer", "rancher", "dregsy", "kubernetes", "hub"])]
    pub kind: String,
    /// The file, `-` for standard input; for `hub`, the organization
    #[arg(value_name = "FILE")]
    pub from: String,
    /// The organization that receives the images, if the configuration does not tell or names several
    #[arg(long, value_name = "ORGANIZATION")]
    pub organization: Option<String>,
    /// For `hub`: where each repository comes from, a line `REPOSITORY SOURCE` each; others are left out
    #[arg(long, value_name = "FILE")]
    pub sources: Option<String>,
    /// Write the manifest to FILE, which must not exist
    #[arg(long, value_name = "FILE")]
    pub output: Option<String>,
}

#[derive(Debug, Clone, Default, Args)]
pub struct Init {
    /// The organization that receives the images; not needed if there is a manifest
    #[arg(long, value_name = "NAME")]
    pub organization: Option<String>,
    /// The registry that the organization is in [default: docker.io]
    #[arg(long, value_name = "HOST")]
    pub registry: Option<String>,
    /// An image to approve versions of, and which: "grafana/loki ^3"; may be repeated
    #[arg(long = "source", value_name = "SOURCE [RANGE]")]
    pub sources: Vec<String>,
    /// The token that proposes: a GitHub App's, or the job's own; none writes no workflow [default: app]
    #[arg(long, value_name = "TOKEN", value_parser = one_of(&crate::init::Workflow::NAMES))]
    pub workflow: Option<String>,
    /// The default branch [default: main]
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// When the workflow proposes, as cron has it [default: "17 5 * * *"]
    #[arg(long, value_name = "CRON")]
    pub schedule: Option<String>,
    /// A code owner of the manifest and the workflows, such as @acme/platform; may be repeated
    #[arg(long = "owner", value_name = "OWNER")]
    pub owners: Vec<String>,
    /// Ask nothing
    #[arg(long)]
    pub yes: bool,
}

#[derive(Debug, Clone, Args)]
pub struct Schema {
    /// Which schema
    #[arg(default_value = "manifest", value_parser = ["manifest", "output"])]
    pub of: String,
}

#[derive(Debug, Clone, Args)]
pub struct Completions {
    /// The shell
    pub shell: clap_complete::Shell,
}

/// These values, and the empty one, which counts as absent.
fn one_of(values: &[&'static str]) -> PossibleValuesParser {
    let values = values.iter().map(|&value| PossibleValue::new(value));
    PossibleValuesParser::new(values.chain([PossibleValue::new("").hide(true)]))
}

impl Cli {
    /// The flags that are settings, by the setting's name.
    #[must_use]
    pub fn flags(&self) -> BTreeMap<&'static str, String> {
        let global = &self.global;
        let (dry_run, promotion) = self.command.as_ref().map_or((false, None), Command::settings);
        let promotion = promotion.cloned().unwrap_or_default();
        let given = [
            ("manifest", global.manifest.clone()),
            ("format", global.format.clone()),
            ("log-level", global.log_level.clone()),
            ("forge", global.forge.clone()),
            ("github-token", global.github_token_file.clone()),
            ("dockerhub-username", self.member().or_else(|| global.dockerhub_username.clone())),
            ("dockerhub-token", global.dockerhub_token_file.clone()),
            ("registry-auth", global.registry_auth_file.clone()),
            ("ca-certificates", global.ca_certificates.clone()),
            ("timeout", global.timeout.clone()),
            ("source-timeout", global.source_timeout.clone()),
            ("token-services", global.token_services.clone()),
            ("reports", global.reports.clone()),
            ("consumers", global.consumers.clone()),
            ("dry-run", dry_run.then(|| "true".to_owned())),
            ("record", promotion.record),
            ("min-approvals", promotion.min_approvals),
            ("shard", promotion.shard),
        ];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The member on whose behalf `verify-access` asks; this run then has their token.
    fn member(&self) -> Option<String> {
        match &self.command {
            Some(Command::VerifyAccess(verify)) => verify.username.clone(),
            _ => None,
        }
    }
}

impl Command {
    /// Its flags that are settings.
    fn settings(&self) -> (bool, Option<&Promotion>) {
        match self {
            Self::Run(run) => (run.dry_run, Some(&run.promotion)),
            Self::Promote(promote) => (promote.dry_run, Some(&promote.promotion)),
            Self::Propose(propose) => (propose.dry_run, None),
            Self::Approve(approve) => (approve.dry_run, None),
            Self::Audit(audit) => (audit.dry_run, None),
            _ => (false, None),
        }
    }
}
