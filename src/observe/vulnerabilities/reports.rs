//! Vulnerabilities by scanners' reports: files `<hex of digest>*.json` in one directory.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::compared::{Compared, Vex, Which};
use crate::difference::PlatformPair;
use crate::image::Digest;
use crate::text::{counted, excerpt};
use crate::vulnerabilities::{
    Findings, Report, VulnerabilityChanges, VulnerabilitySource, compare as changes, read_report,
};

/// The longest report, in bytes.
const LIMIT: u64 = 16 << 20;
/// The most reports about one digest.
const MOST: usize = 20;

/// The findings of one image by the scanner that made them.
type Scanned = BTreeMap<String, Findings>;

/// How the vulnerabilities differ; an error says why that is unknown.
pub(super) async fn compare(
    directory: Option<&Path>,
    images: &Compared<'_>,
    vex: impl Future<Output = &Vex>,
) -> Result<VulnerabilityChanges, String> {
    let directory = directory.ok_or("no directory with reports is named: use `--reports DIR`")?;
    let files = Files::list(directory, images)?;
    let mut scan = Scan { files: &files, former: Findings::default(), new: Findings::default(), notes: Vec::new() };
    scan.images(images)?;
    let from = images.from.map(|_| images.side(Which::Former, scan.former));
    let to = images.side(Which::New, scan.new);
    let mut found = changes(VulnerabilitySource::Reports, from.as_ref(), &to, &vex.await.statements);
    found.both_scanned = scan.notes.is_empty() && images.from.is_some();
    found.detail = (!scan.notes.is_empty()).then(|| scan.notes.join("; "));
    Ok(found)
}

/// Reports in a directory.
struct Files {
    directory: PathBuf,
    /// The names of those about images that are compared.
    names: BTreeSet<String>,
    /// How many files there are.
    count: usize,
}

impl Files {
    /// Of a directory with however many files, those about these images are kept.
    fn list(directory: &Path, images: &Compared<'_>) -> Result<Self, String> {
        let digests = images.digests();
        let wanted: BTreeSet<&str> = digests.iter().map(Digest::hex).collect();
        let is_wanted = |name: &str| {
            let before = wanted.range(..=name).next_back();
            name.ends_with(".json") && before.is_some_and(|hex| name.starts_with(*hex))
        };
        let fault = |error: std::io::Error| format!("the reports in {} cannot be read: {error}", directory.display());
        let mut files = Self { directory: directory.to_owned(), names: BTreeSet::new(), count: 0 };
        for entry in std::fs::read_dir(directory).map_err(fault)? {
            files.count += 1;
            if let Ok(name) = entry.map_err(fault)?.file_name().into_string()
                && is_wanted(&name)
            {
                files.names.insert(name);
            }
        }
        Ok(files)
    }

    fn about(&self, digest: &Digest) -> impl Iterator<Item = &String> {
        let hex = digest.hex().to_owned();
        let is_it = move |name: &&String| name.starts_with(&hex) && name.ends_with(".json");
        self.names.iter().filter(is_it)
    }

    fn has(&self, digest: &Digest) -> bool {
        self.about(digest).next().is_some()
    }

    /// The findings about a digest: every report of it must be readable, or some would seem fixed.
    fn read(&self, digest: &Digest) -> Result<Scanned, String> {
        let mut scanned = Scanned::new();
        for (count, name) in self.about(digest).enumerate() {
            if count == MOST {
                return Err(format!("there are more than {MOST} reports about {}, which are the most", digest.short()));
            }
            let fault =
                |why: String| format!("the report {} cannot be used: {}", excerpt(name, 200), excerpt(&why, 200));
            let Report { scanner, findings } = read_file(&self.directory.join(name)).map_err(fault)?;
            scanned.entry(scanner).or_default().add(findings)?;
        }
        Ok(scanned)
    }
}

fn read_file(path: &Path) -> Result<Report, String> {
    // Opening a pipe would wait for a writer.
    if !std::fs::metadata(path).map_err(|error| error.to_string())?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let length = file.metadata().map_or(0, |metadata| metadata.len().min(LIMIT));
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(LIMIT + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > LIMIT {
        return Err("it has more than 16 MiB, which are the most".to_owned());
    }
    read_report(&bytes)
}

/// What reports of both images say.
struct Scan<'f> {
    files: &'f Files,
    former: Findings,
    new: Findings,
    /// What is not covered.
    notes: Vec<String>,
}

impl Scan<'_> {
    /// Reports of the whole images, or of every platform that is in both.
    fn images(&mut self, images: &Compared<'_>) -> Result<(), String> {
        let (from, to) = (images.from.map(|image| image.digest), images.to.digest);
        if self.files.has(to) && from.is_none_or(|from| self.files.has(from)) {
            return self.pair(from, to, "");
        }
        let (mut covered, mut lacking) = (0, Vec::new());
        for pair in images.shared() {
            let of = |inside: &crate::difference::PlatformInside| inside.digest.clone();
            let (from, to) = (pair.from.as_ref().map(of), pair.to.as_ref().map(of));
            let Some(to) = to else { continue };
            match (from.as_ref().map(|from| self.files.has(from)), self.files.has(&to)) {
                (None | Some(true), true) => {
                    self.pair(from.as_ref(), &to, &named(pair))?;
                    covered += 1;
                }
                (Some(false), true) => return Err(one_side(pair, "new", "former", from.as_ref())),
                (Some(true), false) => return Err(one_side(pair, "former", "new", Some(&to))),
                (_, false) => lacking.push(named(pair)),
            }
        }
        if covered == 0 {
            return Err(nothing(images, self.files));
        }
        self.notes.extend(lacking.into_iter().map(|name| format!("there is no report about {name}")));
        Ok(())
    }

    /// The findings about a digest, which are those of a platform if that has a name.
    fn of_platform(&self, digest: &Digest, name: &str) -> Result<Scanned, String> {
        let mut scanned = self.files.read(digest)?;
        if !name.is_empty() {
            let manifests = Arc::new(BTreeSet::from([digest.clone()]));
            scanned.values_mut().for_each(|findings| findings.are_of(&manifests));
        }
        Ok(scanned)
    }

    /// Of several scanners only those count that reported about both.
    fn pair(&mut self, from: Option<&Digest>, to: &Digest, name: &str) -> Result<(), String> {
        let mut new = self.of_platform(to, name)?;
        let Some(from) = from else {
            return self.new.add(new.into_values().flatten());
        };
        let mut former = self.of_platform(from, name)?;
        let scanners: BTreeSet<String> = former.keys().chain(new.keys()).cloned().collect();
        let (both, alone): (Vec<&String>, Vec<&String>) =
            scanners.iter().partition(|scanner| former.contains_key(*scanner) && new.contains_key(*scanner));
        let about = if name.is_empty() { String::new() } else { format!(" about {name}") };
        if both.is_empty() {
            return Err(format!("the reports{about} were made by different scanners: {}", list(&alone)));
        }
        for scanner in both {
            self.former.add(former.remove(scanner).unwrap_or_default())?;
            self.new.add(new.remove(scanner).unwrap_or_default())?;
        }
        if !alone.is_empty() {
            self.notes.push(format!("the reports{about} by {} are about one image only", list(&alone)));
        }
        Ok(())
    }
}

fn list(scanners: &[&String]) -> String {
    scanners.iter().map(|scanner| scanner.as_str()).collect::<Vec<_>>().join(", ")
}

fn named(pair: &PlatformPair) -> String {
    if pair.name.is_empty() { "the image".to_owned() } else { pair.name.clone() }
}

/// A report about one of two images says nothing about what is fixed.
fn one_side(pair: &PlatformPair, has: &str, lacks: &str, digest: Option<&Digest>) -> String {
    let digest = digest.map(|digest| format!(", {}", digest.short())).unwrap_or_default();
    format!("{}: there is a report about the {has} image, and none about the {lacks} one{digest}", named(pair))
}

fn nothing(images: &Compared<'_>, files: &Files) -> String {
    let sides = images.from.into_iter().chain([images.to]).map(|image| image.digest);
    let (has, lacks): (Vec<&Digest>, Vec<&Digest>) = sides.partition(|digest| files.has(digest));
    let names = |digests: &[&Digest]| digests.iter().map(|d| d.short().to_owned()).collect::<Vec<_>>().join(" and ");
    let among = counted(files.count, "file");
    match has.is_empty() {
        true => format!("there is no report about {} among {among}", names(&lacks)),
        false => format!("there is a report about {}, and none about {}", names(&has), names(&lacks)),
    }
}
