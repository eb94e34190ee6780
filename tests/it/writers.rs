//! Who wrote a pull request: determined by who pushed, never by the names in commits, and not believed if unknown.

#![expect(clippy::print_stdout, reason = "it names the case that a failure is of")]

use super::reviews::{BRANCH, FILE, ROBOT, World};
use crate::support::github::{Options, TestGitHub};

const GAP: &str = "the repository's activity does not reach back that far, and it has no verified signature";

/// `pusher` pushes a commit that names another as its author and committer, as anybody can; its sha.
fn push_in_name_of(github: &TestGitHub, branch: &str, pusher: &str, named: &str, file: (&str, &str)) -> String {
    github.with(|state| {
        let default = state.default_branch.clone();
        let parent = state.git.branch(branch).or_else(|| state.git.branch(&default)).unwrap();
        let date = state.tick();
        let who = state.signature(named, &date);
        let files = [(file.0.to_owned(), Some(file.1.as_bytes().to_vec()))];
        let sha = state.git.commit(Some(&parent), &files, "In another's name", &who, &who);
        state.set_branch(branch, Some(&sha), pusher);
        sha
    })
}

/// A proposal's branch with this text on top, pushed by mona in hubot's name and approved by mona; the commit.
fn forged(world: &World) -> (u64, String) {
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Begin", (FILE, &world.text(1, &[])));
    world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Note", ("NOTE", "x\n"));
    let sha = push_in_name_of(&world.github, BRANCH, "mona", "hubot", (FILE, &world.text(1, &["1"])));
    let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    (number, sha)
}

fn unknown(sha: &str, why: &str) -> String {
    format!("it is unknown who wrote {}: {why}", &sha[..12])
}

#[test]
fn who_pushes_in_anothers_name_is_the_writer() {
    let world = World::new(1);
    forged(&world);
    world.refused(&[], "mona wrote a commit of it");
}

#[test]
fn where_the_activity_has_a_gap_nobody_is_believed() {
    type Gap = fn(&World, &str);
    let gaps: [(&str, Gap, &str); 4] = [
        ("late", |world, sha| world.github.with(|s| s.activity.retain(|row| row.after.as_deref() != Some(sha))), GAP),
        ("between", |world, _| world.github.with(|s| drop(s.activity.remove(2))), GAP),
        (
            "nameless",
            |world, _| world.github.with(|s| s.activity.iter_mut().for_each(|row| row.actor = None)),
            "GitHub does not say who pushed it: have it pushed again",
        ),
        (
            "absent",
            |world, _| world.github.with(|s| s.silence.absent = true),
            "the activity of acme/images cannot be read (Not Found, status 404): the token needs `contents: read`",
        ),
    ];
    for (name, gap, why) in gaps {
        let world = World::new(1);
        let (number, sha) = forged(&world);
        world.github.review_as(number, "octocat", "APPROVED");
        gap(&world, &sha);
        println!("{name}");
        match name {
            // What mona pushed is told, what was there before is not; but GitHub signed that for our own account.
            "between" => world.promoted(&[]),
            _ => world.refused(&[], why),
        }
    }
}

#[test]
fn a_persons_own_signature_tells_where_the_activity_does_not() {
    for signed in [true, false] {
        let world = World::new(1);
        let sha = push_in_name_of(&world.github, "topic", "hubot", "hubot", (FILE, &world.text(1, &["1"])));
        if signed {
            world.github.sign(&sha, "hubot");
        }
        let number = world.github.open_as("hubot", "topic", "Approve", "");
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        world.github.with(|state| state.activity.clear());
        match signed {
            true => world.promoted(&[]),
            false => world.refused(&[], &unknown(&sha, "the activity of acme/images cannot be read")),
        }
    }
}

#[test]
fn github_signed_what_it_made_for_an_account_but_for_merges_and_every_workflow() {
    let absent = |world: &World| world.github.with(|state| state.silence.absent = true);
    for (author, why) in [
        (ROBOT, None),
        ("hubot", None),
        ("gone", Some("no longer has write access")),
        ("github-actions[bot]", Some("which all workflows share")),
        ("other[bot]", Some("it was made by an App")),
    ] {
        let world = World::new(1);
        world.github.commit_by(BRANCH, (author, "web-flow"), "Approve", (FILE, &world.text(1, &["1"])));
        let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        absent(&world);
        println!("{author}");
        why.map_or_else(|| world.promoted(&[]), |why| world.refused(&[], why));
    }
}

#[test]
fn a_squash_onto_a_proposals_branch_is_of_who_pressed_though_it_bears_our_name() {
    for told in [true, false] {
        let world = World::new(1);
        world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Begin", ("NOTE", "x\n"));
        let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
        let text = world.text(1, &["1"]);
        world.github.with(|state| {
            let base = state.git.branch(BRANCH).unwrap();
            state.set_branch("side", Some(&base), "octocat");
        });
        let side = push_in_name_of(&world.github, "side", "octocat", "hubot", (FILE, &text));
        let onto = world.github.with(|state| {
            let ours = Some(state.full_name());
            state.open(ROBOT, (ours, "side", &side), BRANCH, "Into it", "")
        });
        let squash = world.github.squash(onto);
        world.github.review_as(number, "octocat", "APPROVED");
        world.github.merge(number);
        match told {
            true => world.refused(&[], "octocat wrote a commit of it"),
            false => {
                world.github.with(|state| state.silence.absent = true);
                world.refused(&[], &unknown(&squash, "it merged a pull request"));
            }
        }
    }
}

#[test]
fn a_deleted_branch_is_told_by_the_list_of_all() {
    for silent in [false, true] {
        let world = World::new(1);
        let number = world.proposal(1);
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        world.github.delete_branch_as(BRANCH, "octocat");
        world.github.with(|state| state.silence.of_deleted = silent);
        world.github.clear_log();
        world.promoted(&[]);
        let asked = world.github.lines().iter().filter(|line| line.contains("/activity")).count();
        println!("{:?}", world.github.lines());
        // The default branch's, that of the proposal's branch, and where that does not answer that of all.
        assert_eq!(asked, if silent { 3 } else { 2 });
    }
}

#[test]
fn an_earlier_branch_of_the_name_does_not_count_and_one_that_was_restored_does() {
    let world = World::new(1);
    world.github.push_as(BRANCH, "mona", &[("NOTE", "x\n")]);
    world.github.delete_branch_as(BRANCH, "mona");
    let number = world.proposal(1);
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    world.promoted(&[]);

    let world = World::new(1);
    push_in_name_of(&world.github, BRANCH, "mona", "hubot", (FILE, &world.text(1, &["1"])));
    let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
    world.github.delete_branch_as(BRANCH, "mona");
    world.github.reopen_as(number, "octocat");
    world.github.review_as(number, "mona", "APPROVED");
    world.github.merge(number);
    world.refused(&[], "mona wrote a commit of it");
}

#[test]
fn a_workflow_that_pushes_for_a_developer_makes_the_writer_unknown_unless_it_leaves_the_manifest_alone() {
    for file in [FILE, "README.md"] {
        let world = World::new(1);
        let text = world.text(1, &["1"]);
        let sha = match file {
            FILE => push_in_name_of(&world.github, BRANCH, "github-actions[bot]", "hubot", (FILE, &text)),
            other => {
                world.github.commit_by(BRANCH, (ROBOT, "web-flow"), "Approve", (FILE, &text));
                push_in_name_of(&world.github, BRANCH, "github-actions[bot]", "hubot", (other, "x\n"))
            }
        };
        let number = world.github.open_as(ROBOT, BRANCH, "Approve", "");
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        match file {
            FILE => world.refused(
                &[],
                &unknown(&sha, "it was pushed by github-actions[bot], which is not the account of this run"),
            ),
            _ => world.promoted(&[]),
        }
    }
}

/// A proposal whose base went on in another part of the manifest.
fn behind(world: &World) -> u64 {
    let number = world.proposal(1);
    let after = world.text(1, &[]).replace("policy:", "# Images that we may use.\n\npolicy:");
    world.github.push_as("main", "octocat", &[(FILE, &after)]);
    number
}

#[test]
fn who_presses_update_branch_wrote_nothing_and_may_review() {
    for rebase in [false, true] {
        let world = World::new(1);
        let number = behind(&world);
        world.github.update_branch_as(number, "mona", rebase);
        world.github.review_as(number, "mona", "APPROVED");
        world.github.squash(number);
        println!("rebase: {rebase}");
        world.promoted(&[]);
    }
}

#[test]
fn a_merge_of_the_base_by_git_has_no_writer_and_one_that_adds_something_has() {
    for added in [false, true] {
        let world = World::new(1);
        let number = behind(&world);
        let merged = world.text(1, &["1"]).replace("policy:", "# Images that we may use.\n\npolicy:");
        let text = if added { format!("{merged}# and more\n") } else { merged };
        world.github.with(|state| {
            let (head, main) = (state.git.branch(BRANCH).unwrap(), state.git.branch("main").unwrap());
            let date = state.tick();
            let who = state.signature("hubot", &date);
            let made = state.git.commit(Some(&head), &[(FILE.to_owned(), Some(text.into_bytes()))], "x", &who, &who);
            let tree = state.git.commit_info(&made).tree;
            let merge = state.git.commit_tree(&tree, &[&head, &main], "Merge main", &who, &who);
            state.set_branch(BRANCH, Some(&merge), "mona");
        });
        world.github.review_as(number, "mona", "APPROVED");
        world.github.squash(number);
        match added {
            false => world.promoted(&[]),
            true => world.refused(&[], "mona wrote a commit of it"),
        }
    }
}

#[test]
fn a_fork_is_told_by_its_own_activity_or_not() {
    type Hide = fn(&World, u64);
    let table: [(&str, Hide, Option<&str>); 3] = [
        ("told", |_, _| {}, None),
        (
            "private",
            |world, _| world.github.with(|s| s.activity.retain(|row| row.repository == "acme/images")),
            Some("the activity of hubot/images cannot be read"),
        ),
        (
            "gone",
            |world, number| world.github.with(|s| s.pull(number).unwrap().head_repository = None),
            Some("the fork that it came from no longer exists"),
        ),
    ];
    for (name, hide, why) in table {
        let world = World::new(1);
        let number = world.github.fork_pull("hubot", "topic", &[(FILE, &world.text(1, &["1"]))], "Mine", "");
        world.github.review_as(number, "mona", "APPROVED");
        world.github.squash(number);
        hide(&world, number);
        println!("{name}");
        why.map_or_else(|| world.promoted(&[]), |why| world.refused(&[], why));
    }
}

#[test]
fn an_enterprise_server_without_signatures_and_activity_tells_nobody() {
    for activity in [true, false] {
        let world = World::with(1, Options { ghes: true, ..Options::default() });
        world.github.with(|state| (state.signs, state.silence.absent) = (false, !activity));
        let number = world.proposal(1);
        world.github.review_as(number, "mona", "APPROVED");
        world.github.merge(number);
        match activity {
            true => world.promoted(&[]),
            false => world.refused(&[], "an Enterprise Server must be 3.17 or later"),
        }
    }
}
