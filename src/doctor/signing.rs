//! Keys and trusted roots, and whether approvals are signed as required.

use super::check::{Area, CHECK, Check, PLAN, PROMOTE, PROPOSE};
use super::facts::SigningFacts;

pub(super) fn judge(facts: &SigningFacts) -> Vec<Check> {
    let SigningFacts { newest_key, days, files, images, unasked } = facts;
    let root = format!(
        "its newest key is of {newest_key}, {days} days ago: where a signature is `root-too-old`, use a newer release, or name a \
         file with `trusted-root`"
    );
    let mut checks = vec![Check::ok(Area::Machine, "the trust root that ships", root)];
    checks.extend(files.iter().map(|(path, fault)| match fault {
        None => Check::ok(Area::Machine, path.as_str(), "can be used"),
        Some(why) => Check::missing(Area::Machine, path.as_str(), why)
            .fix("a path that the manifest names for `key` or `trusted-root` is read from the main file's directory: have a public key in PEM, or a trusted root, there"),
    }));
    checks.extend(images.iter().map(|image| {
        let subject = format!("signatures of {}", image.name);
        match &image.signed {
            Ok(by) => Check::ok(Area::Machine, subject, format!("verified: {by}")),
            Err(why) => Check::missing(Area::Machine, subject, why)
                .fix("`signatures` of the image says who must have signed it; ask its publisher who does"),
        }
    }));
    if *unasked > 0 {
        let more = format!("{unasked} more images ask for them");
        checks.push(Check::unknown(Area::Machine, "signatures of other images", more));
    }
    checks.into_iter().map(|check| check.needed_for(&[PLAN, PROPOSE, CHECK, PROMOTE])).collect()
}
