//! What a program costs: wall time, processor time and peak memory.
//!
//! A shell starts it, because a shell can report what its children used to the millisecond: the kernel's own accounting
//! of ended children, including theirs. Peak memory is the kernel's high-water mark, read every millisecond.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use super::traffic::Traffic;

/// Prints the program's process id, then when it began and ended, then `times`: the shell's own line and its
/// children's.
const SCRIPT: &str = r#"log=$1; shift
b=$EPOCHREALTIME; "$@" >"$log" 2>&1 & p=$!; echo "$p"
wait "$p"; s=$?; e=$EPOCHREALTIME; echo "$b $e"; times; exit "$s""#;

/// A program to be run.
pub struct Invocation {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
    pub environment: Vec<(&'static str, OsString)>,
    pub directory: PathBuf,
}

/// The cost of one run, of one or more processes.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// Seconds.
    pub wall: f64,
    /// Seconds of processor time, user and system.
    pub cpu: f64,
    /// The peak memory of one process, in KiB. `None`: not measured.
    pub memory: Option<u64>,
    /// Seconds of the wall time that git ran, and how often it ran.
    pub git: Option<(f64, usize)>,
    /// Seconds from the start to the first request.
    pub first_request: Option<f64>,
    began: Option<f64>,
    /// What went wrong.
    pub fault: Option<String>,
}

impl Cost {
    /// The sum of this run and the next.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        Self {
            wall: self.wall + next.wall,
            cpu: self.cpu + next.cpu,
            memory: self.memory.max(next.memory),
            git: self.git.or(next.git),
            first_request: None,
            began: self.began.or(next.began),
            fault: self.fault.or(next.fault),
        }
    }

    #[must_use]
    pub fn with_first_request(mut self, traffic: Option<&[Traffic; 2]>) -> Self {
        let first = traffic.into_iter().flatten().filter_map(|traffic| traffic.first).min();
        let first = first.and_then(|first| first.duration_since(UNIX_EPOCH).ok()).map(|first| first.as_secs_f64());
        self.first_request = first.zip(self.began).map(|(first, began)| first - began);
        self
    }

    /// Adds what is wrong at the mirror, if anything.
    #[must_use]
    pub fn judged(mut self, wrong: Option<String>) -> Self {
        self.fault = self.fault.or(wrong);
        self
    }

    /// A run of this very process, whose other costs cannot be separated.
    pub fn of_ourselves(wall: f64) -> Self {
        Self { wall, ..Self::default() }
    }
}

/// Runs it to its end, with an environment of only the path and a separate home.
pub fn run(invocation: &Invocation) -> Cost {
    let log = invocation.directory.join("output.log");
    let mut shell = Command::new("bash")
        .arg("-c")
        .arg(SCRIPT)
        .arg("bash")
        .arg(&log)
        .arg(&invocation.program)
        .args(&invocation.arguments)
        .env_clear()
        .env("LC_ALL", "C")
        .env("HOME", &invocation.directory)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .envs(invocation.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(&invocation.directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash is installed");
    let mut output = BufReader::new(shell.stdout.take().expect("a pipe"));
    let mut process = String::new();
    output.read_line(&mut process).expect("the shell's word");
    let (mut said, memory, ended) = (String::new(), AtomicU64::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| watch(process.trim(), &memory, &ended));
        output.read_to_string(&mut said).expect("the shell's word");
        ended.store(true, Ordering::Relaxed);
    });
    let status = shell.wait().expect("a child");
    let mut cost = read(&said).unwrap_or_else(|| panic!("the shell said {said:?}"));
    cost.memory = Some(memory.into_inner());
    cost.fault = (!status.success()).then(|| last_line(&log));
    cost
}

/// Records the peak memory of a process, until it has ended.
fn watch(process: &str, memory: &AtomicU64, ended: &AtomicBool) {
    let path = format!("/proc/{process}/status");
    while !ended.load(Ordering::Relaxed) {
        let Ok(status) = std::fs::read_to_string(&path) else { return };
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().split(' ').next()?.parse().ok());
        memory.fetch_max(most.unwrap_or_default(), Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// `BEGAN ENDED`, then two lines of `0m0.001s 0m0.002s`.
fn read(said: &str) -> Option<Cost> {
    let mut lines = said.lines();
    let (began, ended) = lines.next()?.split_once(' ')?;
    let (began, ended): (f64, f64) = (began.parse().ok()?, ended.parse().ok()?);
    let cpu = lines.nth(1)?.split_whitespace().map(seconds).sum::<Option<f64>>()?;
    Some(Cost { wall: ended - began, cpu, began: Some(began), ..Cost::default() })
}

fn seconds(text: &str) -> Option<f64> {
    let (minutes, seconds) = text.trim_end_matches('s').split_once('m')?;
    Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
}

fn last_line(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it failed without a word").to_owned()
}
