//! The manifest as it is written: every mapping with its keys, before defaults and before what spans several keys is
//! checked. Reading, known keys and the JSON Schema all come from here.

use chrono::NaiveDate;
use semver::VersionReq;

use super::forms::{CooldownForm, Teams};
use super::lists::{Filled, Platforms, Unique};
use super::names::{BranchPrefix, FileGlob, FilePath, HubRepository, Label, Login, Message, Organization, SignOff};
use super::object::object;
use super::read::Written;
use super::scalars::{Allowed, LayerBytes, Proposed, Source, Text, Whole};
use super::signers::{Asked, Required};
use super::{Destination, Enforcement, Grouping, Keep, Visibility, Vulnerabilities};
use crate::image::{Digest, RegistryHost, RepositoryName, Tag};
use crate::rules::{Follow, Pattern, Range, Variant};

object! {
    /// Images that an organization approves, with the digests that were reviewed.
    Main, "the manifest";
    /// The version of this format: 1.
    optional version "version": Whole<1, 1>,
    /// The releases of wharfinger that may act on this manifest, as Cargo writes requirements: ">=0.2", ">=0.2, <0.5", "0.2" (which
    /// is 0.2.x). Another one exits with 2.
    optional required_version "required-version": VersionReq,
    /// The organization (namespace) that receives the images.
    required organization "organization": Organization,
    /// The registry that receives them: docker.io by default, or oci:DIRECTORY.
    optional registry "registry": Destination,
    /// Hosts that images may come from; any by default.
    optional sources "sources": Filled<RegistryHost>,
    /// Further files with `images` and `defaults`, as globs from this file's directory; each must match one.
    optional include "include": Unique<FileGlob>,
    /// What promotion does about repositories whose settings have drifted: enforce (default) or report.
    optional repositories "repositories": Enforcement,
    /// Defaults for every image that does not override them.
    optional defaults "defaults": Defaults,
    /// What the organization's settings should be.
    optional policy "policy": Written<Policy>,
    /// How pull requests are made.
    optional proposals "proposals": Proposals,
    /// What is looked at inside images before they are proposed.
    optional evidence "evidence": Evidence,
    /// A file of the organization's advisories (OSV): what is approved and named there is proposed to be revoked.
    optional advisories "advisories": FilePath,
    /// The images.
    optional images "images": Vec<Image>,
}

/// Why keys of the main file cannot stand in an included one.
const MAIN_ONLY: &str = "move it to the main file: an included file may only contain `images` and `defaults`";
/// Why what applies to the whole manifest cannot stand in an image or the defaults.
const TOP_ONLY: &str = "move it to the top of the main file: it applies to all images";
/// Why keys of an image cannot stand in the defaults.
const IMAGE_ONLY: &str = "move it to the image: it cannot apply to more than one";

object! {
    /// A file that a manifest includes.
    Included, "an included file", misplaced &[
        ("version", MAIN_ONLY), ("organization", MAIN_ONLY), ("registry", MAIN_ONLY), ("sources", MAIN_ONLY),
        ("include", MAIN_ONLY), ("repositories", MAIN_ONLY), ("policy", MAIN_ONLY), ("proposals", MAIN_ONLY),
        ("evidence", MAIN_ONLY), ("advisories", MAIN_ONLY),
    ];
    /// Defaults for every image in this file; they override the main file's, key by key.
    optional defaults "defaults": Defaults,
    /// The images.
    optional images "images": Vec<Image>,
}

object! {
    /// Defaults for every image that does not override them.
    Defaults, "the defaults", misplaced &[
        ("source", IMAGE_ONLY), ("repository", IMAGE_ONLY), ("adopt", IMAGE_ONLY), ("approved", IMAGE_ONLY),
        ("rejected", IMAGE_ONLY), ("revoked", IMAGE_ONLY), ("evidence", TOP_ONLY),
        ("advisories", TOP_ONLY),
    ];
    ..settings: Settings,
}

object! {
    /// One image: where it comes from, how its versions are chosen, and what was approved.
    Image, "an image", misplaced &[("evidence", TOP_ONLY), ("advisories", TOP_ONLY)];
    /// Where it comes from: grafana/loki, ghcr.io/owner/name, oci:DIRECTORY.
    required source "source": Source,
    /// Its name in the organization; the last part of the source by default.
    optional repository "repository": RepositoryName,
    /// Whether to take over an existing Docker Hub repository of that name that was not created from this manifest;
    /// false by default.
    optional adopt "adopt": bool,
    /// Versions that were approved, each with the digest that was reviewed.
    optional approved "approved": Written<Vec<Approval>>,
    /// Versions that were rejected.
    optional rejected "rejected": Written<Vec<Rejection>>,
    /// Versions that must never come again.
    optional revoked "revoked": Written<Vec<Revocation>>,
    ..settings: Settings,
}

object! {
    /// Keys that an image and the defaults share.
    Settings, "an image";
    /// The repository's description in the organization; at most 100 characters.
    optional description "description": Text<100>,
    /// The wanted versions, as an npm range: ">=2.9, <4 || ^4.1".
    optional versions "versions": Range,
    /// The exact suffix after the version, or "*" for any one. A bare number before it is part of it (`22-trixie`)
    /// unless the variant is written without it.
    optional variant "variant": Variant,
    /// A regular expression for tags that are not ordinary versions. It must match the whole tag; its group `version` is
    /// compared first, and further groups break ties, in order and as numbers. Optional groups allow for a publisher whose
    /// precision changed: `(?<version>25)(\.(?<b>\d+)\.(?<c>\d+))?_(?<build>\d+)`. It cannot order commit hashes or letters
    /// (`1.1.1w`, `2024b`).
    optional pattern "pattern": Pattern,
    /// Floating tags to follow by digest, and nothing else; codenames such as `bookworm` are allowed.
    optional tags "tags": Filled<Tag>,
    /// Which lines of versions to follow: latest (default), each-minor, each-major or all.
    optional follow "follow": Follow,
    /// How long a version must have been public before it is proposed: 3d by default; s, m, h, d, w. As a mapping, with a shorter
    /// one for versions that fix vulnerabilities.
    optional cooldown "cooldown": CooldownForm,
    /// Whether prereleases are proposed.
    optional prereleases "prereleases": bool,
    /// Whether a rebuild of an approved version is proposed: propose (default) or ignore.
    optional rebuilds "rebuilds": Proposed,
    /// How many of a line's newest approvals to keep when an update comes: all (default) or a number. As a mapping, also for how long
    /// nobody may have pulled an older one before its retirement is proposed.
    optional keep "keep": Keep,
    /// Further tags at the mirror that follow the newest approval: `latest`, or the first parts of a version ("3", "3.1").
    optional aliases "aliases": Unique<Tag>,
    /// The platforms to copy: all (default) keeps the index byte for byte.
    optional platforms "platforms": Platforms,
    /// Whether the mirror is private (default) or public.
    optional visibility "visibility": Visibility,
    /// Docker Hub teams and their permissions.
    optional teams "teams": Teams,
    /// Whether to make promoted tags immutable on Docker Hub, so that nobody can move them; needs `rebuilds: ignore`.
    optional immutable_tags "immutable-tags": bool,
    /// Who must have signed the image: bytes of which that is not verified are neither proposed nor promoted. `none` where the defaults
    /// ask for signatures and this image is to have none.
    optional signatures "signatures": Asked,
    /// Where the image must have been built, by a statement that is signed as `signatures` asks; `none` where the defaults ask for it.
    optional provenance "provenance": Required,
    /// People asked to review this image's proposals.
    optional reviewers "reviewers": Unique<Login>,
    /// Teams asked to review this image's proposals.
    optional team_reviewers "team-reviewers": Unique<Login>,
    /// Labels on this image's proposals.
    optional labels "labels": Unique<Label>,
}

object! {
    /// One approval: a person let these bytes in under this tag.
    Approval, "an approval";
    /// The tag, upstream and in the mirror.
    required tag "tag": Tag,
    /// What was reviewed: the digest of the upstream index or manifest.
    required digest "digest": Digest,
    /// What the mirror's tag held when it was last read; written by promotion.
    optional mirrored "mirrored": Digest,
    /// The pull request that added it; written by promotion, for people.
    optional pull "pull": Whole<1, 1_000_000_000>,
    /// The UTC date of the commit that added it; written by promotion, for people.
    optional approved_on "approved-on": NaiveDate,
    /// Who signed what `signatures` asked for; written by promotion, for people.
    optional signed_by "signed-by": Text<1000>,
    /// Why it was asked for: one line, for people.
    optional reason "reason": Text<200>,
}

object! {
    /// A version that was rejected.
    Rejection, "a rejection";
    /// The tag.
    required tag "tag": Tag,
    /// The reason, for people.
    required reason "reason": Text<500>,
    /// The last day on which it applies.
    optional until "until": NaiveDate,
}

object! {
    /// Bytes that must never come again.
    Revocation, "a revocation";
    /// The tag.
    required tag "tag": Tag,
    /// The digest that was approved.
    required digest "digest": Digest,
    /// The reason, for people.
    required reason "reason": Text<500>,
    /// Whether to delete the mirror's tag.
    optional delete "delete": bool,
}

object! {
    /// What the organization's settings should be; settings that are left out are neither compared nor written.
    Policy, "the policy";
    /// Image Access Management.
    optional image_access "image-access": ImageAccess,
    /// Registry Access Management.
    optional registry_access "registry-access": RegistryAccess,
    /// Reviews that an approval needs before it is promoted; 0 by default.
    optional approvals "approvals": Whole<0, 100>,
}

object! {
    /// Image Access Management: which categories of Docker Hub images developers may pull.
    ImageAccess, "the image access settings";
    /// Whether it is switched on.
    optional enabled "enabled": bool,
    /// Docker Official Images: allowed or restricted.
    optional official "official": Allowed,
    /// Verified Publishers: allowed or restricted.
    optional verified_publisher "verified-publisher": Allowed,
    /// Community images: allowed or restricted.
    optional community "community": Allowed,
    /// Docker Hub repositories that are allowed with all their tags.
    optional allowlist "allowlist": Unique<HubRepository>,
}

object! {
    /// Registry Access Management: where developers may pull from.
    RegistryAccess, "the registry access settings";
    /// Whether it is switched on.
    optional enabled "enabled": bool,
    /// Docker Hub: allowed or restricted.
    optional docker_hub "docker-hub": Allowed,
    /// Other registries that developers may pull from.
    optional registries "registries": Vec<AllowedRegistry>,
}

object! {
    /// A registry that developers may pull from.
    AllowedRegistry, "a registry";
    /// Its host.
    required address "address": RegistryHost,
    /// Its display name; the host by default.
    optional name "name": Text<100>,
}

object! {
    /// What is looked at inside images before they are proposed.
    Evidence, "the evidence settings";
    /// The most compressed bytes of an image's layers that are read, for each platform: 200MB by default.
    optional layers "layers": LayerBytes,
    /// Who is asked for known vulnerabilities: none (default), osv (its API) or reports (files by scanners).
    optional vulnerabilities "vulnerabilities": Vulnerabilities,
    /// Files that say which vulnerabilities do not apply, as globs from this file's directory: OpenVEX, CycloneDX or CSAF.
    optional vex "vex": Unique<FileGlob>,
}

object! {
    /// How pull requests are made.
    Proposals, "the proposal settings";
    /// How changes are grouped into proposals: image (default), all, or groups of globs.
    optional group "group": Grouping,
    /// How many proposals may be open at once; 10 by default.
    optional limit "limit": Whole<1, 1000>,
    /// Labels on every proposal.
    optional labels "labels": Unique<Label>,
    /// People asked to review every proposal.
    optional reviewers "reviewers": Unique<Login>,
    /// Teams asked to review every proposal.
    optional team_reviewers "team-reviewers": Unique<Login>,
    /// The prefix of all branches; wharfinger/ by default.
    optional branch_prefix "branch-prefix": BranchPrefix,
    /// The template for titles.
    optional title "title": Text<200>,
    /// The template for commit messages.
    optional commit_message "commit-message": Message,
    /// The name and address for a Signed-off-by line in every commit.
    optional sign_off "sign-off": SignOff,
}
