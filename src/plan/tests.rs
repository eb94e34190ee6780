#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::ownership::{Keeper, Owned, Ownership};
use super::repository::Adoption;
use super::scope::UnknownImage;
use super::*;
use crate::diag::Span;
use crate::image::{Digest, Location, RepositoryName};
use crate::manifest::{
    Approval, Destination, Enforcement, Image, Manifest, Permission, Policy, Proposals, Revocation, Team, Visibility,
};
use crate::rules::Rule;

fn digest(letter: char) -> Digest {
    format!("sha256:{}", letter.to_string().repeat(64)).parse().unwrap()
}

fn approval(tag: &str, reviewed: char, mirrored: Option<char>) -> Approval {
    Approval {
        tag: tag.parse().unwrap(),
        digest: digest(reviewed),
        mirrored: mirrored.map(digest),
        pull: None,
        approved_on: None,
        signed_by: None,
        reason: None,
        span: Span::default(),
    }
}

fn image(source: &str, approved: Vec<Approval>) -> Image {
    let location: Location = source.parse().unwrap();
    Image {
        file: 0,
        index: 0,
        span: Span::default(),
        source_text: source.to_owned(),
        repository: location.last().parse().unwrap(),
        adopt: false,
        source: location,
        description: None,
        rule: Rule::Tags(Vec::new()),
        approved,
        rejected: Vec::new(),
        aliases: Vec::new(),
        revoked: Vec::new(),
        visibility: Visibility::Private,
        teams: BTreeMap::new(),
        platforms: None,
        cooldown: Duration::ZERO,
        fixes: None,
        rebuilds: true,
        keep: crate::manifest::Keep::default(),
        immutable_tags: false,
        reviewers: Vec::new(),
        team_reviewers: Vec::new(),
        labels: Vec::new(),
        signatures: None,
        provenance: None,
    }
}

fn manifest(images: Vec<Image>) -> Manifest {
    Manifest {
        files: Vec::new(),
        required_version: None,
        organization: "acme".to_owned(),
        registry: Destination::Registry(crate::image::RegistryHost::docker_hub()),
        sources: None,
        repositories: Enforcement::Enforce,
        policy: Policy::default(),
        proposals: Proposals::default(),
        guards: Vec::new(),
        cooldowns: Vec::new(),
        inspection: crate::manifest::Inspection::default(),
        advisories: None,
        images,
    }
}

fn name(value: Option<char>) -> String {
    value.map_or_else(|| "-".to_owned(), |c| c.to_string())
}

/// The name that reports and other programs use.
fn word(state: State) -> String {
    serde_json::to_value(state).unwrap().as_str().unwrap().to_owned()
}

/// Every combination of what is recorded, what the mirror has, what is expected, what upstream says, reviews and
/// revocation, as one table for people to read. `a` is the approved digest, `b` what `platforms` make of it, `d` an
/// older record, `f` something foreign; `-` is nothing, or unknown.
#[test]
fn table_of_all_combinations() {
    let mut table =
        String::from("expected recorded mirror | upstream ok, lost, not asked | unreviewed (ok) | revoked\n");
    for expected in [Some('a'), Some('b'), None] {
        for recorded in [None, Some('a'), Some('b'), Some('d')] {
            for mirror in [None, Some('a'), Some('b'), Some('d'), Some('f')] {
                let one = |upstream, unreviewed: bool, revoked: bool| {
                    let mut image = image("grafana/loki", vec![approval("3.1.0", 'a', recorded)]);
                    if expected != Some('a') {
                        image.platforms = Some(vec!["linux/amd64".parse().unwrap()]);
                    }
                    if revoked {
                        image.revoked.push(revocation('a'));
                    }
                    let observed = Observed {
                        mirror: mirror.map(digest),
                        not_ours: None,
                        upstream,
                        expected: expected.map(digest),
                        review: unreviewed.then(|| Review::TooFew("too few".to_owned())),
                        ..Observed::default()
                    };
                    word(decide(&image, &image.approved[0], &observed).state)
                };
                table.push_str(&format!(
                    "{:8} {:8} {:6} | {:14} {:14} {:14} | {:14} | {}\n",
                    name(expected),
                    name(recorded),
                    name(mirror),
                    one(Some(true), false, false),
                    one(Some(false), false, false),
                    one(None, false, false),
                    one(Some(true), true, false),
                    one(Some(true), false, true),
                ));
            }
        }
    }
    insta::assert_snapshot!("table_of_all_combinations", table);
}

#[test]
fn what_is_not_ours_is_left_alone_whatever_else_is_known() {
    for (recorded, mirror) in
        [(None, None), (None, Some('a')), (None, Some('f')), (Some('a'), None), (Some('a'), Some('f'))]
    {
        let mut image = image("grafana/loki", vec![approval("3.1.0", 'a', recorded)]);
        let not_ours = Some("acme/loki exists already, not ours".to_owned());
        let observed =
            Observed { mirror: mirror.map(digest), expected: Some(digest('a')), not_ours, ..Observed::default() };
        let decision = decide(&image, &image.approved[0], &observed);
        assert_eq!((decision.state, decision.lacks), (State::NotOurs, None));
        image.revoked.push(revocation('a'));
        assert_eq!(decide(&image, &image.approved[0], &observed).state, State::Revoked);
    }
}

#[test]
fn what_the_mirror_alone_says_is_unknown() {
    let mut image = image("grafana/loki", vec![approval("3.1.0", 'a', Some('b'))]);
    image.platforms = Some(vec!["linux/amd64".parse().unwrap()]);
    let observed = |upstream, expected: Option<char>| Observed {
        mirror: Some(digest('b')),
        claimed: Some(digest('b')),
        expected: expected.map(digest),
        review: Some(Review::Enough),
        upstream,
        ..Observed::default()
    };
    let decided = |observed: Observed| decide(&image, &image.approved[0], &observed);
    assert_eq!(decided(observed(None, None)).lacks, Some(Fact::Upstream), "upstream is asked");
    assert_eq!(decided(observed(Some(true), Some('b'))).state, State::Present);
    assert_eq!(decided(observed(Some(true), Some('c'))).state, State::Copy, "forged: it is copied over");
    assert_eq!(decided(observed(Some(false), None)).state, State::Unknown);
    let elsewhere = Observed { mirror: Some(digest('f')), ..observed(Some(false), None) };
    assert_eq!(decided(elsewhere).state, State::SourceLost);
}

#[test]
fn what_two_readers_understand_differently_is_refused() {
    let image = image("grafana/loki", vec![approval("3.1.0", 'a', None)]);
    let seen = Observed { upstream: Some(true), refused: Some("why".to_owned()), ..Observed::default() };
    let decision = decide(&image, &image.approved[0], &seen);
    assert_eq!((decision.state, decision.lacks), (State::Refused, None));
}

fn revocation(of: char) -> Revocation {
    Revocation {
        tag: "3.0.9".parse().unwrap(),
        digest: digest(of),
        reason: "CVE-2027-1234".to_owned(),
        delete: false,
        span: Span::default(),
    }
}

#[test]
fn a_plan_says_in_words_what_it_does() {
    let mut loki = image(
        "grafana/loki",
        vec![
            approval("1", 'a', None),
            approval("2", 'b', Some('0')),
            approval("3", 'c', Some('c')),
            approval("4", 'd', Some('d')),
            approval("5", 'e', None),
            approval("6", 'f', None),
            approval("7", '1', None),
            approval("8", '2', Some('2')),
            approval("9", '3', None),
            approval("10", '4', None),
        ],
    );
    loki.revoked.push(revocation('1'));
    let mut redis = image("redis", vec![approval("7", 'a', None)]);
    redis.platforms = Some(vec!["linux/amd64".parse().unwrap(), "linux/arm64".parse().unwrap()]);
    let manifest = manifest(vec![loki, redis]);
    let see = |mirror: Option<char>, upstream, expected: Option<char>| Observed {
        mirror: mirror.map(digest),
        not_ours: None,
        upstream,
        expected: expected.map(digest),
        ..Observed::default()
    };
    let observed = [
        ("loki", "1", see(None, Some(true), Some('a'))),
        ("loki", "2", see(Some('0'), Some(true), Some('b'))),
        ("loki", "3", see(Some('c'), None, Some('c'))),
        ("loki", "4", see(None, Some(true), Some('d'))),
        ("loki", "5", see(Some('e'), None, Some('e'))),
        ("loki", "6", see(None, Some(false), Some('f'))),
        ("loki", "7", see(None, None, Some('1'))),
        ("loki", "8", see(Some('9'), None, Some('2'))),
        ("loki", "9", see(Some('9'), None, Some('3'))),
        ("redis", "7", see(None, Some(true), Some('0'))),
    ];
    let key = |repository: &str, tag: &str| Key { repository: repository.parse().unwrap(), tag: tag.parse().unwrap() };
    let observed = observed.into_iter().map(|(r, t, o)| (key(r, t), o)).collect();
    let steps = plan(&manifest, &observed);
    let lines: Vec<String> =
        steps.iter().map(|s| format!("{}:{} {} — {}", s.repository, s.tag, word(s.state), s.detail)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
loki:1 copy — copies aaaaaaaaaaaa from grafana/loki
loki:2 copy — moves the tag from 000000000000 to bbbbbbbbbbbb
loki:3 present — promoted
loki:4 copy — the mirror has lost the tag: copies dddddddddddd again
loki:5 tag-only — the mirror already has it; its bytes are verified and recorded
loki:6 source-lost — grafana/loki no longer has sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff: approve what it has now, or remove the approval
loki:7 revoked — revoked: CVE-2027-1234
loki:8 mirror-differs — the mirror's tag resolves to 999999999999, not to the recorded 222222222222: somebody else moved it, so it is left alone; delete it there to have the approved image copied
loki:9 mirror-differs — the mirror's tag already resolves to 999999999999, which is not recorded: it is left alone; delete it there to have the approved image copied
redis:7 copy — copies 000000000000, a new index with linux/amd64, linux/arm64 of aaaaaaaaaaaa
");
    let failed: Vec<FailedStep> = steps.iter().filter_map(Step::failure).map(|f| f.step).collect();
    assert_eq!(failed, [FailedStep::SourceLost, FailedStep::MirrorDiffers, FailedStep::MirrorDiffers]);
    assert!(!steps.iter().any(|s| s.tag.as_str() == "10"), "what was not observed has no step");
}

#[test]
fn repositories_are_created_as_the_manifest_says() {
    let mut loki = image("grafana/loki", vec![approval("1", 'a', None)]);
    loki.teams.insert("developers".to_owned(), Team { permission: Permission::Read, create: false });
    loki.teams.insert("ops".to_owned(), Team { permission: Permission::Admin, create: true });
    let mut redis = image("redis", vec![approval("1", 'a', None)]);
    redis.visibility = Visibility::Public;
    let idle = image("quay.io/minio/minio", vec![approval("1", 'a', Some('a'))]);
    let mut manifest = manifest(vec![loki, redis, idle]);
    let steps = plan(&manifest, &observe_all(&manifest));
    let missing: BTreeSet<RepositoryName> = ["loki".parse().unwrap()].into();
    let keeper = Keeper { repository: Some("acme/images".to_owned()), path: "approved-images.yml".to_owned() };
    let (found, mut owned) = (BTreeMap::new(), BTreeMap::new());
    let make = |manifest: &Manifest, owned: &BTreeMap<_, _>| {
        let seen = SeenRepositories { missing: &missing, found: &found, owned, keeper: &keeper };
        repositories(manifest, &steps, seen, Consent::default())
    };
    let made = make(&manifest, &owned);
    let lines: Vec<String> = made.iter().map(|r| format!("{} {}", r.create, r.detail)).collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
true creates acme/loki, private, developers: read, ops: admin (created if missing)
false acme/redis exists
");
    insta::assert_snapshot!(made[0].full_description, @r"
# loki

Copies of approved images from:

- `grafana/loki`

Every tag was approved by a pull request to `approved-images.yml` and holds exactly the bytes that were reviewed there. Do not push here by hand: unapproved tags are reported.

Kept by Wharfinger: acme/images, approved-images.yml
");
    let redis: RepositoryName = "redis".parse().unwrap();
    let whose = |ownership, text: &str| Owned { ownership, full_description: Some(text.to_owned()) };
    owned.insert(redis.clone(), whose(Ownership::Adopted, "Ours\n"));
    let adopted = make(&manifest, &owned)[1].clone();
    insta::assert_snapshot!(adopted.detail, @"takes over acme/redis, which exists and was not ours; its full description then ends with `Kept by Wharfinger: acme/images, approved-images.yml`");
    let text = "Ours\n\nKept by Wharfinger: acme/images, approved-images.yml\n";
    assert_eq!(adopted.adoption, Some(Adoption { full_description: Some(text.to_owned()) }));
    owned.insert(redis, whose(Ownership::NotOurs("not ours".to_owned()), ""));
    let names: Vec<String> = make(&manifest, &owned).iter().map(|step| step.name.to_string()).collect();
    assert_eq!(names, ["loki"], "what is not ours is not touched");
    manifest.registry = Destination::Registry("ghcr.io".parse().unwrap());
    assert!(make(&manifest, &owned).is_empty(), "other destinations make repositories by themselves");
}

fn observe_all(manifest: &Manifest) -> BTreeMap<Key, Observed> {
    let all = manifest.approvals();
    all.map(|(image, a)| {
        let seen = Observed { mirror: a.mirrored.clone(), expected: Some(a.digest.clone()), ..Observed::default() };
        (Key::of(image, a), seen)
    })
    .collect()
}

/// The shard, out of `count`, of every image.
fn shards(manifest: &Manifest, count: u32) -> Vec<u32> {
    let scopes: Vec<Scope> = (1..=count).map(|n| Scope::new(manifest, &[], Some((n, count))).unwrap()).collect();
    let of = |image: usize| {
        let holding: Vec<u32> = (1..=count).filter(|n| scopes[*n as usize - 1].contains(image)).collect();
        assert_eq!(holding.len(), 1, "the image {image} is in the shards {holding:?}");
        holding[0]
    };
    (0..manifest.images.len()).map(of).collect()
}

#[test]
fn shards_hold_every_image_once_and_stay() {
    let mut images: Vec<Image> = (0..200).map(|n| image(&format!("team-{n}/app-{n}"), Vec::new())).collect();
    let before = shards(&manifest(images.clone()), 5);
    for number in 1..=5 {
        let held = before.iter().filter(|shard| **shard == number).count();
        assert!(held > 20, "shard {number} has {held} of 200");
    }
    images.push(image("team-200/app-200", Vec::new()));
    assert_eq!(shards(&manifest(images), 5)[..200], before, "one image more moves no other");
    assert_eq!(shards(&manifest(vec![image("grafana/loki", Vec::new())]), 4), [3], "in every release");
}

#[test]
fn images_that_share_blobs_share_a_shard() {
    let of_grafana = (0..20).map(|n| image(&format!("grafana/app-{n}"), Vec::new()));
    let mut official = vec![image("redis", Vec::new()), image("postgres", Vec::new()), image("nginx", Vec::new())];
    official.extend(of_grafana);
    let shards = shards(&manifest(official), 7);
    assert!(shards[3..].iter().all(|shard| *shard == shards[3]), "one publisher: {shards:?}");
    assert!(shards[..3].iter().any(|shard| *shard != shards[0]), "official images have many makers: {shards:?}");
}

#[test]
fn no_two_shards_write_one_repository() {
    let mut moved = image("quay.io/prom/redis", Vec::new());
    moved.repository = "redis".parse().unwrap();
    for count in 2..20 {
        let shards = shards(&manifest(vec![image("redis", Vec::new()), moved.clone()]), count);
        assert_eq!(shards[0], shards[1], "of {count}");
    }
}

#[test]
fn images_are_called_by_source_repository_or_slug() {
    let manifest = manifest(vec![image("grafana/loki", Vec::new()), image("redis", Vec::new())]);
    for name in ["grafana/loki", "loki", "docker.io/grafana/loki"] {
        let scope = Scope::new(&manifest, &[name.to_owned()], None).unwrap();
        assert!(scope.contains(0) && !scope.contains(1), "{name}");
    }
    assert_eq!(Scope::new(&manifest, &["lokki".to_owned()], None), Err(UnknownImage("lokki".to_owned())));
}
