//! `events.csv`.
#![cfg(feature = "tables")]

use outcrop_core::table::{self, Row};
use outcrop_core::{EventKind, TrainingEvent};

#[test]
fn every_kind_is_its_word_in_a_table() {
    let row = |(step, event): (u64, EventKind)| TrainingEvent {
        model: "m".into(),
        step,
        event,
        value: (step > 1).then_some(0.5),
        stage: (event == EventKind::StageStart).then(|| "anneal".into()),
    };
    let rows: Vec<TrainingEvent> = (1..).zip(EventKind::ALL).map(row).collect();
    let csv = String::from_utf8(table::rows_to_csv(&rows).unwrap()).unwrap();
    assert_eq!(csv.lines().next().unwrap(), TrainingEvent::HEADER.join(","));
    for (line, kind) in csv.lines().skip(1).zip(EventKind::ALL) {
        assert_eq!(line.split(',').nth(2), Some(kind.word()));
    }
    let again = table::read_rows_from::<TrainingEvent>(csv.as_bytes(), "events.csv").unwrap();
    assert_eq!((again.rows, again.problems.len()), (rows, 0));
    // without the column of stages
    let plain = "model,step,event,value\nm,8,loss-spike,1.5\n";
    let plain = table::read_rows_from::<TrainingEvent>(plain.as_bytes(), "events.csv").unwrap();
    assert_eq!(
        (plain.rows[0].event, &plain.rows[0].stage),
        (EventKind::LossSpike, &None)
    );
    let wrong = "model,step,event,value\nm,8,spike,1.5\n";
    let wrong = table::read_rows_from::<TrainingEvent>(wrong.as_bytes(), "events.csv").unwrap();
    assert_eq!((wrong.rows.len(), wrong.problems[0].line), (0, 2));
}
