//! Checkpoint folders: whole or not there, verified, found again.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::fs;
use std::path::Path;
use std::process::Command;

use outcrop_checkpoint::{
    Error, SUMS, clean, latest_valid, parse_step_folder, series, step_folder, verify,
    write_checkpoint,
};
use proptest::prelude::*;

fn write(dir: &Path, step: u64, text: &str) -> std::path::PathBuf {
    write_checkpoint::<Error>(dir, step, |folder| {
        fs::create_dir(folder.join("resume")).unwrap();
        fs::write(folder.join("resume/optimizer"), text).unwrap();
        fs::write(folder.join("config.json"), "{}").unwrap();
        Ok(())
    })
    .unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn sha256sum_accepts_what_is_written_and_refuses_what_was_changed() {
    let dir = tempfile::tempdir().unwrap();
    let folder = write(dir.path(), 512, "abc");
    let sums = fs::read_to_string(folder.join(SUMS)).unwrap();
    // The digest of "abc" in FIPS 180-4, appendix B.1.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert!(
        sums.ends_with(&format!("\n{abc}  resume/optimizer\n")),
        "{sums}"
    );
    let tool = || {
        Command::new("sha256sum")
            .args(["-c", "--strict", SUMS])
            .current_dir(&folder)
            .output()
    };
    if let Ok(output) = tool() {
        assert!(output.status.success(), "{output:?}");
        fs::write(folder.join("config.json"), "[]").unwrap();
        assert!(!tool().unwrap().status.success());
    }
}

#[test]
fn what_sha256sum_writes_verifies() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("model.bin"), "abc").unwrap();
    for mode in ["--text", "--binary"] {
        let tool = Command::new("sha256sum")
            .args([mode, "model.bin"])
            .current_dir(dir.path())
            .output();
        let Ok(output) = tool else { return };
        fs::write(dir.path().join(SUMS), output.stdout).unwrap();
        verify(dir.path()).unwrap();
    }
}

#[test]
fn a_missing_an_extra_and_a_changed_file_are_named() {
    type Damage = fn(&Path);
    let cases: [(Damage, &str); 6] = [
        (
            |f| fs::remove_file(f.join("resume/optimizer")).unwrap(),
            "`resume/optimizer` is missing",
        ),
        (
            |f| fs::write(f.join("notes.txt"), "").unwrap(),
            "`notes.txt` is there, but",
        ),
        (
            |f| fs::write(f.join("config.json"), "[]").unwrap(),
            "`config.json` differs",
        ),
        (
            |f| fs::remove_file(f.join(SUMS)).unwrap(),
            "`SHA256SUMS` is missing",
        ),
        (
            |f| fs::write(f.join(SUMS), "torn\n").unwrap(),
            "`SHA256SUMS` line 1",
        ),
        (
            |f| fs::write(f.join(SUMS), "").unwrap(),
            "`config.json` is there, but",
        ),
    ];
    for (damage, expected) in cases {
        let dir = tempfile::tempdir().unwrap();
        let folder = write(dir.path(), 1, "text");
        verify(&folder).unwrap();
        damage(&folder);
        let error = verify(&folder).unwrap_err().to_string();
        assert!(
            error.contains(expected) && error.contains("step-000001"),
            "{error}"
        );
    }
}

#[test]
fn a_listed_path_outside_the_folder_is_not_read() {
    let dir = tempfile::tempdir().unwrap();
    let folder = write(dir.path(), 1, "text");
    fs::write(dir.path().join("secret"), "abc").unwrap();
    let sums = fs::read_to_string(folder.join(SUMS)).unwrap();
    let line = format!("{}  ../secret\n", outcrop_core::sha256_hex(b"abc"));
    fs::write(folder.join(SUMS), sums + &line).unwrap();
    assert!(
        verify(&folder)
            .unwrap_err()
            .to_string()
            .contains("a path within the folder")
    );
}

#[test]
fn a_failed_fill_leaves_the_old_checkpoint_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let folder = write(dir.path(), 8, "old");
    let failed = write_checkpoint(dir.path(), 8, |folder| {
        fs::write(folder.join("half"), "").unwrap();
        Err(Error::Unlistable {
            path: "half".into(),
            reason: "disk full",
        })
    });
    assert!(failed.unwrap_err().to_string().contains("disk full"));
    verify(&folder).unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("resume/optimizer")).unwrap(),
        "old"
    );
    assert_eq!(names(dir.path()), ["step-000008"]);
}

#[test]
fn a_checkpoint_is_replaced_by_another_of_its_step() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), 8, "old");
    let folder = write(dir.path(), 8, "new");
    verify(&folder).unwrap();
    assert_eq!(
        fs::read_to_string(folder.join("resume/optimizer")).unwrap(),
        "new"
    );
    assert_eq!(names(dir.path()), ["step-000008"]);
}

/// The states in which a process can die between two renames.
#[test]
fn clean_removes_partial_folders_and_puts_a_replaced_checkpoint_back() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    write(dir.path(), 8, "old");
    write(dir.path(), 16, "new");
    fs::rename(at("step-000008"), at(".replaced-step-000008")).unwrap();
    fs::create_dir_all(at(".replaced-step-000016/resume")).unwrap();
    fs::create_dir_all(at(".partial-x/resume")).unwrap();
    fs::write(at(".partial-y"), "").unwrap();
    fs::write(at("measurements.csv"), "").unwrap();
    clean(dir.path()).unwrap();
    assert_eq!(
        names(dir.path()),
        ["measurements.csv", "step-000008", "step-000016"]
    );
    verify(&at("step-000008")).unwrap();
    verify(&at("step-000016")).unwrap();
}

#[test]
fn the_newest_that_verifies_is_found_and_the_others_are_explained() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(latest_valid(dir.path()).unwrap(), (None, vec![]));
    for step in [0, 1, 1000, 2000] {
        write(dir.path(), step, "text");
    }
    fs::write(dir.path().join("step-002000/config.json"), "[]").unwrap();
    fs::create_dir(dir.path().join("step3000")).unwrap();
    let (latest, rejected) = latest_valid(dir.path()).unwrap();
    assert_eq!(latest.unwrap(), (1000, dir.path().join("step-001000")));
    assert_eq!(
        rejected.iter().map(|r| r.step).collect::<Vec<_>>(),
        [3000, 2000]
    );
    assert!(
        rejected[0].reason.contains("SHA256SUMS") && rejected[1].reason.contains("config.json")
    );
}

#[test]
fn two_folders_of_one_step_are_an_error_and_are_not_written() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("step512")).unwrap();
    let refused = write_checkpoint::<Error>(dir.path(), 512, |_| Ok(()));
    assert!(refused.unwrap_err().to_string().contains("step512"));
    fs::create_dir(dir.path().join("step-000512")).unwrap();
    let error = series(dir.path()).unwrap_err().to_string();
    assert!(
        error.contains("step-000512") && error.contains("both step 512"),
        "{error}"
    );
}

#[test]
fn series_is_by_number_and_of_folders_alone() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["step1000", "step-000512", "step9", "step-final", "other"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("step7"), "").unwrap();
    let steps: Vec<u64> = series(dir.path())
        .unwrap()
        .iter()
        .map(|(s, _)| *s)
        .collect();
    assert_eq!(steps, [9, 512, 1000]);
    let missing = series(&dir.path().join("absent")).unwrap_err().to_string();
    assert!(missing.contains("absent"), "{missing}");
}

proptest! {
    #[test]
    fn a_step_comes_back_from_its_folder(step: u64) {
        prop_assert_eq!(parse_step_folder(&step_folder(step)), Some(step));
        prop_assert_eq!(parse_step_folder(&format!("step{step}")), Some(step));
    }

    #[test]
    fn another_name_is_no_step(name in "(step)?[-+]{0,2}[0-9a-z]{0,22}") {
        let digits = name.strip_prefix("step").map(|r| r.strip_prefix('-').unwrap_or(r));
        let expected = digits.filter(|d| d.chars().all(|c| c.is_ascii_digit())).and_then(|d| d.parse().ok());
        prop_assert_eq!(parse_step_folder(&name), expected);
    }
}
