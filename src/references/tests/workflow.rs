use super::{Case, check};
use crate::references::Format;

#[test]
fn what_workflows_name() {
    check(Format::Workflow, &WORKFLOWS);
}

const WORKFLOWS: [Case; 26] = [
    Case { text: "jobs:\n  a:\n    container: node:20\n", found: &["node:20 = docker.io/library/node:20"] },
    Case {
        text: "jobs:\n  a:\n    container:\n      image: 'ghcr.io/owner/image:1' # pinned\n      options: --cpus 1\n",
        found: &["ghcr.io/owner/image:1 = ghcr.io/owner/image:1"],
    },
    Case {
        text: "jobs:\n  a:\n    services:\n      redis:\n        image: redis\n      db: { image: \"postgres:16\", env: { image: x } }\n",
        found: &["redis = docker.io/library/redis", "postgres:16 = docker.io/library/postgres:16"],
    },
    // renovatebot/renovate#40151
    Case {
        text: "jobs:\n  a:\n    steps:\n      - name: one\n        uses: docker://ghcr.io/renovatebot/renovate:42.32.0\n      - uses: docker://ghcr.io/renovatebot/renovate:42.32.1\n        name: two\n",
        found: &[
            "ghcr.io/renovatebot/renovate:42.32.0 = ghcr.io/renovatebot/renovate:42.32.0",
            "ghcr.io/renovatebot/renovate:42.32.1 = ghcr.io/renovatebot/renovate:42.32.1",
        ],
    },
    Case {
        text: "jobs:\n  a:\n    steps:\n      - uses: 'docker://alpine:3.20'\n      - { uses: \"docker://alpine@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0\" }\n",
        found: &[
            "alpine:3.20 = docker.io/library/alpine:3.20",
            "alpine@sha256:c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 = docker.io/library/alpine@sha256:c0c",
        ],
    },
    Case {
        text: "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: ./.github/actions/x\n      - run: docker run redis:7\n        env: { IMAGE: docker://redis }\n",
        found: &[],
    },
    Case {
        text: "jobs:\n  a:\n    container: ${{ matrix.image }}\n",
        found: &["${{ matrix.image }}: a value of the matrix"],
    },
    Case {
        text: "jobs:\n  a:\n    container: node:${{ matrix.node }}\n    strategy:\n      matrix:\n        node: [18, 20]\n",
        found: &["node:${{ matrix.node }}: a value of the matrix"],
    },
    Case {
        text: "jobs:\n  a:\n    container:\n      image: ${{ inputs.image }}\n",
        found: &["${{ inputs.image }}: an input"],
    },
    Case {
        text: "jobs:\n  a:\n    container: ${{ needs.b.outputs.image }}\n",
        found: &["${{ needs.b.outputs.image }}: an output of another job or step"],
    },
    Case {
        text: "jobs:\n  a:\n    container: ghcr.io/${{ github.repository }}:latest\n",
        found: &["ghcr.io/${{ github.repository }}:latest: an expression"],
    },
    Case {
        text: "jobs:\n  a:\n    container: ${{ vars.IMAGE }}\n    services: { b: { image: '${{ env.IMAGE }}' } }\n",
        found: &[
            "${{ vars.IMAGE }}: a variable from outside this file",
            "${{ env.IMAGE }}: a variable from outside this file",
        ],
    },
    Case {
        text: "jobs:\n  a:\n    container: ${{ secrets.REGISTRY }}/a\n",
        found: &["${{ secrets.REGISTRY }}/a: a secret"],
    },
    Case {
        text: "jobs:\n  a:\n    steps:\n      - uses: docker://ghcr.io/a/b:${{ github.sha }}\n",
        found: &["ghcr.io/a/b:${{ github.sha }}: an expression"],
    },
    // zizmorcore/zizmor#2097
    Case {
        text: "jobs:\n  a:\n    services:\n      db:\n        image: ''\n      other:\n        image: ${{ matrix.service }}\n",
        found: &["${{ matrix.service }}: a value of the matrix"],
    },
    Case { text: "jobs:\n  a:\n    container: ''\n  b:\n    container:\n", found: &[] },
    Case {
        text: "jobs:\n  a:\n    uses: owner/repo/.github/workflows/container.yml@v1\n    with: { image: redis:7 }\n",
        found: &[],
    },
    Case { text: "on: { workflow_call: { inputs: { image: { default: redis:7 } } } }\njobs: {}\n", found: &[] },
    Case { text: "jobs:\n  a:\n    container: docker://node:20\n", found: &["node:20 = docker.io/library/node:20"] },
    Case {
        text: "jobs:\n  a:\n    container: &node node:20\n  b:\n    container: *node\n",
        found: &["node:20 = docker.io/library/node:20", "*node = docker.io/library/node:20 <- node:20"],
    },
    Case {
        text: "jobs:\n  a: &a\n    container: node:20\n    steps: []\n  b: *a\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case {
        text: "jobs:\n  a:\n    container: Node:20\n",
        found: &["Node:20: not an image reference: a repository has no upper case letters"],
    },
    Case {
        text: "jobs:\n  a:\n    runs-on: docker\n    container:\n      image: code.forgejo.org/oci/node:20-bookworm\n",
        found: &["code.forgejo.org/oci/node:20-bookworm = code.forgejo.org/oci/node:20-bookworm"],
    },
    Case {
        text: "jobs:\n  a:\n    # container: node:18\n    container: node:20\n    steps:\n      - run: |\n          container: node:16\n",
        found: &["node:20 = docker.io/library/node:20"],
    },
    Case {
        text: "jobs:\n  a:\n    container: node:20\n   steps: []\n",
        found: &["s: not valid YAML: this line is not indented like the lines that it belongs with"],
    },
    Case {
        text: "jobs:\n  a:\n    steps:\n      - uses: Docker://alpine:3\n      - uses: docker://\n",
        found: &["alpine:3 = docker.io/library/alpine:3", ": not an image reference"],
    },
];

#[test]
fn what_actions_name() {
    for (text, found) in [
        (
            "runs:\n  using: docker\n  image: docker://debian:stretch-slim\n",
            &["debian:stretch-slim = docker.io/library/debian:stretch-slim"][..],
        ),
        ("runs:\n  using: docker\n  image: 'docker://ghcr.io/a/b:v1'\n", &["ghcr.io/a/b:v1 = ghcr.io/a/b:v1"]),
        ("runs:\n  using: docker\n  image: Dockerfile\n", &[]),
        ("runs:\n  using: docker\n  image: docker/Dockerfile.alpine\n", &[]),
        ("runs:\n  using: node20\n  main: index.js\ninputs:\n  image: { default: docker://redis }\n", &[]),
        (
            "runs:\n  using: composite\n  steps:\n    - uses: docker://redis:7\n    - uses: actions/cache@v4\n    - run: x\n",
            &["redis:7 = docker.io/library/redis:7"],
        ),
        ("runs:\n  using: docker\n  image: docker://a/b:${{ inputs.tag }}\n", &["a/b:${{ inputs.tag }}: an input"]),
        ("runs:\n  image: [docker://a\n", &["[: not valid YAML: unclosed bracket '['"]),
    ] {
        assert_eq!(super::shown(Format::Action, text), found, "{text}");
        super::rewritten(Format::Action, text);
    }
}
