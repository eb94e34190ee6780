//! The `wharfinger` program.

use std::process::ExitCode;

/// musl's own allocator is thirty times slower where two threads allocate at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    wharfinger::main()
}
