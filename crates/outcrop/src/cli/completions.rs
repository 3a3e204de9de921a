//! `outcrop completions`.

use clap_complete::Shell;

use super::output::print;
use crate::Result;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  outcrop completions bash > outcrop.bash         then: source outcrop.bash
  outcrop completions zsh > _outcrop              into a folder of $fpath
  outcrop completions fish > outcrop.fish         into the folder completions of fish's settings
  outcrop completions powershell > outcrop.ps1    then: . ./outcrop.ps1")]
pub(crate) struct Args {
    /// The shell.
    shell: Shell,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command(), "outcrop", &mut script);
    print(String::from_utf8_lossy(&script).trim_end());
    Ok(())
}
