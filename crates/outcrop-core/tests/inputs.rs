//! Whatever holds trajectories can be opened by its path.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::io::{Read, Write};
use std::path::Path;

use outcrop_core::table::Streamed;
use outcrop_core::{
    Ratio, Result, Trajectories, Trajectory, WHOLE_TABLE_BYTES, open_trajectories,
    open_trajectories_from,
};

const MEASUREMENTS: &str = "model,step,sequence,layer,top1,top2,top3,median\n\
    m,0,0,1,10,2,1,1\nm,0,1,1,10,2,1,4\nm,8,0,1,30,2,1,1\ntorn\n";
const TRAJECTORIES: &str = "model,layer,step,ratio\nm,1,0,5\nm,2,0,6\nm,1,8,7\n";

fn all(opened: Result<Trajectories>) -> (Vec<Trajectory>, Vec<String>) {
    let (mut rows, mut said) = (Vec::new(), Vec::new());
    for item in opened.unwrap() {
        match item.unwrap() {
            Streamed::Row(row) => rows.push(row),
            Streamed::Problem(problem) => said.push(problem.to_string()),
        }
    }
    (rows, said)
}

fn open(path: &Path) -> (Vec<Trajectory>, Vec<String>) {
    all(open_trajectories(path, Ratio::MeanOverMean))
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

#[test]
fn tables_of_both_kinds() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.csv", &format!("\u{feff}{MEASUREMENTS}"));
    let (rows, said) = open(&dir.path().join("a.csv"));
    assert_eq!(rows[0].ratios, [4.0, 30.0]);
    assert!(said[0].contains("a.csv, line 5"), "{said:?}");
    let path = dir.path().join("a.csv");
    let (rows, _) = all(open_trajectories(&path, Ratio::MeanOfRatios));
    assert_eq!(rows[0].ratios, [6.25, 30.0]);
    let (rows, said) = all(open_trajectories_from(
        TRAJECTORIES.as_bytes(),
        "standard input",
        Ratio::default(),
    ));
    assert_eq!((rows.len(), said.len()), (2, 0));
    assert_eq!(rows[0].steps, [0, 8]);
}

#[test]
fn folders() {
    let dir = tempfile::tempdir().unwrap();
    let empty = open_trajectories(dir.path(), Ratio::default()).unwrap_err();
    assert!(empty.to_string().contains("no measurements.csv"), "{empty}");
    let other = MEASUREMENTS.replace("m,", "n,");
    write(dir.path(), "runs/b/measurements.csv", MEASUREMENTS);
    write(dir.path(), "runs/a/measurements.csv", &other);
    write(dir.path(), "runs/not-started/run.toml", "");
    let (rows, said) = open(dir.path());
    let models: Vec<_> = rows.iter().map(|t| t.model.as_str()).collect();
    assert_eq!((models, said.len()), (vec!["n", "m"], 2));
    write(dir.path(), "trajectories.csv", TRAJECTORIES);
    assert_eq!(open(dir.path()).0.len(), 2);
    write(dir.path(), "measurements.csv", MEASUREMENTS);
    assert_eq!(open(dir.path()).0.len(), 1);
    assert_eq!(open(&dir.path().join("runs/a")).0[0].model, "n");
}

#[test]
fn the_published_data_set_comes_with_its_fits() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/published");
    let opened = open_trajectories(&root, Ratio::default()).unwrap();
    assert_eq!(opened.fits.len(), 9);
    let (rows, said) = all(Ok(opened));
    assert_eq!((rows.len(), said.len()), (30, 9));
}

#[test]
fn what_holds_no_trajectories_is_named() {
    for (text, parts) in [
        (
            "model,layer,hypothesis,n\n",
            "t.csv: a table of fits, needed are",
        ),
        ("model,layer,stp,ratio\n", "did you mean `stp`"),
        ("", "t.csv: the table is empty"),
        ("\u{0}\u{1}\n", "no table known"),
    ] {
        let opened = open_trajectories_from(text.as_bytes(), "t.csv", Ratio::default());
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(parts), "{error}");
    }
    let absent = open_trajectories(Path::new("absent.csv"), Ratio::default());
    assert!(absent.unwrap_err().to_string().contains("absent.csv"));
}

/// A sorted table of `series` series that nothing holds as a whole.
struct Endless {
    series: u32,
    at: u32,
    text: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.text.is_empty() && self.at < self.series {
            let model = "long".repeat(250);
            let rows = (0..60).map(|step| format!("{model},{},{step},5.5\n", self.at + 1));
            self.text = rows.collect::<String>().into();
            self.at += 1;
        }
        let n = self.text.len().min(into.len());
        into[..n].copy_from_slice(&self.text[..n]);
        self.text.drain(..n);
        Ok(n)
    }
}

#[test]
fn a_table_above_the_limit_is_streamed() {
    let header = b"model,layer,step,ratio\n".as_slice();
    let rows = Endless {
        series: 1200, // 72 MB
        at: 0,
        text: Vec::new(),
    };
    const { assert!(1200 * 60 * 1000 > WHOLE_TABLE_BYTES) };
    let tail = format!("{},1,99,5.5\n", "long".repeat(250));
    let reader = header.chain(rows).chain(std::io::Cursor::new(tail));
    let mut opened = open_trajectories_from(reader, "big", Ratio::default()).unwrap();
    let mut count = 0;
    let problem = opened.by_ref().find_map(|item| match item.unwrap() {
        Streamed::Problem(problem) => Some(problem),
        Streamed::Row(row) => {
            count += 1;
            assert_eq!((row.layer, row.steps.len()), (count, 60));
            None
        }
    });
    let said = problem.unwrap().to_string();
    assert!(
        said.contains("big, line 72002") && said.contains("not together"),
        "{said}"
    );
    assert_eq!(opened.count(), 1); // the last series, which was open
    assert_eq!(count, 1199);
}

/// Measurements of 45,000 (step, sequence, layer), in order, 20 MB.
fn many_measurements(mut into: impl Write) {
    writeln!(into, "model,step,sequence,layer,top1,top2,top3,median").unwrap();
    let name = "long".repeat(100);
    for row in 0..45_000u32 {
        let (step, sequence, layer) = (row / 3000, row / 3 % 1000, row % 3 + 1);
        writeln!(
            into,
            "{name},{step},{sequence},{layer},{}.5,2,1,0.5",
            5 + step
        )
        .unwrap();
    }
}

#[test]
fn a_large_table_with_rows_given_twice() {
    let name = "long".repeat(100);
    let again = format!("{name},5,999,3,10.50,2,1,.5\n");
    let other = again.replace("10.50", "11.5");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("large.csv");
    let file = || {
        std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap()
    };
    many_measurements(std::io::BufWriter::new(file()));
    assert!(std::fs::metadata(&path).unwrap().len() > WHOLE_TABLE_BYTES as u64);
    let (before, said) = open(&path);
    assert_eq!(
        (before.len(), before[0].steps.len(), said.len()),
        (3, 15, 0)
    );

    file().write_all(again.as_bytes()).unwrap();
    let (rows, said) = open(&path);
    assert_eq!(rows, before);
    assert!(
        said[0].ends_with("1 rows repeat earlier ones, word for word, and count once: line 45002"),
        "{said:?}"
    );
    // what can be read once only cannot be compared
    let reader = std::fs::File::open(&path).unwrap();
    let error = open_trajectories_from(reader, "standard input", Ratio::default()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("line 45002") && error.contains("as a file"),
        "{error}"
    );

    file().write_all(other.as_bytes()).unwrap();
    let error = open_trajectories(&path, Ratio::default())
        .unwrap_err()
        .to_string();
    for part in [
        "large.csv",
        "step 5, sequence 999, layer 3",
        "lines 18001 and 45003",
    ] {
        assert!(error.contains(part), "{error}");
    }
}
