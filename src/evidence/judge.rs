//! The verdict on one image.

use super::{Asked, Found, Makers, Subject, Trust};
use crate::content::labels::Labels;

/// Who made the image with these subjects, told by what was found beside them.
pub(crate) fn judge(
    asked: Asked<'_>,
    _subjects: &[Subject],
    _found: &Found,
    _labels: &Labels,
    _trust: &Trust,
) -> Makers {
    let unsigned = (asked.signatures.is_some() || asked.provenance.is_some())
        .then(|| "signatures are asked for, and this release cannot verify them".to_owned());
    Makers { unsigned, ..Makers::default() }
}
