use std::collections::BTreeSet;

use outcrop_core::{Intervention, SetTo};

use super::channels::MassiveActivations;
use super::intervene::Intervene;
use crate::{Error, Published, Result, next_token_loss};

/// The layers after which massive activations are set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Layers {
    /// The one where they first appear ([`MassiveActivations::first_layer`]), as Sun et al. do.
    #[default]
    First,
    /// This one, from 1.
    One(usize),
    /// Every layer.
    All,
}

/// The loss of a model on `sequences` as it is, and while its massive activations are set to something:
/// first a row `none`, then one for each of `changes`, in their order. `name` and `step` are what the
/// rows say of the model. The sequences may be other ones than those of the calibration.
///
/// Each row takes a pass of [`next_token_loss`], whose memory it needs; one that has no channels to set
/// takes none and repeats what `none` has. Where `massive` is empty there is but the row `none`.
///
/// ```
/// use outcrop_core::SetTo;
/// use outcrop_forward::{FindOptions, Layers, Published, evaluate_interventions, find_massive};
///
/// let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interventions/llama");
/// let model = Published::open(folder.as_ref())?;
/// let massive = find_massive(&model, &[vec![0, 30, 23, 16, 9]], &FindOptions::default())?;
/// let changes = [(SetTo::Zero, Layers::First), (SetTo::Mean, Layers::First)];
/// let sequences = [vec![0, 17, 10, 3, 26, 19]];
/// let rows = evaluate_interventions(&model, ("tiny", 400), &sequences, &massive, &changes)?;
/// assert!(rows[1].loss_change > 1.0 && rows[2].loss_change.abs() < 1e-3);
/// # Ok::<(), outcrop_forward::Error>(())
/// ```
///
/// # Errors
/// As [`next_token_loss`]; [`Error::NoSequences`]; [`Error::Layer`] for a layer that the model does not
/// have.
pub fn evaluate_interventions(
    model: &Published,
    (name, step): (&str, u64),
    sequences: &[Vec<u32>],
    massive: &MassiveActivations,
    changes: &[(SetTo, Layers)],
) -> Result<Vec<Intervention>> {
    let depth = model.arch().layers;
    check(depth, sequences, changes)?;
    let losses = next_token_loss(model, sequences, &mut ())?;
    let none = Intervention {
        model: name.to_owned(),
        step,
        sequences: sequences.len() as u64,
        tokens: sequences.iter().map(|ids| ids.len() as u64 - 1).sum(),
        ..Intervention::default()
    };
    let none = with_loss(none, mean(sequences, &losses), None);
    let mut rows = vec![none.clone()];
    let Some((rule, first)) = massive.rule().zip(massive.first_layer()) else {
        return Ok(rows);
    };
    for &(set, layers) in changes {
        let layer = match layers {
            Layers::First => Some(first),
            Layers::One(layer) => Some(layer),
            Layers::All => None,
        };
        let mut hook = Intervene::new(massive, set, layer);
        let channels = channels(massive, &hook, depth);
        let loss = match channels.is_empty() {
            true => none.loss,
            false => mean(sequences, &next_token_loss(model, sequences, &mut hook)?),
        };
        let row = Intervention {
            set,
            layer: layer.map(|layer| layer as u32),
            rule: Some(rule.to_string()),
            channels,
            scalars: hook.scalars() as f64 / sequences.len() as f64,
            ..none.clone()
        };
        rows.push(with_loss(row, loss, Some(none.loss)));
    }
    Ok(rows)
}

fn check(depth: usize, sequences: &[Vec<u32>], changes: &[(SetTo, Layers)]) -> Result<()> {
    if sequences.is_empty() {
        return Err(Error::NoSequences);
    }
    for (_, layers) in changes {
        if let Layers::One(layer) = *layers
            && !(1..=depth).contains(&layer)
        {
            return Err(Error::Layer {
                layer,
                layers: depth,
            });
        }
    }
    Ok(())
}

/// Over all predicted tokens of sequences of two tokens or more, from the means of each.
fn mean(sequences: &[Vec<u32>], losses: &[f64]) -> f64 {
    let tokens = sequences.iter().map(|ids| (ids.len() - 1) as f64);
    let sum: f64 = losses.iter().zip(tokens.clone()).map(|(l, n)| l * n).sum();
    sum / tokens.sum::<f64>()
}

fn with_loss(row: Intervention, loss: f64, before: Option<f64>) -> Intervention {
    Intervention {
        loss,
        perplexity: loss.exp(),
        loss_change: before.map_or(0.0, |before| loss - before),
        ..row
    }
}

/// The channels that `hook` may set anywhere: `7;133`.
fn channels(massive: &MassiveActivations, hook: &Intervene<'_>, depth: usize) -> String {
    let layers = (1..=depth).filter(|&layer| hook.sets_at(layer));
    let channels: BTreeSet<u32> = layers
        .flat_map(|layer| massive.channels(layer).iter().map(|c| c.channel))
        .collect();
    let texts: Vec<_> = channels.iter().map(u32::to_string).collect();
    texts.join(";")
}
