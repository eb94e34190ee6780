//! The page's bytes.

use wharfinger::internals::catalog::Catalog;
use wharfinger::internals::report::catalog::page::html;

use super::fixture::{catalog, evil, hostile, image, many, ordinary};

fn page(catalog: &Catalog) -> String {
    html(catalog).unwrap()
}

/// The text of an element that there is once.
fn between<'p>(page: &'p str, open: &str, close: &str) -> &'p str {
    assert_eq!(page.matches(open).count(), 1, "{open}");
    page.split_once(open).unwrap().1.split_once(close).unwrap().0
}

#[test]
fn the_same_catalogue_gives_the_same_bytes() {
    assert_eq!(page(&ordinary()), page(&ordinary()));
    assert!(!page(&ordinary()).contains('\r'));
}

#[test]
fn the_policy_names_the_style_and_the_script_by_their_bytes() {
    use base64::Engine;
    use sha2::Digest;
    let page = page(&hostile());
    let policy = between(&page, "http-equiv=\"Content-Security-Policy\" content=\"", "\">").replace("&#39;", "'");
    for element in ["script", "style"] {
        let text = between(&page, &format!("<{element}>"), &format!("</{element}>"));
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(text));
        assert!(policy.contains(&format!("; {element}-src 'sha256-{hash}'; ")), "{element}: {policy}");
    }
    assert!(policy.starts_with("default-src 'none'; "), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[test]
fn hostile_text_is_cleaned_cut_and_escaped() {
    let page = page(&hostile());
    assert!(
        page.contains("reason &#60;/style&#62;&#60;/script&#62;&#60;/textarea&#62;&#34;&#39;&#62;&#60;script&#62;")
    );
    assert_eq!(page.matches("<script").count(), 1);
    for absent in [
        "<img",
        "javascript:",
        "JaVaScRiPt",
        "data:text",
        "//evil.example",
        "<b>soon",
        "\u{202e}",
        "\u{200b}",
        "\u{0}",
        "\u{1b}",
    ] {
        assert!(!page.to_lowercase().contains(&absent.to_lowercase()), "{absent:?}");
    }
    assert!(page.len() < 60_000 && evil("").len() > 10_000, "{}", page.len());
}

#[test]
fn what_is_not_promoted_or_revoked_is_not_offered() {
    let page = page(&ordinary());
    for absent in ["acme/pause:3.10", "acme/openssl-tools:3.3.1", "acme/legacy-tool:0.9", "acme/loki:3.1.1"] {
        assert!(page.contains(absent), "{absent} is named");
        assert!(!page.contains(&format!("Copy {absent}")) && !page.contains(&format!("value=\"{absent}")), "{absent}");
    }
    assert!(page.contains("aria-label=\"Copy acme/loki:3.1.0\"") && page.contains("value=\"acme/loki:3.1.0\""));
}

#[test]
fn a_thousand_images_make_a_page_that_can_be_loaded() {
    let page = page(&many());
    assert_eq!(page.matches("class=\"copy\"").count(), 10_000);
    assert!(page.len() < 9_000_000, "{}", page.len());
}

#[test]
fn images_that_share_a_mirror_have_places_of_their_own() {
    let page =
        page(&catalog(vec![image("redis", "docker.io/library/redis"), image("redis", "docker.io/library/redis")]));
    assert_eq!(page.matches("id=\"image-redis\"").count(), 1);
    assert_eq!(page.matches("id=\"image-redis.2.\"").count(), 1);
}

#[test]
fn an_empty_catalogue_says_so() {
    let page = page(&catalog(Vec::new()));
    assert!(page.contains("No image is approved yet.") && page.contains("0 images, 0 approved tags"));
}

/// Every word that people read, tag by tag.
#[test]
fn all_that_is_known_is_said() {
    insta::assert_snapshot!(words(&page(&ordinary())));
}

/// The texts of a page's body, a line for each element that begins one.
fn words(page: &str) -> String {
    let body = page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    let mut text = String::new();
    for part in body.split('<').skip(1) {
        let (tag, words) = part.split_once('>').unwrap();
        let name = tag.split(' ').next().unwrap();
        if ["h2", "h3", "p", "li", "dt", "summary", "button"].contains(&name) {
            text.push('\n');
        }
        if name == "button" {
            text.push_str("  button: ");
        }
        text.push_str(words);
    }
    let lines = text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}
