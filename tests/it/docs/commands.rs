//! The commands and their options, from the command line's definition.

use clap::{Arg, Command, CommandFactory as _};
use wharfinger::internals::args::Cli;

use super::escaped;

const HEAD: &str = "\
<!-- Made from the command line's definition; a test compares it and says how to make it anew. -->
# Every command: approving and promoting

[The command line](command-line.md) explains what they have in common: exit statuses, output, environment. `wharfinger COMMAND --help`
prints what stands here. [The other commands](commands-more.md) are about the organization, developers' files and setting up.
";

const MORE: &str = "\
<!-- Made from the command line's definition; a test compares it and says how to make it anew. -->
# Every command: organization, developers, setting up

[Options of every command](commands.md#options-of-every-command), and [commands that approve and promote](commands.md), stand on a page of
their own.
";

/// The first command of the second page.
const SECOND: &str = "audit";

/// The pages: their paths and texts.
pub fn pages() -> [(&'static str, String); 2] {
    let mut cli = Cli::command();
    cli.build();
    let (mut first, mut second) = (HEAD.to_owned(), MORE.to_owned());
    first.push_str("\n## Options of every command\n\nThey may stand before or after the command. `--a-b` is also the variable `WHARFINGER_A_B`.\n\n");
    cli.get_arguments().filter(|arg| arg.is_global_set()).for_each(|arg| first.push_str(&option(arg)));
    let commands: Vec<&Command> = cli.get_subcommands().filter(|command| command.get_name() != "help").collect();
    let split = commands.iter().position(|command| command.get_name() == SECOND).unwrap();
    commands[..split].iter().for_each(|command| first.push_str(&section(command)));
    commands[split..].iter().for_each(|command| second.push_str(&section(command)));
    [("docs/commands.md", first), ("docs/commands-more.md", second)]
}

fn section(command: &Command) -> String {
    let about = command.get_long_about().or(command.get_about()).unwrap().to_string();
    let usage = command.clone().render_usage().to_string();
    let usage: Vec<&str> = usage.trim_start_matches("Usage:").lines().map(str::trim).collect();
    let mut text =
        format!("\n## {}\n\n```text\n{}\n```\n\n{}\n", command.get_name(), usage.join("\n"), sentence(&about));
    let own: Vec<&Arg> = command.get_arguments().filter(|arg| !arg.is_global_set() && is_described(arg)).collect();
    if !own.is_empty() {
        text.push('\n');
    }
    own.into_iter().for_each(|arg| text.push_str(&option(arg)));
    if let Some(examples) = command.get_after_long_help() {
        let examples = examples.to_string();
        let lines: Vec<&str> = examples.lines().skip(1).map(str::trim).collect();
        text.push_str(&format!(
            "\n```sh\n{}\n```\n",
            lines.iter().map(|line| commented(line)).collect::<Vec<_>>().join("\n")
        ));
    }
    text
}

/// A line of examples: what follows the command after several spaces is a remark.
fn commented(line: &str) -> String {
    line.split_once("   ")
        .map_or_else(|| line.to_owned(), |(command, remark)| format!("{command}  # {}", remark.trim()))
}

fn is_described(arg: &Arg) -> bool {
    !matches!(arg.get_id().as_str(), "help" | "version")
}

/// The text of a help, as a paragraph that ends with a full stop.
fn sentence(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        let ended = paragraph.ends_with('.') || paragraph.ends_with(':');
        format!("{}{}", escaped(paragraph.replace('\n', " ").trim()), if ended { "" } else { "." })
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// One option or argument, as an item of a list.
fn option(arg: &Arg) -> String {
    let values: Vec<String> = arg.get_value_names().into_iter().flatten().map(|name| format!("<{name}>")).collect();
    let takes = arg.get_action().takes_values() && !values.is_empty();
    let name = match (arg.get_long(), arg.get_short()) {
        (Some(long), short) => {
            let short = short.map(|short| format!("-{short}, ")).unwrap_or_default();
            format!("{short}--{long}{}", if takes { format!(" {}", values.join(" ")) } else { String::new() })
        }
        _ => values.join(" "),
    };
    let possible: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|value| takes && !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    let possible = if possible.is_empty() { String::new() } else { format!(" One of {}.", possible.join(", ")) };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    format!("- `{name}`: {}{possible}\n", sentence(&help))
}

/// What `examples/man` writes. Options are described only when a command is used, so one shows that they were.
#[test]
fn every_command_has_a_man_page_with_its_options() {
    let directory = tempfile::tempdir().unwrap();
    clap_mangen::generate_to(Cli::command(), directory.path()).unwrap();
    for command in Cli::command().get_subcommands() {
        let page = directory.path().join(format!("wharfinger-{}.1", command.get_name()));
        assert!(std::fs::read_to_string(&page).is_ok_and(|text| text.contains(".SH NAME")), "{}", page.display());
    }
    let promote = std::fs::read_to_string(directory.path().join("wharfinger-promote.1")).unwrap();
    assert!(promote.contains(r"\-\-prune"), "{promote}");
}
