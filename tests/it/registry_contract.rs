//! One contract for every store: the project's small registry, Debian's, and layouts on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use wharfinger::internals::content::{Content, Document};
use wharfinger::internals::image::{Descriptor, Digest, Location, Reference, Tag};
use wharfinger::internals::registry::remote::{Client, Options, Patience};
use wharfinger::internals::registry::{BlobSource, ByteStream, Deleted, Error, ErrorKind, Put, Registries, Store};

use crate::support::images::{Image, ImageSpec, random};
use crate::support::registry::TestRegistry;
use crate::support::servers::RealRegistry;

/// Bytes in pieces, counting how often they are asked for.
pub(crate) struct Pieces {
    pub(crate) bytes: Bytes,
    pub(crate) opened: AtomicUsize,
}

impl Pieces {
    pub(crate) fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), opened: AtomicUsize::new(0) }
    }

    pub(crate) fn opened(&self) -> usize {
        self.opened.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl BlobSource for Pieces {
    async fn open(&self) -> Result<ByteStream, Error> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let pieces: Vec<_> = self.bytes.chunks(7_000).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        Ok(futures_util::stream::iter(pieces).boxed())
    }

    fn wrong(&self, text: String) -> Error {
        Error { registry: "the source".to_owned(), kind: ErrorKind::Mismatch(text) }
    }
}

/// A descriptor of bytes.
pub(crate) fn described(bytes: &[u8]) -> Descriptor {
    Descriptor::new("application/octet-stream".to_owned(), Digest::sha256(bytes), bytes.len() as u64)
}

/// Registries that try again quickly.
pub(crate) fn registries(change: impl FnOnce(&mut Options)) -> Registries {
    let mut options = Options::default();
    options.patience.retry.first = std::time::Duration::from_millis(5);
    change(&mut options);
    Registries::new(Arc::new(Client::new(options).unwrap()))
}

/// Registries with little patience, for what hangs.
pub(crate) fn impatient() -> Registries {
    registries(|o| {
        o.patience.idle = std::time::Duration::from_secs(2);
        o.patience.answer = std::time::Duration::from_secs(2);
    })
}

pub(crate) fn location(text: &str) -> Location {
    text.parse().unwrap()
}

pub(crate) fn tag(text: &str) -> Reference {
    Reference::Tag(text.parse().unwrap())
}

/// Puts an image: blobs, children, then itself under a tag.
pub(crate) async fn put(store: &dyn Store, image: &Image, name: &str) {
    for (digest, bytes) in &image.blobs {
        assert_eq!(described(bytes).digest, *digest);
        store.put_blob(&described(bytes), None, &Pieces::new(bytes.clone())).await.unwrap();
    }
    for (number, manifest) in image.manifests.iter().enumerate() {
        let document = Document::new(manifest.bytes.clone(), Some(&manifest.media_type), None).unwrap();
        let last = number + 1 == image.manifests.len();
        let reference = if last { tag(name) } else { Reference::Digest(document.digest.clone()) };
        store.put_manifest(&reference, &document).await.unwrap();
    }
}

pub(crate) async fn read(store: &dyn Store, bytes: &[u8], offset: u64) -> Result<Option<Vec<u8>>, Error> {
    match store.blob(&described(bytes), offset).await? {
        Some(stream) => stream
            .try_fold(Vec::new(), |mut all, c| async move {
                all.extend(c);
                Ok(all)
            })
            .await
            .map(Some),
        None => Ok(None),
    }
}

async fn tags(store: &dyn Store) -> Option<Vec<String>> {
    let mut tags: Vec<String> = store.tags().await.unwrap()?.iter().map(Tag::to_string).collect();
    tags.retain(|t| !t.starts_with("sha256-"));
    tags.sort();
    Some(tags)
}

/// Everything a store promises. `open` opens a repository that nobody has used yet, by its last component.
async fn contract(open: impl Fn(&str) -> Arc<dyn Store>) {
    absence_is_none(&*open("absent")).await;
    what_was_put_comes_back(&*open("whole")).await;
    tags_move(&*open("moving")).await;
    deletions_take_what_they_name(&*open("deleting")).await;
    wrong_bytes_are_refused(&*open("wrong")).await;
    small_things(&*open("small")).await;
    sha512_is_as_good(&*open("other-digest")).await;
    referrers_are_found(&*open("referred")).await;
    at_once(open("busy")).await;
}

async fn absence_is_none(store: &dyn Store) {
    let nothing = Digest::sha256(b"nothing");
    assert_eq!(store.tags().await.unwrap(), None);
    for reference in [tag("1.0"), Reference::Digest(nothing.clone())] {
        assert_eq!(store.head(&reference).await.unwrap(), None);
        assert_eq!(store.manifest(&reference).await.unwrap(), None);
    }
    assert!(!store.has_blob(&nothing).await.unwrap());
    assert_eq!(read(store, b"nothing", 0).await.unwrap(), None);
    assert_eq!(store.referrers(&nothing).await.unwrap(), []);
}

async fn what_was_put_comes_back(store: &dyn Store) {
    let oci = ImageSpec::new(1).platforms(&["linux/amd64", "linux/arm64/v8"]).layers(2, 20_000).attestations().build();
    let docker = ImageSpec::new(2).platforms(&["linux/amd64"]).docker().single().build();
    for (image, name) in [(&oci, "1.0"), (&docker, "2.0")] {
        put(store, image, name).await;
        let root = Document::new(image.root().bytes.clone(), Some(&image.root().media_type), None).unwrap();
        for reference in [tag(name), Reference::Digest(root.digest.clone())] {
            assert_eq!(store.manifest(&reference).await.unwrap(), Some(root.clone()));
            let head = store.head(&reference).await.unwrap().unwrap();
            assert_eq!((head.digest, head.media_type), (root.digest.clone(), root.media_type.clone()));
            assert_eq!(head.size, root.bytes.len() as u64);
        }
        for (digest, bytes) in &image.blobs {
            assert!(store.has_blob(digest).await.unwrap());
            assert_eq!(read(store, bytes, 0).await.unwrap().unwrap(), *bytes);
            let offset = bytes.len() as u64 / 3;
            assert_eq!(read(store, bytes, offset).await.unwrap().unwrap(), bytes[offset as usize..]);
        }
    }
    assert_eq!(tags(store).await.unwrap(), ["1.0", "2.0"]);
    let again = &oci.blobs[0].1;
    store.put_blob(&described(again), None, &Pieces::new(again.clone())).await.unwrap();
    assert_eq!(read(store, again, 0).await.unwrap().unwrap(), *again);
}

async fn tags_move(store: &dyn Store) {
    let (one, two) = (ImageSpec::new(3).build(), ImageSpec::new(4).build());
    put(store, &one, "1.0").await;
    put(store, &two, "1.0").await;
    put(store, &one, "1.1").await;
    assert_eq!(store.head(&tag("1.0")).await.unwrap().unwrap().digest, two.digest());
    assert_eq!(store.head(&tag("1.1")).await.unwrap().unwrap().digest, one.digest());
    assert_eq!(tags(store).await.unwrap(), ["1.0", "1.1"]);
}

/// A registry may delete no tags, or nothing at all; it then says so and deletes nothing.
async fn deletions_take_what_they_name(store: &dyn Store) {
    let (image, other) = (ImageSpec::new(31).build(), ImageSpec::new(32).build());
    for name in ["1", "2"] {
        put(store, &image, name).await;
    }
    put(store, &other, "3").await;
    let named = |name: &str| name.parse::<Tag>().unwrap();
    let there = async |name: &str| store.head(&tag(name)).await.unwrap().is_some();
    let by_tag = store.delete_tag(&named("1")).await.unwrap();
    assert_eq!(there("1").await, by_tag != Deleted::Done, "{by_tag:?}");
    assert!(there("2").await && there("3").await, "other tags stay, also those of the same manifest");
    if by_tag == Deleted::Done {
        assert_eq!(store.delete_tag(&named("1")).await.unwrap(), Deleted::Done, "twice is once");
    }
    let whole = store.delete_manifest(&image.digest()).await.unwrap();
    assert_eq!(there("2").await, whole != Deleted::Done, "{whole:?}");
    assert!(there("3").await);
    if whole == Deleted::Done {
        assert_eq!(store.delete_manifest(&image.digest()).await.unwrap(), Deleted::Done, "twice is once");
    }
}

async fn wrong_bytes_are_refused(store: &dyn Store) {
    let right = random(9, 30_000);
    let longer = [right.as_ref(), b"x"].concat();
    let mut other = right.to_vec();
    other[29_999] ^= 1;
    for wrong in [&right[..29_999], &longer, &other, b""] {
        let source = Pieces::new(wrong.to_vec());
        let error = store.put_blob(&described(&right), None, &source).await.unwrap_err();
        assert!(matches!(error.kind, ErrorKind::Mismatch(_)), "{error}");
        assert!(!store.has_blob(&described(&right).digest).await.unwrap());
        assert_eq!(source.opened(), 1, "wrong bytes are not asked for again");
    }
    let manifest = ImageSpec::new(5).single().build();
    let document = Document::new(manifest.root().bytes.clone(), None, None).unwrap();
    let elsewhere = Reference::Digest(Digest::sha256(b"another"));
    for (_, bytes) in &manifest.blobs {
        store.put_blob(&described(bytes), None, &Pieces::new(bytes.clone())).await.unwrap();
    }
    assert!(store.put_manifest(&elsewhere, &document).await.is_err());
    assert_eq!(store.head(&elsewhere).await.unwrap(), None);
}

async fn small_things(store: &dyn Store) {
    for bytes in [&b""[..], b"x"] {
        let put = store.put_blob(&described(bytes), None, &Pieces::new(bytes.to_vec())).await.unwrap();
        assert_eq!(put, Put::Uploaded);
        assert!(store.has_blob(&described(bytes).digest).await.unwrap());
        assert_eq!(read(store, bytes, 0).await.unwrap().unwrap(), bytes);
    }
}

async fn sha512_is_as_good(store: &dyn Store) {
    let bytes = random(12, 30_000);
    let any: Digest = format!("sha512:{}", "0".repeat(128)).parse().unwrap();
    let mut hasher = any.hasher();
    hasher.update(&bytes);
    let blob = Descriptor { digest: hasher.finish(), ..described(&bytes) };
    for wrong in [&bytes[1..], b""] {
        assert!(store.put_blob(&blob, None, &Pieces::new(wrong.to_vec())).await.is_err());
        assert!(!store.has_blob(&blob.digest).await.unwrap());
    }
    store.put_blob(&blob, None, &Pieces::new(bytes.clone())).await.unwrap();
    assert!(store.has_blob(&blob.digest).await.unwrap());
    let stream = store.blob(&blob, 0).await.unwrap().unwrap();
    let read: Vec<Bytes> = stream.try_collect().await.unwrap();
    assert_eq!(read.concat(), bytes);
}

async fn referrers_are_found(store: &dyn Store) {
    let image = ImageSpec::new(6).build();
    put(store, &image, "1.0").await;
    let mut expected = Vec::new();
    for (kind, payload) in [("application/x.signature", b"one"), ("application/x.sbom", b"two")] {
        let artifact = Image::artifact(image.root(), kind, payload);
        for _ in 0..2 {
            for (_, bytes) in &artifact.blobs {
                store.put_blob(&described(bytes), None, &Pieces::new(bytes.clone())).await.unwrap();
            }
            let document = Document::new(artifact.root().bytes.clone(), None, None).unwrap();
            store.put_manifest(&Reference::Digest(document.digest.clone()), &document).await.unwrap();
        }
        expected.push((artifact.digest(), Some(kind.to_owned())));
        let mut found: Vec<_> = store.referrers(&image.digest()).await.unwrap();
        assert!(found.iter().all(|d| d.annotations.contains_key("org.opencontainers.image.created")), "{found:?}");
        found.sort_by_key(|d| expected.iter().position(|(digest, _)| *digest == d.digest));
        let found: Vec<_> = found.into_iter().map(|d| (d.digest, d.artifact_type)).collect();
        assert_eq!(found, expected);
    }
    assert_eq!(tags(store).await.unwrap(), ["1.0"]);
    let subject = store.manifest(&Reference::Digest(expected[0].0.clone())).await.unwrap().unwrap().read().unwrap();
    let Content::Manifest { subject, .. } = subject else { panic!("an index") };
    assert_eq!(subject.unwrap().digest, image.digest());
}

/// Many tasks write the same blobs and tags of one repository.
async fn at_once(store: Arc<dyn Store>) {
    let tasks: Vec<_> = (0..8u64)
        .map(|n| {
            let store = Arc::clone(&store);
            let image = ImageSpec::new(7 + n % 2).layers(2, 5_000).build();
            tokio::spawn(async move { put(&*store, &image, &format!("1.{n}")).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(tags(&*store).await.unwrap(), (0..8).map(|n| format!("1.{n}")).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_small_registry() {
    let server = TestRegistry::start();
    let all = registries(|_| {});
    contract(|name| all.open(&location(&format!("{}/team/{name}", server.host())))).await;
}

#[tokio::test]
async fn the_small_registry_without_what_registries_may_lack() {
    let server = TestRegistry::start();
    server.set(|s| {
        s.referrers = false;
        s.digest_header = false;
        s.ranges = false;
        s.page_size = Some(1);
        s.redirect_blobs = true;
    });
    let all = registries(|_| {});
    contract(|name| all.open(&location(&format!("{}/team/{name}", server.host())))).await;
}

#[tokio::test]
async fn debians_registry() {
    let Some(server) = RealRegistry::debian() else { return };
    let all = registries(|o| o.patience = Patience::default());
    contract(|name| all.open(&location(&format!("{}/team/{name}", server.host())))).await;
}

#[tokio::test]
async fn distributions_registry() {
    let Some(server) = RealRegistry::distribution() else { return };
    let all = registries(|o| o.patience = Patience::default());
    contract(|name| all.open(&location(&format!("{}/team/{name}", server.host())))).await;
}

#[tokio::test]
async fn a_layout() {
    let directory = tempfile::tempdir().unwrap();
    let all = registries(|_| {});
    contract(|name| all.open(&Location::Layout(directory.path().join(name)))).await;
}

/// A client that is not ours reads what ours wrote, and understands references as ours does.
#[tokio::test]
async fn another_client_agrees() {
    use oci_client::client::{ClientConfig, ClientProtocol};
    use oci_client::secrets::RegistryAuth;
    let server = TestRegistry::start();
    let image = ImageSpec::new(11).platforms(&["linux/amd64", "linux/arm64"]).build();
    let store = registries(|_| {}).open(&location(&format!("{}/team/app", server.host())));
    put(&*store, &image, "1.0").await;
    let other = oci_client::Client::new(ClientConfig { protocol: ClientProtocol::Http, ..ClientConfig::default() });
    let reference: oci_client::Reference = format!("{}/team/app:1.0", server.host()).parse().unwrap();
    let accepted = wharfinger::internals::content::media_type::ACCEPTED;
    let (bytes, digest) = other.pull_manifest_raw(&reference, &RegistryAuth::Anonymous, &accepted).await.unwrap();
    assert_eq!((bytes, digest), (image.root().bytes.clone(), image.digest().to_string()));
    for (digest, bytes) in &image.blobs {
        let mut pulled = Vec::new();
        other.pull_blob(&reference, digest.as_str(), &mut pulled).await.unwrap();
        assert_eq!(pulled, *bytes);
    }
}

#[test]
fn another_reader_of_references_agrees() {
    for text in [
        "redis",
        "grafana/loki",
        "docker.io/redis",
        "docker.io/library/redis",
        "ghcr.io/a/b/c",
        "localhost:5000/x",
        "localhost/x",
        "quay.io/minio/minio",
        "127.0.0.1:5000/team/app",
        "a_b/c__d",
        "a-b/c--d",
        "registry.k8s.io/pause",
    ] {
        let ours: wharfinger::internals::image::Repository = text.parse().unwrap();
        let theirs: oci_client::Reference = text.parse().unwrap();
        let theirs = (theirs.registry().replace("index.docker.io", "docker.io"), theirs.repository().to_owned());
        assert_eq!((ours.registry.to_string(), ours.name.to_string()), theirs, "{text}");
    }
    for text in ["", "UPPER", "a//b", "a/../b", "-a", "a:b:c/d", "a b", "a/b/"] {
        assert!(text.parse::<wharfinger::internals::image::Repository>().is_err(), "{text}");
        assert!(text.parse::<oci_client::Reference>().is_err(), "{text}");
    }
}
