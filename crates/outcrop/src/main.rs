//! The `outcrop` command.

/// Training frees and takes the same large buffers at every step; the system's allocator hands them
/// back in between, and page faults then cost a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    outcrop::cli::main()
}
