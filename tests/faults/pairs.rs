//! Two processes that are started on one folder.

use std::process::{Child, Output, Stdio};

use crate::random::Random;
use crate::subject::{Scratch, Subject, said};
use crate::trials::{hold, seed};

/// `count` pairs, the second up to half a run later.
pub(crate) fn hold_pairs(subject: &Subject, count: usize) {
    let time = subject.straight().time;
    let group = format!("two processes, {}", subject.name);
    hold(&group, count, |trial| {
        let random = &mut Random::new(seed(trial));
        let place = subject.place();
        let later = match trial % 2 {
            0 => std::time::Duration::ZERO,
            _ => time.mul_f64(random.share() / 2.0),
        };
        let first = start(subject, &place);
        std::thread::sleep(later);
        let second = start(subject, &place);
        let both = [first, second].map(|child| child.wait_with_output().unwrap());
        let judged = judge(&both).and_then(|()| subject.completes(&place));
        judged.map_err(|lost| format!("second {later:.0?} later: {lost}"))
    });
}

fn start(subject: &Subject, place: &Scratch) -> Child {
    let mut command = subject.command(place);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// One does the work; the other was too late, or says who holds the folder and since when.
fn judge(both: &[Output; 2]) -> Result<(), String> {
    let [done, refused] = [true, false].map(|well| {
        let of_kind = both.iter().filter(|o| o.status.success() == well);
        of_kind.collect::<Vec<_>>()
    });
    if done.is_empty() {
        return Err(format!(
            "both failed: {}, {}",
            said(&both[0]),
            said(&both[1])
        ));
    }
    for output in refused {
        let told = String::from_utf8_lossy(&output.stderr).contains("since");
        if output.status.code() != Some(1) || !told {
            return Err(format!(
                "refused without saying since when: {}",
                said(output)
            ));
        }
    }
    Ok(())
}
