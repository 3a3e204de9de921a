//! Whatever is done to a file, its reader does not panic, and what is wrong with one line leaves
//! the others as they are. `PROPTEST_CASES=100000 cargo test --test fuzz_readers` looks longer.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

mod tables;

use std::path::Path;

use mutation::{mutate, text_mutations};
use outcrop_core::table::{self, Loaded};
use outcrop_core::{CurvePoint, Error, Fit, Ratio, Result, open_trajectories_from, published};
use proptest::prelude::*;
use tables::{TABLES, Table, keys, valid};

/// Every reader of tables on the same bytes, whether or not it is theirs.
fn read_all(bytes: &[u8]) {
    let _ = table::trajectories_from(bytes, "t");
    let _ = table::measurements_from(bytes, "t");
    let _ = table::fold_measurements(bytes, "t", Ratio::MeanOfRatios);
    let _ = table::read_rows_from::<Fit>(bytes, "t");
    let _ = table::read_rows_from::<CurvePoint>(bytes, "t");
    let _ = table::architectures_from(bytes, "t");
    let _ = table::kind_of_header(&String::from_utf8_lossy(bytes), "t");
    if let Ok(items) = table::trajectory_stream(bytes, "t") {
        items.for_each(|item| drop(item.unwrap()));
    }
    let opened =
        open_trajectories_from(std::io::Cursor::new(bytes.to_vec()), "t", Ratio::default());
    if let Ok(items) = opened {
        items.for_each(|item| drop(item.unwrap()));
    }
}

fn problems<T>(loaded: Result<Loaded<T>>) -> usize {
    loaded.unwrap().problems.len()
}

#[test]
fn valid_tables_have_no_problems() {
    for table in TABLES {
        let bytes = valid(table, 30);
        let problems = match table {
            Table::Trajectories => problems(table::trajectories_from(&*bytes, "t")),
            Table::Measurements => problems(table::measurements_from(&*bytes, "t")),
            Table::Fits => problems(table::read_rows_from::<Fit>(&*bytes, "t")),
            Table::Curves => problems(table::read_rows_from::<CurvePoint>(&*bytes, "t")),
            Table::Architectures => problems(table::architectures_from(&*bytes, "t")),
        };
        assert_eq!(
            (problems, keys(table, &bytes).unwrap().len()),
            (0, 30),
            "{table:?}"
        );
    }
}

fn any_table() -> impl Strategy<Value = Table> {
    prop::sample::select(TABLES.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_a_reader_panic(
        table in any_table(),
        rows in 0..40usize,
        changes in text_mutations(),
    ) {
        let mut bytes = valid(table, rows);
        mutate(&mut bytes, &changes);
        read_all(&bytes);
    }

    #[test]
    fn a_fault_within_a_line_leaves_the_others_as_they_are(
        table in any_table(),
        rows in 2..40usize,
        at in any::<prop::sample::Index>(),
        changes in text_mutations(),
    ) {
        let bytes = valid(table, rows);
        let mut lines: Vec<Vec<u8>> = bytes.split(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let at = 1 + at.index(rows); // not the header
        mutate(&mut lines[at], &changes);
        // one line it stays
        lines[at].retain(|b| !matches!(b, b'\n' | b'\r'));
        let before = keys(table, &bytes).unwrap();
        let after = match keys(table, &lines.join(&b'\n')) {
            Err(Error::Twice { .. }) => return Ok(()), // it became a row like another
            after => after.unwrap(),
        };
        let others = before.iter().enumerate().filter(|(row, _)| row + 1 != at);
        for (_, row) in others {
            prop_assert!(after.contains(row), "{row} is lost");
        }
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_do_not_matter(
        table in any_table(),
        ends in prop::collection::vec(0..3usize, 41),
        mark in any::<bool>(),
    ) {
        let bytes = valid(table, 40);
        let mut other = if mark { b"\xEF\xBB\xBF".to_vec() } else { Vec::new() };
        for (line, end) in bytes.split(|b| *b == b'\n').zip(ends.iter().cycle()) {
            other.extend(line);
            other.extend([b"\n".as_slice(), b"\r\n", b"\r"][*end]);
        }
        prop_assert_eq!(keys(table, &bytes).unwrap(), keys(table, &other).unwrap());
    }

    #[test]
    fn sorted_tables_stream_to_what_the_whole_one_is(rows in 1..60usize, changes in text_mutations()) {
        let mut bytes = valid(Table::Trajectories, rows);
        let header = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
        let mut body = bytes.split_off(header);
        mutate(&mut body, &changes);
        bytes.extend(body);
        let whole = table::trajectories_from(&*bytes, "t");
        let (mut streamed, mut said) = (Vec::new(), Vec::new());
        for item in table::trajectory_stream(&*bytes, "t").unwrap() {
            match item.unwrap() {
                table::Streamed::Row(row) => streamed.push(row),
                table::Streamed::Problem(problem) => said.push(problem),
            }
        }
        let whole = whole.unwrap();
        if said.iter().all(|p| !p.reason.contains("not together")) {
            prop_assert_eq!(format!("{:?}", whole.rows), format!("{streamed:?}"));
            // those of a series come when it ends
            let sorted = |problems: &[table::Problem]| {
                let mut lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                lines.sort();
                lines
            };
            prop_assert_eq!(sorted(&whole.problems), sorted(&said));
        }
    }

    #[test]
    fn no_bytes_make_the_published_data_set_panic(
        file in 0..4usize,
        changes in text_mutations(),
    ) {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/published");
        let path = [
            "pythia_14m/stats/exp2_pythia_14m_step8",
            "pythia_14m/stats/exp2_pythia_14m_step64",
            "pythia_14m/stats/exp2_pythia_14m_step16",
            "pythia_14m/params/layer_fit_params_ratio.json",
        ][file];
        let mut bytes = std::fs::read(root.join(path)).unwrap();
        mutate(&mut bytes, &changes);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        let found = published::read(dir.path(), Ratio::default()).unwrap();
        // what is wrong is said, and what is there is sound
        let something = found.problems.len() + found.trajectories.len() + found.fits.len();
        prop_assert!(something > 0);
        for t in &found.trajectories {
            prop_assert!(t.ratios.iter().all(|r| *r >= 0.0));
        }
    }
}
