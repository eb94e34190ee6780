//! The form that an organization's rulesets require of titles and commit messages: `proposals.title`, `commit-message`,
//! `sign-off`.

use crate::manifest::Proposals;
use crate::text::excerpt;

/// The values for a template's placeholders: `{title}`, `{source}`, `{repository}`, `{from}`, `{to}` and `{kind}`. If a
/// text covers several changes, everything except the title refers to the first one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Places {
    pub title: String,
    pub source: String,
    pub repository: String,
    /// What was approved before; may be empty.
    pub from: String,
    /// The tag; may be empty.
    pub to: String,
    pub kind: String,
}

pub(crate) fn title(proposals: &Proposals, places: &Places) -> String {
    proposals.title.as_ref().map_or_else(|| places.title.clone(), |template| excerpt(&fill(template, places), 200))
}

/// A commit's headline and the rest of its message: what the template has below its first line, then `details`, then the
/// trailers: one of ours, and the sign-off if one is configured.
pub(crate) fn message(
    proposals: &Proposals,
    places: &Places,
    details: &str,
    trailer: Option<&str>,
) -> (String, String) {
    let template = proposals.commit_message.as_ref();
    let text = template.map_or_else(|| places.title.clone(), |template| fill(template, places));
    let (headline, rest) = text.split_once('\n').unwrap_or((&text, ""));
    let sign_off = proposals.sign_off.as_ref().map(|who| format!("Signed-off-by: {}", excerpt(who, 200)));
    let trailers: Vec<String> = trailer.map(str::to_owned).into_iter().chain(sign_off).collect();
    let mut paragraphs = vec![rest.trim().to_owned(), details.to_owned(), trailers.join("\n")];
    paragraphs.retain(|paragraph| !paragraph.is_empty());
    (excerpt(headline, 200), paragraphs.join("\n\n"))
}

fn fill(template: &str, places: &Places) -> String {
    let Places { title, source, repository, from, to, kind } = places;
    // braces in the values do no harm: each placeholder is replaced once, from left to right
    let values = [
        ("{title}", title),
        ("{source}", source),
        ("{repository}", repository),
        ("{from}", from),
        ("{to}", to),
        ("{kind}", kind),
    ];
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        let (place, value) =
            values.iter().find(|(p, _)| rest.starts_with(p)).map_or(("{", "{"), |(p, v)| (*p, v.as_str()));
        text.push_str(value);
        rest = &rest[place.len()..];
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_ours_takes_the_form() {
        let places = Places {
            title: "Record loki:3.1.0 as promoted".to_owned(),
            source: "grafana/loki".to_owned(),
            repository: "loki".to_owned(),
            to: "3.1.0".to_owned(),
            kind: "record".to_owned(),
            ..Places::default()
        };
        let own = Proposals::default();
        assert_eq!(title(&own, &places), "Record loki:3.1.0 as promoted");
        assert_eq!(message(&own, &places, "a", None), ("Record loki:3.1.0 as promoted".to_owned(), "a".to_owned()));
        let form = Proposals {
            title: Some("[{kind}] {title} {unknown}".to_owned()),
            commit_message: Some("chore({repository}): {title}\n\nRefs: {source}:{to}{from}\n".to_owned()),
            sign_off: Some("Images <images@example.com>".to_owned()),
            ..own
        };
        assert_eq!(title(&form, &places), "[record] Record loki:3.1.0 as promoted {unknown}");
        let (headline, rest) = message(&form, &places, "", None);
        assert_eq!(headline, "chore(loki): Record loki:3.1.0 as promoted");
        assert_eq!(rest, "Refs: grafana/loki:3.1.0\n\nSigned-off-by: Images <images@example.com>");
        let (_, rest) = message(&form, &places, "a", Some("Reviewed: c0ffee"));
        assert!(rest.ends_with("\n\na\n\nReviewed: c0ffee\nSigned-off-by: Images <images@example.com>"), "{rest}");
    }
}
