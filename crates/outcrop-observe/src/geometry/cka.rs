use crate::gram::{self, Symmetric};
use crate::hsic::Centred;
use crate::labelled::Labelled;
use crate::observable::{Column, Compute, Observable};
use crate::{Companion, Found, Missing, Sample, Site, View};

const fn column(name: &'static str, meaning: &'static str) -> Column {
    Column {
        name,
        unit: "",
        range: [-1.000001, 1.000001],
        meaning,
    }
}

/// Similarity of representations.
pub(crate) const CKA: Observable = Observable {
    name: "cka",
    family: "geometry",
    columns: &[
        column("cka_last_layer", "linear CKA with the last layer"),
        column("cka_last_layer_biased", "the same, biased"),
        column("cka_targets", "linear CKA with the targets"),
        column(
            "cka_labels",
            "linear CKA with the labels: rows of one class are alike, others are not",
        ),
    ],
    sites: &[Site::ResidualStream, Site::Sequences],
    needs: "the tensor of the last layer, targets, labels",
    convention: "unbiased: HSIC_1(K, L) / sqrt(HSIC_1(K, K) HSIC_1(L, L)) with K = X X', so that independent tensors \
                 have 0 on average and may be below it; the biased CKA, which exceeds 0 by the order of d / n, is the \
                 cosine of the centred Gram matrices; with targets and labels it is `kernel_alignment`. At least 4 rows",
    cost: "O(n^2 d) time, O(n d + n^2) memory",
    source: "Kornblith et al. 2019 (arXiv 1905.00414), HSIC_1 of Song et al. 2012, arXiv 2010.15327",
    compute: Compute::Tensor(compute),
};

fn compute(sample: &Sample<'_>) -> Vec<Found> {
    let tensor = sample.tensor();
    if tensor.rows() < 4 {
        return vec![Err(Missing::TooShort); 4];
    }
    let own = Centred::new(gram(tensor));
    let other = |companion| Ok(Centred::new(gram(sample.companion(companion)?)));
    let last: Result<Centred, Missing> = other(Companion::LastLayer);
    let last = last.as_ref().map_err(|missing| *missing);
    vec![
        last.and_then(|last| own.cka(last)),
        last.and_then(|last| own.biased(last)),
        other(Companion::Targets).and_then(|targets| own.cka(&targets)),
        with_labels(sample, &own),
    ]
}

/// Of the rows that have a label.
fn with_labels(sample: &Sample<'_>, own: &Centred) -> Found {
    let labelled = Labelled::of(sample)?;
    let labels = labelled.labels();
    let of_labels = || Centred::new(gram::of_labels(labels));
    match labelled.is_all() {
        true => own.cka(&of_labels()),
        false if labels.len() < 4 => Err(Missing::TooShort),
        false => Centred::new(gram(labelled.view()?)).cka(&of_labels()),
    }
}

fn gram(view: View<'_>) -> Symmetric {
    gram::of_centred_rows(view, &gram::column_means(view))
}
