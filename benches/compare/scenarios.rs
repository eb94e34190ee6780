//! What is copied, and what the mirror already has.

use tokio::runtime::Runtime;
use wharfinger::internals::image::Digest;

use super::images::{Image, Layers, Spec};
use super::support::http::client;
use super::support::servers::RealRegistry;
use super::tools::Tool;

/// The organization that owns the mirror's repositories.
pub const MIRROR: &str = "acme";

const MIB: usize = 1 << 20;

/// One tag, upstream and at the mirror.
#[derive(Clone, Debug)]
pub struct Item {
    /// The repository upstream.
    pub path: String,
    /// The repository of the mirror's organization.
    pub repository: String,
    pub tag: String,
    spec: Spec,
    /// The mirror has it, and a promotion recorded it.
    pub held: bool,
    /// Tools are told to copy it.
    pub asked: bool,
}

/// A task for copiers.
pub struct Scenario {
    pub name: &'static str,
    pub title: &'static str,
    pub items: Vec<Item>,
    /// Upstream is on the mirror's own registry.
    pub same_registry: bool,
    /// It is also run with slow round trips.
    pub delayed: bool,
    /// It is run once instead of several times.
    once: bool,
}

impl Scenario {
    pub fn runs(&self, wanted: usize) -> usize {
        if self.once { 1 } else { wanted }
    }

    /// Whether the mirror has everything: there is nothing to do but to notice.
    pub fn is_noop(&self) -> bool {
        self.items.iter().all(|item| item.held)
    }

    /// Whether a tool can do this at all and, unless `full` is given, in reasonable time.
    pub fn fits(&self, tool: Tool, full: bool) -> bool {
        let asked = self.items.iter().filter(|item| item.asked).count();
        let repositories = self.items.iter().map(|item| &item.path).collect::<std::collections::BTreeSet<_>>().len();
        match tool {
            Tool::CraneAll => asked > 1 && repositories == 1,
            Tool::SkopeoSync => asked > 1 && full,
            Tool::Skopeo => asked == 1 || full,
            Tool::Crane | Tool::Regctl => asked < 100 || full,
            Tool::Ours | Tool::Before | Tool::Regsync | Tool::Ideal => true,
        }
    }
}

/// All of them, in the order in which they run.
pub fn all() -> Vec<Scenario> {
    let app = |own: u64| Spec { seed: own, base: (1, 5, 20 * MIB), own: (1, 20 * MIB), platforms: 2 };
    let item = |tag: &str, spec: Spec| Item {
        path: "team/app".to_owned(),
        repository: "app".to_owned(),
        tag: tag.to_owned(),
        spec,
        held: false,
        asked: true,
    };
    let held = |items: Vec<Item>| items.into_iter().map(|item| Item { held: true, ..item }).collect();
    let one = || vec![item("1.0.0", app(1))];
    let next = || vec![Item { held: true, asked: false, ..item("1.0.0", app(1)) }, item("1.1.0", app(2))];
    let tags = || -> Vec<Item> {
        let spec = |n: u64| Spec { seed: 100 + n, base: (2, 5, 20 * MIB), own: (1, MIB), platforms: 2 };
        (0..20).map(|n: u64| item(&format!("1.{n}.0"), spec(n))).collect()
    };
    let images = || -> Vec<Item> {
        let spec = |n: u64| Spec { seed: 1_000 + n, base: (0, 0, 0), own: (2, 16 << 10), platforms: 1 };
        let name = |n: u64| format!("small-{n:03}");
        let of = |n: u64| Item { path: format!("team/{}", name(n)), repository: name(n), ..item("1.0.0", spec(n)) };
        (0..200).map(of).collect()
    };
    let large = || vec![item("1.0.0", Spec { seed: 9, base: (0, 0, 0), own: (1, 768 * MIB), platforms: 1 })];
    let of = |name, title, items| Scenario { name, title, items, same_registry: false, delayed: true, once: false };
    vec![
        of("cold", "One image, 240 MiB in 14 blobs on 2 platforms, to an empty mirror", one()),
        of("noop", "The same image, nothing to do", held(one())),
        of("newtag", "A new tag with 4 new blobs of 14, its sibling is mirrored", next()),
        Scenario { same_registry: true, ..of("same", "The image of 240 MiB inside one registry", one()) },
        of("tags-noop", "20 tags of one repository, nothing to do", held(tags())),
        Scenario { once: true, ..of("tags-cold", "20 tags that share bases, 90 blobs, to an empty mirror", tags()) },
        of("images-noop", "200 images, nothing to do", held(images())),
        Scenario {
            once: true,
            delayed: false,
            ..of("images-cold", "200 small images, 600 blobs, to an empty mirror", images())
        },
        Scenario { once: true, delayed: false, ..of("layer", "One layer of 768 MiB", large()) },
    ]
}

/// What all scenarios need.
pub struct Bench {
    pub runtime: Runtime,
    program: String,
}

/// A scenario's images, upstream.
pub struct Place {
    pub images: Vec<(Item, Image)>,
    upstream: Option<RealRegistry>,
    /// The mirror that all runs share, if none of them changes it.
    full: Option<RealRegistry>,
}

/// A mirror for one run.
pub enum Mirror<'a> {
    Shared(&'a RealRegistry),
    Own(RealRegistry),
}

impl Mirror<'_> {
    pub const fn registry(&self) -> &RealRegistry {
        match self {
            Self::Shared(registry) => registry,
            Self::Own(registry) => registry,
        }
    }
}

impl Place {
    /// The registry that is upstream of this mirror.
    pub fn source<'a>(&'a self, mirror: &'a Mirror<'_>) -> &'a RealRegistry {
        self.upstream.as_ref().unwrap_or_else(|| mirror.registry())
    }
}

impl Bench {
    /// `None`, with a message, if the registry is not installed.
    pub fn start(program: &str) -> Option<Self> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().ok()?;
        let bench = Self { runtime, program: program.to_owned() };
        bench.registry_or_not().is_some().then_some(bench)
    }

    fn registry_or_not(&self) -> Option<RealRegistry> {
        match self.program.as_str() {
            "registry" => RealRegistry::distribution(),
            "zot" | "olareg" => RealRegistry::with_referrers(&self.program),
            _ => RealRegistry::debian(),
        }
    }

    fn registry(&self) -> RealRegistry {
        self.registry_or_not().expect("it was there a moment ago")
    }

    /// Creates a scenario's images and puts them upstream.
    pub fn place(&self, scenario: &Scenario) -> Place {
        let mut made = Layers::new();
        let images = scenario.items.iter().map(|item| (item.clone(), item.spec.build(&mut made))).collect();
        let mut place = Place { images, upstream: None, full: None };
        if !scenario.same_registry {
            let upstream = self.registry();
            self.push(&upstream, &place, |item| Some(item.path.clone()));
            place.upstream = Some(upstream);
        }
        if scenario.is_noop() {
            let full = self.registry();
            self.push(&full, &place, mirrored);
            place.full = Some(full);
        }
        place
    }

    /// A mirror in the state the scenario says.
    pub fn mirror<'a>(&self, scenario: &Scenario, place: &'a Place) -> Mirror<'a> {
        if let Some(full) = &place.full {
            return Mirror::Shared(full);
        }
        let mirror = self.registry();
        self.push(&mirror, place, mirrored);
        if scenario.same_registry {
            self.push(&mirror, place, |item| Some(item.path.clone()));
        }
        Mirror::Own(mirror)
    }

    /// Pushes every image to the path that `path` returns, if any.
    fn push(&self, registry: &RealRegistry, place: &Place, path: impl Fn(&Item) -> Option<String>) {
        let client = client();
        let mut sent: std::collections::BTreeMap<String, Vec<Digest>> = std::collections::BTreeMap::new();
        for (item, image) in &place.images {
            let Some(path) = path(item) else { continue };
            let repository = format!("{}/v2/{path}", registry.url());
            let sent = sent.entry(path).or_default();
            self.runtime.block_on(image.push(&client, &repository, &item.tag, sent));
        }
    }
}

/// The path of an item at the mirror, if it is there.
fn mirrored(item: &Item) -> Option<String> {
    item.held.then(|| format!("{MIRROR}/{}", item.repository))
}
