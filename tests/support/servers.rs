//! Real registries, run as programs: Debian's `docker-registry` (distribution 2) and a `registry` on the path
//! (distribution 3). If one is missing, the test says so and continues, unless `WHARFINGER_TEST_SERVERS=required`.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::http::{block_on, client};

/// A running registry program; it is killed when dropped.
pub struct RealRegistry {
    child: Child,
    address: String,
    directory: tempfile::TempDir,
}

/// One request from the access log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub method: String,
    /// Path and query.
    pub target: String,
    pub status: u16,
}

impl RealRegistry {
    /// Debian's `docker-registry`, or `None` (reported on standard error) if it is not installed.
    pub fn debian() -> Option<Self> {
        Self::start("docker-registry", false)
    }

    /// The `registry` of the distribution project, version 3.
    pub fn distribution() -> Option<Self> {
        Self::start("registry", false)
    }

    /// A registry with the referrers API: `zot`, or `olareg`. They keep no request log here.
    pub fn with_referrers(program: &str) -> Option<Self> {
        Self::start(program, false)
    }

    /// Both, requiring user name and password for every request: `me` and `pw-canary`.
    pub fn guarded() -> Vec<Self> {
        ["docker-registry", "registry"].into_iter().filter_map(|program| Self::start(program, true)).collect()
    }

    fn start(program: &str, guarded: bool) -> Option<Self> {
        let Some(program_path) = find(program) else {
            missing(program);
            return None;
        };
        // Another process may take the port between our request for it and the program's binding it.
        (0..5).find_map(|_| Self::try_start(&program_path, guarded)).or_else(|| panic!("{program} did not start"))
    }

    fn try_start(program: &Path, guarded: bool) -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let address = format!("127.0.0.1:{port}");
        let directory = tempfile::tempdir().expect("a temporary directory");
        let config = directory.path().join("config.yml");
        let storage = directory.path().join("storage");
        let arguments: Vec<String> = match program.file_name().and_then(|name| name.to_str()) {
            Some("olareg") => {
                let port = port.to_string();
                let words = ["serve", "--addr", "127.0.0.1", "--port", &port, "--dir"];
                words.map(str::to_owned).into_iter().chain([storage.display().to_string()]).collect()
            }
            _ => vec!["serve".to_owned(), config.display().to_string()],
        };
        let mut text = configuration(program, &address, &storage);
        if guarded {
            let passwords = directory.path().join("htpasswd");
            std::fs::write(&passwords, PASSWORDS).expect("a file of passwords");
            text.push_str(&format!("auth: {{htpasswd: {{realm: test, path: '{}'}}}}\n", passwords.display()));
        }
        std::fs::write(&config, text).expect("a configuration file");
        let log = File::create(directory.path().join("access.log")).expect("a log file");
        let errors = File::create(directory.path().join("error.log")).expect("a log file");
        let child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .ok()?;
        let mut registry = Self { child, address, directory };
        registry.wait().then_some(registry)
    }

    /// Waits until `/v2/` answers; false if the program ended instead.
    fn wait(&mut self) -> bool {
        let until = Instant::now() + Duration::from_secs(30);
        let url = format!("{}/v2/", self.url());
        while Instant::now() < until {
            if self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                return false;
            }
            if block_on(async { client().get(&url).send().await })
                .is_ok_and(|answer| matches!(answer.status().as_u16(), 200 | 401))
            {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.address.clone()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it keeps its files.
    pub fn storage(&self) -> PathBuf {
        self.directory.path().join("storage")
    }

    /// The requests it has logged so far (a line may come a moment after its answer).
    pub fn log(&self) -> Vec<Access> {
        let text = std::fs::read_to_string(self.directory.path().join("access.log")).unwrap_or_default();
        text.lines().filter_map(access).collect()
    }

    /// Waits until the log contains the request for `marker` that this makes, then returns the requests before it.
    pub fn settled_log(&self) -> Vec<Access> {
        let marker = format!("/v2/settled-{}/tags/list", self.log().len());
        let url = format!("{}{marker}", self.url());
        let _ = block_on(async { client().get(&url).send().await });
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let log = self.log();
            let at = log.iter().position(|access| access.target == marker);
            if at.is_some() || Instant::now() > until {
                let ours = |access: &Access| access.target.starts_with("/v2/settled-");
                return log.into_iter().take(at.unwrap_or(usize::MAX)).filter(|access| !ours(access)).collect();
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The user `me` with the password `pw-canary`, by bcrypt.
const PASSWORDS: &str = "me:$2y$04$abcdefghijklmnopqrstuuF2dZv4GbXJY50Q5wBnuebAgU8zXS.ve\n";

impl Drop for RealRegistry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(program: &Path, address: &str, storage: &Path) -> String {
    if program.ends_with("zot") {
        let (host, port) = address.split_once(':').unwrap_or((address, ""));
        return format!(
            "{{\"distSpecVersion\": \"1.1.0\", \"storage\": {{\"rootDirectory\": \"{}\", \"gc\": false}},\n\
             \"http\": {{\"address\": \"{host}\", \"port\": \"{port}\"}}, \"log\": {{\"level\": \"error\"}}}}\n",
            storage.display()
        );
    }
    format!(
        "version: 0.1\nlog: {{level: error, accesslog: {{disabled: false}}}}\n\
         storage: {{filesystem: {{rootdirectory: '{}'}}, delete: {{enabled: true}}}}\n\
         http: {{addr: '{address}', secret: test}}\n",
        storage.display()
    )
}

/// `127.0.0.1 - - [date] "GET /v2/ HTTP/1.1" 200 2 "" "agent"`
fn access(line: &str) -> Option<Access> {
    let mut quoted = line.split('"').skip(1);
    let mut request = quoted.next()?.split(' ');
    let status = quoted.next()?.split_whitespace().next()?.parse().ok()?;
    Some(Access { method: request.next()?.to_owned(), target: request.next()?.to_owned(), status })
}

/// The path of a program, from `PATH` or where Debian installs servers.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = [PathBuf::from("/usr/bin"), PathBuf::from("/usr/sbin")];
    std::env::split_paths(&path).chain(more).map(|directory| directory.join(program)).find(|file| file.is_file())
}

/// Says that a server, or cosign, is missing; if it is required, that is a failure.
#[expect(clippy::print_stderr, reason = "what was not tested is said")]
pub fn missing(program: &str) {
    assert!(!required(program), "{program} is not installed, and WHARFINGER_TEST_SERVERS requires it");
    eprintln!("not tested: {program} is not installed");
}

/// Whether a missing server is a failure: `WHARFINGER_TEST_SERVERS` is `required` for all of them, or a comma-separated
/// list of programs.
pub fn required(program: &str) -> bool {
    let value = std::env::var("WHARFINGER_TEST_SERVERS").unwrap_or_default();
    value == "required" || value.split(',').any(|name| name.trim() == program)
}
