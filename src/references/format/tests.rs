//! Which file has which format.

use super::*;

#[track_caller]
fn formats(path: &str, text: &str, expected: Option<Format>) {
    let read = Format::possible(path);
    assert!(read || expected.is_none(), "{path} would not be read");
    assert_eq!(Format::of(path, text), expected, "{path}: {text}");
}

#[test]
fn dockerfiles_are_known_by_their_names() {
    let names = [
        "Dockerfile",
        "dockerfile",
        "a/b/Dockerfile",
        "Dockerfile.web",
        "Dockerfile-dev",
        "Dockerfile_build",
        "Dockerfile2",
        "web.Dockerfile",
        "web.dockerfile",
        "Containerfile",
        "Containerfile.arm64",
        "app.containerfile",
        "Dockerfile.j2",
    ];
    for name in names {
        formats(name, "FROM alpine:3.19\n", Some(Format::Dockerfile));
    }
    for name in
        ["Dockerfile.dockerignore", "Containerfile.dockerignore", ".dockerignore", "docker.txt", "file", "Vagrantfile"]
    {
        assert!(!Format::possible(name), "{name}");
    }
}

#[test]
fn an_extension_of_something_else_asks_the_text() {
    formats("Dockerfile.py", "# syntax=docker/dockerfile:1\nARG V=3\nFROM python:$V\n", Some(Format::Dockerfile));
    formats("Dockerfile.go", "\u{feff}from golang:1.22\n", Some(Format::Dockerfile));
    formats("dockerfile.py", "from docker import client\n", None);
    formats("dockerfile_parser.go", "package main\n", None);
    formats("Dockerfile.md", "# Our Dockerfile\n\nIt begins with `FROM`.\n", None);
}

#[test]
fn yaml_is_known_by_where_its_program_looks_for_it() {
    let any = "a: { image: x }\n";
    for path in [
        ".github/workflows/ci.yml",
        "sub/.github/workflows/ci.yaml",
        ".forgejo/workflows/a.yml",
        ".gitea/workflows/a.yml",
    ] {
        formats(path, any, Some(Format::Workflow));
    }
    formats(".github/workflows/sub/ci.yml", any, None);
    for path in [".gitlab-ci.yml", "a/.gitlab-ci.yml", "build.gitlab-ci.yml"] {
        formats(path, any, Some(Format::GitLab));
    }
    formats(".gitlab/ci/build.yml", "build:\n  image: alpine\n  script: [make]\n", Some(Format::GitLab));
    formats(".gitlab/agents/a/config.yaml", "ci_access:\n  containers: []\n", None);
    for path in ["compose.yml", "compose.prod.yaml", "docker-compose.yml", "a/docker-compose-test.yaml"] {
        formats(path, any, Some(Format::Compose));
    }
    for path in ["kustomization.yaml", "base/kustomization.yml", "Kustomization"] {
        formats(path, "images: []\n", Some(Format::Kustomize));
    }
    for path in ["values.yaml", "values-prod.yml", "values.dev.yaml", "redis-values.yaml", "envs/values/prod.yaml"] {
        formats(path, "image:\n  repository: redis\n", Some(Format::HelmValues));
    }
    formats("values.yaml", "replicas: 1\n", None);
}

#[test]
fn other_yaml_is_known_by_its_top_level_keys() {
    let pod = "apiVersion: v1\nkind: Pod\nspec:\n  containers: [{ image: a }]\n";
    formats("a.yaml", pod, Some(Format::Kubernetes));
    formats("values/pod.yaml", pod, Some(Format::Kubernetes));
    formats("a.yaml", &format!("# c\r\na: image\r\n---\r\n{}", pod.replace('\n', "\r\n")), Some(Format::Kubernetes));
    formats("a.yaml", "{ apiVersion: v1, kind: Pod, image: a }\n", Some(Format::Kubernetes));
    formats("a.yaml", "apiVersion: v2\nimage: a\n---\nkind: b\n", None);
    formats("stack.yml", "version: '3'\nservices:\n  # c\n  web:\n    image: nginx\n", Some(Format::Compose));
    formats("stack.yml", "\"services\":\n    web:\n        deploy: {}\n        build: .\n", Some(Format::Compose));
    formats("services.yaml", "services:\n  App\\Image:\n    arguments:\n      image: x\n", None);
    formats("ci.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    container: alpine\n", Some(Format::Workflow));
    formats("a/action.yml", "runs:\n  using: docker\n  image: docker://alpine:3.19\n", Some(Format::Action));
    formats(
        "templates/deployment.yaml",
        "{{- if .Values.a }}\n image: {{ .Values.image }}\n{{ end }}",
        Some(Format::Kubernetes),
    );
    formats("charts/a/templates/_helpers.tpl", "{{ define \"a.image\" }}", Some(Format::Kubernetes));
    formats("a/_helpers.tpl", "{{ define \"a.image\" }}", None);
}

#[test]
fn other_programs_fields_are_nobodys_images() {
    formats("openapi.yaml", "openapi: 3.0.0\ninfo: {}\npaths:\n  /image: {}\n", None);
    formats("playbook.yml", "- hosts: all\n  tasks:\n    - docker_container: { image: redis }\n", None);
    formats("stack.yaml", "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  A:\n    Image: x\n", None);
    formats(".circleci/config.yml", "version: 2\njobs:\n  a:\n    docker:\n      - image: cimg/go:1\n", None);
    formats("main.tf", "target \"a\" {\n", None);
    formats("package.json", "{\"apiVersion\":1,\"kind\":2}", None);
}

#[test]
fn json_and_hcl() {
    formats("pod.json", "{\"kind\":\"Pod\",\"metadata\":{},\"apiVersion\":\"v1\"}", Some(Format::Kubernetes));
    formats("a.json", "{\"items\":[{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}]}", None);
    formats("a.json", "{\"a\":\"\\\"apiVersion\\\" \\\"kind\\\"\", \"b", None);
    for path in [".devcontainer/devcontainer.json", ".devcontainer.json", ".devcontainer/go/devcontainer.json"] {
        formats(path, "{}", Some(Format::Devcontainer));
    }
    formats("docker-bake.json", "{}", Some(Format::BakeJson));
    formats("docker-bake.override.json", "{}", Some(Format::BakeJson));
    formats("docker-bake.hcl", "", Some(Format::BakeHcl));
    formats("docker-bake.override.hcl", "", Some(Format::BakeHcl));
    formats("ci.bake.hcl", "", Some(Format::BakeHcl));
    formats("build.hcl", "group \"default\" {}\r\ntarget \"app\" {\r\n}\r\n", Some(Format::BakeHcl));
    formats("job.nomad.hcl", "job \"a\" {\n  target = \"b\"\n}\n", None);
}

#[test]
fn a_resource_may_be_indented_as_a_whole_or_begin_on_its_marker() {
    for text in [
        "  apiVersion: v1\n  kind: Pod\n  spec: { containers: [ { image: x } ] }\n",
        "# x\n\n    kind: Pod\n    apiVersion: v1\n    image: x\n",
        "--- {apiVersion: v1, kind: Pod, spec: {containers: [{image: x}]}}\n",
        "a: 1\n--- {\n  apiVersion: v1,\n  kind: Pod, image: x}\n",
        "%YAML 1.2\n---\n  apiVersion: v1\n  kind: Pod\n  image: x\n",
        "{\n  apiVersion: v1, kind: Pod, image: x\n}\n",
        "image: x\n---\n  apiVersion: v1\n  kind: Pod\n",
        "{{- if .Values.a }}\n  apiVersion: v1\n  kind: Pod\n  image: x\n{{- end }}\n",
    ] {
        formats("a.yaml", text, Some(Format::Kubernetes));
    }
    for text in [
        "a:\n  apiVersion: v1\n  kind: Pod\n  image: x\n",
        "  a:\n    apiVersion: v1\n    kind: Pod\n    image: x\n",
        "image: x\napiVersion: v1\n---\nkind: Pod\n",
        "- apiVersion: v1\n  kind: Pod\n  image: x\n",
    ] {
        formats("a.yaml", text, None);
    }
}

#[test]
fn a_patch_is_known_by_its_operations() {
    let yaml = "- op: replace\n  path: /spec/template/spec/containers/0/image\n  value: redis:7\n";
    for (path, text) in [
        ("patch.yaml", yaml.to_owned()),
        ("overlay/image.yml", format!("# why\n---\n{yaml}")),
        ("patch.yaml", yaml.replace("- op", "-\n  op")),
        (
            "patch.json",
            "[\n  {\"op\": \"add\", \"path\": \"/spec/containers/0/image\", \"value\": \"a:1\"}\n]".to_owned(),
        ),
        ("patch.yaml", "[{op: add, path: /spec/containers/0/image, value: a:1}]".to_owned()),
    ] {
        formats(path, &text, Some(Format::JsonPatch));
    }
    for (path, text) in [
        ("patch.yaml", yaml.replace("image", "name")),
        ("patch.yaml", yaml.replace("op:", "do:")),
        ("patch.yaml", format!("a:\n{yaml}")),
        ("patch.json", "{\"op\": \"add\", \"path\": \"/image\", \"value\": 1}".to_owned()),
    ] {
        formats(path, &text, None);
    }
}
