//! Misleading lists of tags: the image is not proposed and the reason is given, the healthy one is proposed.

use serde_json::Value;

use super::case::{World, header, page, usual};
use crate::support::clone::Clone;
use crate::support::http::Action;

/// A name, words of the error, and what the list is.
type Case = (&'static str, &'static str, fn(&World) -> Action);

#[test]
fn tag_lists_that_lead_astray_end_with_an_error() {
    let cases: [Case; 6] = [
        ("tag list: links to itself", "already read", |_| {
            header("link", "</v2/team/sick/tags/list?n=1000>; rel=\"next\"")
        }),
        ("tag list: links to another host", "another host", |w| {
            header("link", format!("<{}/v2/team/sick/tags/list>; rel=\"next\"", w.host.url()))
        }),
        ("tag list: links to another port", "another host", |w| {
            header("link", format!("<{}/v2/team/sick/tags/list>; rel=\"next\"", w.port.url()))
        }),
        ("tag list: without end", "8388608 bytes", |_| Action::Endless),
        ("tag list: HTML with 200", "a sign-in page", |_| page(200)),
        ("tag list: 503 for ever", "503", |_| page(503)),
    ];
    let mut table = String::new();
    for (name, words, action) in cases {
        let world = World::new(&usual());
        for repository in ["team/sick", "team/well"] {
            usual().put(&world.source, repository, "1.0.0");
            world.source.delete_tag(repository, "1");
        }
        drop(world.at_source("GET", "^/v2/team/sick/tags/list", action(&world)));
        let image = |name: &str| {
            let source = format!("{}/team/{name}", world.source.host());
            format!("  - source: {source}\n    versions: ^1\n    cooldown: 0s\n    approved: []\n")
        };
        let text = format!("organization: acme\nimages:\n{}{}", image("sick"), image("well"));
        let clone = Clone::with(&[("approved-images.yml", &text)]);
        let auths =
            serde_json::json!({"auths": {(world.source.host()): {"username": "me", "password": super::CANARY}}});
        let run = clone.run(env!("CARGO_BIN_EXE_wharfinger"), "", &["plan"]);
        let result = run.env("DOCKER_AUTH_CONFIG", auths.to_string()).output().expect_status(1).json();
        let rows = |key: &str| -> Vec<Value> { result[key].as_array().unwrap().clone() };
        let (failed, proposed) = (rows("failed"), rows("proposals"));
        assert_eq!((failed.len(), proposed.len()), (1, 1), "{name}: {result}");
        assert_eq!(proposed[0]["images"][0]["repository"], "well", "{name}: {result}");
        let error = failed[0]["error"].as_str().unwrap();
        assert!(failed[0]["repository"] == "sick" && error.contains(words), "{name}: {result}");
        world.check_secrets(0, name);
        let step = failed[0]["step"].as_str().unwrap();
        table.push_str(&format!("{name} | {step}: {}\n", world.readable(error)));
    }
    insta::assert_snapshot!("lists", table);
}
