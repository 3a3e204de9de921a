use crate::gram::{self, Symmetric};
use crate::hsic::Centred;
use crate::{Missing, View};

/// How many positions a kernel is of, at most.
const POSITIONS: usize = 128;

/// How few rows the unbiased CKA takes.
pub(crate) const LEAST: usize = 4;

/// Which positions of a tensor are alike: the centred Gram matrix of at most 128 of its rows, all that CKA needs of the
/// same tensor at another step. Of more rows it takes row floor(i n / 128) for i = 0 to 127. The largest magnitude is 1.
///
/// ```
/// use outcrop_observe::{Companion, Kernel, Sample, View, named};
///
/// let hidden: Vec<f32> = (0..40).map(|i| ((i * i) % 17) as f32).collect();
/// let twice: Vec<f32> = hidden.iter().map(|h| 2.0 * h).collect();
/// let before = Kernel::new(View::new(&hidden, 4)?);
/// let sample = Sample::new(View::new(&twice, 4)?).with_kernel(Companion::StepBefore, before.as_ref().map_err(|m| *m));
/// let found = named("cka_steps").map(|one| one.observe(&sample)[0]);
/// assert!(found.is_some_and(|found| found.is_ok_and(|cka| (cka - 1.0).abs() < 1e-6)));
/// # Ok::<(), outcrop_observe::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Kernel {
    rows: usize,
    /// The lower triangle, row by row.
    values: Vec<f32>,
}

impl Kernel {
    /// Of the rows of a tensor.
    ///
    /// # Errors
    /// [`Missing::TooShort`] for fewer than 4 rows, [`Missing::Constant`] for equal ones, [`Missing::NotFinite`].
    pub fn new(tensor: View<'_>) -> Result<Self, Missing> {
        let n = tensor.rows();
        match n < LEAST {
            true => Err(Missing::TooShort),
            false if !tensor.is_finite() => Err(Missing::NotFinite),
            false if n <= POSITIONS => Self::of(tensor),
            false => {
                let rows = (0..POSITIONS).map(|i| tensor.row(i * n / POSITIONS));
                let some: Vec<f32> = rows.flatten().copied().collect();
                let some = View::new(&some, tensor.columns());
                some.map_err(|_| Missing::TooShort).and_then(Self::of)
            }
        }
    }

    fn of(tensor: View<'_>) -> Result<Self, Missing> {
        let first = tensor.row(0);
        if tensor.iter().all(|row| row == first) {
            return Err(Missing::Constant);
        }
        let gram = gram::of_centred_rows(tensor, &gram::column_means(tensor));
        let largest = gram.largest_entry();
        let lower = (0..gram.n()).flat_map(|i| &gram.row(i)[..=i]);
        Ok(Self {
            rows: gram.n(),
            values: lower.map(|x| (x / largest) as f32).collect(),
        })
    }

    /// The number of positions that it is of.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Its lower triangle, row by row: rows (rows + 1) / 2 numbers from -1 to 1.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// A kernel with these [values](Self::values); none where no kernel has so many or such.
    pub fn from_values(values: Vec<f32>) -> Option<Self> {
        let of = |rows: &usize| rows * (rows + 1) / 2 == values.len();
        let rows = (LEAST..=POSITIONS).find(of)?;
        let sound = values.iter().all(|x| x.abs() <= 1.0) && values.iter().any(|x| *x != 0.0);
        sound.then_some(Self { rows, values })
    }

    pub(crate) fn centred(&self) -> Centred {
        Centred::new(Symmetric::from_lower(self.rows, &self.values))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_make_the_kernel_again() {
        let hidden: Vec<f32> = (0..60).map(|i| ((i * 7) % 11) as f32).collect();
        let kernel = Kernel::new(View::new(&hidden, 6).unwrap()).unwrap();
        assert_eq!((kernel.rows(), kernel.values().len()), (10, 55));
        let again = Kernel::from_values(kernel.values().to_vec());
        assert_eq!(again, Some(kernel));
        let bad = [
            vec![0.0; 10],
            vec![1.0; 9],
            vec![f32::NAN; 10],
            vec![2.0; 10],
        ];
        assert!(
            bad.into_iter()
                .all(|bad| Kernel::from_values(bad).is_none())
        );
    }

    #[test]
    fn of_many_positions_some_are_taken() {
        let hidden: Vec<f32> = (0..3 * 300).map(|i| ((i * 37) % 101) as f32).collect();
        let taken: Vec<f32> = (0..128)
            .flat_map(|i| &hidden[i * 300 / 128 * 3..][..3])
            .copied()
            .collect();
        let [all, some] = [&hidden, &taken].map(|rows| Kernel::new(View::new(rows, 3).unwrap()));
        assert_eq!(all, some);
        assert_eq!(all.unwrap().rows(), 128);
    }
}
