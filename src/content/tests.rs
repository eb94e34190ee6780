//! How documents are read.
#![allow(clippy::unwrap_used, clippy::expect_used)]
use serde_json::{Value, json};

use super::document::{Content, ContentError, DESCRIPTOR_LIMIT, Document, MANIFEST_LIMIT};
use super::{media_type, referrers};
use crate::image::Digest;

fn digest(n: u8) -> String {
    Digest::sha256(&[n]).to_string()
}

fn blob(n: u8) -> Value {
    json!({"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest(n), "size": 10})
}

fn manifest() -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_MANIFEST, "config": blob(0), "layers": [blob(1), blob(1)]})
}

fn index() -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [
        {"mediaType": media_type::OCI_MANIFEST, "digest": digest(7), "size": 5,
         "platform": {"os": "linux", "architecture": "arm", "variant": "v7"}, "annotations": {"a": "b"}},
        {"mediaType": media_type::OCI_MANIFEST, "digest": digest(8), "size": 6,
         "platform": {"os": "Linux\n", "architecture": "arm"}},
    ]})
}

fn document(value: &Value, called: Option<&str>) -> Result<Document, ContentError> {
    Document::new(value.to_string().into(), called, None)
}

fn read(value: &Value) -> Result<Content, String> {
    let called = value["mediaType"].as_str();
    document(value, called).and_then(|d| d.read()).map_err(|e| e.to_string())
}

#[test]
fn a_manifest_keeps_its_layers_in_order_with_duplicates() {
    let Content::Manifest { config, layers, subject } = read(&manifest()).unwrap() else { panic!("an index") };
    assert_eq!(config.unwrap().digest.as_str(), digest(0));
    assert_eq!(layers.iter().map(|l| l.digest.as_str()).collect::<Vec<_>>(), [digest(1), digest(1)]);
    assert_eq!(subject, None);
}

#[test]
fn an_index_keeps_platforms_that_are_platforms() {
    let Content::Index { children, .. } = read(&index()).unwrap() else { panic!("a manifest") };
    let platforms: Vec<_> = children.iter().map(|c| c.platform.as_ref().map(ToString::to_string)).collect();
    assert_eq!(platforms, [Some("linux/arm/v7".to_owned()), None]);
    assert_eq!(children[0].annotations["a"], "b");
}

#[test]
fn what_it_is_called_and_what_it_calls_itself_must_agree() {
    let cases = [
        (manifest(), Some(media_type::OCI_INDEX)),
        (index(), Some(media_type::OCI_MANIFEST)),
        (manifest(), Some(media_type::DOCKER_MANIFEST)),
        (manifest(), Some("text/html")),
        (json!({"schemaVersion": 2, "mediaType": "application/x"}), Some("application/json")),
        (json!({"schemaVersion": 2}), Some("text/plain")),
        (json!({"schemaVersion": 2}), None),
    ];
    for (value, called) in cases {
        assert!(document(&value, called).is_err(), "{called:?}: {value}");
    }
    let parameters = "application/vnd.oci.image.manifest.v1+json; charset=utf-8";
    assert_eq!(document(&manifest(), Some(parameters)).unwrap().media_type, media_type::OCI_MANIFEST);
}

#[test]
fn where_a_type_says_nothing_the_document_does() {
    for called in
        [None, Some(""), Some("text/plain; charset=utf-8"), Some("Application/JSON"), Some("application/octet-stream")]
    {
        let is = |value: &Value| document(value, called).unwrap().media_type;
        assert_eq!(is(&manifest()), media_type::OCI_MANIFEST, "{called:?}");
        assert_eq!(is(&index()), media_type::OCI_INDEX, "{called:?}");
        let unnamed = |mut value: Value| {
            value.as_object_mut().unwrap().remove("mediaType");
            is(&value)
        };
        assert_eq!(
            (unnamed(manifest()).as_str(), unnamed(index()).as_str()),
            (media_type::OCI_MANIFEST, media_type::OCI_INDEX)
        );
    }
}

#[test]
fn null_is_absence() {
    let mut value = manifest();
    value["annotations"] = json!({"a": null, "b": "c"});
    for member in ["manifests", "artifactType", "subject", "fsLayers", "blobs"] {
        value[member] = Value::Null;
    }
    for member in ["annotations", "urls", "platform", "artifactType", "data"] {
        value["config"][member] = Value::Null;
    }
    let annotations = document(&value, None).unwrap().descriptor().unwrap().annotations;
    assert_eq!(annotations.into_iter().collect::<Vec<_>>(), [("b".to_owned(), "c".to_owned())]);
    assert!(matches!(read(&value).unwrap(), Content::Manifest { config: Some(_), subject: None, .. }));
    value["layers"] = Value::Null;
    assert!(matches!(read(&value).unwrap(), Content::Manifest { layers, .. } if layers.is_empty()));
    let mut value = index();
    for member in ["annotations", "config", "layers", "subject"] {
        value[member] = Value::Null;
    }
    value["manifests"][0]["annotations"]["x"] = Value::Null;
    value["manifests"][0]["platform"]["os.features"] = Value::Null;
    value["manifests"][0]["platform"]["variant"] = Value::Null;
    value["manifests"][1]["platform"]["os"] = Value::Null;
    let children = document(&value, None).unwrap().children().unwrap();
    assert_eq!(children[0].platform.as_ref().unwrap().to_string(), "linux/arm");
    assert_eq!((children[0].annotations.len(), &children[1].platform), (1, &None));
    for needed in ["mediaType", "digest", "size"] {
        let mut value = manifest();
        value["config"][needed] = Value::Null;
        assert!(read(&value).is_err(), "{needed}");
    }
}

#[test]
fn a_retired_artifact_manifest_has_blobs_and_no_version() {
    let mut value = json!({"mediaType": media_type::OCI_ARTIFACT, "artifactType": "application/x", "subject": blob(7),
        "blobs": [blob(1), blob(2)]});
    let Content::Manifest { config, layers, subject } = read(&value).unwrap() else { panic!("an index") };
    assert_eq!((config, layers.len(), subject.unwrap().digest.as_str()), (None, 2, digest(7).as_str()));
    assert_eq!(document(&value, None).unwrap().descriptor().unwrap().artifact_type.as_deref(), Some("application/x"));
    value["layers"] = json!([blob(1)]);
    assert!(read(&value).unwrap_err().contains("two kinds of manifest"));
    let mut other = manifest();
    other["blobs"] = json!("anybody's");
    assert!(read(&other).is_ok());
}

#[test]
fn what_an_index_lists_that_is_no_manifest_is_a_blob() {
    let mut value = index();
    value["manifests"].as_array_mut().unwrap().insert(1, blob(3));
    let Content::Index { children, blobs, .. } = read(&value).unwrap() else { panic!("a manifest") };
    assert_eq!((children.len(), blobs.len(), blobs[0].digest.as_str()), (2, 1, digest(3).as_str()));
    assert_eq!(document(&value, None).unwrap().listed().unwrap()[1].digest.as_str(), digest(3));
    assert!(document(&manifest(), None).unwrap().listed().is_err());
}

#[test]
fn a_list_of_referrers_is_an_index_or_none() {
    let list = |text: &str| referrers(text.as_bytes());
    let one = index().to_string();
    assert_eq!(list(&one).unwrap().unwrap().len(), 2);
    assert_eq!(list(r#"{"schemaVersion":2,"manifests":null}"#), Ok(Some(Vec::new())));
    assert_eq!(list(r#"{"manifests":[]}"#), Ok(Some(Vec::new())));
    let manifest = manifest().to_string();
    for none in ["{}", "[]", "null", "", "<html>", r#"{"manifests":{}}"#, r#"{"errors":[]}"#, manifest.as_str()] {
        assert_eq!(list(none), Ok(None), "{none}");
    }
    assert!(list(r#"{"manifests":[{"digest":"x"}]}"#).is_err(), "an index that cannot be read");
    assert!(list(r#"{"manifests":[],"Manifests":[]}"#).is_err());
}

#[test]
fn a_document_of_both_kinds_is_refused() {
    let mut both = manifest();
    both["manifests"] = json!([]);
    assert!(read(&both).unwrap_err().contains("of both an index and a manifest"));
    let mut both = index();
    both["layers"] = json!([]);
    assert!(read(&both).unwrap_err().contains("of both an index and a manifest"));
    let twice = format!(r#"{{"schemaVersion":2,"config":{0},"config":{0},"layers":[]}}"#, blob(1));
    assert!(Document::new(twice.into(), Some(media_type::OCI_MANIFEST), None).is_err());
}

#[test]
fn schema_1_is_refused_by_name() {
    let named = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    let old = json!({"schemaVersion": 1, "fsLayers": []});
    for called in [Some(named), Some(media_type::DOCKER_MANIFEST), None] {
        assert!(document(&old, called).unwrap_err().to_string().contains("schema 1"), "{called:?}");
    }
}

#[test]
fn broken_descriptors_are_refused() {
    for (digest, size) in [
        ("sha256:../../v2/_catalog?x=", json!(1)),
        (digest(1).as_str(), json!(-1)),
        ("", json!(1)),
        (digest(1).as_str(), json!(u64::MAX)),
    ] {
        let mut value = manifest();
        value["layers"] = json!([{"mediaType": "x", "digest": digest, "size": size}]);
        assert!(read(&value).is_err(), "{digest} {size}");
    }
}

#[test]
fn counts_are_limited() {
    let mut value = manifest();
    value["layers"] = vec![blob(1); DESCRIPTOR_LIMIT + 1].into();
    assert!(read(&value).unwrap_err().contains("1001 descriptors"));
    let long = vec![b' '; MANIFEST_LIMIT + 1];
    assert!(Document::new(long.into(), None, None).unwrap_err().to_string().contains("the limit is 4194304"));
}

#[test]
fn hostile_types_do_not_reach_messages_whole() {
    let mut value = manifest();
    value["mediaType"] = json!("evil\n::add-mask::x");
    let message = document(&value, Some(media_type::OCI_MANIFEST)).unwrap_err().to_string();
    assert!(!message.contains('\n'), "{message}");
}

#[test]
fn a_referrer_takes_its_artifact_type_from_the_configuration() {
    let mut value = manifest();
    value["annotations"] = json!({"k": "v"});
    let plain = document(&value, None).unwrap().descriptor().unwrap();
    assert_eq!(plain.artifact_type.as_deref(), Some("application/vnd.oci.image.layer.v1.tar+gzip"));
    assert_eq!(plain.annotations["k"], "v");
    value["artifactType"] = json!("application/x");
    assert_eq!(document(&value, None).unwrap().descriptor().unwrap().artifact_type.as_deref(), Some("application/x"));
}
