//! The end of the body: what a reviewer can do.

use super::account::Account;
use crate::markdown::folded;
use crate::proposal::Kind;

/// Says that the group has more changes than one proposal can name.
pub(super) fn later(count: usize) -> String {
    match count {
        0 => String::new(),
        1 => "\nOne more change of this group is proposed once this is merged.\n".to_owned(),
        count => format!("\n{count} more changes of this group are proposed once this is merged.\n"),
    }
}

/// What merging and closing do. Comments are mentioned only if a run can answer them.
pub(super) fn closing(accounts: &[Account<'_>], group: bool, comments: bool) -> String {
    let lets_in = accounts.iter().any(Account::lets_in);
    let rejects = !accounts.is_empty() && accounts.iter().all(|account| account.entry().kind == Kind::Reject);
    let (merge, close) = match (lets_in, rejects) {
        (true, _) => ("approves exactly these digests", "declines them: they are not proposed again"),
        (_, true) => ("keeps the version out", "withdraws the rejection: the version is proposed again"),
        _ => ("makes exactly these changes", "leaves everything as it is: these changes are not proposed again"),
    };
    let text = format!(
        "---\nMerging {merge}. Closing {close}. If a person commits to this branch, Wharfinger leaves it alone.\n"
    );
    if !comments {
        return text;
    }
    let mut list = String::new();
    if lets_in {
        let image = if group { "IMAGE[:TAG] " } else { "" };
        list.push_str(&format!(
            "- `/wharfinger reject {image}REASON [until YYYY-MM-DD]` turns this into a pull request that keeps the version out, permanently or until that day\n"
        ));
    }
    if rejects {
        list.push_str("- `/wharfinger reject REASON [until YYYY-MM-DD]` changes the reason or the date\n");
    }
    list.push_str(
        "- `/wharfinger refresh` checks again and moves this to the newest version, even after an approving \
         review\n- `/wharfinger recheck` checks it again and posts the verdict\n",
    );
    format!("{text}\n{}", folded("Commands for people with write access", &list))
}
