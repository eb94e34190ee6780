"""Measures what other tools find in shapes.txt, offline, and prints peers.json.

    python3 measure.py RENOVATE_JS HADOLINT DEPENDABOT_CORE > peers.json

RENOVATE_JS is dist/renovate.js of the npm package `renovate` (`node` runs it), HADOLINT the program, DEPENDABOT_CORE a checkout, whose
parsers Ruby runs without the rest of it.
"""

import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
# Renovate's manager for Kubernetes looks at no file unless it is told at which.
CONFIG = {"kubernetes": {"managerFilePatterns": ["/^k8s/"]}}
DEPENDABOT = r"""
require "json"; require "yaml"; require "date"; require "set"
module T
  module Sig; def sig(*); end; end
  module Helpers; def abstract!; end; end
  Array = Hash = Class.new { def self.[](*); end }
  Boolean = nil
  def self.must(v) = v
  def self.let(v, *) = v
  def self.cast(v, *) = v
  def self.nilable(*); end
  def self.anything; end
  def self.any(*); end
end
$LOADED_FEATURES << "sorbet-runtime.rb"
module Kernel
  alias_method :real_require, :require
  def require(path)
    return true if path == "sorbet-runtime" || path.end_with?("package_manager")
    return true if %w[dependabot/dependency dependabot/file_parsers dependabot/file_parsers/base].include?(path)
    return true if path.end_with?("base/dependency_set")
    real_require(path)
  end
end
module Dependabot
  File = Struct.new(:name, :content, :type) { def path = name }
  def self.logger = Class.new { def error(*) = nil }.new
  class DependencyFileNotParseable < StandardError; def initialize(*) = super("not parseable"); end
  class Dependency
    attr_reader :name, :version, :requirements
    def initialize(name:, version:, package_manager:, requirements:) = (@name, @version, @requirements = name, version, requirements)
  end
  class DependencyRequirement; def self.create(v) = v; end
  module FileParsers
    def self.register(*); end
    class Base
      class DependencySet
        attr_reader :dependencies
        def initialize = @dependencies = []
        def <<(one) = (@dependencies << one; self)
        def +(other) = (@dependencies += other.dependencies; self)
      end
      attr_reader :dependency_files
      def initialize(files) = @dependency_files = files
    end
  end
end
class Object; class Ecosystem; end; end
class Hash; def metadata = self[:metadata]; end
$LOAD_PATH.unshift(*%w[docker helm common].map { |part| "#{ARGV[0]}/#{part}/lib" })
require "dependabot/docker/file_parser"
require "dependabot/docker_compose/file_parser"
require "dependabot/helm/file_parser"
# What the fetchers hand to the parsers (file_fetcher.rb of each, shared_file_fetcher.rb, utils/helpers.rb).
def parsers(name, text)
  base = ::File.basename(name)
  chosen = []
  chosen << Dependabot::Docker::FileParser if base.match?(/dockerfile|containerfile/i)
  chosen << Dependabot::DockerCompose::FileParser if base.match?(/(docker-)?compose(-[\w]+)?(?>\.[\w-]+)?\.ya?ml/i)
  chosen << Dependabot::Helm::FileParser if base.match?(/values.*\.ya?ml$/i)
  if base.match?(/^[^\.].*\.ya?ml$/i)
    first = begin YAML.safe_load(text, aliases: true) rescue nil end
    helm = base.match?(/values|helm/i) && first.is_a?(Hash)
    kubernetes = first.is_a?(Hash) && first.key?("apiVersion") && first.key?("kind")
    chosen << Dependabot::Docker::FileParser if helm || kubernetes
  end
  chosen
end
found = JSON.parse($stdin.read).map do |name, text|
  parsers(name, text).flat_map do |parser|
    parser.new([Dependabot::File.new(::File.basename(name), text, "file")]).parse
  rescue StandardError => e
    warn "#{name}: #{parser}: #{e.class} #{e.message}"
    []
  end.flat_map do |one|
    one.requirements.map do |need|
      source = need[:source] || {}
      digest = source[:digest]
      digest = "sha256:#{digest}" if digest && !digest.start_with?("sha256:")
      [source[:registry], one.name].compact.join("/") + (source[:tag] ? ":#{source[:tag]}" : "") + (digest ? "@#{digest}" : "")
    end
  end.uniq.sort
end
puts JSON.generate(found)
"""


def shapes():
    """Path, title, text of each."""
    with open(os.path.join(HERE, "shapes.txt"), encoding="utf-8") as file:
        for part in file.read().split(">>> ")[1:]:
            head, text = part.split("\n", 1)
            path, title, _ = (field.strip() for field in head.split("|"))
            yield path, title, text


def trees(every):
    """Shapes together that do not have the same path."""
    left = list(enumerate(every))
    while left:
        tree, rest = {}, []
        for index, (path, _, text) in left:
            (rest.append((index, (path, _, text))) if path in tree else tree.update({path: (index, text)}))
        yield tree
        left = rest


def renovate(script, every):
    found = [[] for _ in every]
    for tree in trees(every):
        with tempfile.TemporaryDirectory() as directory:
            for path, (_, text) in tree.items():
                full = os.path.join(directory, path)
                os.makedirs(os.path.dirname(full), exist_ok=True)
                with open(full, "w", encoding="utf-8") as out:
                    out.write(text)
            with open(os.path.join(directory, "renovate.json"), "w", encoding="utf-8") as out:
                json.dump(CONFIG, out)
            for arguments in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "a"]):
                subprocess.run(["git", *arguments], cwd=directory, check=True)
            report = os.path.join(directory, "..", f"report-{os.path.basename(directory)}.json")
            environment = {**os.environ, "LOG_LEVEL": "fatal", "RENOVATE_REPORT_TYPE": "file", "RENOVATE_REPORT_PATH": report}
            command = ["node", script, "--platform=local", "--dry-run=extract"]
            subprocess.run(command, cwd=directory, env=environment, check=True, stdout=sys.stderr)
            with open(report, encoding="utf-8") as file:
                (repository,) = json.load(file)["repositories"].values()
            os.remove(report)
        for files in repository["packageFiles"].values():
            for file in files:
                for dep in file["deps"]:
                    if dep.get("datasource") == "docker" and file["packageFile"] in tree:
                        name = dep.get("depName", "")
                        tag = f":{dep['currentValue']}" if dep.get("currentValue") else ""
                        digest = f"@{dep['currentDigest']}" if dep.get("currentDigest") else ""
                        if not dep.get("skipReason"):
                            found[tree[file["packageFile"]][0]].append(f"{name}{tag}{digest}")
    return [sorted(set(names)) for names in found]


def hadolint(program, every):
    """The lines on which it sees a registry that is not trusted (DL3026) if none is."""
    for path, _, text in every:
        if not re.search(r"dockerfile|containerfile", path, re.I):
            yield None
            continue
        command = [program, "--no-fail", "--format", "json", "--trusted-registry", "none.example", "-"]
        out = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
        yield sorted({one["line"] for one in json.loads(out) if one["code"] == "DL3026"})


def main():
    script, program, core = sys.argv[1:]
    every = list(shapes())
    text = json.dumps([[path, text] for path, _, text in every])
    found = subprocess.run(["ruby", "-e", DEPENDABOT, core], input=text, capture_output=True, text=True, check=False)
    sys.stderr.write(found.stderr)
    with open(os.path.join(os.path.dirname(script), "..", "package.json"), encoding="utf-8") as file:
        versions = {"renovate": json.load(file)["version"]}
    out = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    versions["hadolint"] = out.split()[-1]
    with open(os.path.join(core, "common/lib/dependabot.rb"), encoding="utf-8") as file:
        versions["dependabot"] = re.search(r'VERSION = "(.*)"', file.read()).group(1)
    columns = zip(every, renovate(script, every), hadolint(program, every), json.loads(found.stdout))
    rows = [
        {"path": path, "shape": title, "renovate": names, "hadolint": lines, "dependabot": others}
        for (path, title, _), names, lines, others in columns
    ]
    json.dump({"versions": versions, "found": rows}, sys.stdout, indent=1)
    print()


main()
