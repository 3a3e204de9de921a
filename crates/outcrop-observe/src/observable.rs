use crate::{CausalSums, Found, Missing, Sample, Site, TensorMagnitudes};

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

/// How an observable is computed: one result for each column.
#[derive(Clone, Copy, Debug)]
pub enum Compute {
    /// From a tensor whose scalars are finite, and what is beside it.
    Tensor(fn(&Sample<'_>) -> Vec<Found>),
    /// From what attention weights add up to: a query sees the keys up to its own position, and only those weights are
    /// read. The weights themselves need not be there.
    Attention(fn(CausalSums<'_>) -> Vec<Found>),
    /// From what the magnitudes of a tensor come to, which need not be there.
    Magnitudes(fn(TensorMagnitudes) -> Vec<Found>),
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
    /// The definition, where several are in use the one that is computed.
    pub convention: &'static str,
    /// How time grows with n rows and d columns, and how much memory is needed.
    pub cost: &'static str,
    /// Where it is from.
    pub source: &'static str,
    /// The function that computes it.
    pub compute: Compute,
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
        match self.compute {
            Compute::Tensor(compute) if sample.is_finite() => compute(sample),
            Compute::Magnitudes(compute) if sample.is_finite() => {
                compute(TensorMagnitudes::of(sample))
            }
            Compute::Tensor(_) | Compute::Magnitudes(_) => self.missing(Missing::NotFinite),
            Compute::Attention(_) => self.observe_sums(sample.causal()),
        }
    }

    /// The numbers of one head whose attention weights add up to `sums`; all are missing where these are, and
    /// [`Missing::NotGiven`] where the observable needs more.
    pub fn observe_sums(&self, sums: Result<CausalSums<'_>, Missing>) -> Vec<Found> {
        match (self.compute, sums) {
            (Compute::Attention(compute), Ok(sums)) => compute(sums),
            (Compute::Attention(_), Err(missing)) => self.missing(missing),
            (Compute::Tensor(_) | Compute::Magnitudes(_), _) => self.missing(Missing::NotGiven),
        }
    }

    /// The numbers of a tensor whose magnitudes come to `magnitudes`; as [`observe_sums`](Self::observe_sums).
    pub fn observe_magnitudes(&self, magnitudes: Result<TensorMagnitudes, Missing>) -> Vec<Found> {
        match (self.compute, magnitudes) {
            (Compute::Magnitudes(compute), Ok(magnitudes)) => compute(magnitudes),
            (Compute::Magnitudes(_), Err(missing)) => self.missing(missing),
            (Compute::Tensor(_) | Compute::Attention(_), _) => self.missing(Missing::NotGiven),
        }
    }

    fn missing(&self, missing: Missing) -> Vec<Found> {
        vec![Err(missing); self.columns.len()]
    }
}
