//! SIGKILL at random instants.

use crate::random::Random;
use crate::subject::Subject;
use crate::trials::{hold, seed};

/// `count` runs, each killed once or twice, then given to its end.
pub(crate) fn hold_kills(subject: &Subject, count: usize) {
    let group = format!("kill -9, {}", subject.name);
    let time = subject.straight().time;
    hold(&group, count, |trial| {
        let random = &mut Random::new(seed(trial));
        let place = subject.place();
        let mut killed = Vec::new();
        for _ in 0..=random.up_to(1) {
            let after = time.mul_f64(random.share());
            let mut child = quiet(&mut subject.command(&place)).spawn().unwrap();
            std::thread::sleep(after);
            child.kill().unwrap();
            child.wait().unwrap();
            killed.push(format!("{after:.0?}"));
        }
        let completed = subject.completes(&place);
        completed.map_err(|lost| format!("killed after {}: {lost}", killed.join(" and ")))
    });
}

fn quiet(command: &mut std::process::Command) -> &mut std::process::Command {
    use std::process::Stdio;
    command.stdout(Stdio::null()).stderr(Stdio::null())
}
