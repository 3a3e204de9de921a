//! All of the trials, for `cargo xtask bench faults`.

use crate::subject::{FIT, MEASURE, REPRODUCE, SWEEP, Subject, TRAIN};
use crate::{cuts, damage, disk, full, injected, kills, pairs};

/// Every test is one group of trials, so that one that loses does not stop the others.
macro_rules! groups {
    ($($name:ident: $hold:expr;)*) => {$(
        #[test]
        #[ignore = "minutes: cargo xtask bench faults"]
        fn $name() {
            $hold
        }
    )*};
}

groups! {
    cuts_train: traced(&TRAIN, |subject| cuts::hold_cuts(subject, 200));
    cuts_measure: traced(&MEASURE, |subject| cuts::hold_cuts(subject, 100));
    cuts_reproduce: traced(&REPRODUCE, |subject| cuts::hold_cuts(subject, 60));
    cuts_sweep: traced(&SWEEP, |subject| cuts::hold_cuts(subject, 200));
    kills_train: kills::hold_kills(&TRAIN, 100);
    kills_measure: kills::hold_kills(&MEASURE, 100);
    kills_reproduce: kills::hold_kills(&REPRODUCE, 100);
    kills_sweep: kills::hold_kills(&SWEEP, 100);
    errors_train: traced(&TRAIN, |subject| injected::hold_errors(subject, None));
    errors_measure: traced(&MEASURE, |subject| injected::hold_errors(subject, None));
    errors_reproduce: traced(&REPRODUCE, |subject| injected::hold_errors(subject, Some(100)));
    errors_sweep: traced(&SWEEP, |subject| injected::hold_errors(subject, None));
    limits_train: full::hold_limits(&TRAIN, 60);
    limits_measure: full::hold_limits(&MEASURE, 60);
    full_train: full::hold_full(&TRAIN, 40);
    full_measure: full::hold_full(&MEASURE, 40);
    full_reproduce: full::hold_full(&REPRODUCE, 20);
    full_sweep: full::hold_full(&SWEEP, 20);
    pairs_train: pairs::hold_pairs(&TRAIN, 24);
    pairs_measure: pairs::hold_pairs(&MEASURE, 24);
    pairs_reproduce: pairs::hold_pairs(&REPRODUCE, 16);
    pairs_sweep: pairs::hold_pairs(&SWEEP, 16);
    pairs_fit: pairs::hold_pairs(&FIT, 24);
    damage_train: damage::hold_damage(&TRAIN, None);
    damage_measure: damage::hold_damage(&MEASURE, None);
    damage_reproduce: damage::hold_damage(&REPRODUCE, None);
    damage_sweep: damage::hold_damage(&SWEEP, None);
}

fn traced(subject: &Subject, hold: impl Fn(&Subject)) {
    if disk::strace(subject.name) {
        hold(subject);
    }
}
