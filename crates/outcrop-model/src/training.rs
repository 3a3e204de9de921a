use burn::tensor::{Int, Tensor};

use crate::hidden::{Treated, treated};
use crate::{NoTap, Objective, Result, Transformer};

/// The loss of a batch with its gradients, and the terms that it consists of. Each is a single number.
#[derive(Clone, Debug)]
pub struct TrainingLoss {
    /// `backward` of it gives the gradients of all terms. Its value is not their sum on every backend.
    pub total: Tensor<1>,
    /// Mean cross-entropy in nats per token, without a graph.
    pub cross_entropy: Tensor<1>,
    /// The mean that [`Objective::z_loss`] multiplies, where that is not 0.
    pub z: Option<Tensor<1>>,
    /// The mean that [`Objective::tail_penalty`] multiplies, where that is not 0.
    pub tails: Option<Tensor<1>>,
}

impl Transformer {
    /// The loss of `targets` given `ids`, both [batch, positions], for training: [`Transformer::loss`] and what
    /// `objective` adds to it. The model must be on a device with autodiff. On the CPU the same bits on any number of
    /// threads.
    ///
    /// # Errors
    /// [`Error::Measure`](crate::Error::Measure), [`Error::Device`](crate::Error::Device) where a hidden state cannot be
    /// read.
    pub fn training_loss(
        &self,
        ids: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        objective: &Objective,
    ) -> Result<TrainingLoss> {
        self.training_loss_at(ids, targets, &[], objective)
    }

    /// As [`Transformer::training_loss`], the mean over the targets at some `positions` alone, from 0; over all where
    /// none are given.
    ///
    /// # Errors
    /// As [`Transformer::training_loss`].
    pub fn training_loss_at(
        &self,
        ids: Tensor<2, Int>,
        targets: Tensor<2, Int>,
        positions: &[usize],
        objective: &Objective,
    ) -> Result<TrainingLoss> {
        let (mut terms, mut tails, mut failed) = (Vec::new(), Vec::new(), None);
        let layers = self.spec().layers;
        let x = self.residual(ids, &mut NoTap, |layer, x| {
            if !objective.treats_hidden() || failed.is_some() {
                return x;
            }
            match treated(x.clone(), [layer, layers], objective, self.is_fused(layer)) {
                Ok(Treated { hidden, tail, term }) => {
                    tails.extend(tail);
                    terms.extend(term);
                    hidden
                }
                Err(error) => {
                    failed = Some(error);
                    x
                }
            }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        let ended = self.ended(x, targets, positions, objective.z_loss);
        let total = terms.into_iter().fold(ended.total, |sum, term| sum + term);
        let sum = tails.into_iter().reduce(|sum: Tensor<1>, tail| sum + tail);
        Ok(TrainingLoss {
            total,
            cross_entropy: ended.cross_entropy.inner(),
            z: ended.z.map(Tensor::inner),
            tails: sum.map(|sum| sum / layers as f64),
        })
    }
}
