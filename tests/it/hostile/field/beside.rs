//! What may stand beside an image, and what may not.

use super::{Row, row, try_all};

#[test]
fn only_artifacts_travel_beside_an_image() {
    try_all(rows());
}

fn rows() -> Vec<Row> {
    vec![
        row("no API at either side: a signature under the fallback tag", |scene| {
            scene.source.set(|s| s.referrers = false);
            scene.mirror().set(|s| s.referrers = false);
            let signature = scene.sign("one");
            scene.list_in_fallback(&[&signature]);
        })
        .right()
        .proposed(),
    ]
}
