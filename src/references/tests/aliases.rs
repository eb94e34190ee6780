//! A scalar that several places use is rewritten only if each of them names an image.

use super::shown;
use crate::references::Format;

#[test]
fn what_is_also_used_for_something_else_is_left() {
    const COMPOSE: Format = Format::Compose;
    for (format, text, found) in [
        // The image is written at an image, and is a variable's value too.
        (
            COMPOSE,
            "services:\n  a:\n    image: &i redis:7\n    environment: { IMAGE: *i }\n",
            &["redis:7 = docker.io/library/redis:7 shared"][..],
        ),
        // It is written as a variable's value, and is an image too.
        (
            COMPOSE,
            "services:\n  a:\n    environment: { IMAGE: &i 'redis:7' }\n    image: *i\n",
            &["*i = docker.io/library/redis:7 shared"],
        ),
        (
            COMPOSE,
            "x-i: &i redis:7\nservices:\n  a:\n    image: *i\n    labels: [*i]\n",
            &["*i = docker.io/library/redis:7 shared"],
        ),
        // The extension that holds it is merged into the environment.
        (
            COMPOSE,
            "x-e: &e\n  IMAGE: &i redis:7\nservices:\n  a:\n    image: *i\n    environment:\n      <<: *e\n",
            &["*i = docker.io/library/redis:7 shared"],
        ),
        // The default of a variable stands in what is used twice.
        (
            COMPOSE,
            "x-i: &i ${I:-redis:7}\nservices:\n  a:\n    image: *i\n    command: *i\n",
            &["*i = docker.io/library/redis:7 shared"],
        ),
        // One is left, the others are not.
        (
            COMPOSE,
            "x-i: [&i redis:7, &n nginx:1]\nservices:\n  a: { image: *i, command: *i }\n  b: { image: *n }\n",
            &["*i = docker.io/library/redis:7 shared", "*n = docker.io/library/nginx:1 <- nginx:1"],
        ),
        // Nothing but images: it is written once, and all of them change.
        (
            COMPOSE,
            "x-i: &i redis:7\nservices:\n  a: { image: *i }\n  b: { image: *i }\n",
            &["*i = docker.io/library/redis:7 <- redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
        ),
        (
            Format::Kubernetes,
            "kind: Pod\nspec:\n  containers:\n  - image: &i redis:7\n    env: [{ name: I, value: *i }]\n",
            &["redis:7 = docker.io/library/redis:7 shared"],
        ),
        (
            Format::GitLab,
            "a:\n  image: &i redis:7\n  variables: { I: *i }\n",
            &["redis:7 = docker.io/library/redis:7 shared"],
        ),
        (
            Format::GitLab,
            ".i: &i redis:7\na:\n  image: *i\nb:\n  services: [*i]\n",
            &["*i = docker.io/library/redis:7 <- redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
        ),
        (
            Format::GitLab,
            "variables: { A: &i redis:7, B: *i }\na:\n  image: $A\n",
            &["$A = docker.io/library/redis:7 shared"],
        ),
        (
            Format::Workflow,
            "on: push\njobs:\n  a:\n    env: { I: &i redis:7 }\n    container: *i\n    runs-on: x\n",
            &["*i = docker.io/library/redis:7 shared"],
        ),
        (
            Format::HelmValues,
            "image: &i redis:7\nlabel: *i\nother: { image: *i }\n",
            &["redis:7 = docker.io/library/redis:7 shared", "*i = docker.io/library/redis:7 shared"],
        ),
        (
            Format::HelmValues,
            "image: &i redis:7\nother: { image: *i }\n",
            &["redis:7 = docker.io/library/redis:7", "*i = docker.io/library/redis:7 <- redis:7"],
        ),
    ] {
        assert_eq!(shown(format, text), found, "{text}");
        super::rewritten(format, text);
    }
}
