//! The line-based merge of two texts with a common base.

/// The most lines that may differ between two texts: beyond that, people have to merge.
const DIFFERENCES: usize = 1_000;

/// Lines of the base that a text replaces.
#[derive(Debug, PartialEq, Eq)]
struct Hunk {
    /// Their range in the base.
    from: usize,
    to: usize,
    /// The range of their replacement in the text.
    begin: usize,
    end: usize,
}

/// The text with the changes of both; `None` if they conflict by git's rules: they overlap or touch without being the
/// same.
pub(crate) fn merge(base: &str, one: &str, other: &str) -> Option<String> {
    let [base, one, other] = [base, one, other].map(|text| text.split_inclusive('\n').collect::<Vec<_>>());
    let (left, right) = (hunks(&base, &one)?, hunks(&base, &other)?);
    let (mut left, mut right) = (left.iter().peekable(), right.iter().peekable());
    let (mut merged, mut at) = (String::new(), 0);
    loop {
        let (hunk, text) = match (left.peek(), right.peek()) {
            (None, None) => break,
            (Some(l), Some(r)) if l.from <= r.to && r.from <= l.to => {
                let same = (l.from, l.to) == (r.from, r.to) && one[l.begin..l.end] == other[r.begin..r.end];
                right.next().filter(|_| same)?;
                (left.next()?, &one)
            }
            (Some(l), Some(r)) if r.from < l.from => (right.next()?, &other),
            (Some(_), _) => (left.next()?, &one),
            (None, Some(_)) => (right.next()?, &other),
        };
        merged.extend(base[at..hunk.from].iter().chain(&text[hunk.begin..hunk.end]).copied());
        at = hunk.to;
    }
    merged.extend(base[at..].iter().copied());
    Some(merged)
}

/// How a text differs from its base, in the fewest lines (Myers, "An O(ND) difference algorithm"); `None` if too many.
fn hunks(base: &[&str], text: &[&str]) -> Option<Vec<Hunk>> {
    let rounds = rounds(base, text)?;
    let (mut x, mut y) = (base.len(), text.len());
    let mut hunks: Vec<Hunk> = Vec::new();
    for (d, reached) in rounds.iter().enumerate().skip(1).rev() {
        let k = ZERO + x - y;
        let comes = comes(reached, d, k);
        let (from, to) = if comes { (reached[k + 1], reached[k + 1]) } else { (reached[k - 1], reached[k - 1] + 1) };
        let begin = if comes { from + ZERO - (k + 1) } else { from + ZERO - (k - 1) };
        let end = begin + usize::from(comes);
        match hunks.last_mut().filter(|next| next.from == to && next.begin == end) {
            Some(next) => (next.from, next.begin) = (from, begin),
            None => hunks.push(Hunk { from, to, begin, end }),
        }
        (x, y) = (from, begin);
    }
    hunks.reverse();
    Some(hunks)
}

/// The index of diagonal 0: of lines that are at the same place in both.
const ZERO: usize = DIFFERENCES + 1;

/// How far into the base each diagonal had reached before each round; the last round reaches both ends.
fn rounds(base: &[&str], text: &[&str]) -> Option<Vec<Vec<usize>>> {
    let mut reached = vec![0; 2 * ZERO + 1];
    let mut rounds = Vec::new();
    for d in 0..=DIFFERENCES {
        rounds.push(reached.clone());
        for k in (ZERO - d..=ZERO + d).step_by(2) {
            let mut x = if comes(&reached, d, k) { reached[k + 1] } else { reached[k - 1] + 1 };
            let at = |x: usize| x + ZERO - k;
            while base.get(x).is_some_and(|line| text.get(at(x)) == Some(line)) {
                x += 1;
            }
            reached[k] = x;
            if x >= base.len() && at(x) >= text.len() {
                return Some(rounds);
            }
        }
    }
    None
}

/// Whether a diagonal is reached by a line that the text adds, and not by one that it removes.
fn comes(reached: &[usize], d: usize, k: usize) -> bool {
    k == ZERO - d || (k != ZERO + d && reached[k - 1] < reached[k + 1])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use proptest::prelude::*;

    use super::merge;

    #[test]
    fn changes_apart_are_merged_and_those_that_meet_are_not() {
        let base = "a\nb\nc\nd\ne\n";
        assert_eq!(merge(base, "A\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\nf\n").as_deref(), Some("A\nb\nc\nd\nE\nf\n"));
        assert_eq!(merge(base, "a\nc\nd\ne\n", "a\nb\nc\nd\n").as_deref(), Some("a\nc\nd\n"));
        assert_eq!(merge(base, "a\nB\nc\nd\ne\n", "a\nB\nc\nd\ne\n").as_deref(), Some("a\nB\nc\nd\ne\n"), "the same");
        assert_eq!(merge(base, "a\nB\nc\nd\ne\n", "a\nX\nc\nd\ne\n"), None);
        assert_eq!(merge(base, "a\nB\nc\nd\ne\n", "a\nb\nC\nd\ne\n"), None, "side by side, as git has it");
        assert_eq!(merge(base, "a\nb\nx\nc\nd\ne\n", "a\nb\ny\nc\nd\ne\n"), None);
        assert_eq!(merge("", "", "a\n").as_deref(), Some("a\n"));
    }

    #[test]
    fn texts_that_differ_too_much_are_left_to_people() {
        let text = |from: usize| (from..from + 3_000).map(|n| format!("{n}\n")).collect::<String>();
        assert_eq!(merge(&text(0), &text(5_000), &text(0)), None);
    }

    fn lines() -> impl Strategy<Value = String> {
        proptest::collection::vec("[abc]\n", 0..12).prop_map(|lines| lines.concat())
    }

    proptest! {
        #[test]
        fn a_text_that_nobody_else_changed_is_the_merge(base in lines(), text in lines()) {
            prop_assert_eq!(merge(&base, &text, &base), Some(text.clone()));
            prop_assert_eq!(merge(&base, &base, &text), Some(text.clone()));
            prop_assert_eq!(merge(&base, &text, &text), Some(text));
        }
    }
}
