//! Interventions and figures of the last checkpoint.

use outcrop::core::{Intervention, SetTo, table};

use crate::common::text;
use crate::small::{Noise, arch, fresh, measure, succeeded, write};

/// A model in which one channel of the first block's output is massive at every position.
#[test]
fn massive_activations_are_set_and_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let (of, out) = (dir.path().join("tiny"), dir.path().join("out"));
    let arch = arch();
    let mut model = fresh(&arch, &mut Noise(2));
    let planted = model
        .iter_mut()
        .find(|t| t.name.ends_with("layers.0.mlp.dense_4h_to_h.bias"));
    planted.unwrap().data[7] = 5000.0;
    write(&of, 0, &arch, &model);
    let output = measure(&of, &out, &["--set-zero", "--set-mean", "--figures"]);
    succeeded(&output);
    let rows = table::read_rows::<Intervention>(&out.join("interventions.csv"))
        .unwrap()
        .rows;
    let find = |set, layer| {
        rows.iter()
            .find(|r| r.set == set && r.layer == layer)
            .unwrap()
    };
    let none = find(SetTo::None, None);
    let (zero, mean) = (find(SetTo::Zero, Some(1)), find(SetTo::Mean, Some(1)));
    assert_eq!(zero.channels, "7", "{}", text(&output.stderr));
    assert!((none.perplexity - none.loss.exp()).abs() < 1e-9 * none.perplexity);
    assert!(
        zero.loss_change.abs() > 10.0 * mean.loss_change.abs(),
        "{rows:?}"
    );
    find(SetTo::Zero, None);
    let names: Vec<String> = std::fs::read_dir(out.join("figures"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    for form in ["svg", "png"] {
        let of_form = names.iter().filter(|n| n.ends_with(form)).count();
        assert_eq!(of_form, 4, "{names:?}");
    }
}
