//! One test for each kind of configuration.

use super::{Kind, SECRET, import, snapshot};

#[test]
fn regsync() {
    let text = r#"
version: 1
creds:
  - registry: docker.io
    user: "{{env \"HUB_USER\"}}"
    pass: hunter2
  - registry: registry.corp:5000
    tls: disabled
defaults:
  ratelimit: { min: 100, retry: 15m }
  parallel: 2
  interval: 60m
  backup: "old-{{.Ref.Tag}}"
x-mirror: &mirror
  type: repository
  referrers: true
  platforms: [linux/amd64, linux/arm64]
sync:
  - source: busybox:latest
    target: docker.io/acme/busybox:latest
    type: image
  - source: alpine
    target: docker.io/acme/alpine
    type: repository
    tags:
      allow: [3, "3.9", latest]
      deny: ["3.9"]
  - <<: *mirror
    source: grafana/loki
    target: docker.io/acme/loki
    tags:
      semverRange: [">=2.9.0 <3.0.0", ">=3.1"]
      deny: [3.1.1, ".*-rc.*"]
  - source: quay.io/minio/minio
    target: docker.io/acme/minio
    type: repository
    tags:
      allow: ['RELEASE\.2024-.*Z', latest]
  - source: redis
    target: docker.io/acme/redis
    type: repository
    tagSets:
      - semverRange: ["~7.2"]
      - allow: ["6.2.14"]
  - source: python
    target: docker.io/acme/python
    type: repository
  - source: nginx
    target: docker.io/acme/nginx
    type: repository
    tags:
      semverRange: ["^1.27"]
      allow: [".*-alpine"]
  - source: postgres:17
    target: docker.io/acme/postgres:production
    type: image
  - source: registry.corp:5000
    target: docker.io/acme
    type: registry
  - source: node:22@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
    target: acme/node:22
    type: image
    hooks: { post: { type: script } }
  - source: vault:1.15
    target: registry.corp:5000/mirror/vault:1.15
    type: image
  - source: "{{env \"SOURCE\"}}"
    target: docker.io/acme/x
    type: repository
"#;
    snapshot("regsync", Kind::Regsync, text, None);
    snapshot("regsync_elsewhere", Kind::Regsync, text, Some("platform"));
    snapshot("regsync_mirror", Kind::Regsync, text, Some("mirror"));
    snapshot("regsync_none", Kind::Regsync, "registry.example.com:\n  images: {}\n", None);
    snapshot("regsync_broken", Kind::Regsync, "sync:\n  - source: [a\n", None);
    snapshot("regsync_empty", Kind::Regsync, "", None);
}

#[test]
fn skopeo() {
    let text = r#"
registry.example.com:
    images:
        busybox: []
        redis:
            - "1.0"
            - 2.0
            - "sha256:0000000000000000000000000000000011111111111111111111111111111111"
    images-by-tag-regex:
        nginx: ^1\.13\.[12]-alpine-perl$
        httpd: '2\.4'
        haproxy: ^3\.1$
    images-by-semver:
        alpine: ">= 3.12.0"
        traefik: ">=2, !=2.5.1, <4"
        vault: nonsense
    credentials:
        username: john
        password: hunter2 and more
    tls-verify: true
    cert-dir: /home/john/certs
quay.io:
    tls-verify: false
    images:
        coreos/etcd:
            - latest
        bitnami/etcd: [3.5.1]
        Bad/Name: [x]
docker.io:
    images-by-semver:
        library/python: ^3.12.0-0
"#;
    snapshot("skopeo", Kind::Skopeo, text, Some("acme"));
    snapshot("skopeo_without_organization", Kind::Skopeo, text, None);
    snapshot("skopeo_none", Kind::Skopeo, "sync: []\n", Some("acme"));
}

#[test]
fn image_syncer() {
    let text = r#"
quay.io/coreos/kube-rbac-proxy: docker.io/acme/kube-rbac-proxy
quay.io/coreos/kube-state-metrics:v1.0: docker.io/acme/kube-state-metrics
quay.io/coreos/flannel:v1.0,v2.0: docker.io/acme/flannel
quay.io/coreos/etcd:v3.4,v3.5: docker.io/acme/etcd:v3.4,v3.5-ours
quay.io/coreos/dnsmasq@sha256:14b267eb38aa85fd12d0e168fffa2d8a6187ac53a14a0212b0d4fce8d729598c: docker.io/acme/dnsmasq
quay.io/coreos/clair@sha256:14b267eb38aa85fd12d0e168fffa2d8a6187ac53a14a0212b0d4fce8d729598c: docker.io/acme/clair:v2
quay.io/coreos/prometheus:v1.1:
  - docker.io/acme/prometheus
  - registry.corp/mirror/prometheus
quay.io/coreos/tectonic:/^v1\.[0-9]+\.[0-9]+$/: docker.io/acme/tectonic
alpine: ${REGISTRY}/alpine
"#;
    snapshot("image_syncer", Kind::ImageSyncer, text, None);
    let text = r#"{
  "auth": { "quay.io": { "username": "xxx", "password": "hunter2" } },
  "proc": 5,
  "images": { "quay.io/a/b:v1": "docker.io/acme/b", "quay.io/a/c": ["docker.io/acme/c"] }
}"#;
    snapshot("image_syncer_config", Kind::ImageSyncer, text, None);
    snapshot("image_syncer_auth", Kind::ImageSyncer, "quay.io:\n  username: x\n  password: hunter2\n", None);
}

#[test]
fn rancher() {
    let text = r#"
Artifacts:
- SourceArtifact: amazon/aws-cli
  Tags:
  - 2.0.52
  - 2.10
- DoNotMirror: true
  SourceArtifact: appscode/kubed
  Tags:
  - v0.13.2
- SourceArtifact: banzaicloud/logging-operator
  Tags:
  - 3.6.0
  TargetArtifactName: banzaicloud-logging-operator
- SourceArtifact: banzaicloud/logging-operator
  DoNotMirror:
  - 3.9.4
  Tags:
  - 3.9.0
  - 3.9.4
  - 3.9.5
- SourceArtifact: dp.apps.rancher.io/containers/grafana
  Tags:
  - 12.1.1-2.2
- SourceArtifact: dp.apps.rancher.io/charts/redis
  Tags: [20.1.0]
  TargetRepositories:
  - registry.suse.com/rancher/charts
- SourceArtifact: rancher/mirrored-library-busybox
  Tags: [1.36.1]
  TargetArtifactName: mirrored-library-busybox
Repositories:
- BaseUrl: docker.io/rancher
  DefaultTarget: true
  Password: hunter2
  Registry: docker.io
  Username: '{{ env "DOCKER_USERNAME" }}'
- BaseUrl: registry.suse.com/rancher/charts
  DefaultTarget: false
  Registry: registry.suse.com
"#;
    snapshot("rancher", Kind::Rancher, text, None);
    snapshot("rancher_images_only", Kind::Rancher, "Images:\n- SourceImage: a/b\n  Tags: [v1]\n", Some("acme"));
    snapshot("rancher_autoupdate", Kind::Rancher, "- Name: x\n  Reviewers: [y]\n", None);
}

#[test]
fn dregsy() {
    let text = r#"
relay: skopeo
watch: true
skopeo: { binary: skopeo }
tasks:
  - name: task1
    interval: 60
    verbose: true
    source: &source
      registry: registry.hub.docker.com
      auth: aHVudGVyMg==
    target: &target
      registry: docker.io
      auth: hunter2
      skip-tls-verify: true
    mappings:
      - from: library/busybox
        to: acme/busybox
        tags: ['semver: >=1.31.0 <1.31.9', 'regex: 1\.26\.[0-9]-(glibc|uclibc|musl)', '1.29.4', latest]
      - from: test/image
        to: acme/image
        tags: ['0.1.0', '1.36.0-uclibc@sha256:58f1aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'sha256:1d8aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']
      - from: test/another-image
        to: acme/another-image
        platform: linux/arm64/v8
        tags: ['semver: 1.2.x', 'semver: !=2.0.0 >=2.0.0']
      - from: library/pruned
        to: acme/pruned
        tags: ['semver: >=2.0.0', 'keep: .+-(alpine|buster)']
      - from: library/counted
        to: acme/counted
        tags: ['glibc-tests', 'semver: >=1.34.0 <=1.36.0', 'keep: latest 5']
      - from: library/inverse
        to: acme/inverse
        tags: ['regex: !.*-rc.*']
      - from: regex:myproject/.*
        to: acme/all
      - from: my/image
        to: regex:my(.+)/,acme/your$1/
      - from: acme/everything
        platform: all
  - name: two
    source: *source
    target: *target
    mappings:
      - from: library/busybox
        to: acme/busybox
        tags: [stable]
"#;
    snapshot("dregsy", Kind::Dregsy, text, None);
    snapshot("dregsy_none", Kind::Dregsy, "images: {}\n", None);
}

#[test]
fn kubernetes() {
    let text = r#"{
  "apiVersion": "v1",
  "kind": "List",
  "items": [
    { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "a", "namespace": "default",
        "annotations": { "last": "image: hunter2" } },
      "spec": { "containers": [ { "name": "a", "image": "nginx:1.27.3-alpine" }, { "name": "b", "image": "ghcr.io/acme/own" } ],
        "initContainers": [ { "name": "i", "image": "docker.io/library/busybox:1.37@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } ] },
      "status": { "containerStatuses": [ { "image": "docker.io/library/nginx:1.27.3-alpine", "imageID": "docker.io/library/nginx@sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" } ] } },
    { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "b" },
      "spec": { "containers": [ { "name": "a", "image": "nginx:1.27.3-alpine" }, { "name": "c", "image": "nginx:1.26" } ] } },
    { "apiVersion": "v1", "kind": "Pod", "metadata": { "name": "c" },
      "spec": { "containers": [ { "name": "a", "image": "quay.io/prometheus/node-exporter@sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc" },
        { "name": "d", "image": "registry.k8s.io/coredns/coredns:v1.11.3" },
        { "name": "e", "image": "coredns/coredns:1.11.3" }, { "name": "f", "image": "Not An Image" } ] } }
  ],
  "metadata": { "resourceVersion": "" }
}"#;
    snapshot("kubernetes", Kind::Kubernetes, text, Some("acme"));
    snapshot("kubernetes_without_organization", Kind::Kubernetes, text, None);
    snapshot("kubernetes_nothing", Kind::Kubernetes, "{\"kind\": \"List\", \"items\": []}", Some("acme"));
}

#[test]
fn what_several_filters_of_one_list_exclude_is_rejected_once() {
    let text = "sync:\n  - source: grafana/loki\n    target: docker.io/acme/loki\n    type: repository\n    tags:\n      \
        allow: ['3\\.[0-9]', '4\\.[0-9]']\n      deny: [\"3.1\"]\n";
    let imported = import(Kind::Regsync, text, None).unwrap();
    assert_eq!((imported.images, imported.left.len()), (1, 0), "{:?}", imported.left);
    assert_eq!(imported.manifest.matches("tag: \"3.1\"").count(), 1, "{}", imported.manifest);
}

/// Nothing widens because it is written in another way than the tool reads, and nothing vanishes without a word.
#[test]
fn what_selects_in_another_form_is_left_and_never_means_everything() {
    let regsync = |tags: &str| {
        format!(
            "sync:\n  - source: quay.io/a/bb\n    target: docker.io/acme/bb\n    type: repository\n    tags: {{ {tags} }}\n"
        )
    };
    let cases = [
        (Kind::Regsync, regsync("allow: \"1.0\""), "allow: it must be a list"),
        (Kind::Regsync, regsync("allow: [\"1.0\"], deny: \"1.0\""), "deny: it must be a list"),
        (Kind::Regsync, regsync("allow: [\"1)|(?:.*\"]"), "it is no regular expression"),
        (Kind::Regsync, regsync("allow: [\"1.0\"], deny: [\"1.0\"]"), "all that `allow` names is denied"),
        (Kind::Skopeo, "quay.io:\n  images: { a/bb: { x: 1 } }\n".to_owned(), "its tags must be a list"),
        (Kind::ImageSyncer, "quay.io/a/bb@sha256:12: docker.io/acme/bb:1.0\n".to_owned(), "quay.io/a/bb@sha256:12: "),
    ];
    for (kind, text, left) in cases {
        let shown = super::shown(kind, &text, Some("acme"));
        assert!(shown.contains(left) && !shown.contains("source:"), "{text}{shown}");
    }
    let dots = super::shown(Kind::Regsync, &regsync("allow: [\"1..\"]"), Some("acme"));
    assert!(dots.contains("1..") && dots.contains("pattern:"), "an expression: {dots}");
    let digest = crate::image::Digest::sha256(b"1");
    let both = format!("quay.io/a/bb@{digest}: docker.io/acme/bb:1.0,1.1\n");
    let both = super::shown(Kind::ImageSyncer, &both, Some("acme"));
    assert!(both.contains("1.0") && both.contains("1.1"), "{both}");
}

/// Addresses may hold passwords.
#[test]
fn no_password_of_an_address_is_shown() {
    let address = format!("https://bob:{SECRET}@quay.io/a/bb");
    let pod = format!("apiVersion: v1\nkind: Pod\nspec: {{ containers: [{{ image: \"{address}\" }}] }}\n");
    let cases = [
        (
            Kind::Regsync,
            format!("sync:\n  - {{ source: \"{address}\", target: docker.io/acme/bb, type: repository }}\n"),
        ),
        (
            Kind::Regsync,
            format!("sync:\n  - {{ source: \"bob:{SECRET}@quay.io/a/bb\", target: docker.io/acme/bb, type: image }}\n"),
        ),
        (Kind::Skopeo, format!("\"https://bob:{SECRET}@quay.io\":\n  images: {{ a/bb: [\"1\"] }}\n")),
        (Kind::ImageSyncer, format!("\"{address}:1\": docker.io/acme/bb:1\n")),
        (
            Kind::Rancher,
            format!(
                "Artifacts: [{{ SourceArtifact: a/b, Tags: [\"1\"] }}]\nRepositories: [{{ BaseUrl: \"{address}\", DefaultTarget: true, Password: x }}]\n"
            ),
        ),
        (Kind::Kubernetes, pod),
    ];
    for (kind, text) in cases {
        let shown = super::shown(kind, &text, Some("acme"));
        assert!(!shown.contains(SECRET), "{text}{shown}");
    }
}
