//! The manifest, this machine's clock, proxies and certificates, the event, and which servers answer.

use super::check::{APPLY_POLICY, AUDIT, Area, CHECK, Check, PLAN, PROMOTE, PROPOSE};
use super::facts::{Bundle, EventFact, Facts, Machine, ManifestFact, Server};

/// The tolerated clock difference, in seconds: normal on well-kept machines.
const TOLERATED: i64 = 60;

pub(super) fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![manifest(facts)];
    checks.extend(facts.event.as_ref().map(event));
    checks.extend(clock(&facts.servers));
    checks.extend(network(&facts.machine));
    checks.extend(facts.servers.iter().map(server));
    checks
}

fn manifest(facts: &Facts) -> Check {
    let subject = facts.manifest_path.as_str();
    let check = match &facts.manifest {
        ManifestFact::Usable { organization, images } => Check::ok(
            Area::Machine,
            subject,
            format!("valid: organization {organization}, {}", counted(*images, "image")),
        ),
        ManifestFact::Faulty(faults, first) => {
            Check::missing(Area::Machine, subject, format!("{}, the first: {first}", counted(*faults, "fault")))
                .fix("each is shown with its position and how to fix it")
        }
        ManifestFact::Missing(place) => Check::missing(Area::Machine, subject, format!("there is none {place}"))
            .fix("run it in the directory that contains the manifest, or name the file with --manifest; `wharfinger schema` describes the format"),
        ManifestFact::Unread(text) => Check::unknown(Area::Machine, subject, text),
    };
    check.needed_for(&[PLAN, PROPOSE, CHECK, PROMOTE, AUDIT, APPLY_POLICY])
}

fn event(event: &EventFact) -> Check {
    let writing = [PROPOSE, PROMOTE, APPLY_POLICY];
    match event {
        EventFact::Unusable(text) => Check::missing(Area::Machine, "event", text)
            .needed_for(&writing)
            .fix("run it as a step of a workflow: the runner sets GITHUB_EVENT_NAME, GITHUB_EVENT_PATH and GITHUB_REF"),
        EventFact::Known { name, git_ref, no_writing: None, .. } => {
            Check::ok(Area::Machine, "event", format!("{name} for {git_ref}: commands that write run here"))
                .needed_for(&writing)
        }
        // A pull request's run is for checking: it is right that nothing can write there.
        EventFact::Known { name, git_ref, checks: true, .. } => Check::ok(
            Area::Machine,
            "event",
            format!("{name} for {git_ref}: check runs here, but commands that write do not"),
        )
        .needed_for(&[CHECK]),
        EventFact::Known { no_writing: Some(why), .. } => Check::missing(Area::Machine, "event", why)
            .needed_for(&writing)
            .fix("set the workflow's `on:` line, and start it on the default branch"),
    }
}

/// One server that agrees with our clock is enough to trust it: the others are then the ones that are wrong.
fn clock(servers: &[Server]) -> Option<Check> {
    let told =
        |server: &Server| server.reached.as_ref().ok().copied().flatten().map(|skew| (skew, server.name.clone()));
    let (skew, name) = servers.iter().filter_map(told).min_by_key(|(skew, name)| (skew.abs(), name.clone()))?;
    if skew.abs() <= TOLERATED {
        return Some(Check::ok(Area::Machine, "clock", format!("within {TOLERATED} s of {name}")));
    }
    let (by, way) = (span(skew.abs()), if skew > 0 { "ahead of" } else { "behind" });
    let breaks = broken(skew.abs()).join("; ");
    Some(
        Check::missing(Area::Machine, "clock", format!("{by} {way} {name}: {breaks}"))
            .needed_for(&[PROPOSE, PROMOTE])
            .fix("synchronize this machine's clock by NTP, for example with `timedatectl set-ntp true`"),
    )
}

/// What breaks at this many seconds.
fn broken(skew: i64) -> Vec<&'static str> {
    let all = [
        (0, "cooldowns, and pauses that a server asks for until a given time, are wrong by as much"),
        (300, "from 5 minutes on, signed requests (Amazon ECR) and tokens signed by identity providers are refused"),
        (86_400, "from a few days on, server certificates count as expired or not yet valid"),
    ];
    all.into_iter().filter(|(from, _)| skew >= *from).map(|(_, text)| text).collect()
}

fn span(seconds: i64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds / 60),
        7200..=172_799 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn network(machine: &Machine) -> Vec<Check> {
    let mut checks = vec![proxies(machine)];
    if machine.trusts == Some(false) {
        checks.push(
            Check::missing(
                Area::Machine,
                "certificates",
                "this machine has no CA certificates, and none were given: https is impossible",
            )
            .needed_for(&[PLAN, PROPOSE, CHECK, PROMOTE])
            .fix("install the ca-certificates package, or set SSL_CERT_FILE or ca-certificates to a PEM file"),
        );
    }
    for Bundle { variable, path, .. } in machine.bundles.iter().filter(|bundle| !bundle.readable) {
        checks.push(
            Check::missing(Area::Machine, variable.as_str(), format!("{path} cannot be read"))
                .needed_for(&[PLAN, PROPOSE, CHECK, PROMOTE])
                .fix(format!("point {variable} at an existing file or directory, or unset it")),
        );
    }
    let mut trusted: Vec<String> =
        machine.bundles.iter().map(|bundle| format!("{} {}", bundle.variable, bundle.path)).collect();
    if machine.given_certificates > 0 {
        trusted.push(format!("{} of ca-certificates", counted(machine.given_certificates, "certificate")));
    }
    if !trusted.is_empty() {
        checks.push(Check::ok(Area::Machine, "also trusted", trusted.join(", ")));
    }
    if !machine.moved.is_empty() {
        let moved: Vec<String> = machine.moved.iter().map(|(host, url)| format!("{host} is at {url}")).collect();
        checks.push(Check::ok(Area::Machine, "WHARFINGER_HOSTS", moved.join(", ")));
    }
    checks
}

fn proxies(machine: &Machine) -> Check {
    if machine.proxies.is_empty() {
        return Check::ok(Area::Machine, "proxies", "none");
    }
    let all: Vec<String> = machine.proxies.iter().map(|(variable, place)| format!("{variable} {place}")).collect();
    let except = machine.no_proxy.as_ref().map(|hosts| format!("; not for NO_PROXY {hosts}")).unwrap_or_default();
    Check::ok(Area::Machine, "proxies", format!("{}{except}", all.join(", ")))
}

fn server(server: &Server) -> Check {
    let subject = format!("{} answers", server.name);
    let check = match &server.reached {
        Ok(_) => Check::ok(Area::Machine, subject, format!("at {}", server.address)),
        Err(why) => Check::missing(Area::Machine, subject, format!("no answer from {}: {why}", server.address)).fix(
            "allow this machine to reach it: `wharfinger doctor --hosts` lists what to open in a firewall; HTTPS_PROXY sets a proxy",
        ),
    };
    check.needed_for(&server.needed_for)
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
