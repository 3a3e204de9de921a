//! What expressions mean, what is refused, and what always holds.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use outcrop_schedule::{Error, MAX_STEP, MAX_STEPS, Schedule};
use proptest::prelude::*;

fn steps(text: &str, run: u64) -> Vec<u64> {
    Schedule::parse(text, run).unwrap().steps().to_vec()
}

fn error(text: &str, run: u64) -> String {
    Schedule::parse(text, run).unwrap_err().to_string()
}

/// The steps of EleutherAI's published checkpoints: ten powers of two, 143 thousands and 0.
#[test]
fn pythia_is_what_was_published() {
    let mut expected: Vec<u64> = vec![0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
    expected.extend((1..=143).map(|k| 1000 * k));
    let pythia = Schedule::pythia();
    assert_eq!(pythia.steps(), expected);
    assert_eq!(Schedule::pythia_scaled(143_000).unwrap(), pythia);
    assert_eq!(steps("pythia", 143_000), expected);
    assert_eq!(steps("pythia:last", 143_000), expected);
    assert_eq!(steps("0,pow2:512,every:1000..143000", 150_000), expected);
    assert_eq!(pythia.to_string(), "pythia");
}

#[test]
fn short_runs_keep_the_shape() {
    let of = |last| Schedule::pythia_scaled(last).unwrap().steps().to_vec();
    assert_eq!(of(0), [0]);
    assert_eq!(of(1), [0, 1]);
    assert_eq!(of(10), (0..=10).collect::<Vec<_>>());
    assert_eq!(of(100), (0..=100).collect::<Vec<_>>());
    assert_eq!(of(800)[..8], [0, 1, 2, 4, 6, 11, 17, 22]);
    assert_eq!(of(2000)[..8], [0, 1, 2, 4, 8, 14, 28, 42]);
    assert_eq!((of(800).len(), of(2000).len()), (1 + 3 + 143, 1 + 4 + 143));
}

#[test]
fn every_term_has_its_steps() {
    assert_eq!(steps("5,0,10", 10), [0, 5, 10]);
    assert_eq!(steps(" 0 , every : 3 .. last ", 10), [0, 3, 6, 9]);
    assert_eq!(steps("every:100", 250), [100, 200]);
    assert_eq!(steps("pow2:last,last", 9), [1, 2, 4, 8, 9]);
    assert_eq!(steps("pow2:1", 9), [1]);
    assert_eq!(steps("4,pow2:4", 9), [1, 2, 4]);
    assert_eq!(steps("geometric:1..1000*4", 1000), [1, 10, 100, 1000]);
    assert_eq!(steps("geometric:2..3*10", 5), [2, 3]);
    assert_eq!(steps("geometric:7..7*2", 7), [7]);
    let twenty = steps("geometric:1..1000*20", 1000);
    assert!(
        (17..=20).contains(&twenty.len()) && twenty.last() == Some(&1000),
        "{twenty:?}"
    );
}

#[test]
fn errors_name_the_term_the_value_and_the_way_out() {
    for (text, parts) in [
        ("", &["``", "a term is"][..]),
        ("0,,5", &["``"]),
        ("evry:100", &["`evry:100`", "did you mean `every`?"]),
        ("lats", &["did you mean `last`?"]),
        ("pythai:800", &["did you mean `pythia`?"]),
        ("every", &["`every:STRIDE..LAST`"]),
        ("geometric:1..100", &["`geometric:FIRST..LAST*COUNT`"]),
        ("last:5", &["its form is `last`"]),
        ("every:0", &["`every:0`", "stride = 0", "1 to 800"]),
        ("every:10..5", &["last step = 5", "10 to 800"]),
        ("every:900", &["stride = 900", "1 to 800"]),
        ("every:-1", &["stride = `-1`"]),
        ("every:1e3", &["`1e3`", "whole number"]),
        ("0,5,5", &["`5`", "step 5 is listed already"]),
        ("last,800", &["step 800 is listed already"]),
        ("801", &["step = 801", "0 to 800"]),
        ("pow2:0", &["last step = 0", "1 to 800"]),
        (
            "99999999999999999999",
            &["99999999999999999999", "0 to 800"],
        ),
        ("geometric:0..8*3", &["first step = 0"]),
        ("geometric:9..8*3", &["last step = 8", "9 to 800"]),
        ("geometric:1..8*1", &["count = 1", "2 to 1000000"]),
        ("geometric:1..8*9999999", &["count = 9999999"]),
        ("pythia", &["last step = 143000", "pythia:last"]),
    ] {
        let error = error(text, 800);
        assert!(parts.iter().all(|p| error.contains(p)), "{text}: {error}");
    }
    assert!(error("every:1", 2_000_000).contains("makes 2000000 steps, at most 1000000"));
    assert!(error("last", MAX_STEP + 1).contains("9007199254740993"));
    assert!(error("every:1..1000000,0", 2_000_000).contains("1000001 steps"));
    assert!(error("every:5", 0).contains("the run ends at 0"));
    let overlapping = "every:1..1000000,pow2:524288,1000000";
    assert_eq!(steps(overlapping, 1_000_000).len() as u64, MAX_STEPS);
}

#[test]
fn without_a_run_last_is_refused() {
    for text in ["last", "every:10", "pythia:last", "0,pow2:last"] {
        let error = text.parse::<Schedule>().unwrap_err();
        assert!(matches!(error, Error::NoRun { .. }), "{error}");
    }
    assert!(Schedule::pythia_scaled(MAX_STEP).is_ok());
    assert!(Schedule::pythia_scaled(MAX_STEP + 1).is_err());
    assert!(Schedule::pythia_scaled(u64::MAX).is_err());
}

fn term() -> impl Strategy<Value = String> {
    let step = || {
        prop_oneof![
            (0u64..5000).prop_map(|n| n.to_string()),
            Just("last".to_owned())
        ]
    };
    prop_oneof![
        step(),
        step().prop_map(|n| format!("pow2:{n}")),
        (0u64..300).prop_map(|s| format!("every:{s}")),
        (0u64..300, step()).prop_map(|(s, n)| format!("every:{s}..{n}")),
        (step(), step(), 0u64..60).prop_map(|(a, b, c)| format!("geometric:{a}..{b}*{c}")),
        step().prop_map(|n| format!("pythia:{n}")),
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_in_order_and_prints_back(
        terms in prop::collection::vec(term(), 1..4),
        run in 0u64..6000,
    ) {
        let Ok(schedule) = Schedule::parse(&terms.join(","), run) else { return Ok(()) };
        let steps = schedule.steps();
        prop_assert!(steps.windows(2).all(|w| w[0] < w[1]));
        prop_assert_eq!(steps.last(), Some(&schedule.last()));
        prop_assert!(schedule.last() <= run);
        for step in 0..=run + 1 {
            prop_assert_eq!(schedule.contains(step), steps.contains(&step));
            prop_assert_eq!(schedule.next_after(step), steps.iter().copied().find(|s| *s > step));
        }
        let printed = schedule.to_string();
        prop_assert_eq!(&printed.parse::<Schedule>().unwrap(), &schedule);
        prop_assert_eq!(&Schedule::parse(&printed, run).unwrap(), &schedule);
    }

    #[test]
    fn a_scaled_pythia_spans_its_run(last in 0..=MAX_STEP) {
        for last in [last, last % 3000] {
            let schedule = Schedule::pythia_scaled(last).unwrap();
            prop_assert_eq!((schedule.steps()[0], schedule.last()), (0, last));
            prop_assert!(schedule.steps().windows(2).all(|w| w[0] < w[1]));
            // At most as far apart as the linear part, rounded.
            let widest = schedule.steps().windows(2).map(|w| w[1] - w[0]).max();
            prop_assert!(widest.unwrap_or(0) <= last / 143 + 1);
        }
    }

    #[test]
    fn no_text_panics(text in "(pow2|every|geometric|pythia|last|[0-9]{1,21}|[:.*, é-]){0,9}", run: u64) {
        let _ = Schedule::parse(&text, run);
        let _ = text.parse::<Schedule>();
    }
}
