//! Finished folders of which a file is gone, cut or altered.

use std::fs;
use std::path::Path;

use crate::random::Random;
use crate::subject::{Subject, said, store};
use crate::trials::{hold, seed};

#[derive(Clone, Copy, Debug)]
enum Damage {
    Deleted,
    Cut,
    BitFlipped,
}

const KINDS: [Damage; 3] = [Damage::Deleted, Damage::Cut, Damage::BitFlipped];

/// Damages every file in every way, or `count` drawn at random.
pub(crate) fn hold_damage(subject: &Subject, count: Option<usize>) {
    let files = subject.straight().files.iter();
    // of an empty file nothing can be cut, and no bit flipped
    let kinds = |bytes: &Vec<u8>| &KINDS[..if bytes.is_empty() { 1 } else { KINDS.len() }];
    let all: Vec<(&str, Damage)> = files
        .flat_map(|(name, bytes)| kinds(bytes).iter().map(|kind| (name.as_str(), *kind)))
        .collect();
    let drawn = match count {
        None => all,
        Some(count) => {
            let draw = |trial| Random::new(seed(trial)).one_of(&all);
            (0..count).map(draw).collect()
        }
    };
    hold(&format!("damage, {}", subject.name), drawn.len(), |trial| {
        let (name, damage) = drawn[trial];
        let random = &mut Random::new(seed(trial));
        let noticed = notice_and_repair(subject, name, damage, random);
        noticed.map_err(|lost| format!("{name} {damage:?}: {lost}"))
    });
}

fn notice_and_repair(
    subject: &Subject,
    name: &str,
    damage: Damage,
    random: &mut Random,
) -> Result<(), String> {
    let place = subject.place();
    store(&subject.straight().files, &place.disk());
    do_damage(&place.disk().join(name), damage, random);
    let output = subject.command(&place).output().unwrap();
    if output.status.success() {
        // completed without being asked, or not noticed
        return subject.is_straight(&place);
    }
    // a checkpoint whose list of sums is altered is itself what differs
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let errors = String::from_utf8_lossy(&output.stderr);
    let named = if file == "SHA256SUMS" { folder } else { file };
    if !errors.contains(named) {
        return Err(format!("the file is not named: {}", said(&output)));
    }
    let repaired = subject.command(&place).arg("--repair").output().unwrap();
    match repaired.status.success() {
        true => subject.is_straight(&place),
        false => Err(format!("--repair: {}", said(&repaired))),
    }
}

fn do_damage(path: &Path, damage: Damage, random: &mut Random) {
    let mut bytes = fs::read(path).unwrap();
    let at = random.up_to(bytes.len().saturating_sub(1));
    match damage {
        Damage::Deleted => return fs::remove_file(path).unwrap(),
        Damage::Cut => bytes.truncate(at),
        Damage::BitFlipped => bytes[at] ^= 1 << random.up_to(7),
    }
    fs::write(path, bytes).unwrap();
}
