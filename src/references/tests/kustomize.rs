use super::{Case, check};
use crate::references::Format;

#[test]
fn what_kustomizations_name() {
    check(Format::Kustomize, &CASES);
}

const CASES: [Case; 30] = [
    Case {
        text: "images:\n- name: nginx\n  newTag: 1.8.0\n",
        found: &["nginx = docker.io/library/nginx:1.8.0 [+\"\\n  newName: \" 1.8.0 +\"\\n  digest: \"]"],
    },
    Case {
        text: "images:\n- name: postgres\n  newName: my-registry/my-postgres\n  newTag: v1\n",
        found: &[
            "my-registry/my-postgres = docker.io/my-registry/my-postgres:v1 [my-registry/my-postgres v1 +\"\\n  digest: \"]",
        ],
    },
    Case {
        text: "images:\n- name: alpine\n  digest: sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "alpine = docker.io/library/alpine@sha256:c0c [+\"\\n  newName: \" +\"\\n  newTag: \" sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0]",
        ],
    },
    Case {
        text: "images:\n- name: my-demo-app\n  newName: my-app\n",
        found: &["my-app: the tag stands in the resources"],
    },
    Case { text: "images:\n- name: nginx\n", found: &["nginx: the tag stands in the resources"] },
    Case { text: "images:\n- name: nginx\n  tagSuffix: -alpine\n", found: &["nginx: the tag stands in the resources"] },
    // renovatebot/renovate#11153
    Case {
        text: "images:\n- name: image/name\n  newName: custom-image/name:v0.0.1@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "custom-image/name:v0.0.1@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 = docker.io/custom-image/name:v0.0.1@sha256:c0c",
        ],
    },
    Case {
        text: "images:\n- name: image/name\n  newName: custom-image/name\n  newTag: v0.0.1@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "custom-image/name = docker.io/custom-image/name:v0.0.1@sha256:c0c [custom-image/name v0.0.1@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 +\"\\n  digest: \"]",
        ],
    },
    Case {
        text: "images:\n- name: image/name\n  newName: custom-image/name\n  digest: sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "custom-image/name = docker.io/custom-image/name@sha256:c0c [custom-image/name +\"\\n  newTag: \" sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0]",
        ],
    },
    // kubernetes-sigs/kustomize#2625
    Case {
        text: "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nimages:\n  - name: api-image\n    newTag: v3.0\n    newName: image-path\nbases:\n  - ../base\n",
        found: &["image-path = docker.io/library/image-path:v3.0 [image-path v3.0 +\"\\n    digest: \"]"],
    },
    // renovatebot/renovate#8089
    Case {
        text: "images:\n  - name: argoproj/argocd:v1.7.7\n    digest: sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "argoproj/argocd:v1.7.7 = docker.io/argoproj/argocd:v1.7.7@sha256:c0c [+\"\\n    newName: \" +\"\\n    newTag: \" sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0]",
        ],
    },
    Case {
        text: "kind: Component\nimages:\n- newTag: \"1.10\"\n  name: quay.io/a/b # ours\n",
        found: &["quay.io/a/b = quay.io/a/b:1.10 [+\"\\n  newName: \" \"1.10\" +\"\\n  digest: \"]"],
    },
    Case {
        text: "images:\n- name: a/b\n  newTag: '1' # why\n  newName: c/d\n- name: e/f\n  newTag: '2'",
        found: &[
            "c/d = docker.io/c/d:1 [c/d '1' +\"\\n  digest: \"]",
            "e/f = docker.io/e/f:2 [+\"\\n  newName: \" '2' +\"\\n  digest: \"]",
        ],
    },
    Case {
        text: "images: [{ name: nginx, newTag: v1 }]\n",
        found: &["nginx = docker.io/library/nginx:v1 [+\", newName: \" v1 +\", digest: \"]"],
    },
    Case {
        text: "images:\n  - {name: nginx, newName: a/b, newTag: v1, digest: \"sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\"}\n",
        found: &[
            "a/b = docker.io/a/b:v1@sha256:c0c [a/b v1 \"sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\"]",
        ],
    },
    Case {
        text: "{\"images\": [{\"name\": \"nginx\", \"newTag\": \"v1\"}]}\n",
        found: &["nginx = docker.io/library/nginx:v1 [+\", \\\"newName\\\": \" \"v1\" +\", \\\"digest\\\": \"]"],
    },
    Case {
        text: "images:\n- name: nginx\n  newTag: 7.2\n",
        found: &["nginx = docker.io/library/nginx:7.2 [+\"\\n  newName: \" 7.2 +\"\\n  digest: \"]"],
    },
    Case {
        text: "images:\n- name: nginx\n  newName:\n  newTag: v1\n",
        found: &["nginx = docker.io/library/nginx:v1 [+\" \" v1 +\"\\n  digest: \"]"],
    },
    Case {
        text: "images:\n-\n  name: nginx\n  newTag: v1\n",
        found: &["nginx = docker.io/library/nginx:v1 [+\"\\n  newName: \" v1 +\"\\n  digest: \"]"],
    },
    Case {
        text: "images:\n- name: nginx\n  newTag: ${TAG}\n- name: app\n  newName: ${REGISTRY}/app\n",
        found: &["nginx: `TAG` is not set in this file", "${REGISTRY}/app: `REGISTRY` is not set in this file"],
    },
    Case { text: "images:\n- name: nginx\n  newTag: '{{ tag }}'\n", found: &["nginx: a template"] },
    Case { text: "images:\n- name: nginx\n  newTag: no tag\n", found: &["nginx: not an image reference"] },
    Case {
        text: "images:\n- name: nginx\n  newTag: &t v1\n- name: other\n  newTag: *t\n",
        found: &[
            "nginx = docker.io/library/nginx:v1 composed",
            "other = docker.io/library/other:v1 [+\"\\n  newName: \" *t +\"\\n  digest: \"]",
        ],
    },
    Case { text: "resources: [a.yaml]\nconfigMapGenerator:\n- name: a\n  literals: [ image=redis:7 ]\n", found: &[] },
    Case {
        text: "images: []\n---\nimages:\n- newName: only\n- just text\n",
        found: &["only: the tag stands in the resources"],
    },
    Case {
        text: "helmCharts:\n- name: a\n  repo: https://example.com/images\n  valuesInline:\n    image:\n      repository: redis\n      tag: v7\n",
        found: &["redis = docker.io/library/redis:v7 [redis v7 -]"],
    },
    Case {
        text: "images:\n- name: nginx\n  newTag: v1\n   digest: x\n",
        found: &[":: not valid YAML: a colon followed by a space makes a key, and no key is allowed here"],
    },
    Case {
        text: "patches:\n- target: { kind: Deployment }\n  patch: |-\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: redis:7\n    - op: add\n      path: /spec/replicas\n      value: 2\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "patchesStrategicMerge:\n- patch.yaml\n- |-\n  apiVersion: apps/v1\n  kind: Deployment\n  spec:\n    template:\n      spec:\n        containers:\n        - name: a\n          image: \"a/b:1\"\n",
        found: &["a/b:1 = docker.io/a/b:1"],
    },
    Case {
        text: "patches:\n- path: image.yaml\n- patch: \"- op: replace\\n  path: /spec/containers/0/image\\n  value: redis\"\n",
        found: &[
            "- op: replace\\n  path: /spec/containers/0/image\\n  value: redis: a patch that is not written as a block",
        ],
    },
];

#[test]
fn what_patches_in_files_of_their_own_name() {
    for (text, found) in [
        // kubernetes/kubectl#658
        (
            "- op: replace\n  path: /some/existing/path\n  value: new value\n- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: nginx:1.21.0\n",
            &["nginx:1.21.0 = docker.io/library/nginx:1.21.0"][..],
        ),
        (
            "[\n  { \"op\": \"replace\", \"path\": \"/spec/template/spec/initContainers/1/image\", \"value\": \"a/b:1\" }\n]\n",
            &["a/b:1 = docker.io/a/b:1"],
        ),
        (
            "- op: add\n  path: /spec/template/spec/containers/-\n  value:\n    name: proxy\n    image: envoyproxy/envoy:v1.30.1\n",
            &["envoyproxy/envoy:v1.30.1 = docker.io/envoyproxy/envoy:v1.30.1"],
        ),
        (
            "- op: add\n  path: /spec/template/spec/initContainers\n  value:\n  - name: a\n    image: a:1\n  - name: b\n    image: b:1\n",
            &["a:1 = docker.io/library/a:1", "b:1 = docker.io/library/b:1"],
        ),
        // What else has an image is not known.
        (
            "- op: replace\n  path: /spec/image\n  value: quay.io/prometheus/prometheus:v2.51.2\n",
            &["quay.io/prometheus/prometheus:v2.51.2 = quay.io/prometheus/prometheus:v2.51.2 unknown"],
        ),
        (
            "- op: replace\n  path: /spec/containers/0/image\n  value: ${IMAGE}\n",
            &["${IMAGE}: `IMAGE` is not set in this file"],
        ),
        // A test names what is there, the others set no image.
        (
            "- op: test\n  path: /spec/containers/0/image\n  value: a:1\n- op: remove\n  path: /spec/containers/0/image\n- op: add\n  path: /metadata/annotations/image\n  value: a:1\n- op: add\n  path: /data/image\n  value: a:1\n- op: add\n  path: /spec/containers/0/imagePullPolicy\n  value: Always\n",
            &[],
        ),
    ] {
        assert_eq!(super::shown(Format::JsonPatch, text), found, "{text}");
        super::rewritten(Format::JsonPatch, text);
        super::rewritten(Format::JsonPatch, &text.replace('\n', "\r\n"));
    }
}
