//! Catalogues of every kind of entry, of hostile texts, and of a size that no organization has.

use chrono::NaiveDate;
use wharfinger::internals::catalog::{
    Catalog, CatalogImage, CatalogPlatform, CatalogRejection, CatalogRevocation, CatalogTag, CatalogWaiting,
    SignatureState, TagState, WaitingState,
};
use wharfinger::internals::image::Digest;

pub fn catalog(images: Vec<CatalogImage>) -> Catalog {
    Catalog { organization: "acme".to_owned(), images, unknown: Vec::new() }
}

pub fn image(name: &str, source: &str) -> CatalogImage {
    CatalogImage {
        source: source.to_owned(),
        repository: name.parse().unwrap(),
        mirror: format!("acme/{name}"),
        spellings: [Vec::new(), Vec::new()],
        description: None,
        category: None,
        rule: "The newest patch of every minor version from 3.0".to_owned(),
        approved: Vec::new(),
        waiting: Vec::new(),
        rejected: Vec::new(),
        revoked: Vec::new(),
    }
}

/// A promoted tag.
pub fn tag(image: &str, tag: &str) -> CatalogTag {
    let digest = Digest::sha256(format!("{image}:{tag}").as_bytes());
    CatalogTag {
        tag: tag.parse().unwrap(),
        aliases: Vec::new(),
        reference: format!("acme/{image}:{tag}"),
        pinned: Some(format!("acme/{image}:{tag}@{digest}")),
        state: TagState::Available,
        mirrored: Some(digest.clone()),
        digest,
        platforms: platforms(&[("linux/amd64", 41_300_000), ("linux/arm64", 39_800_000)]),
        signature: SignatureState::NotRequired,
        signed_by: None,
        approved_on: NaiveDate::from_ymd_opt(2026, 11, 12),
        pull: Some(41),
        url: Some("https://github.example/acme/images/pull/41".to_owned()),
        reviewers: Some(vec!["ann".to_owned(), "bob".to_owned()]),
        reason: None,
    }
}

/// The same before promotion.
pub fn pending(image: &str, name: &str) -> CatalogTag {
    CatalogTag { pinned: None, state: TagState::NotPromoted, mirrored: None, platforms: Vec::new(), ..tag(image, name) }
}

fn platforms(all: &[(&str, u64)]) -> Vec<CatalogPlatform> {
    all.iter().map(|(name, size)| CatalogPlatform { platform: (*name).to_owned(), size: Some(*size) }).collect()
}

pub fn revocation(image: &str, tag: &str, reason: &str, instead: Option<&str>) -> CatalogRevocation {
    CatalogRevocation {
        tag: tag.parse().unwrap(),
        digest: Digest::sha256(format!("{image}:{tag}").as_bytes()),
        reason: reason.to_owned(),
        instead: instead.map(|tag| tag.parse().unwrap()),
    }
}

fn waiting(tag: &str, state: WaitingState, why: &str, until: Option<&str>, url: Option<&str>) -> CatalogWaiting {
    let [until, url] = [until, url].map(|text| text.map(str::to_owned));
    CatalogWaiting { tag: tag.parse().unwrap(), state, why: why.to_owned(), until, url }
}

/// An organization's images, with every kind of entry.
pub fn ordinary() -> Catalog {
    let official = Some("Docker Official Image".to_owned());
    let alpine = CatalogImage {
        description: Some("A minimal base of 3 MB; for static binaries and small tools.".to_owned()),
        category: official.clone(),
        approved: vec![CatalogTag {
            aliases: vec!["3.20".parse().unwrap(), "3".parse().unwrap()],
            platforms: platforms(&[
                ("linux/amd64", 3_600_000),
                ("linux/arm/v7", 3_100_000),
                ("linux/arm64", 4_100_000),
            ]),
            pull: Some(12),
            url: Some("https://github.example/acme/images/pull/12".to_owned()),
            reviewers: Some(vec!["ann".to_owned()]),
            ..tag("alpine", "3.20.3")
        }],
        ..image("alpine", "docker.io/library/alpine")
    };
    let envoy = CatalogImage {
        description: Some("Proxy at the edge and beside services.".to_owned()),
        approved: vec![CatalogTag {
            mirrored: Some(Digest::sha256(b"only linux/amd64")),
            pinned: Some(format!("acme/envoy:v1.32.1@{}", Digest::sha256(b"only linux/amd64"))),
            platforms: platforms(&[("linux/amd64", 71_000_000)]),
            pull: None,
            url: None,
            reviewers: None,
            approved_on: None,
            ..tag("envoy", "v1.32.1")
        }],
        ..image("envoy", "docker.io/envoyproxy/envoy")
    };
    let legacy = CatalogImage {
        revoked: vec![revocation("legacy-tool", "0.9", "Abandoned upstream; nobody fixes it any more.", None)],
        ..image("legacy-tool", "quay.io/example/legacy-tool")
    };
    let pause = CatalogImage {
        approved: vec![CatalogTag { signature: SignatureState::Required, ..pending("pause", "3.10") }],
        ..image("pause", "registry.k8s.io/pause")
    };
    let postgres = CatalogImage {
        description: Some("The database of our services. Major versions are upgraded once a year.".to_owned()),
        category: official,
        approved: vec![CatalogTag {
            reason: Some("Fixes CVE-2026-10979; needed by billing before the release.".to_owned()),
            ..tag("postgres", "17.2")
        }],
        rejected: (1..=7).map(rejected_candidate).collect(),
        waiting: vec![waiting(
            "18.0",
            WaitingState::Proposed,
            "",
            None,
            Some("https://github.example/acme/images/pull/77"),
        )],
        ..image("postgres", "docker.io/library/postgres")
    };
    let images = vec![alpine, envoy, legacy, loki(), mimir(), openssl(), pause, postgres];
    let unknown = vec!["The pages of pull requests: acme/envoy's history begins before the manifest".to_owned()];
    Catalog { unknown, ..catalog(images) }
}

fn rejected_candidate(number: u8) -> CatalogRejection {
    let tag = format!("17.0-rc{number}").parse().unwrap();
    CatalogRejection { tag, reason: "Not for production".to_owned(), until: None }
}

fn loki() -> CatalogImage {
    let newest = CatalogTag {
        aliases: ["3.1", "3", "latest"].map(|alias| alias.parse().unwrap()).into(),
        signature: SignatureState::Verified,
        signed_by: Some("https://github.com/grafana/loki/.github/workflows/release.yml".to_owned()),
        ..tag("loki", "3.1.0")
    };
    let others = ["3.0.2", "3.0.1", "3.0.0", "2.9.9", "2.9.8"].map(|name| tag("loki", name));
    let mut approved = vec![pending("loki", "3.1.1"), newest];
    approved.extend(others);
    CatalogImage {
        description: Some("Log aggregation; queried from Grafana.".to_owned()),
        category: Some("Verified Publisher".to_owned()),
        approved,
        waiting: vec![waiting(
            "3.2.0",
            WaitingState::Waiting,
            "it is younger than 7 days",
            Some("2026-12-04T05:17:00Z"),
            None,
        )],
        rejected: vec![
            CatalogRejection {
                tag: "3.2.0-rc.1".parse().unwrap(),
                reason: "A release candidate".to_owned(),
                until: None,
            },
            CatalogRejection {
                tag: "3.0.3".parse().unwrap(),
                reason: "Loses labels on restart, grafana/loki#14238".to_owned(),
                until: NaiveDate::from_ymd_opt(2027, 1, 31),
            },
        ],
        ..image("loki", "docker.io/grafana/loki")
    }
}

fn mimir() -> CatalogImage {
    CatalogImage {
        category: Some("Verified Publisher".to_owned()),
        approved: vec![CatalogTag { signature: SignatureState::Required, ..tag("mimir", "2.14.1") }],
        ..image("mimir", "docker.io/grafana/mimir")
    }
}

fn openssl() -> CatalogImage {
    let reason = "CVE-2026-20481 allows remote code execution; rebuild everything that is based on it.";
    CatalogImage {
        approved: vec![tag("openssl-tools", "3.3.2")],
        revoked: vec![revocation("openssl-tools", "3.3.1", reason, Some("3.3.2"))],
        ..image("openssl-tools", "ghcr.io/example/openssl-tools")
    }
}

/// A text as nobody means well with.
pub fn evil(name: &str) -> String {
    let markup = "</style></script></textarea>\"'><script>document.title='pwned'</script><img src=x onerror=alert(1)>";
    let hidden = "{{ 7*7 }} &lt;b&gt; \u{202e}gnp.exe\u{2066}\u{200b}\u{1b}[31m\u{0}\r\n";
    format!("{name} {markup} {hidden} {}", "long ".repeat(2_000))
}

/// Everything that is a text of others is [`evil`], and addresses are none that may be opened.
pub fn hostile() -> Catalog {
    let scripts =
        ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "data:text/html,<script>alert(1)</script>", "//evil.example"];
    let approved = scripts.iter().enumerate().map(|(at, url)| CatalogTag {
        url: Some((*url).to_owned()),
        reviewers: Some(vec![evil("reviewer"); 12]),
        reason: Some(evil("reason")),
        signature: SignatureState::Verified,
        signed_by: Some(evil("signer")),
        platforms: vec![CatalogPlatform { platform: evil("linux/amd64"), size: Some(u64::MAX) }],
        ..tag("sick", &format!("1.0.{at}"))
    });
    let long = "a".repeat(120);
    let sick = CatalogImage {
        source: evil("source"),
        description: Some(evil("description")),
        category: Some(evil("category")),
        rule: evil("rule"),
        approved: approved.collect(),
        waiting: vec![waiting(
            "2.0",
            WaitingState::Waiting,
            &evil("waits"),
            Some("<b>soon</b>"),
            Some("javascript:alert(1)"),
        )],
        rejected: vec![CatalogRejection { tag: long.parse().unwrap(), reason: evil("rejected"), until: None }],
        revoked: vec![revocation("sick", "0.1", &evil("revoked"), None)],
        ..image("sick", "")
    };
    Catalog { organization: evil("acme"), unknown: vec![evil("unknown")], ..catalog(vec![sick]) }
}

/// A thousand images with five tags each.
pub fn many() -> Catalog {
    let one = |number: usize| {
        let name = format!("image-{number}");
        CatalogImage {
            description: Some(format!("What team {} builds upon", number % 17)),
            category: Some(["Docker Official Image", "Verified Publisher", "Other"][number % 3].to_owned()),
            approved: (0..5).map(|patch| tag(&name, &format!("1.{number}.{}", 4 - patch))).collect(),
            ..image(&name, &format!("registry.example.com/team-{}/{name}", number % 17))
        }
    };
    catalog((0..1_000).map(one).collect())
}
