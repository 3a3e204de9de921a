use crate::{Found, Missing, Sample, Site};

/// One number that an observable gives: a value of the column `observable` in tables.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Column {
    /// Its name, which no other observable has.
    pub name: &'static str,
    /// Its unit; empty for a number without one.
    pub unit: &'static str,
    /// The smallest and the largest value that it can have.
    pub range: [f64; 2],
    /// What it means.
    pub meaning: &'static str,
}

/// Which scalars of its tensor an observable reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// All.
    All,
    /// Those on and below the diagonal: a query sees the keys up to its own position.
    Causal,
}

/// An observable: numbers that are computed together from one tensor. All are in [`OBSERVABLES`](crate::OBSERVABLES);
/// `tests/own_observable.rs` adds one from outside.
#[derive(Debug)]
pub struct Observable {
    /// Its name, which selects it.
    pub name: &'static str,
    /// The family, which selects it with its relatives.
    pub family: &'static str,
    /// Its numbers, in the order in which [`observe`](Self::observe) gives them.
    pub columns: &'static [Column],
    /// The tensors for which it is meant; it can be computed for any of that shape.
    pub sites: &'static [Site],
    /// What it needs beside the tensor, in words; empty for nothing.
    pub needs: &'static str,
    /// Which scalars it reads.
    pub reads: Reads,
    /// The definition, where several are in use the one that is computed.
    pub convention: &'static str,
    /// How time grows with n rows and d columns, and how much memory is needed.
    pub cost: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// One result for each column.
    pub compute: fn(&Sample<'_>) -> Vec<Found>,
}

impl Observable {
    /// The numbers of one sample, one for each of [`columns`](Self::columns). All are [`Missing::NotFinite`] where a
    /// scalar that it reads is not finite.
    ///
    /// ```
    /// use outcrop_observe::{Sample, View, named};
    ///
    /// let norms = named("token_norms").expect("it is in the list");
    /// let sample = Sample::new(View::new(&[30.0, 40.0, 3.0, 4.0, 0.0, 5.0], 2)?);
    /// let found = norms.observe(&sample);
    /// assert_eq!((norms.columns[2].name, found[2]), ("norm_first_over_mean", Ok(10.0)));
    /// # Ok::<(), outcrop_observe::Error>(())
    /// ```
    pub fn observe(&self, sample: &Sample<'_>) -> Vec<Found> {
        let finite = match self.reads {
            Reads::All => sample.is_finite(),
            Reads::Causal => sample.is_finite() || sample.tensor().is_finite_below(),
        };
        match finite {
            true => (self.compute)(sample),
            false => vec![Err(Missing::NotFinite); self.columns.len()],
        }
    }
}
