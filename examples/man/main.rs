//! Man pages of every command, for packages: `cargo run --locked --example man -- DIR`.

use std::path::PathBuf;

use clap::CommandFactory as _;
use wharfinger::internals::args::Cli;

fn main() -> anyhow::Result<()> {
    let directory = std::env::args_os().nth(1).map(PathBuf::from);
    let directory = directory.ok_or_else(|| anyhow::anyhow!("name the directory to write into"))?;
    std::fs::create_dir_all(&directory)?;
    clap_mangen::generate_to(Cli::command(), &directory)?;
    Ok(())
}
