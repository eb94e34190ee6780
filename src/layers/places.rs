//! Places in an image that mean something, by path.

use super::FileKind;
use super::path::split;

pub(super) const STATUS: &str = "var/lib/dpkg/status";
const PARTS: &str = "var/lib/dpkg/status.d/";
const INFO: &str = "var/lib/dpkg/info/";
const APK: [&str; 2] = ["lib/apk/db/installed", "usr/lib/apk/db/installed"];
const RPM: [&str; 3] = ["var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/"];
/// The files of rpm's databases in its three formats.
const RPM_FILES: [&str; 3] = ["Packages", "Packages.db", "rpmdb.sqlite"];

/// A database of packages, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Database {
    Status,
    /// Describes one package, in distroless images.
    Part,
    Apk,
    Rpm,
}

impl Database {
    /// For messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Status => STATUS,
            Self::Part => "var/lib/dpkg/status.d",
            Self::Apk => "lib/apk/db/installed",
            Self::Rpm => "the rpm database",
        }
    }

    pub(super) fn at(path: &str) -> Option<Self> {
        let name = |folder: &str| path.strip_prefix(folder).filter(|name| !name.is_empty() && !name.contains('/'));
        if path == STATUS {
            return Some(Self::Status);
        }
        if APK.contains(&path) {
            return Some(Self::Apk);
        }
        if name(PARTS).is_some_and(|name| !name.ends_with(".md5sums")) {
            return Some(Self::Part);
        }
        RPM.iter().any(|folder| name(folder).is_some_and(|name| RPM_FILES.contains(&name))).then_some(Self::Rpm)
    }
}

/// Whether a change at this path may change what is installed: in a database, or of a folder above one, unless it is that
/// of a folder's own mode and owner.
pub(super) fn touches_databases(path: &str, is_folder: bool) -> bool {
    if Database::at(path).is_some() {
        return true;
    }
    let places = [STATUS, PARTS].into_iter().chain(APK).chain(RPM);
    let is_above = |place: &str| place.strip_prefix(path).is_some_and(|rest| path.is_empty() || rest.starts_with('/'));
    !is_folder && places.into_iter().any(is_above)
}

/// A list of the files that a package owns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnedFiles {
    /// A path on each line.
    Paths,
    /// A checksum before each path.
    Checksums,
}

impl OwnedFiles {
    pub(super) fn at(path: &str) -> Option<Self> {
        if path.starts_with(INFO) && path.ends_with(".list") {
            return Some(Self::Paths);
        }
        (path.starts_with(PARTS) && path.ends_with(".md5sums")).then_some(Self::Checksums)
    }
}

/// Whether it says which distribution the image is.
pub(super) fn names_distribution(path: &str) -> bool {
    matches!(path, "etc/os-release" | "usr/lib/os-release")
}

/// What runs a file at this path by itself.
pub(super) fn runs(path: &str) -> Option<FileKind> {
    const CRON: [&str; 9] = [
        "etc/cron.d/",
        "etc/cron.hourly/",
        "etc/cron.daily/",
        "etc/cron.weekly/",
        "etc/cron.monthly/",
        "etc/cron.yearly/",
        "etc/crontabs/",
        "etc/periodic/",
        "var/spool/cron/",
    ];
    const SYSTEMD: [&str; 6] = [
        "etc/systemd/system/",
        "etc/systemd/user/",
        "lib/systemd/system/",
        "lib/systemd/user/",
        "usr/lib/systemd/system/",
        "usr/lib/systemd/user/",
    ];
    const INIT: [&str; 12] = [
        "etc/init.d/",
        "etc/init/",
        "etc/runlevels/",
        "etc/runit/",
        "etc/service/",
        "etc/services.d/",
        "etc/sv/",
        "etc/cont-init.d/",
        "etc/s6-overlay/",
        "etc/my_init.d/",
        "etc/profile.d/",
        "etc/local.d/",
    ];
    let is_in = |places: &[&str]| places.iter().any(|place| path.starts_with(place));
    let name = split(path).1;
    // Keeps an empty folder in a package.
    if name == ".placeholder" {
        return None;
    }
    if is_in(&CRON) || matches!(path, "etc/crontab" | "etc/anacrontab") || (is_in(&SYSTEMD) && name.ends_with(".timer"))
    {
        return Some(FileKind::Cron);
    }
    let is_file = matches!(path, "etc/ld.so.preload" | "etc/inittab" | "etc/rc.local" | "etc/profile");
    (is_in(&INIT) || is_in(&SYSTEMD) || is_file || is_in_runlevel(path)).then_some(FileKind::Init)
}

/// `etc/rc3.d/S01cron`, also below `etc/rc.d`.
fn is_in_runlevel(path: &str) -> bool {
    let rest = path.strip_prefix("etc/").map(|rest| rest.strip_prefix("rc.d/").unwrap_or(rest));
    rest.and_then(|rest| rest.split_once('/'))
        .is_some_and(|(folder, _)| folder.starts_with("rc") && folder.ends_with(".d"))
}

/// Whether it is a shared library by its name, `libx.so.3.1`: some packagers make these executable, though none is a program.
pub(super) fn is_library(path: &str) -> bool {
    let (stem, version) = split(path).1.rsplit_once(".so").unwrap_or_default();
    let is_version = |rest: &str| rest.split('.').all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    !stem.is_empty() && (version.is_empty() || version.strip_prefix('.').is_some_and(is_version))
}
