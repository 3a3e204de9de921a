//! The table of interventions as it is written and read.

use outcrop_core::table::{self, Row};
use outcrop_core::{Intervention, SetTo};

const CSV: &str = "model,step,set,layer,rule,channels,scalars,sequences,tokens,loss,perplexity,loss_change\n\
    m,8,none,,,,0.0,2,40,1.5,4.5,0.0\n\
    m,8,zero,3,sun,7;133,2.5,2,40,9.0,8103.0,7.5\n\
    m,8,mean,,top3,5,12.0,2,40,NaN,NaN,NaN\n";

#[test]
fn a_table_comes_back_as_it_was_written() {
    let loaded = table::read_rows_from::<Intervention>(CSV.as_bytes(), "example").unwrap();
    assert_eq!(loaded.problems.len(), 0);
    let [none, zero, mean] = loaded.rows.as_slice() else {
        panic!("{:?}", loaded.rows)
    };
    assert_eq!(
        (none.set, none.layer, &none.rule),
        (SetTo::None, None, &None)
    );
    assert_eq!((zero.set, zero.layer), (SetTo::Zero, Some(3)));
    assert_eq!(zero.channels, "7;133");
    assert_eq!((mean.set, mean.channels.as_str()), (SetTo::Mean, "5"));
    assert!(mean.loss.is_nan());
    let written = table::rows_to_csv(&loaded.rows).unwrap();
    assert_eq!(String::from_utf8(written).unwrap(), CSV);
}

#[test]
fn the_header_is_that_of_the_rows_and_bad_rows_are_named() {
    let header = CSV.lines().next().unwrap();
    assert_eq!(Intervention::HEADER.join(","), header);
    let text = format!("{header}\nm,8,median,,,,0,2,40,1.5,4.5,0\nm,8,none,,,,0,2,40,1.5,4.5,0\n");
    let loaded = table::read_rows_from::<Intervention>(text.as_bytes(), "example").unwrap();
    assert_eq!((loaded.rows.len(), loaded.problems[0].line), (1, 2));
    assert!(
        loaded.problems[0].reason.contains("median"),
        "{:?}",
        loaded.problems
    );
}
