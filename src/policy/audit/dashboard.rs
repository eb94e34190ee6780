//! What to do about the issue that serves as the dashboard.

/// An issue that this program's account opened as this dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Kept {
    pub number: u64,
    pub open: bool,
    /// Whether it has the label that it is found by.
    pub labelled: bool,
    pub title: String,
    pub body: String,
}

/// What should be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    /// It is open: something differs.
    Open,
    /// It is closed: nothing differs.
    Closed,
    /// It stays as it is: no difference was found, but not everything could be checked.
    AsItIs,
}

impl Wish {
    pub(crate) const fn of(drift: bool, all_seen: bool) -> Self {
        match (drift, all_seen) {
            (true, _) => Self::Open,
            (false, true) => Self::Closed,
            (false, false) => Self::AsItIs,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Open,
    /// Set the title, body, state and label of this one.
    Write {
        number: u64,
        /// Whether it is open afterwards.
        open: bool,
        /// Whether that opens or closes it.
        turns: bool,
    },
    /// Close this one: it repeats another.
    CloseCopy(u64),
}

/// What to do, in order. The oldest issue is the dashboard; repeating the actions changes nothing.
pub(crate) fn act(kept: &[Kept], wish: Wish, title: &str, body: &str) -> Vec<Action> {
    let mut kept: Vec<&Kept> = kept.iter().collect();
    kept.sort_by_key(|issue| issue.number);
    let Some((first, copies)) = kept.split_first() else {
        return if wish == Wish::Open { vec![Action::Open] } else { Vec::new() };
    };
    let open = match wish {
        Wish::Open => true,
        Wish::Closed => false,
        Wish::AsItIs => first.open,
    };
    // A closed issue that stays closed is history.
    let says = first.title == title && first.body.trim_end() == body.trim_end();
    let due = first.open != open || (open && !(says && first.labelled));
    let write = due.then_some(Action::Write { number: first.number, open, turns: first.open != open });
    let copies = copies.iter().filter(|copy| copy.open).map(|copy| Action::CloseCopy(copy.number));
    write.into_iter().chain(copies).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(number: u64, open: bool, body: &str) -> Kept {
        Kept { number, open, labelled: true, title: "t".to_owned(), body: body.to_owned() }
    }

    fn does(kept: &[Kept], wish: Wish) -> Vec<Action> {
        act(kept, wish, "t", "new")
    }

    #[test]
    fn it_is_opened_once_and_written_only_where_it_changes() {
        assert_eq!(does(&[], Wish::Open), [Action::Open]);
        assert_eq!(does(&[issue(3, true, "new\n")], Wish::Open), []);
        assert_eq!(does(&[issue(3, true, "old")], Wish::Open), [Action::Write { number: 3, open: true, turns: false }]);
        let unlabelled = Kept { labelled: false, ..issue(3, true, "new") };
        assert_eq!(does(&[unlabelled], Wish::Open), [Action::Write { number: 3, open: true, turns: false }]);
    }

    #[test]
    fn it_is_closed_when_clean_and_opened_again() {
        assert_eq!(does(&[], Wish::Closed), []);
        assert_eq!(
            does(&[issue(3, true, "old")], Wish::Closed),
            [Action::Write { number: 3, open: false, turns: true }]
        );
        assert_eq!(does(&[issue(3, false, "old")], Wish::Closed), [], "what is closed stays as it was");
        assert_eq!(does(&[issue(3, false, "old")], Wish::Open), [Action::Write { number: 3, open: true, turns: true }]);
    }

    #[test]
    fn what_could_not_be_looked_at_neither_opens_nor_closes_it() {
        assert_eq!(does(&[], Wish::AsItIs), []);
        assert_eq!(does(&[issue(3, false, "old")], Wish::AsItIs), []);
        assert_eq!(
            does(&[issue(3, true, "old")], Wish::AsItIs),
            [Action::Write { number: 3, open: true, turns: false }]
        );
    }

    #[test]
    fn of_several_the_oldest_is_kept() {
        let kept = [issue(9, true, "new"), issue(4, true, "new"), issue(7, false, "new")];
        assert_eq!(does(&kept, Wish::Open), [Action::CloseCopy(9)]);
    }
}
