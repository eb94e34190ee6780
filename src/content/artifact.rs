//! What may be stored beside an image: signatures, attestations, SBOMs and other artifacts, but nothing that somebody
//! could run.
//!
//! An engine runs what has a configuration that it takes for an image's, so that decides, not a document's own claims.
//! cosign's signatures and BuildKit's attestations have one too, but for an empty or `unknown` platform, and their
//! layers are statements.

use serde::Deserialize;

use super::document::{Content, Document};
use super::{media_type, strict};
use crate::image::{Descriptor, Digest};

/// The largest configuration that is read for a judgement.
pub(crate) const CONFIGURATION_LIMIT: u64 = 1 << 20;

/// What a document beside an image is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inspection {
    Artifact(Artifact),
    /// An artifact, provided that its configuration is for no platform: [`runs`] checks that.
    Configured(Artifact, Configured),
    /// Not an artifact; says what it is.
    Foreign(&'static str),
}

/// A document with a configuration that an engine takes for an image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Configured {
    pub configuration: Descriptor,
    layers: Vec<Digest>,
}

/// An artifact that may be stored beside an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Artifact {
    /// The type that it claims to have: hostile text.
    pub media_type: String,
    pub sort: Sort,
    /// The size of manifest, configuration and layers in bytes.
    pub size: u64,
}

/// The sort of an artifact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sort {
    Signature,
    Attestation,
    Sbom,
    Other,
}

impl Sort {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Attestation => "attestation",
            Self::Sbom => "SBOM",
            Self::Other => "artifact",
        }
    }

    pub(super) fn of(media_type: &str) -> Self {
        const SIGNATURES: [&str; 4] = [
            "application/vnd.dev.cosign.simplesigning.",
            "application/vnd.dev.cosign.artifact.sig.",
            "application/vnd.dev.sigstore.bundle",
            "application/vnd.cncf.notary.signature",
        ];
        const ATTESTATIONS: [&str; 2] = ["application/vnd.dsse.envelope.", "application/vnd.in-toto"];
        const SBOMS: [&str; 5] =
            ["text/spdx", "application/spdx", "application/vnd.cyclonedx", "application/vnd.syft", "application/sbom"];
        let starts = |known: &[&str]| known.iter().any(|known| media_type.starts_with(known));
        match () {
            () if starts(&SIGNATURES) => Self::Signature,
            () if starts(&ATTESTATIONS) => Self::Attestation,
            () if starts(&SBOMS) => Self::Sbom,
            () => Self::Other,
        }
    }
}

const IMAGE: &str = "a runnable image";

/// Judges a document by itself.
pub(crate) fn inspect(document: &Document) -> Inspection {
    let (config, layers) = match document.read() {
        Ok(Content::Manifest { config, layers, .. }) => (config, layers),
        Ok(Content::Index { .. }) => return Inspection::Foreign("an index"),
        Err(_) => return Inspection::Foreign("not a readable manifest"),
    };
    let declared = document.artifact_type();
    let artifact = artifact(document, declared.as_deref(), config.as_ref(), &layers);
    // No engine runs manifests without a configuration.
    let Some(config) = config else { return Inspection::Artifact(artifact) };
    let config_type = plain(&config.media_type);
    if is_run(&config_type) {
        return Inspection::Foreign("something that an engine installs or runs");
    }
    if !is_configuration(&config_type) && document.media_type == media_type::OCI_MANIFEST {
        return Inspection::Artifact(artifact);
    }
    let statements = |layer: &Descriptor| Sort::of(&plain(&layer.media_type)) != Sort::Other;
    if layers.iter().any(|layer| is_layer(&plain(&layer.media_type)))
        || (declared.is_none() && !layers.iter().all(statements))
    {
        return Inspection::Foreign(IMAGE);
    }
    let layers = layers.into_iter().map(|layer| layer.digest).collect();
    Inspection::Configured(artifact, Configured { configuration: config, layers })
}

/// Why somebody could run an image with this configuration; `None` if its platform is empty or `unknown` and its layers
/// are statements. One that cannot be read here may be readable for others.
///
/// Docker takes an empty platform for its own, and unpacks layers whatever they are called. It compares the result with
/// `diff_ids`: for a statement that is the layer itself, for a compressed archive something else.
pub(crate) fn runs(configuration: &[u8], configured: &Configured) -> Option<&'static str> {
    if strict::check_configuration(configuration).is_err() {
        return Some("something with a configuration that readers could understand differently");
    }
    match serde_json::from_slice::<Configuration>(configuration) {
        Ok(read) if read.has_no_platform() && read.unpacks_only(&configured.layers) => None,
        _ => Some(IMAGE),
    }
}

/// The parts of an image's configuration that are read (OCI image specification, `config.md`).
#[derive(Deserialize)]
struct Configuration {
    os: Option<String>,
    architecture: Option<String>,
    rootfs: Option<RootFs>,
}

#[derive(Deserialize)]
struct RootFs {
    diff_ids: Option<Vec<String>>,
}

impl Configuration {
    fn has_no_platform(&self) -> bool {
        let none = |name: &Option<String>| name.as_deref().is_none_or(|name| matches!(name, "" | "unknown"));
        none(&self.os) && none(&self.architecture)
    }

    fn unpacks_only(&self, layers: &[Digest]) -> bool {
        let mut unpacked = self.rootfs.iter().flat_map(|rootfs| rootfs.diff_ids.iter().flatten());
        unpacked.all(|unpacked| layers.iter().any(|layer| layer.as_str() == unpacked))
    }
}

fn artifact(
    document: &Document,
    declared: Option<&str>,
    config: Option<&Descriptor>,
    layers: &[Descriptor],
) -> Artifact {
    let types = || declared.into_iter().chain(config.into_iter().chain(layers).map(|blob| blob.media_type.as_str()));
    let telling = types().find(|name| Sort::of(&plain(name)) != Sort::Other);
    let media_type = telling.or_else(|| types().next()).unwrap_or_default().to_owned();
    let blobs = layers.iter().chain(config).map(|blob| blob.size);
    let size = blobs.fold(document.bytes.len() as u64, u64::saturating_add);
    Artifact { sort: Sort::of(&plain(&media_type)), media_type, size }
}

/// A media type without parameters, in lower case.
pub(super) fn plain(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether an engine takes a configuration of this type for an image's. Docker does so for types that registries once
/// gave them by mistake (`ImageTypes` in moby's `distribution/registry.go`).
fn is_configuration(media_type: &str) -> bool {
    matches!(
        media_type,
        "application/vnd.oci.image.config.v1+json"
            | "application/vnd.docker.container.image.v1+json"
            | "application/octet-stream"
            | "application/json"
            | "text/html"
            | ""
    )
}

/// Whether some engine runs what has a configuration of this non-image type: plugins, checkpoints, WebAssembly.
fn is_run(media_type: &str) -> bool {
    media_type.starts_with("application/vnd.docker.plugin.")
        || media_type.starts_with("application/vnd.containerd.container.")
        || media_type.starts_with("application/vnd.wasm.config.")
}

/// Whether engines unpack layers of this type into a file system.
fn is_layer(media_type: &str) -> bool {
    const ARCHIVES: [&str; 6] = [".tar", "+gzip", "+zstd", "/gzip", "/x-gzip", "/x-tar"];
    media_type.starts_with("application/vnd.oci.image.layer.")
        || media_type.starts_with("application/vnd.docker.image.rootfs.")
        || ARCHIVES.iter().any(|end| media_type.ends_with(end))
        || matches!(media_type, "application/octet-stream" | "")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use serde_json::{Value, json};

    use super::*;

    const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    const SIGNING: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
    const EMPTY: &str = "application/vnd.oci.empty.v1+json";

    fn blob(media_type: &str) -> Value {
        json!({"mediaType": media_type, "digest": Digest::sha256(media_type.as_bytes()), "size": 10})
    }

    /// `artifact`, `configured`, or what it is instead.
    fn is(media_type: &str, artifact_type: Option<&str>, config: &str, layers: &[&str]) -> String {
        let layers: Vec<Value> = layers.iter().map(|layer| blob(layer)).collect();
        let value = json!({"schemaVersion": 2, "mediaType": media_type, "artifactType": artifact_type,
            "config": blob(config), "layers": layers});
        match inspect(&Document::new(value.to_string().into(), None, None).unwrap()) {
            Inspection::Artifact(artifact) => format!("{} {}", artifact.sort.words(), artifact.media_type),
            Inspection::Configured(artifact, _) => format!("{} if unconfigured", artifact.sort.words()),
            Inspection::Foreign(what) => what.to_owned(),
        }
    }

    #[test]
    fn an_artifact_is_what_no_engine_runs() {
        let oci = |artifact_type, config, layers: &[&str]| is(media_type::OCI_MANIFEST, artifact_type, config, layers);
        assert_eq!(oci(None, CONFIG, &[SIGNING]), "signature if unconfigured");
        assert_eq!(oci(None, CONFIG, &["application/vnd.in-toto+json"]), "attestation if unconfigured");
        assert_eq!(oci(None, CONFIG, &["text/spdx+json", SIGNING]), "SBOM if unconfigured");
        assert_eq!(oci(Some("application/x"), EMPTY, &["application/octet-stream"]), "artifact application/x");
        assert_eq!(
            oci(None, "application/vnd.cncf.notary.signature", &["application/jose+json"]),
            "signature application/vnd.cncf.notary.signature"
        );
        assert_eq!(oci(Some("application/x"), EMPTY, &[LAYER]), "artifact application/x", "ORAS calls files so");
        assert_eq!(oci(Some("application/x"), CONFIG, &["application/x"]), "artifact if unconfigured");
    }

    #[test]
    fn a_retired_artifact_manifest_is_an_artifact() {
        let value = json!({"mediaType": media_type::OCI_ARTIFACT, "artifactType": "application/vnd.cncf.notary.signature",
            "blobs": [blob(LAYER), blob("application/jose+json")]});
        let Inspection::Artifact(artifact) = inspect(&Document::new(value.to_string().into(), None, None).unwrap())
        else {
            panic!("none")
        };
        assert_eq!((artifact.sort, artifact.size), (Sort::Signature, value.to_string().len() as u64 + 20));
    }

    #[test]
    fn an_image_is_none_whatever_it_calls_itself() {
        let oci = |artifact_type, config, layers: &[&str]| is(media_type::OCI_MANIFEST, artifact_type, config, layers);
        assert_eq!(oci(None, CONFIG, &[LAYER]), IMAGE);
        assert_eq!(oci(Some("application/vnd.dev.sigstore.bundle.v0.3+json"), CONFIG, &[LAYER]), IMAGE);
        assert_eq!(oci(Some("application/x"), CONFIG, &[SIGNING, LAYER]), IMAGE);
        assert_eq!(oci(Some("application/x"), "application/OCTET-stream; x=y", &["application/gzip"]), IMAGE);
        assert_eq!(oci(None, CONFIG, &["application/x"]), IMAGE, "neither a known type nor an artifact type");
        assert_eq!(
            oci(Some("a/x"), "application/vnd.docker.plugin.v1+json", &[]),
            "something that an engine installs or runs"
        );
        let docker = |layers: &[&str]| is(media_type::DOCKER_MANIFEST, None, EMPTY, layers);
        assert_eq!(docker(&[LAYER]), IMAGE, "some engines look at no configuration's type there");
        assert_eq!(docker(&[SIGNING]), "signature if unconfigured");
    }

    #[test]
    fn a_configuration_of_a_platform_is_an_images() {
        let layer = Digest::sha256(b"statement");
        let configuration = Descriptor::new(CONFIG.to_owned(), Digest::sha256(b""), 0);
        let configured = Configured { configuration, layers: vec![layer.clone()] };
        let statement = format!(r#"{{"os":"","rootfs":{{"type":"layers","diff_ids":["{layer}"]}}}}"#);
        for none in [
            r#"{"architecture":"","os":"","config":{}}"#,
            r#"{"os":"unknown","architecture":"unknown","rootfs":{}}"#,
            "{}",
            &statement,
        ] {
            assert_eq!(runs(none.as_bytes(), &configured), None, "{none}");
        }
        let unpacked = statement.replace(layer.as_str(), Digest::sha256(b"archive").as_str());
        for image in [
            r#"{"architecture":"amd64","os":""}"#,
            r#"{"os":"linux"}"#,
            r#"{"os":"","OS":"linux"}"#,
            r#"{"os":"linux","os":""}"#,
            r#"{"os":"","RootFS":{"diff_ids":[]}}"#,
            r#"{"os":1}"#,
            "[]",
            "",
            "{\"os\":\"\",\"x\":\"\u{1}\"}",
            &unpacked,
        ] {
            assert!(runs(image.as_bytes(), &configured).is_some(), "{image}");
        }
    }
}
