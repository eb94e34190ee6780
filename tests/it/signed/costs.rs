//! The cost of checking who made an image: nothing extra if that is not required, and few requests if it is.

use super::faults::BY_KEY;
use super::{PROGRAM, World, entry};

/// How many requests upstream got, command by command.
#[derive(Debug, PartialEq, Eq)]
struct Requests {
    explain: usize,
    propose: usize,
    check: usize,
    promote: usize,
}

/// What stands beside the image.
#[derive(Clone, Copy, PartialEq)]
enum Beside {
    Nothing,
    Bundle,
    Tag,
}

fn requests(asked: &str, beside: Beside, has_referrers: bool) -> Requests {
    let world = World::new();
    world.upstream.set(|switches| switches.referrers = has_referrers);
    let published = world.publish("app", "1.0.0", 1);
    match beside {
        Beside::Nothing => {}
        Beside::Bundle => published.refer(&world.key.signature_of(published.image.root())),
        Beside::Tag => published.tag(".sig", &world.key.simple_signature_of(&published.digest())),
    }
    let manifest = |approved: &[_]| world.manifest(&[entry(&world.upstream.host(), "app", asked, approved)]);
    let clone = world.clone_with(&manifest(&[]));
    let count = |command: &str| {
        world.upstream.server().clear_log();
        clone.run(PROGRAM, "", &[command]).output().expect_status(0);
        world.upstream.log().len()
    };
    let (explain, propose) = (count("explain"), count("propose"));
    let digest = published.digest();
    std::fs::write(clone.path().join("approved-images.yml"), manifest(&[("1.0.0", &digest)])).unwrap();
    let check = count("check");
    clone.commit(&[], "Approve");
    Requests { explain, propose, check, promote: count("promote") }
}

impl Requests {
    const fn new(explain: usize, propose: usize, check: usize, promote: usize) -> Self {
        Self { explain, propose, check, promote }
    }
}

#[test]
fn an_image_that_asks_for_nothing_costs_only_what_is_shown_of_it() {
    assert_eq!(requests("", Beside::Nothing, true), Requests::new(7, 12, 12, 11));
    assert_eq!(requests("", Beside::Nothing, false), Requests::new(7, 10, 10, 9));
    // Proposing and checking read the layer of each of its two platforms.
    // What stands beside an image is listed in any case; who says to have signed it costs the content.
    assert_eq!(requests("", Beside::Bundle, true), Requests::new(7, 15, 15, 15));
    assert_eq!(requests("", Beside::Tag, true), Requests::new(7, 16, 16, 16));
    assert_eq!(requests("", Beside::Tag, false), Requests::new(7, 14, 14, 14));
}

#[test]
fn an_image_that_asks_for_a_signature_costs_a_listing_a_document_and_its_content() {
    assert_eq!(requests(BY_KEY, Beside::Bundle, true), Requests::new(10, 15, 15, 16));
    assert_eq!(requests(BY_KEY, Beside::Tag, true), Requests::new(10, 15, 16, 16));
    assert_eq!(requests(BY_KEY, Beside::Tag, false), Requests::new(10, 13, 14, 14));
}
