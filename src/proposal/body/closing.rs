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
        (true, _) => approving(accounts),
        (_, true) => ("keeps the version out".to_owned(), "withdraws the rejection: the version is proposed again"),
        _ => (
            "makes exactly these changes".to_owned(),
            "leaves everything as it is: these changes are not proposed again",
        ),
    };
    let leave = match comments && group && lets_in {
        true => " To leave one out, comment `/wharfinger reject IMAGE REASON`.",
        false => "",
    };
    let text = format!(
        "---\nMerging {merge}. Closing {close}.{leave} If a person commits to this branch, Wharfinger no longer \
         changes this pull request or closes it.\n"
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

/// What merging and closing do where something is approved.
fn approving(accounts: &[Account<'_>]) -> (String, &'static str) {
    match accounts.iter().filter(|account| account.lets_in()).collect::<Vec<_>>().as_slice() {
        [one] => (
            format!("approves exactly the digest `{}`", one.entry().digest.short()),
            "declines it: this digest is not proposed again, later versions are",
        ),
        _ => (
            "approves exactly the digests that the sections above name".to_owned(),
            "declines them: these digests are not proposed again, later versions are",
        ),
    }
}
