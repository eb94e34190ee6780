use super::{Case, check};
use crate::references::Format;

#[test]
fn what_manifests_name() {
    check(Format::Kubernetes, &CASES);
}

const CASES: [Case; 36] = [
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n      image: redis:7\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  initContainers: [{ image: a/i }]\n  containers: [{ image: a/c }]\n  ephemeralContainers: [{ image: a/e }]\n",
        found: &["a/i = docker.io/a/i", "a/c = docker.io/a/c", "a/e = docker.io/a/e"],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers: []\n  volumes:\n    - name: v\n      image:\n        reference: quay.io/crio/artifact:v2\n        pullPolicy: Always\n    - name: e\n      emptyDir: {}\n",
        found: &["quay.io/crio/artifact:v2 = quay.io/crio/artifact:v2"],
    },
    Case {
        text: "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - image: 'nginx:1.27'\n        name: nginx\n",
        found: &["nginx:1.27 = docker.io/library/nginx:1.27"],
    },
    Case {
        text: "apiVersion: apps/v1\nkind: StatefulSet\nspec: { template: { spec: { containers: [ { image: nginx } ] } } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: apps/v1\nkind: DaemonSet\nspec: { template: { spec: { containers: [ { image: nginx } ] } } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: apps/v1\nkind: ReplicaSet\nspec: { template: { spec: { containers: [ { image: nginx } ] } } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: extensions/v1beta1\nkind: Deployment\nspec: { template: { spec: { containers: [ { image: nginx } ] } } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: v1\nkind: ReplicationController\nspec: { template: { spec: { containers: [ { image: nginx } ] } } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: batch/v1\nkind: Job\nspec: { template: { spec: { containers: [ { image: perl:5.34 } ] } } }\n",
        found: &["perl:5.34 = docker.io/library/perl:5.34"],
    },
    Case {
        text: "apiVersion: batch/v1beta1\nkind: CronJob\nspec:\n  schedule: '*/5 * * * *'\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - image: busybox\n",
        found: &["busybox = docker.io/library/busybox"],
    },
    Case {
        text: "apiVersion: v1\nkind: PodTemplate\ntemplate: { spec: { containers: [ { image: nginx } ] } }\n",
        found: &["nginx = docker.io/library/nginx"],
    },
    Case {
        text: "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  spec: { containers: [ { image: a/b } ] }\n- apiVersion: v1\n  kind: ConfigMap\n  data: { image: c/d }\n",
        found: &["a/b = docker.io/a/b"],
    },
    Case {
        text: "apiVersion: v1\nkind: PodList\nitems:\n- kind: Pod\n  apiVersion: v1\n  spec: { containers: [ { image: a/b } ] }\n",
        found: &["a/b = docker.io/a/b"],
    },
    Case {
        text: "---\napiVersion: v1\nkind: Service\n---\n# only a comment\n---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: a/b\n...\n---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: c/d\n",
        found: &["a/b = docker.io/a/b", "c/d = docker.io/c/d"],
    },
    Case {
        text: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    image: a/b\ndata:\n  pod.yaml: |\n    kind: Pod\n    spec:\n      containers:\n      - image: redis:7\n",
        found: &[],
    },
    Case {
        text: "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec:\n  versions:\n  - schema:\n      openAPIV3Schema:\n        properties:\n          image:\n            default: redis:7\n            type: string\n",
        found: &[],
    },
    Case {
        text: "apiVersion: serving.knative.dev/v1\nkind: Service\nspec:\n  template:\n    spec:\n      containers:\n        - image: ghcr.io/knative/helloworld-go:latest\n          env: [ { name: IMAGE, value: redis } ]\n",
        found: &["ghcr.io/knative/helloworld-go:latest = ghcr.io/knative/helloworld-go:latest unknown"],
    },
    Case {
        text: "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nspec:\n  templates:\n  - container:\n      image: docker/whalesay\n  - container:\n      image: \"{{inputs.parameters.image}}\"\n",
        found: &["docker/whalesay = docker.io/docker/whalesay unknown", "{{inputs.parameters.image}}: a template"],
    },
    Case {
        text: "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata:\n  annotations: { image: a/b }\nspec:\n  image: quay.io/prometheus/prometheus:v2.53.0\nstatus:\n  image: old/one\n",
        found: &["quay.io/prometheus/prometheus:v2.53.0 = quay.io/prometheus/prometheus:v2.53.0 unknown"],
    },
    Case {
        text: "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nspec:\n  imageName: ghcr.io/cloudnative-pg/postgresql:16\n  description: { image: A picture of it }\n",
        found: &[],
    },
    Case {
        text: "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nspec:\n  values:\n    image:\n      repository: ghcr.io/a/b\n      tag: v1\n",
        found: &["ghcr.io/a/b = ghcr.io/a/b:v1 [ghcr.io/a/b v1 -] unknown"],
    },
    Case {
        text: "apiVersion: batch.volcano.sh/v1alpha1\nkind: Job\nspec: { tasks: [ { template: { spec: { containers: [ { image: nginx } ] } } } ] }\n",
        found: &["nginx = docker.io/library/nginx unknown"],
    },
    Case {
        text: "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\n\t\"containers\": [\n\t\t{ \"name\": \"a\", \"image\": \"redis:7\" }\n\t]\n}}\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: {{ .Values.image }}\n",
        found: &["{{ .Values.image }}: a template"],
    },
    Case {
        text: "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      {{- with .Values.pull }}\n      x: {{ . }}\n      {{- end }}\n      containers:\n        - name: a\n          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"\n        - name: b\n          image: busybox:1.36 # literal\n        {{- /*\n          image: old:1\n        */}}\n        - name: c\n          args:\n            - |\n              image: text:1\n          \"image\": 'nginx:1'\n",
        found: &[
            "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}: a template",
            "busybox:1.36 = docker.io/library/busybox:1.36",
            "nginx:1 = docker.io/library/nginx:1",
        ],
    },
    Case {
        text: "apiVersion: v1\nkind: ConfigMap\ndata:\n  x: {{ .Values.x }}:{{ .y }}\n  image: redis:7\n",
        found: &[],
    },
    Case {
        text: "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nspec:\n  {{- if .x }}\n  image: a/b:1\n  {{- end }}\n",
        found: &["a/b:1 = docker.io/a/b:1 unknown"],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: ${REGISTRY}/app:1\n  - image: $(IMAGE)\n  - image: IMAGE_PLACEHOLDER\n  - image: ko://github.com/a/b/cmd\n",
        found: &[
            "${REGISTRY}/app:1: `REGISTRY` is not set in this file",
            "$(IMAGE): `IMAGE` is not set in this file",
            "IMAGE_PLACEHOLDER: not an image reference: a repository has no upper case letters",
            "ko://github.com/a/b/cmd: built by ko",
        ],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: redis: 7\n---\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: nginx\n",
        found: &[
            ":: not valid YAML: a colon followed by a space makes a key, and no key is allowed here",
            "nginx = docker.io/library/nginx",
        ],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - &c\n    image: &i redis:7\n  - <<: *c\n    name: b\n  - image: *i\n",
        found: &["redis:7 = docker.io/library/redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  x: &c { image: redis:7 }\n  containers:\n  - image: nginx\n    <<: *c\n",
        found: &["redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "spec:\n  template:\n    spec:\n      containers:\n      - name: a\n        image: redis:7\n",
        found: &["redis:7 = docker.io/library/redis:7 unknown"],
    },
    // OpenShift's kinds before they had groups.
    Case {
        text: "apiVersion: v1\nkind: Template\nobjects:\n- apiVersion: v1\n  kind: DeploymentConfig\n  spec: { template: { spec: { containers: [ { image: a/b } ] } } }\n",
        found: &["a/b = docker.io/a/b unknown"],
    },
    // A tool of others fills it in before kubectl reads it.
    Case {
        text: "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: gcr.io/<project>/app:1\n",
        found: &["gcr.io/<project>/app:1: not an image reference"],
    },
    Case { text: "apiVersion: example.com/v1\nkind: Sync\nspec:\n  image: true\n  other: { image: 7 }\n", found: &[] },
];

#[test]
fn documents_that_are_indented_or_begin_on_their_marker_are_read() {
    for (text, found) in [
        (
            "  apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: redis:7\n",
            &["redis:7 = docker.io/library/redis:7"][..],
        ),
        (
            "--- {apiVersion: v1, kind: Pod, spec: {containers: [{image: redis:7}]}}\n--- {apiVersion: v1, kind: Pod, spec: {containers: [{image: nginx}]}}\n",
            &["redis:7 = docker.io/library/redis:7", "nginx = docker.io/library/nginx"],
        ),
        ("{{- if .Values.a }}\n  apiVersion: v1\n  kind: ConfigMap\n  data:\n    image: redis:7\n{{- end }}\n", &[]),
        (
            "{{- if .Values.a }}\n  apiVersion: v1\n  kind: Pod\n  spec:\n    containers:\n    - image: redis:7\n{{- end }}\n",
            &["redis:7 = docker.io/library/redis:7"],
        ),
    ] {
        assert_eq!(super::shown(Format::Kubernetes, text), found, "{text}");
        super::rewritten(Format::Kubernetes, text);
    }
}
