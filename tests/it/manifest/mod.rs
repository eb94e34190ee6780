//! Reading the manifest, and its schema.

use wharfinger::internals::image::RepositoryName;
use wharfinger::internals::manifest::{Destination, File, Manifest, parse, schema};

mod agreement;
mod broken;

/// The example that shows every key.
const EXAMPLE: &str = include_str!("../../../examples/approved-images.yml");

/// What it includes.
const INCLUDED: &str = include_str!("../../../examples/images/observability.yml");

/// The example with what it includes.
fn example() -> Manifest {
    let files = [("approved-images.yml", EXAMPLE), ("images/observability.yml", INCLUDED)];
    parse(files.map(|(path, text)| File { path: path.to_owned(), text: text.to_owned() }).to_vec()).unwrap()
}

#[test]
fn the_example_parses() {
    let manifest = example();
    assert_eq!(manifest.images.len(), 7);
    assert_eq!(manifest.images[0].approved.len(), 2);
}

#[test]
fn names_are_those_that_docker_hub_takes() {
    for (names, fit) in
        [(["loki", "a1", "a.b_c-d"], true), (["x", "a--b", "a__b"], false), (["team/app", "a/b", "a---b"], false)]
    {
        for name in names {
            assert_eq!(name.parse::<RepositoryName>().unwrap().fits_docker_hub(), fit, "{name}");
        }
    }
}

#[test]
fn mirrors_have_one_form_on_every_destination() {
    let mut manifest = example();
    let name: RepositoryName = "loki".parse().unwrap();
    assert_eq!(manifest.mirror(&name).unwrap().to_string(), "docker.io/acme/loki");
    manifest.registry = Destination::Directory("out".into());
    assert_eq!(manifest.mirror(&name).unwrap().to_string(), "oci:out/acme/loki");
    manifest.organization = "../up".to_owned();
    assert!(manifest.mirror(&name).is_err());
}

#[test]
fn the_checked_in_schema_is_the_one_the_types_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/schema/approved-images.schema.json");
    let made = schema::json_schema();
    if std::env::var_os("WHARFINGER_UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap_or_default(), made, "set WHARFINGER_UPDATE_SCHEMA=1 to write it");
}
