use crate::kernel::{Kernel, LEAST};
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [-1.000001, 1.000001],
        meaning,
    }
}

/// Similarity to earlier steps.
pub(crate) const CKA_STEPS: Observable = Observable {
    name: "cka_steps",
    family: "geometry",
    columns: &[
        column("cka_step_before", "linear CKA with the step before"),
        column("cka_step_before_biased", "the same, biased"),
        column("cka_first_step", "linear CKA with the first step"),
        column("cka_first_step_biased", "the same, biased"),
    ],
    sites: &[Site::ResidualStream],
    needs: "the tensors of the step before and of the first step, or their kernels",
    convention: "unbiased as `cka`, and biased (the cosine of the centred Gram matrices), of at most 128 positions: of n \
                 more than these, floor(i n / 128). At least 4 positions. The first step is the first that was measured; \
                 for it `cka_first_step` is 1",
    cost: "O(n^2 d) time, O(n d + n^2) memory with n at most 128; between steps n^2 / 2 numbers of 4 bytes",
    source: "Kornblith et al. 2019 (arXiv 1905.00414), HSIC_1 of Song et al. 2012, arXiv 2010.15327",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    if sample.tensor().rows() < LEAST {
        return vec![Err(Missing::TooShort); 4];
    }
    let own = match sample.own_kernel() {
        Some(own) => own.map(Kernel::centred),
        None => Kernel::new(sample.tensor()).map(|own| own.centred()),
    };
    let own = match own {
        Ok(own) => own,
        Err(missing) => return vec![Err(missing); 4],
    };
    let with = |step| {
        let other = match sample.kernel(step) {
            Some(kernel) => kernel.map(Kernel::centred),
            None => {
                let tensor = sample.companion(step);
                tensor.and_then(|tensor| Ok(Kernel::new(tensor)?.centred()))
            }
        };
        match other {
            Err(missing) => [Err(missing); 2],
            Ok(other) => match own.is_of_as_many(&other) {
                true => [own.cka(&other), own.biased(&other)],
                false => [Err(Missing::NotGiven); 2],
            },
        }
    };
    [Companion::StepBefore, Companion::FirstStep]
        .into_iter()
        .flat_map(with)
        .collect()
}
