//! The README's picture of a proposal, made by a browser from a body that the program wrote.

use std::path::Path;
use std::process::Command;

use pulldown_cmark::{Options, Parser, html};
use wharfinger::internals::image::Digest;

use super::generated::{WRITE, regenerate};
use super::{page, root};

/// How the pull request's page looks: a title, and the body in a frame.
const STYLE: &str = "\
body { margin: 0; padding: 20px 24px; background: #fff; color: #1f2328; font: 14px/1.5 'DejaVu Sans', sans-serif; width: 912px }
h1 { font-size: 22px; font-weight: 400; margin: 0 0 8px } h1 span { color: #59636e }
.state { display: inline-block; background: #1a7f37; color: #fff; border-radius: 2em; padding: 3px 12px; font-size: 12px; margin-bottom: 14px }
.from { color: #59636e; margin-left: 8px; font-size: 12px }
.frame { border: 1px solid #d1d9e0; border-radius: 6px } .author { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: 8px 16px; color: #59636e; font-size: 12px }
.body { padding: 4px 16px 10px } h3 { font-size: 16px; margin: 14px 0 6px } ul { margin: 6px 0; padding-left: 22px } li { margin: 1px 0 }
code { background: #eff1f3; border-radius: 5px; padding: 1px 5px; font: 12px 'DejaVu Sans Mono', monospace } a { color: #0969da; text-decoration: none }
hr { border: 0; border-top: 2px solid #d1d9e0; margin: 14px 0 } p { margin: 8px 0 } details { margin: 6px 0 }
";

/// The page that is photographed.
fn page_of(proposal: &str) -> String {
    let title = proposal.split("---\n").nth(2).unwrap().lines().next().unwrap();
    let body = proposal.split_once("== body\n").unwrap().1.split_once("<!-- wharfinger").unwrap().0;
    let mut inside = String::new();
    html::push_html(&mut inside, Parser::new_ext(body, Options::ENABLE_TABLES));
    format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><style>{STYLE}</style><h1>{title} <span>#41</span></h1><span class=\"state\">Open</span>\
         <span class=\"from\">acme-images[bot] wants to merge 1 commit into main from wharfinger/image/loki/latest</span>\
         <div class=\"frame\"><div class=\"author\">acme-images[bot]</div><div class=\"body\">{inside}</div></div>"
    )
}

/// The digest of the page stands beside the picture, so that a change of the body is noticed.
#[track_caller]
pub fn compare(proposal: &str) {
    let html = page_of(proposal);
    let marker = format!("<!-- picture {} -->", Digest::sha256(html.as_bytes()).short());
    if std::env::var_os(WRITE).is_some() {
        take(&html, &root().join("docs/images/proposal.png"));
        let readme = page("README.md").text;
        let (before, rest) = readme.split_once("<!-- picture").unwrap();
        let after = rest.split_once("-->").unwrap().1;
        std::fs::write(root().join("README.md"), format!("{before}{marker}{after}")).unwrap();
    }
    assert!(page("README.md").text.contains(&marker), "the picture is of another body. {}", regenerate());
    let picture = std::fs::read(root().join("docs/images/proposal.png")).unwrap();
    assert!(picture.starts_with(b"\x89PNG") && picture.len() < 150_000, "{} bytes", picture.len());
}

/// Has Chromium photograph a page.
fn take(html: &str, picture: &Path) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("proposal.html");
    std::fs::write(&file, html).unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless", "--no-sandbox", "--hide-scrollbars", "--window-size=960,652"]);
    chromium.arg(format!("--screenshot={}", picture.display())).arg(format!("file://{}", file.display()));
    assert!(chromium.output().unwrap().status.success(), "chromium takes no picture");
}
