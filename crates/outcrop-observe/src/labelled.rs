//! The rows that have a label.

use std::borrow::Cow;

use crate::{Missing, Sample, View};

/// The label of a row that has none.
pub const NO_LABEL: u32 = u32::MAX;

/// The labelled rows of a tensor with their labels, in order.
pub(crate) struct Labelled<'a> {
    values: Cow<'a, [f32]>,
    columns: usize,
    labels: Cow<'a, [u32]>,
}

impl<'a> Labelled<'a> {
    /// Borrowed where all rows have a label.
    ///
    /// # Errors
    /// [`Missing::NotGiven`] without labels, [`Missing::OneClass`] where no row has one.
    pub(crate) fn of(sample: &Sample<'a>) -> Result<Self, Missing> {
        let (tensor, labels) = (sample.tensor(), sample.labels()?);
        let columns = tensor.columns();
        if !labels.contains(&NO_LABEL) {
            return Ok(Self {
                values: Cow::Borrowed(tensor.values()),
                columns,
                labels: Cow::Borrowed(labels),
            });
        }
        let some = tensor.iter().zip(labels);
        let some = some.filter(|(_, label)| **label != NO_LABEL);
        let (rows, labels): (Vec<&[f32]>, Vec<u32>) = some.unzip();
        match rows.is_empty() {
            true => Err(Missing::OneClass),
            false => Ok(Self {
                values: Cow::Owned(rows.concat()),
                columns,
                labels: Cow::Owned(labels),
            }),
        }
    }

    /// Whether these are all rows of the tensor.
    pub(crate) fn is_all(&self) -> bool {
        matches!(self.labels, Cow::Borrowed(_))
    }

    /// The rows.
    ///
    /// # Errors
    /// None that occurs: there is a row.
    pub(crate) fn view(&self) -> Result<View<'_>, Missing> {
        View::new(&self.values, self.columns).map_err(|_| Missing::OneClass)
    }

    /// Their labels.
    pub(crate) fn labels(&self) -> &[u32] {
        &self.labels
    }
}
