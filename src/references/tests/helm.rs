use super::{Case, check};
use crate::references::Format;

#[test]
fn what_values_name() {
    check(Format::HelmValues, &CASES);
}

const CASES: [Case; 66] = [
    Case {
        text: "image:\n  repository: redis\n  tag: 7.2.4\n",
        found: &["redis = docker.io/library/redis:7.2.4 [redis 7.2.4 -]"],
    },
    Case {
        text: "image:\n  repository: 'some-docker/dependency'\n  tag: \"v1.0.0\"\n  registry: registry.example.com # optional\n",
        found: &[
            "some-docker/dependency = registry.example.com/some-docker/dependency:v1.0.0 [registry.example.com 'some-docker/dependency' \"v1.0.0\" -]",
        ],
    },
    Case {
        text: "coreImage:\n  registry: docker.io\n  repository: bitnami/harbor-core\n  tag: 2.1.3-debian-10-r38\n",
        found: &[
            "bitnami/harbor-core = docker.io/bitnami/harbor-core:2.1.3-debian-10-r38 [docker.io bitnami/harbor-core 2.1.3-debian-10-r38 -]",
        ],
    },
    Case {
        text: "foo:\n  image:\n    repository: sql/sql\n    version: 1.2.3\n",
        found: &["sql/sql = docker.io/sql/sql:1.2.3 [sql/sql 1.2.3 -]"],
    },
    // renovatebot/renovate#26719
    Case {
        text: "image:\n  registry: docker.io\n  repository: busybox\n  digest: sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "busybox = docker.io/library/busybox@sha256:c0c [docker.io busybox +\"\\n  tag: \" sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0]",
        ],
    },
    // renovatebot/renovate#9055
    Case {
        text: "image:\n  registry: example.com\n  repository: foo/bar\n  tag: \"1.0.0\"\n",
        found: &["foo/bar = example.com/foo/bar:1.0.0 [example.com foo/bar \"1.0.0\" -]"],
    },
    // dependabot/dependabot-core#10930
    Case {
        text: "service1:\n  image: {registry: ghcr.io, repository: z/image1, tag: 0.0.3}\nservice2:\n  image: {registry: ghcr.io, repository: z/image2, tag: 0.0.3}\n",
        found: &[
            "z/image1 = ghcr.io/z/image1:0.0.3 [ghcr.io z/image1 0.0.3 -]",
            "z/image2 = ghcr.io/z/image2:0.0.3 [ghcr.io z/image2 0.0.3 -]",
        ],
    },
    Case { text: "image:\n  repository: redis\n  tag: \"\"\n", found: &["redis: the chart sets the tag"] },
    Case {
        text: "image:\n  repository: redis\n  tag:\n  pullPolicy: Always\n",
        found: &["redis: the chart sets the tag"],
    },
    Case { text: "image:\n  repository: redis\n", found: &["redis: the chart sets the tag"] },
    Case { text: "image:\n  repository: \"\"\n  tag: \"1\"\nother:\n  image: {}\n", found: &[] },
    Case {
        text: "image:\n  repository: redis\n  tag: \"7\"\n  digest: \"\"\n",
        found: &["redis = docker.io/library/redis:7 [redis \"7\" \"\"]"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: \"7\"\n  digest: # none\n",
        found: &["redis = docker.io/library/redis:7 [redis \"7\" +\" \"]"],
    },
    Case {
        text: "image:\n  registry: \"\"\n  repository: redis\n  tag: \"7\"\n",
        found: &["redis = docker.io/library/redis:7 [\"\" redis \"7\" -]"],
    },
    Case {
        text: "image:\n  registry:\n  repository: redis\n  tag: \"7\"\n",
        found: &["redis = docker.io/library/redis:7 [+\" \" redis \"7\" -]"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: v5@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "redis = docker.io/library/redis:v5@sha256:c0c [redis v5@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 -]",
        ],
    },
    Case {
        text: "image:\n  repository: grafana/grafana\n  tag: 10.0.0\n  sha: \"\"\n",
        found: &["grafana/grafana = docker.io/grafana/grafana:10.0.0 [grafana/grafana 10.0.0 -]"],
    },
    Case {
        text: "image:\n  repository: grafana/grafana\n  tag: 10.0.0\n  sha: c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &["grafana/grafana = docker.io/grafana/grafana:10.0.0@sha256:c0c composed"],
    },
    Case {
        text: "image: redis:7\nsidecars:\n  - name: a\n    image: busybox:1.36\n  - name: b\n    image: \"quay.io/a/b\"\n",
        found: &[
            "redis:7 = docker.io/library/redis:7",
            "busybox:1.36 = docker.io/library/busybox:1.36",
            "quay.io/a/b = quay.io/a/b",
        ],
    },
    Case {
        text: "image: redis\nimageTag: \"7.2\"\n",
        found: &["redis = docker.io/library/redis:7.2 [redis \"7.2\" -]"],
    },
    Case { text: "app:\n  image: redis\n  tag: 7\n", found: &["redis = docker.io/library/redis:7 [redis 7 -]"] },
    Case {
        text: "image:\n  name: redis\n  tag: 7.2.1\n",
        found: &["redis = docker.io/library/redis:7.2.1 [redis 7.2.1 -]"],
    },
    Case {
        text: "global:\n  imageRegistry: mirror.example.com\nimage:\n  registry: docker.io\n  repository: a/b\n  tag: 1.0.0\nother:\n  image:\n    repository: c/d\n    tag: 1.0.0\n",
        found: &["a/b = mirror.example.com/a/b:1.0.0 composed", "c/d = docker.io/c/d:1.0.0 [c/d 1.0.0 -]"],
    },
    Case {
        text: "git:\n  repository: https://github.com/a/b.git\n  tag: v1\nsource:\n  repository: git@github.com:a/b\n  tag: v1\nhelm:\n  repository: charts\n",
        found: &[],
    },
    Case {
        text: "initImage: busybox:1.36\nlogoImage: assets/logo.png\nbackgroundImage: cover\nimage: logo.svg\nimagePullPolicy: Always\n",
        found: &["busybox:1.36 = docker.io/library/busybox:1.36"],
    },
    Case {
        text: "# image:\n#   repository: redis\n#   tag: 7\nimage:\n  # repository: old\n  repository: redis\n  tag: v7\n",
        found: &["redis = docker.io/library/redis:v7 [redis v7 -]"],
    },
    Case { text: "image:\n  repository: {{ .Values.x }}\n  tag: 7\n", found: &["{{ .Values.x }}: a template"] },
    Case {
        text: "image:\n  repository: '{{ .Values.global.registry }}/redis'\n  tag: '7'\nextra:\n  - image: '{{ .Values.y }}'\n",
        found: &["{{ .Values.global.registry }}/redis: a template", "{{ .Values.y }}: a template"],
    },
    Case { text: "image:\n  repository: redis\n  tag: ${TAG}\n", found: &["redis: `TAG` is not set in this file"] },
    Case { text: "image:\n  repository: redis\n  tag: \"not a tag\"\n", found: &["redis: not an image reference"] },
    Case { text: "image:\n  repository: redis:7\n", found: &["redis:7 = docker.io/library/redis:7"] },
    Case {
        text: "base: &base\n  repository: redis\n  tag: v7\na:\n  image: *base\nb:\n  image:\n    <<: *base\n    tag: v6\n",
        found: &["redis: not the same wherever it is used"],
    },
    Case {
        text: "tag: &tag v7\na:\n  image: { repository: redis, tag: *tag }\nb:\n  image: { repository: valkey, tag: *tag }\n",
        found: &[
            "redis = docker.io/library/redis:v7 [redis *tag -]",
            "valkey = docker.io/library/valkey:v7 [valkey *tag -]",
        ],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: &tag v7\nlabel: *tag\n",
        found: &["redis = docker.io/library/redis:v7 composed"],
    },
    Case {
        text: "images:\n  - repository: redis\n    tag: v7\n  - repository: nginx\n    tag: v1\n",
        found: &["redis = docker.io/library/redis:v7 [redis v7 -]", "nginx = docker.io/library/nginx:v1 [nginx v1 -]"],
    },
    Case { text: "env:\n  - name: IMAGE\n    value: redis:7\nconfig: |\n  image: redis:7\n", found: &[] },
    Case {
        text: "image:\n  repository: redis\n  tag: 7.10\n",
        found: &["redis: `7.10` is a number to Helm: put the tag in quotes"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: 1234e10\n",
        found: &["redis: `1234e10` is a number to Helm: put the tag in quotes"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: 017\n",
        found: &["redis: `017` is a number to Helm: put the tag in quotes"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: 7.2\n",
        found: &["redis = docker.io/library/redis:7.2 [redis 7.2 -]"],
    },
    // The values of NVIDIA's GPU operator.
    Case {
        text: "driver:\n  repository: nvcr.io/nvidia\n  image: driver\n  version: \"580.95.05\"\nplugin:\n  repository: nvcr.io/nvidia\n  image: plugin\n  version: \"\"\n",
        found: &["driver = nvcr.io/nvidia/driver:580.95.05 composed", "plugin: the chart sets the tag"],
    },
    Case {
        text: "image:\n  repository: {{ .Values.a }}/redis\n  tag: 7\nother:\n  \"image\": {{ .Values.b }}:1\n",
        found: &["{{ .Values.a }}/redis: a template", "{{ .Values.b }}:1: a template"],
    },
    // renovatebot/renovate#18119, renovatebot/renovate#7010
    Case {
        text: "image:\n  name: stakater/reloader\n  tag: v0.0.122\n  pullPolicy: IfNotPresent\n",
        found: &["stakater/reloader = docker.io/stakater/reloader:v0.0.122 [stakater/reloader v0.0.122 -]"],
    },
    // perses/helm-charts#201
    Case {
        text: "image:\n  name: persesdev/perses\n  version: \"v0.53.1\"\n",
        found: &["persesdev/perses = docker.io/persesdev/perses:v0.53.1 [persesdev/perses \"v0.53.1\" -]"],
    },
    // newrelic/nri-kubernetes#491
    Case {
        text: "images:\n  pullSecrets: []\n  forwarder:\n    tag: 1.24.1\n    repository: newrelic/k8s-events-forwarder\n    registry: \"\"\n",
        found: &[
            "newrelic/k8s-events-forwarder = docker.io/newrelic/k8s-events-forwarder:1.24.1 [\"\" newrelic/k8s-events-forwarder 1.24.1 -]",
        ],
    },
    // argoproj/argo-helm#3322
    Case {
        text: "redis-ha:\n  exporter:\n    image: quay.io/oliver006/redis_exporter\n    tag: v1.69.0\n",
        found: &[
            "quay.io/oliver006/redis_exporter = quay.io/oliver006/redis_exporter:v1.69.0 [quay.io/oliver006/redis_exporter v1.69.0 -]",
        ],
    },
    // helm/helm#8603
    Case {
        text: "image:\n  registry: quay.io\n  imageName: a/b\n  imageTag: \"1\"\n",
        found: &["a/b = quay.io/a/b:1 [quay.io a/b \"1\" -]"],
    },
    Case {
        text: "imageRepository: quay.io/a/b\nimageTag: v1.2.3\nimagePullPolicy: Always\n",
        found: &["quay.io/a/b = quay.io/a/b:v1.2.3 [quay.io/a/b v1.2.3 -]"],
    },
    Case {
        text: "imageRepository: a/b\nimageTag: v1\nimageDigest: sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n",
        found: &[
            "a/b = docker.io/a/b:v1@sha256:c0c [a/b v1 sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0]",
        ],
    },
    Case {
        text: "webImageRepository: a/web\nwebImageTag: v1\nworkerImageRepository: a/worker\nworkerImageTag: v2\n",
        found: &["a/web = docker.io/a/web:v1 [a/web v1 -]", "a/worker = docker.io/a/worker:v2 [a/worker v2 -]"],
    },
    Case {
        text: "image: a/b\nimageVersion: v1\nother:\n  initImage: busybox\n  initImageTag: \"1.36\"\n",
        found: &["a/b = docker.io/a/b:v1 [a/b v1 -]", "busybox = docker.io/library/busybox:1.36 [busybox \"1.36\" -]"],
    },
    Case { text: "imageRepository: a/b\n", found: &["a/b: the chart sets the tag"] },
    Case { text: "imageRepository: a/b:v1\n", found: &["a/b:v1 = docker.io/a/b:v1"] },
    Case {
        text: "imageRepository: a/b\nimageTag: 1.10\n",
        found: &["a/b: `1.10` is a number to Helm: put the tag in quotes"],
    },
    Case { text: "imageRepository: '{{ .Values.r }}/b'\nimageTag: v1\n", found: &["{{ .Values.r }}/b: a template"] },
    Case { text: "imageName: a/b:v1\nnode:\n  imageName: ubuntu-22.04\n", found: &["a/b:v1 = docker.io/a/b:v1"] },
    Case { text: "imageName: a/b\nlogoImageName: a/logo.png\n", found: &["a/b: the chart sets the tag"] },
    // What a chart makes of these is not known.
    Case { text: "image: a/b\nversion: v1\n", found: &["a/b: whether `version` is its tag is up to the chart"] },
    Case { text: "image: a/b:v1\nversion: v2\n", found: &["a/b:v1 = docker.io/a/b:v1"] },
    Case {
        text: "app:\n  repository: ghcr.io/a/b\n  version: v1\n",
        found: &["ghcr.io/a/b: nothing here says whether this is an image"],
    },
    Case {
        text: "charts:\n- chart: b\n  repository: ghcr.io/a\n  version: 1.2.3\n- repository: bitnami\n  version: 1.2.3\n- repository: ghcr.io/a/b\n  version: ^1.2\n",
        found: &[],
    },
    // openstack/openstack-helm: images by their names.
    Case {
        text: "images:\n  tags:\n    api: quay.io/airshipit/heat:2024.1-ubuntu_jammy\n    dep_check: quay.io/airshipit/kubernetes-entrypoint:latest-ubuntu_focal\n  pull_policy: IfNotPresent\n  local_registry:\n    active: false\n",
        found: &[
            "quay.io/airshipit/heat:2024.1-ubuntu_jammy = quay.io/airshipit/heat:2024.1-ubuntu_jammy",
            "quay.io/airshipit/kubernetes-entrypoint:latest-ubuntu_focal = quay.io/airshipit/kubernetes-entrypoint:latest-ubuntu_focal",
        ],
    },
    Case {
        text: "images:\n  web: nginx:1.27\n  worker: acme/worker\n  registry: localhost:5000\n  logo: logo.svg\nsidecarImages: [ busybox:1.36, alpine ]\n",
        found: &["nginx:1.27 = docker.io/library/nginx:1.27", "busybox:1.36 = docker.io/library/busybox:1.36"],
    },
    // Go shows large numbers with an exponent; switches are no images.
    Case {
        text: "image:\n  repository: redis\n  tag: 20240101\n",
        found: &["redis: `20240101` is a number to Helm: put the tag in quotes"],
    },
    Case {
        text: "image:\n  repository: redis\n  tag: 123456\n",
        found: &["redis = docker.io/library/redis:123456 [redis 123456 -]"],
    },
    Case { text: "sync:\n  image: true\na:\n  image: 7\nb:\n  image: \"7\"\n", found: &["7 = docker.io/library/7"] },
];
