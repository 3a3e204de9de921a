//! The `outcrop` command.

fn main() -> std::process::ExitCode {
    outcrop::cli::main()
}
