use crate::gram::{self, Symmetric};
use crate::labelled::Labelled;
use crate::missing::quotient;
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [-0.000001, 1.000001],
        meaning,
    }
}

/// Whether rows are alike where inputs or targets are.
pub(crate) const ALIGNMENT: Observable = Observable {
    name: "kernel_alignment",
    family: "geometry",
    columns: &[
        column(
            "alignment_inputs",
            "centred kernel alignment with the inputs",
        ),
        column(
            "alignment_inputs_null",
            "its mean over all permutations of the inputs",
        ),
        column(
            "alignment_targets",
            "centred kernel alignment with the targets",
        ),
        column(
            "alignment_targets_null",
            "its mean over all permutations of the targets",
        ),
        column(
            "alignment_labels",
            "centred kernel alignment with the labels: 1 for two rows of a class, otherwise 0",
        ),
        column(
            "alignment_labels_null",
            "its mean over all permutations of the labels",
        ),
    ],
    sites: &[Site::ResidualStream, Site::Sequences],
    needs: "inputs, targets, labels",
    convention: "<K, Y> / (norm K norm Y) with K = H X X' H, Y = H Z Z' H, H = I - 11'/n and Frobenius norms: the biased \
                 linear CKA. Independent tensors do not have 0, but the mean over permutations, which is tr K tr Y / \
                 ((n - 1) norm K norm Y)",
    cost: "O(n^2 d) time, O(n d + n^2) memory",
    source: "Cortes et al. 2012, arXiv 2401.13558; the mean over permutations: Kazi-Aoual et al. 1995",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if tensor.rows() < 2 {
        return vec![Err(Missing::TooShort); 6];
    }
    let own = centred(tensor);
    let with = |companion| sample.companion(companion).map(centred);
    let others = [with(Companion::Inputs), with(Companion::Targets)];
    let found = others.into_iter().flat_map(|other| match other {
        Err(missing) => [Err(missing); 2],
        Ok(other) => alignment(&own, &other),
    });
    found.chain(with_labels(sample, &own)).collect()
}

/// Of the rows that have a label.
fn with_labels(sample: &Sample<'_>, own: &Symmetric) -> [Found; 2] {
    let found = Labelled::of(sample).and_then(|labelled| {
        let labels = gram::of_labels(labelled.labels()).centred();
        match labelled.is_all() {
            true => Ok(alignment(own, &labels)),
            false if labels.n() < 2 => Err(Missing::TooShort),
            false => Ok(alignment(&centred(labelled.view()?), &labels)),
        }
    });
    found.unwrap_or_else(|missing| [Err(missing); 2])
}

fn centred(view: View<'_>) -> Symmetric {
    gram::of_centred_rows(view, &gram::column_means(view))
}

/// The alignment and its mean over permutations.
fn alignment(a: &Symmetric, b: &Symmetric) -> [Found; 2] {
    let norms = (a.inner(a) * b.inner(b)).sqrt();
    let constant = |found: Found| found.map_err(|_| Missing::Constant);
    let null = a.trace() * b.trace() / (a.n() - 1) as f64;
    [a.inner(b), null].map(|above| constant(quotient(above, norms)))
}
