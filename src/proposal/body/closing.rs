//! What stands under everything: what a reviewer can do.

use super::account::Account;
use crate::markdown::folded;
use crate::proposal::Kind;

/// That the group has more changes than one proposal can name.
pub(super) fn later(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "\nOne more change of this group is proposed once this is merged.\n".to_owned(),
        count => format!("\n{count} more changes of this group are proposed once this is merged.\n"),
    }
}

/// What merging and closing do. Comments are read where there is somebody to answer them.
pub(super) fn closing(accounts: &[Account<'_>], group: bool, comments: bool) -> String {
    let lets_in = accounts.iter().any(Account::lets_in);
    let rejects = !accounts.is_empty() && accounts.iter().all(|account| account.entry().kind == Kind::Reject);
    let (merge, close) = match (lets_in, rejects) {
        (true, _) => ("approves exactly these digests", "declines them: they are not proposed again"),
        (_, true) => ("keeps the version out", "withdraws the rejection: the version is proposed again"),
        _ => ("makes exactly these changes", "leaves everything as it is: these changes are not proposed again"),
    };
    let text = format!(
        "---\nMerging {merge}. Closing {close}. Commits that a person adds to this branch stay: it is then left alone.\n"
    );
    if !comments {
        return text;
    }
    let mut list = String::new();
    if lets_in {
        let image = if group { "IMAGE[:TAG] " } else { "" };
        list.push_str(&format!(
            "- `/wharfinger reject {image}REASON [until YYYY-MM-DD]` turns this into a pull request that keeps the version out, for good or until that day\n"
        ));
    }
    if rejects {
        list.push_str("- `/wharfinger reject REASON [until YYYY-MM-DD]` gives another reason, or another day\n");
    }
    list.push_str(
        "- `/wharfinger refresh` looks again and moves this to the newest version, even where it is approved already\n\
         - `/wharfinger recheck` checks it again and posts the verdict\n",
    );
    format!("{text}\n{}", folded("Comments that people who may write can make", &list))
}
