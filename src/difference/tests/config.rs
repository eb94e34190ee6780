//! What differs in configurations.

use serde_json::json;

use super::*;

#[test]
fn a_configuration_is_compared_field_by_field() {
    let from = json!({"User": "app", "Cmd": ["old"], "Env": ["PATH=/bin", "GONE=1", "TOOL_VERSION=1", "SECRET=a"],
        "Volumes": {"/data": {}}, "Labels": {"maintainer": "me"}, "StopSignal": "SIGTERM", "WorkingDir": "/"});
    let to = json!({"User": "1000:1000", "Cmd": "new", "Env": ["PATH=/bin", "TOOL_VERSION=2", "SECRET=b", "NEW=x"],
        "Volumes": {"/cache": {}}, "Labels": {"maintainer": "you", "a": "b"}, "StopSignal": "SIGINT",
        "WorkingDir": "/srv", "ExposedPorts": {"80": {}}});
    let pair = pair(inside(&["base"], &from), inside(&["base"], &to), Listed::Untouched);
    let found = difference(images(vec![pair])).platforms.remove(0).config;
    let shown: Vec<String> = found
        .iter()
        .map(|change| format!("{:?} {} -> {}", change.field, shown(&change.from), shown(&change.to)))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    User app -> 1000:1000
    Command ["old"] -> new
    Env GONE -> -
    Env - -> NEW
    Env SECRET -> SECRET
    Env TOOL_VERSION=1 -> TOOL_VERSION=2
    Port - -> 80/tcp
    Volume /data -> -
    Volume - -> /cache
    Label - -> a=b
    Label maintainer=me -> maintainer=you
    StopSignal SIGTERM -> SIGINT
    Workdir / -> /srv
    "#);
}

fn shown(text: &Option<String>) -> &str {
    text.as_deref().unwrap_or("-")
}

#[test]
fn what_is_no_configuration_is_unknown_and_says_so() {
    for broken in ["[]", "not JSON", "", "null", &"[".repeat(100_000)] {
        let mut pair = rebuilt().images();
        pair.platforms[0].to.as_mut().unwrap().config = Ok(Bytes::from(broken.to_owned()));
        let platform = difference(pair).platforms.remove(0);
        assert_eq!(platform.config, []);
        let detail = platform.detail.unwrap();
        assert!(detail.starts_with("the image's configuration is unknown: "), "{detail}");
    }
    let mut odd = rebuilt().images();
    let odd_config = json!({"config": {"User": 7, "Env": "x", "Cmd": {}, "Labels": [], "ExposedPorts": [1]}});
    odd.platforms[0].to.as_mut().unwrap().config = Ok(Bytes::from(odd_config.to_string()));
    assert_eq!(said(&difference(odd)), "config: root", "what has another form is absent");
}
