use super::{Case, check};
use crate::references::Format;

#[test]
fn what_pipelines_name() {
    check(Format::GitLab, &PLAIN);
}

#[test]
fn what_variables_and_templates_make_of_an_image() {
    check(Format::GitLab, &VARIABLES);
}

const PLAIN: [Case; 27] = [
    Case { text: "image: ruby:3.2\n", found: &["ruby:3.2 = docker.io/library/ruby:3.2"] },
    Case { text: "image: # above\n  'ruby:3.2'\n", found: &["ruby:3.2 = docker.io/library/ruby:3.2"] },
    // renovatebot/renovate#3680
    Case {
        text: "image:\n        name: renovate/renovate:16.10.8@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\n        entrypoint: [\"\"]\n",
        found: &[
            "renovate/renovate:16.10.8@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 = docker.io/renovate/renovate:16.10.8@sha256:c0c",
        ],
    },
    Case {
        text: "default:\n  image: ruby:3.2\n  services: [ postgres:16 ]\n",
        found: &["ruby:3.2 = docker.io/library/ruby:3.2", "postgres:16 = docker.io/library/postgres:16"],
    },
    Case {
        text: "services:\n  - mysql:8\n  - name: redis:7\n    alias: cache\n    variables: { image: no }\njob:\n  script: x\n",
        found: &["mysql:8 = docker.io/library/mysql:8", "redis:7 = docker.io/library/redis:7"],
    },
    Case {
        text: "test:\n  image: node:20\n  script: docker run redis:7\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case {
        text: "test:\n  image: { name: \"node:20\", docker: { platform: linux/arm64 } }\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case {
        text: "build:\n  image: docker:27\n  services:\n    - docker:27-dind\n    - name: 'quay.io/a/b'\n      command: [x]\n",
        found: &[
            "docker:27 = docker.io/library/docker:27",
            "docker:27-dind = docker.io/library/docker:27-dind",
            "quay.io/a/b = quay.io/a/b",
        ],
    },
    Case { text: ".hidden:\n  image: node:20\n", found: &["node:20 = docker.io/library/node:20"] },
    Case {
        text: ".hidden:\n  image: node:20\na:\n  extends: .hidden\nb:\n  extends: [ .hidden ]\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case {
        text: ".a: { image: node:20 }\n.b: { image: node:22 }\nc:\n  extends: [ .a, .b ]\n",
        found: &["node:20 = docker.io/library/node:20", "node:22 = docker.io/library/node:22"],
    },
    Case {
        text: ".setup:\n  image: node:20\ntest:\n  image: !reference [.setup, image]\n",
        found: &[
            "node:20 = docker.io/library/node:20",
            "!reference [.setup, image] = docker.io/library/node:20 <- node:20",
        ],
    },
    // renovatebot/renovate#33057
    Case {
        text: ".postgres:\n  services:\n    - postgres:16\nmy-job:\n  services: !reference [.postgres, services]\n  script:\n    - echo foo\n",
        found: &["postgres:16 = docker.io/library/postgres:16"],
    },
    Case { text: "my-job:\n  services: !reference [.elsewhere, services]\n", found: &[] },
    Case {
        text: "my-job:\n  image: !reference [.elsewhere, image]\n",
        found: &["!reference [.elsewhere, image]: a reference to another file"],
    },
    Case {
        text: ".s: { services: [ redis:7 ] }\njob:\n  services:\n    - !reference [.s, services]\n    - nginx\n",
        found: &["redis:7 = docker.io/library/redis:7", "nginx = docker.io/library/nginx"],
    },
    Case {
        text: ".a:\n  image: !reference [.b, image]\n.b:\n  image: !reference [.a, image]\n",
        found: &[
            "!reference [.b, image]: a reference to another file",
            "!reference [.a, image]: a reference to another file",
        ],
    },
    Case {
        text: ".base: &base\n  image: node:20\ntest:\n  <<: *base\n  script: x\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    // Psych lets what comes later win.
    Case {
        text: ".base: &base { image: node:20 }\ntest:\n  image: node:18\n  <<: *base\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case { text: ".i: &i node:20\ntest:\n  image: *i\n", found: &["*i = docker.io/library/node:20 <- node:20"] },
    Case {
        text: "include:\n  - template: image.yml\nstages: [image]\nvariables: { image: redis:7 }\ncache: { image: x }\nworkflow: { image: y }\n",
        found: &[],
    },
    Case {
        text: "spec:\n  inputs:\n    image: { default: redis:7 }\n---\ntest:\n  image: $[[ inputs.image ]]\n",
        found: &["$[[ inputs.image ]]: an input"],
    },
    Case {
        text: "test:\n  image: Ruby:3\n",
        found: &["Ruby:3: not an image reference: a repository has no upper case letters"],
    },
    Case { text: "test:\n  image:\n  services:\nother:\n  image: ''\n  services: []\n", found: &[] },
    Case { text: "test:\n  image: \"{{ image }}\"\n", found: &["{{ image }}: a template"] },
    Case { text: "test:\n  # image: old\n  script:\n    - |\n      image: redis:7\n", found: &[] },
    Case {
        text: "test:\n  image: node:20\n  script: a: b\n",
        found: &[":: not valid YAML: a colon followed by a space makes a key, and no key is allowed here"],
    },
];

const VARIABLES: [Case; 37] = [
    // renovatebot/renovate#17537
    Case {
        text: "variables:\n  VERSION: \"3.2\"\ntest:\n  image: ruby:$VERSION\n",
        found: &["ruby:$VERSION = docker.io/library/ruby:3.2 composed"],
    },
    // renovatebot/renovate#13425
    Case { text: "test:\n  image: $PREFIX/ruby:3.2\n", found: &["$PREFIX/ruby:3.2: `PREFIX` is not set in this file"] },
    Case {
        text: "variables:\n  IMAGE: ruby:3.2\ntest:\n  image: $IMAGE\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "variables:\n  IMAGE: 'ruby:3.2'\nimage: ${IMAGE}\n",
        found: &["${IMAGE} = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "variables:\n  IMAGE:\n    value: ruby:3.2\n    description: The image\nimage: \"$IMAGE\"\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "test:\n  variables:\n    IMAGE: ruby:3.2\n  image: $IMAGE\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "variables: { IMAGE: ruby:3.1 }\ntest:\n  variables: { IMAGE: ruby:3.2 }\n  image: $IMAGE\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "image: $IMAGE\nvariables: { IMAGE: ruby:3.1 }\na:\n  script: x\nb:\n  variables: { IMAGE: ruby:3.2 }\n",
        found: &["$IMAGE: not the same wherever it is used"],
    },
    Case {
        text: ".base:\n  image: $IMAGE\na:\n  extends: .base\n  variables: { IMAGE: ruby:3.2 }\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: ".base:\n  image: $IMAGE\na:\n  extends: .base\n  variables: { IMAGE: ruby:3.2 }\nb:\n  extends: .base\n  variables: { IMAGE: ruby:3.1 }\n",
        found: &["$IMAGE: not the same wherever it is used"],
    },
    Case {
        text: ".base:\n  variables: { IMAGE: ruby:3.2 }\na:\n  extends: .base\n  image: $IMAGE\n",
        found: &["$IMAGE = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case {
        text: "variables:\n  REGISTRY: ghcr.io\n  IMAGE: $REGISTRY/a/b:1\nimage: $IMAGE\n",
        found: &["$IMAGE = ghcr.io/a/b:1 composed"],
    },
    Case {
        text: "variables:\n  A: ruby:3.2\n  B: $A\nimage: $B\n",
        found: &["$B = docker.io/library/ruby:3.2 <- ruby:3.2"],
    },
    Case { text: "variables:\n  A: $B\n  B: $A\nimage: $A\n", found: &["$A: `A` has too many variables in it"] },
    Case {
        text: "image: $CI_REGISTRY_IMAGE/build:latest\n",
        found: &["$CI_REGISTRY_IMAGE/build:latest: `CI_REGISTRY_IMAGE` comes from GitLab"],
    },
    Case {
        text: "image: ${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine:3\n",
        found: &[
            "${CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX}/alpine:3: `CI_DEPENDENCY_PROXY_GROUP_IMAGE_PREFIX` comes from GitLab",
        ],
    },
    Case {
        text: "variables: { T: '1' }\nimage: $CI_REGISTRY_IMAGE:$T\n",
        found: &["$CI_REGISTRY_IMAGE:$T: `CI_REGISTRY_IMAGE` comes from GitLab"],
    },
    Case {
        text: "variables: { V: '3' }\ntest:\n  image: ruby:$V\n  rules:\n    - if: $X\n      variables: { V: '2' }\n",
        found: &["ruby:$V: `V` depends on rules"],
    },
    Case {
        text: "variables: { V: '3' }\nworkflow:\n  rules:\n    - if: $X\n      variables:\n        V: '2'\nimage: ruby:$V\n",
        found: &["ruby:$V: `V` depends on rules"],
    },
    Case {
        text: "variables: { V: '3' }\ntest:\n  image: ruby:$V\n  rules:\n    - if: $X\n      variables: { W: '2' }\n",
        found: &["ruby:$V = docker.io/library/ruby:3 composed"],
    },
    Case {
        text: ".r:\n  rules:\n    - variables: { V: '2' }\ntest:\n  variables: { V: '3' }\n  image: ruby:$V\n  rules:\n    - !reference [.r, rules]\n",
        found: &["ruby:$V: `V` depends on rules"],
    },
    Case {
        text: "test:\n  image: ruby:$V\n  parallel:\n    matrix:\n      - V: ['3', '2']\n",
        found: &["ruby:$V: `V` is a value of the matrix"],
    },
    Case {
        text: "variables: { I: ruby:3 }\ntest:\n  inherit: { variables: false }\n  image: $I\n",
        found: &["$I: `I` is not set in this file"],
    },
    Case {
        text: "variables: { I: ruby:3, J: ruby:2 }\ntest:\n  inherit:\n    variables: [ I ]\n  image: $I\n  services: [ $J ]\n",
        found: &["$I = docker.io/library/ruby:3 <- ruby:3", "$J: `J` is not set in this file"],
    },
    Case {
        text: "variables: { A: '' }\nimage: ${A}ruby:3\n",
        found: &["${A}ruby:3 = docker.io/library/ruby:3 <- ruby:3"],
    },
    Case { text: "variables: { A: '' }\nimage: $A\n", found: &["$A: empty unless a variable is set elsewhere"] },
    Case { text: "image: ruby:$$V\n", found: &["ruby:$$V: not an image reference"] },
    Case { text: "image: ${A:-ruby:3}\n", found: &["${A:-ruby:3}: not an image reference"] },
    Case { text: "variables: { A: Not An Image }\nimage: $A\n", found: &["$A: not an image reference"] },
    Case {
        text: ".v:\n  variables: { I: ruby:3 }\ntest:\n  variables: !reference [.v, variables]\n  image: $I\n",
        found: &["$I = docker.io/library/ruby:3 <- ruby:3"],
    },
    Case {
        text: "x: &v { I: ruby:3 }\nvariables:\n  <<: *v\nimage: $I\n",
        found: &["$I = docker.io/library/ruby:3 <- ruby:3"],
    },
    Case {
        text: "default:\n  image:\n    name: $I\nvariables: { I: ruby:3 }\ntest: { script: x }\n",
        found: &["$I = docker.io/library/ruby:3 <- ruby:3"],
    },
    Case {
        text: "variables: { S: redis:7 }\ntest:\n  services:\n    - name: $S\n      alias: s\n    - $S\n",
        found: &["$S = docker.io/library/redis:7 <- redis:7", "$S = docker.io/library/redis:7 <- redis:7"],
    },
    Case {
        text: "variables:\n  V: 3.10\nimage: python:$V\n",
        found: &["python:$V: `V` is a number to GitLab: put it in quotes"],
    },
    Case {
        text: "variables:\n  V: 3.0\nimage: python:$V\n",
        found: &["python:$V = docker.io/library/python:3.0 composed"],
    },
    Case {
        text: ".base:\n  image: $I\na:\n  extends: .base\n  variables: { I: ruby:3 }\nb:\n  extends: .base\n  variables: { I: ruby:3 }\n",
        found: &["$I = docker.io/library/ruby:3 composed"],
    },
    Case {
        text: "a:\n  image: ruby:3\n  script: docker inspect -f '{{.Id}}' x: y\n",
        found: &[":: not valid YAML: a colon followed by a space makes a key, and no key is allowed here"],
    },
];
