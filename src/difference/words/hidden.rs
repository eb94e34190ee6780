//! Characters that do not show, in what an image says.

use std::collections::BTreeSet;

use super::style::Style;
use super::told::Line;
use crate::difference::{ConfigChange, Difference, Field, Named, PlatformDifference};
use crate::text::has_hidden;

/// Says where they are; `None` if there are none.
pub(super) fn tell(difference: &Difference, style: Style) -> Option<Line> {
    let places: Vec<&str> = hidden(difference).into_iter().collect();
    let what = style.strong("hidden characters");
    let text = "control characters, or ones that are invisible or change the direction of text; they are left out here";
    (!places.is_empty()).then(|| Line::top(format!("Suspicious text: {what} in {} ({text})", places.join(", "))))
}

/// In which texts of the images they are.
pub(crate) fn hidden(difference: &Difference) -> BTreeSet<&'static str> {
    let origins = [&difference.base, &difference.commits].into_iter().flatten();
    let of_origins = origins.filter(|named| is_hidden(named)).map(|_| "the configuration");
    let whole = difference.whole.iter().flat_map(|whole| whole.hidden.iter().copied());
    of_origins.chain(difference.platforms.iter().flat_map(of_platform)).chain(whole).collect()
}

fn is_hidden(Named { from, to }: &Named) -> bool {
    from.iter().chain(to).any(|name| has_hidden(name))
}

fn of_platform(platform: &PlatformDifference) -> impl Iterator<Item = &'static str> {
    let packages = &platform.packages;
    let named =
        packages.added.iter().chain(packages.removed.iter()).any(|p| has_hidden(p.name) || has_hidden(p.version));
    let mut versions = packages.upgraded.iter().chain(packages.downgraded.iter());
    let changed = versions.any(|one| [one.name, one.from, one.to].into_iter().any(has_hidden));
    let mut licences = packages.licences_added.names.iter().chain(&packages.licences_removed.names);
    let all = [
        ("the configuration", platform.config.iter().any(in_config)),
        ("package names", named || changed),
        ("licences", licences.any(|name| has_hidden(name))),
        ("platform names", has_hidden(&platform.name)),
        ("file paths", platform.files.iter().any(|file| has_hidden(&file.path))),
    ];
    all.into_iter().filter(|(_, holds)| *holds).map(|(place, _)| place)
}

/// Descriptions in labels have lines and symbols of several characters.
fn in_config(ConfigChange { field, from, to }: &ConfigChange) -> bool {
    let is_hidden = |text: &String| match field {
        Field::Label => text.split(['\n', '\r', '\t', '\u{fe0f}', '\u{200d}']).any(has_hidden),
        _ => has_hidden(text),
    };
    from.iter().chain(to).any(is_hidden)
}
