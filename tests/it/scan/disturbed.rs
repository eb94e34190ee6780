//! Files that change while they are scanned, that cannot be read or written, and directories with misleading names.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::{PROGRAM, World, lines, loki};
use crate::support::process::Run;

const UPSTREAM: &str = "FROM grafana/loki:3.0.0\n";

/// Holds a file by a lease, which makes whoever opens it wait: then runs statements, and only then lets it be opened.
const HOLDER: &str = "
import fcntl, os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
held = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_WRLCK)
print('held', flush=True)
signal.sigwait([signal.SIGIO])
exec(sys.argv[2])
fcntl.fcntl(held, fcntl.F_SETLEASE, fcntl.F_UNLCK)
";

/// Files that are named are read one after the other: while the program waits for the second one, it has read the first one and
/// written nothing.
#[test]
fn a_file_that_changes_between_reading_and_writing_is_left() {
    let outside = tempfile::tempdir().unwrap();
    let elsewhere = outside.path().join("Dockerfile");
    fs::write(&elsewhere, UPSTREAM).unwrap();
    for (statements, error, content) in [
        (
            "open('work/a/Dockerfile', 'a').write('RUN true\\n')".to_owned(),
            "it changed after it was read",
            Some("FROM grafana/loki:3.0.0\nRUN true\n"),
        ),
        (
            // The same number of bytes, written in place.
            "open('work/a/Dockerfile', 'r+').write('FROM grafana/loki:3.1.0')".to_owned(),
            "it changed after it was read",
            Some("FROM grafana/loki:3.1.0\n"),
        ),
        (
            format!("os.remove('work/a/Dockerfile'); os.symlink('{}', 'work/a/Dockerfile')", elsewhere.display()),
            "a part of its path became a link after it was read",
            Some(UPSTREAM),
        ),
        (
            format!("os.rename('work/a', 'work/b'); os.symlink('{}', 'work/a')", outside.path().display()),
            "a part of its path became a link after it was read",
            Some(UPSTREAM),
        ),
        ("os.remove('work/a/Dockerfile')".to_owned(), "it cannot be written: No such file or directory", None),
    ] {
        let world = World::new();
        world.write("a/Dockerfile", UPSTREAM).write("z/Dockerfile", UPSTREAM);
        let mut holder = Command::new("python3")
            .args(["-c", HOLDER])
            .arg(world.path("z/Dockerfile"))
            .arg(&statements)
            .current_dir(world.directory.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n", "this file system has no leases");
        let run = world.run(&["work/a/Dockerfile", "work/z/Dockerfile", "--fix", "--format", "json"]);
        let found = run.output().expect_status(1).json();
        assert!(holder.wait().unwrap().success());
        let failed = found["failed"].as_array().unwrap();
        assert_eq!((failed.len(), &failed[0]["file"]), (1, &json!("work/a/Dockerfile")), "{found}");
        assert!(failed[0]["error"].as_str().unwrap().starts_with(error), "{found}");
        let fixed: Vec<_> = found["references"].as_array().unwrap().iter().map(|row| &row["fixed"]).collect();
        assert_eq!(fixed, [&json!(false), &json!(true)], "{found}");
        assert_eq!(fs::read_to_string(world.path("a/Dockerfile")).ok().as_deref(), content);
        assert_eq!(world.read("z/Dockerfile"), format!("FROM {}\n", loki("3.0.0")));
        assert_eq!(fs::read_to_string(&elsewhere).unwrap(), UPSTREAM);
        let files = fs::read_dir(outside.path()).unwrap().count();
        assert_eq!(files, 1, "nothing is written elsewhere");
    }
}

/// The program as somebody whom permissions bind: root is bound by none until it has no capabilities.
fn bound(world: &World, arguments: &[&str]) -> Run {
    let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
    let run = if is_root {
        Run::new("setpriv").args(["--bounding-set=-all", PROGRAM, "scan"])
    } else {
        Run::new(PROGRAM).arg("scan")
    };
    run.dir(world.directory.path()).args(arguments)
}

#[test]
fn what_may_not_be_read_or_written_is_named_and_the_rest_is_done() {
    let world = World::new();
    for path in ["Dockerfile", "Dockerfile.closed", "closed/Dockerfile", "unlisted/Dockerfile", "fixed/Dockerfile"] {
        world.write(path, UPSTREAM);
    }
    let mode = |path: &str, mode| fs::set_permissions(world.path(path), fs::Permissions::from_mode(mode)).unwrap();
    let modes = [("Dockerfile.closed", 0o000), ("closed", 0o000), ("unlisted", 0o300), ("fixed", 0o500)];
    modes.iter().for_each(|(path, bits)| mode(path, *bits));
    let found = bound(&world, &["work", "--fix", "--format", "json"]).output();
    modes.iter().for_each(|(path, _)| mode(path, 0o700));
    insta::assert_snapshot!(lines(&found.expect_status(1).json()), @r#"
    work/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0 fixed: true
    work/fixed/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0 fixed: false
    failed work/Dockerfile.closed: it cannot be read: Permission denied (os error 13)
    failed work/closed: it cannot be read: Permission denied (os error 13)
    failed work/fixed/Dockerfile: it cannot be written: Permission denied (os error 13)
    failed work/unlisted: it cannot be read: Permission denied (os error 13)
    files: 2
    "#);
    assert_eq!(world.read("Dockerfile"), format!("FROM {}\n", loki("3.0.0")));
    for path in ["Dockerfile.closed", "closed/Dockerfile", "unlisted/Dockerfile", "fixed/Dockerfile"] {
        assert_eq!(world.read(path), UPSTREAM, "{path}");
    }
    // A path that is named and may not be entered is no path to scan.
    mode("closed", 0o000);
    let refused = bound(&world, &["work/closed/Dockerfile"]).output();
    mode("closed", 0o700);
    assert!(refused.expect_status(2).stderr.contains("work/closed/Dockerfile cannot be read"));
}

#[test]
fn what_is_no_file_is_not_opened() {
    let world = World::new();
    world.write("a/Dockerfile", UPSTREAM);
    assert!(Command::new("mkfifo").arg(world.path("Dockerfile")).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(world.path("compose.yaml")).unwrap();
    symlink("Dockerfile.two", world.path("Dockerfile.one")).unwrap();
    symlink("Dockerfile.one", world.path("Dockerfile.two")).unwrap();
    symlink("gone", world.path("Dockerfile.gone")).unwrap();
    symlink("/dev/zero", world.path("Dockerfile.zero")).unwrap();
    insta::assert_snapshot!(lines(&world.json(&[], 1)), @r#"
    work/a/Dockerfile:1:6 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0
    work/Dockerfile.zero:1 "" a link that leads out of the paths that are looked at, which is not followed
    files: 1
    "#);
    for (path, why) in [
        ("work/Dockerfile", "work/Dockerfile is neither a file nor a directory"),
        ("work/compose.yaml", "work/compose.yaml is neither a file nor a directory"),
        ("work/Dockerfile.one", "work/Dockerfile.one cannot be read"),
        ("work/Dockerfile.gone", "work/Dockerfile.gone does not exist"),
        ("work/Dockerfile.zero", "work/Dockerfile.zero is neither a file nor a directory"),
    ] {
        let refused = world.run(&[path, "--fix"]).output().expect_status(2);
        assert!(refused.stderr.contains(why), "{}", refused.stderr);
    }
    // A file that opens and cannot be read.
    let found = world.run(&["/proc/self/mem", "--format", "json"]).output().expect_status(1).json();
    assert_eq!(found["failed"][0]["file"], "/proc/self/mem", "{found}");
}

/// Directories above what is scanned have any names: they say nothing about the files.
#[test]
fn a_format_is_told_by_the_path_in_the_repository() {
    let world = World::new();
    let directory = "templates/.github/workflows/app";
    let services = "services:\n  a:\n    image: grafana/loki:3.0.0\n";
    let job = "on: push\njobs:\n  a:\n    container: grafana/loki:3.0.0\n";
    world.write(&format!("{directory}/stack.yml"), services);
    world.write(&format!("{directory}/text.yml"), "image: \"{{ .Values.image }}\"\n");
    let above = world.path("templates/.github/workflows");
    fs::write(above.join("stack.yml"), services).unwrap();
    fs::write(above.join("text.yml"), "image: \"{{ .Values.image }}\"\n").unwrap();
    fs::write(above.join("ci.yml"), job).unwrap();
    let manifest = world.directory.path().join(super::FILE);
    let scan = |from: &Path, path: &str| {
        fs::copy(&manifest, from.join(super::FILE)).unwrap();
        let found = Run::new(PROGRAM).dir(from).args(["scan", path, "--format", "json"]).output().json();
        fs::remove_file(from.join(super::FILE)).unwrap();
        found
    };
    let stack = "stack.yml:3:12 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0\n";
    assert_eq!(lines(&scan(&above, ".")), format!("app/{stack}{stack}files: 2\n"));
    assert_eq!(lines(&scan(&above, "stack.yml")), format!("{stack}files: 1\n"));
    // From elsewhere, by the whole path.
    let elsewhere = tempfile::tempdir().unwrap();
    let found = scan(elsewhere.path(), above.to_str().unwrap());
    assert_eq!(found["references"].as_array().unwrap().len(), 2, "{found}");
    // In a repository they are what its own paths say, wherever the scan begins.
    world.git(&["init", "-q"]);
    let in_repository = "ci.yml:4:16 grafana/loki:3.0.0 not-mirrored acme/loki:3.0.0\n";
    fs::create_dir_all(world.path(".github/workflows")).unwrap();
    fs::write(world.path(".github/workflows/ci.yml"), job).unwrap();
    for (from, shown) in [("", ".github/workflows/"), (".github", "workflows/"), (".github/workflows", "")] {
        let found = lines(&scan(&world.path(from), "."));
        assert!(found.contains(&format!("{shown}{in_repository}")), "{found}");
    }
}
