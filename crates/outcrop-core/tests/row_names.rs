//! Names of rows in a column without a header, as R's `write.table` writes them.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_core::table::{Loaded, Row, read_rows_from, trajectories_from};
use outcrop_core::{LossPoint, TrainingEvent};

/// `model/layer: steps = ratios` of every series, and what is said of lines.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let Loaded { rows, problems } = trajectories_from(text.as_bytes(), "t.csv").unwrap();
    let series = rows.iter().map(|t| {
        let sem: Vec<f64> = t.sem.iter().copied().filter(|s| !s.is_nan()).collect();
        format!(
            "{}/{}: {:?} = {:?} {sem:?}",
            t.model, t.layer, t.steps, t.ratios
        )
    });
    let said = problems.iter().map(ToString::to_string);
    (series.collect(), said.collect())
}

fn rows<T: Row>(text: &str) -> (usize, usize) {
    let Loaded { rows, problems } = read_rows_from::<T>(text.as_bytes(), "t.csv").unwrap();
    (rows.len(), problems.len())
}

const HEADER: &str = "\"model\",\"layer\",\"step\",\"ratio\",\"sem\"\n";

#[test]
fn names_before_text_are_no_column_of_the_header() {
    for (last, sem) in [
        (["\"\"", "0.5"], "[]"),
        (["0.5", "\"\""], "[]"),
        (["NA", "0.5"], "[]"),
        (["", ""], "[]"),
        (["0.25", "0.5"], "[0.25, 0.5]"),
    ] {
        let [first, second] = last;
        let text =
            format!("{HEADER}\"1\",\"m\",3,1000,5.2,{first}\n\"2\",\"m\",3,2000,6,{second}\n");
        let expected = vec![format!("m/3: [1000, 2000] = [5.2, 6.0] {sem}")];
        assert_eq!(read(&text), (expected, vec![]), "{text}");
    }
}

#[test]
fn names_before_a_text_of_two_lines_are_found() {
    let rows = "\"1\",\"a\nb\",3,1000,5.2,\"\"\n\"2\",14,3,1000,6,\"\"\n";
    let (series, said) = read(&format!("{HEADER}{rows}"));
    assert_eq!(
        series,
        ["a\nb/3: [1000] = [5.2] []", "14/3: [1000] = [6.0] []"]
    );
    assert_eq!(said, [""; 0]);
}

#[test]
fn no_column_is_read_as_its_neighbour() {
    for rows in [
        "\"1\",14,3,1000,5.2,\"\"\n\"2\",14,3,2000,6,0.5\n\"3\",14,3,3000,6,\n", // a model named 14
        "\"1\",14,3,1000,5.2,0.5\n\"2\",14,3,2000,6,\n",
        "\"1\",14,3,1000,5.2,NA\n\"2\",14,3,2000,6,NA\n",
        "a,14,3,1000,5.2,\"\"\nb,14,3,2000,6,\"\"\n", // row names that are text
        "1,14,3,1000,5.2,\n1,14,3,2000,6,\n",         // empty fields at the end
        "1,14,1,000,5.2,0.5\n1,14,2,000,6,0.5\n",     // thousands separators
    ] {
        let (series, said) = read(&format!("{HEADER}{rows}"));
        assert_eq!(series, [""; 0], "{rows}");
        assert!(
            said.last().unwrap().contains("row.names = FALSE"),
            "{said:?}"
        );
    }
}

#[test]
fn a_header_that_starts_with_a_number_is_no_exception() {
    let header = "step,model,layer,ratio\n";
    let (series, said) = read(&format!(
        "{header}\"1\",1000,\"m\",3,5.2\n\"2\",2000,\"m\",3,6\n"
    ));
    assert_eq!((series.len(), said.len()), (0, 2));
    let (series, said) = read(&format!("{header}1,000,m,3,5.2\n2,000,m,3,6\n"));
    assert_eq!((series.len(), said.len()), (0, 2));
    let (series, said) = read(&format!("{header}1000,m,3,5.2\n2000,m,3,6,\n"));
    assert_eq!((series.len(), said.len()), (1, 0), "{said:?}");
}

#[test]
fn every_table_has_them() {
    let events = "model,step,event,value,stage\n";
    assert_eq!(
        rows::<TrainingEvent>(&format!(
            "{events}1,m,9,loss-spike,0.5,\n2,m,10,loss-spike,0.5,a\n"
        )),
        (2, 0)
    );
    assert_eq!(
        rows::<TrainingEvent>(&format!("{events}1,14,9,loss-spike,0.5,\n")),
        (0, 1)
    );
    let loss = "model,step,tokens,loss,held_out_loss,learning_rate,gradient_norm\n";
    let named = "1,m,0,0,4,4,1e-3,\n2,m,1,8,3,3,1e-3,0.5\n";
    assert_eq!(rows::<LossPoint>(&format!("{loss}{named}")), (2, 0));
    let numbers = named.replace('m', "14");
    assert_eq!(rows::<LossPoint>(&format!("{loss}{numbers}")), (0, 2));
}

#[test]
fn tabs_are_refused_with_or_without_names() {
    let text = format!("{HEADER}1,14,3,1000,5.2,\n").replace(',', "\t");
    let said = trajectories_from(text.as_bytes(), "t.csv").unwrap_err();
    assert!(said.to_string().contains("separated by '\\t'"), "{said}");
}
