//! The distinguished encoding of ASN.1 (X.690), as far as certificates and keys of tests need it.

pub(crate) fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut out = vec![tag];
    match length {
        0..=127 => out.push(length as u8),
        128..=255 => out.extend([0x81, length as u8]),
        _ => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

pub(crate) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    der(0x30, &parts.concat())
}

/// A bit string without unused bits.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    der(0x03, &[&[0], bytes].concat())
}

pub(crate) fn oid(text: &str) -> Vec<u8> {
    let arcs: Vec<u32> = text.split('.').map(|arc| arc.parse().unwrap()).collect();
    let mut out = vec![(arcs[0] * 40 + arcs[1]) as u8];
    for arc in &arcs[2..] {
        let groups: Vec<u8> = (0..5).rev().map(|i| (arc >> (7 * i) & 0x7f) as u8).collect();
        let first = groups.iter().position(|group| *group != 0).unwrap_or(4);
        out.extend(groups[first..4].iter().map(|group| group | 0x80));
        out.push(groups[4]);
    }
    der(0x06, &out)
}

pub(crate) fn extension(id: &str, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { der(0x01, &[0xff]) } else { Vec::new() };
    sequence(&[oid(id), critical, der(0x04, value)])
}

/// A name of an organization (X.520).
pub(crate) fn name(organization: &str) -> Vec<u8> {
    sequence(&[der(0x31, &sequence(&[oid("2.5.4.10"), der(0x0c, organization.as_bytes())]))])
}
