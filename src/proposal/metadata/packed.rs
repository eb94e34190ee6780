//! Many entries in few characters: the form of a large group's metadata, for which JSON would leave no room for text.
//!
//! GitHub counts a body's code points, whatever their bytes. So the entries become bytes, and every 14 bits of them one
//! character: an ideograph that is one code point, one UTF-16 unit, and its own normal form.

use super::super::body::Mark;
use super::super::kept::{Kept, KeptPackages, KeptVulnerabilities};
use super::super::{Entry, Kind, Rejection};
use crate::difference::Why;
use crate::evidence::State;
use crate::image::Digest;
use crate::packages::PackageSource;
use crate::vulnerabilities::VulnerabilitySource;

/// The first of the 16,384 characters; the last is `U+8DFF`.
const FIRST: u32 = 0x4e00;
const BITS: u32 = 14;

/// The bytes of a digest: only SHA-256 is written this way.
const DIGEST: usize = 32;

/// A longer field is not a name: then nothing is packed.
const FIELD_LIMIT: usize = 4_096;

/// The kinds, by their index. New ones are only ever appended.
const KINDS: [Kind; 7] =
    [Kind::New, Kind::Update, Kind::Rebuild, Kind::Retire, Kind::Reject, Kind::Expire, Kind::Revoke];

/// The entries as characters; `None` if one of them cannot be written this way.
pub(super) fn pack(entries: &[Entry]) -> Option<String> {
    let mut bytes = Vec::new();
    let mut before = Fields::default();
    for entry in entries {
        let fields = fields(entry)?;
        bytes.push(u8::try_from(KINDS.iter().position(|kind| *kind == entry.kind)?).ok()?);
        bytes.extend(raw(&entry.digest)?);
        for (before, field) in before.iter().zip(&fields) {
            put(&mut bytes, before, field)?;
        }
        before = fields;
    }
    Some(characters(&bytes))
}

/// The entries again, at most `limit` of them; `None` for what [`pack`] does not write.
pub(super) fn unpack(text: &str, limit: usize) -> Option<Vec<Entry>> {
    let bytes = octets(text)?;
    let mut rest = bytes.as_slice();
    let mut before = Fields::default();
    let mut entries = Vec::new();
    while !rest.is_empty() {
        if entries.len() == limit {
            return None;
        }
        let (kind, digest) = (*KINDS.get(usize::from(take(&mut rest, 1)?[0]))?, take(&mut rest, DIGEST)?);
        let digest = digest.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for field in &mut before {
            *field = get(&mut rest, field)?;
        }
        entries.push(entry(kind, format!("sha256:{digest}").parse().ok()?, &before)?);
    }
    Some(entries)
}

/// What was known of a change, without names of fields.
#[derive(serde::Serialize, serde::Deserialize)]
struct Terse(usize, Option<Why>, Vec<Mark>, Vec<State>, PackageSource, [usize; 4], VulnerabilitySource, [usize; 3]);

/// What was known of changes as characters.
pub(super) fn pack_kept(kept: &[Kept]) -> Option<String> {
    let terse = |kept: &Kept| {
        let Kept { entry, why, marks, signatures, packages, vulnerabilities } = kept.clone();
        let KeptPackages { source, added, removed, upgraded, downgraded } = packages;
        let KeptVulnerabilities { source: known, fixed, new, same } = vulnerabilities;
        let packages = [added, removed, upgraded, downgraded];
        Terse(entry, why, marks, signatures, source, packages, known, [fixed, new, same])
    };
    Some(characters(&serde_json::to_vec(&kept.iter().map(terse).collect::<Vec<_>>()).ok()?))
}

/// The same again; `None` for what [`pack_kept`] does not write.
pub(super) fn unpack_kept(text: &str) -> Option<Vec<Kept>> {
    let kept = |Terse(entry, why, marks, signatures, source, packages, known, vulnerabilities): Terse| {
        let [added, removed, upgraded, downgraded] = packages;
        let packages = KeptPackages { source, added, removed, upgraded, downgraded };
        let [fixed, new, same] = vulnerabilities;
        let vulnerabilities = KeptVulnerabilities { source: known, fixed, new, same };
        Kept { entry, why, marks, signatures, packages, vulnerabilities }
    };
    let terse: Vec<Terse> = serde_json::from_slice(&octets(text)?).ok()?;
    Some(terse.into_iter().map(kept).collect())
}

/// Source, repository, from, to, and the rare parts as JSON. Each is written as the length that it shares with the one
/// before, and the rest.
type Fields = [String; 5];

/// The parts that few entries have.
type Rare = (Option<String>, Option<Rejection>);

/// The same with why somebody asked for it.
type Asked = (Option<String>, Option<Rejection>, String);

fn fields(entry: &Entry) -> Option<Fields> {
    let Entry { source, repository, from, to, urgent, reason, rejection, digest: _, kind: _ } = entry;
    let tag = |tag: &Option<crate::image::Tag>| tag.as_ref().map(ToString::to_string).unwrap_or_default();
    let rare = match (urgent, rejection, reason) {
        (None, None, None) => String::new(),
        (urgent, rejection, Some(reason)) => serde_json::to_string(&(urgent, rejection, reason)).ok()?,
        (urgent, rejection, None) => serde_json::to_string(&(urgent, rejection)).ok()?,
    };
    let fields = [source.clone(), repository.to_string(), tag(from), tag(to), rare];
    fields.iter().all(|field| field.len() <= FIELD_LIMIT).then_some(fields)
}

fn entry(kind: Kind, digest: Digest, fields: &Fields) -> Option<Entry> {
    let [source, repository, from, to, rare] = fields;
    let tag = |tag: &str| if tag.is_empty() { Some(None) } else { tag.parse().ok().map(Some) };
    let (urgent, rejection, reason) = match serde_json::from_str::<Asked>(rare) {
        Ok((urgent, rejection, reason)) => (urgent, rejection, Some(reason)),
        Err(_) if rare.is_empty() => (None, None, None),
        Err(_) => serde_json::from_str::<Rare>(rare).map(|(urgent, rejection)| (urgent, rejection, None)).ok()?,
    };
    let (source, repository) = (source.clone(), repository.parse().ok()?);
    Some(Entry { source, repository, from: tag(from)?, to: tag(to)?, digest, kind, urgent, reason, rejection })
}

fn raw(digest: &Digest) -> Option<Vec<u8>> {
    let hex = digest.as_str().strip_prefix("sha256:")?;
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect()
}

/// Writes how many bytes a field shares with the one before it, how many follow, and those.
fn put(bytes: &mut Vec<u8>, before: &str, field: &str) -> Option<()> {
    let shared = before.bytes().zip(field.bytes()).take_while(|(a, b)| a == b).count();
    let rest = &field.as_bytes()[shared..];
    for number in [shared, rest.len()] {
        match u8::try_from(number) {
            Ok(short) if short < u8::MAX => bytes.push(short),
            _ => {
                bytes.push(u8::MAX);
                bytes.extend(u16::try_from(number).ok()?.to_be_bytes());
            }
        }
    }
    bytes.extend(rest);
    Some(())
}

fn get(rest: &mut &[u8], before: &str) -> Option<String> {
    let mut number = || match take(rest, 1)?[0] {
        u8::MAX => Some(usize::from(u16::from_be_bytes(take(rest, 2)?.try_into().ok()?))),
        short => Some(usize::from(short)),
    };
    let (shared, length) = (number()?, number()?);
    let mut field = before.as_bytes().get(..shared)?.to_vec();
    field.extend(take(rest, length)?);
    String::from_utf8(field).ok().filter(|field| field.len() <= FIELD_LIMIT)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}

/// 14 bits per character, the last padded with a one and zeros, so that the number of bytes is known.
fn characters(bytes: &[u8]) -> String {
    let (mut held, mut bits, mut text) = (0_u32, 0, String::new());
    for byte in bytes.iter().copied().chain([0x80]) {
        held = held << 8 | u32::from(byte);
        bits += 8;
        if bits >= BITS {
            bits -= BITS;
            text.extend(char::from_u32(FIRST + (held >> bits)));
            held &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        text.extend(char::from_u32(FIRST + (held << (BITS - bits))));
    }
    text
}

fn octets(text: &str) -> Option<Vec<u8>> {
    let (mut held, mut bits, mut bytes) = (0_u32, 0, Vec::new());
    for c in text.chars() {
        let value = u32::from(c).checked_sub(FIRST).filter(|value| *value < 1 << BITS)?;
        held = held << BITS | value;
        bits += BITS;
        while bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    while bytes.last() == Some(&0) {
        bytes.pop();
    }
    (bytes.pop()? == 0x80).then_some(bytes)
}
