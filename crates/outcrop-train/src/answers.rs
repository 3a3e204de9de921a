//! How many answers of its corpus a model gives right, held out and trained on: grokking is the time between the two.

use burn::tensor::{Device, Int, Tensor};
use outcrop_core::Observation;
use outcrop_model::{NoTap, Transformer, ids};
use outcrop_observe::{Collector, Sample, Site, View, select};

use crate::data::{Batch, Corpus};
use crate::{Error, Result};

/// Answers that are asked for, at least, in each set: the standard error of a share is below 1.6 %.
const ANSWERS: usize = 1000;
/// Tokens that are run through the model at once.
const TOKENS: usize = 4096;

/// Sequences with answers, the same at every measured step.
pub(crate) struct Answers {
    /// Which targets of a sequence are answers.
    places: Vec<usize>,
    sets: Vec<Set>,
}

/// Some sequences of one kind.
struct Set {
    site: Site,
    /// Ids [sequences, context], some at a time, with the answers of each sequence.
    parts: Vec<(Tensor<2, Int>, Vec<Vec<u32>>)>,
}

impl Answers {
    /// Those of a corpus; none where it has none.
    pub(crate) fn of(corpus: &Corpus, device: &Device) -> Result<Option<Self>> {
        let places = corpus.answers();
        if places.is_empty() {
            return Ok(None);
        }
        let sequences = ANSWERS.div_ceil(places.len());
        let set = |site, batch: Batch| Set::new(site, &batch, &places, device);
        let mut sets = vec![set(Site::HeldOutAnswers, corpus.held_out(sequences)?)];
        if let Some(sample) = corpus.training_sample(sequences)? {
            sets.push(set(Site::TrainingAnswers, sample));
        }
        Ok(Some(Self { places, sets }))
    }

    /// Rows of `observables.csv`: the accuracy of `model`, which has no autodiff, on each set.
    pub(crate) fn observe(
        &self,
        model: &Transformer,
        name: &str,
        step: u64,
    ) -> Result<Vec<Observation>> {
        let layer = model.spec().layers as u32;
        let mut collector = Collector::new(select("accuracy")?);
        for set in &self.sets {
            for (ids, answers) in &set.parts {
                self.collect(model, ids, answers, |sample| {
                    collector.observe(layer, None, set.site, sample);
                })?;
            }
        }
        let row = |row: outcrop_observe::Observed| Observation {
            model: name.to_owned(),
            step,
            layer: row.layer,
            place: row.site.name().to_owned(),
            observable: row.observable.to_owned(),
            value: row.tally.value().ok(),
            sem: row.tally.sem(),
            n: row.tally.n(),
            reason: row.tally.reason().map(|reason| reason.code().to_owned()),
            ..Observation::default()
        };
        Ok(collector.rows().map(row).collect())
    }

    /// Gives `take` the logits at the answers of each sequence, with the answers.
    fn collect(
        &self,
        model: &Transformer,
        ids: &Tensor<2, Int>,
        answers: &[Vec<u32>],
        mut take: impl FnMut(&Sample<'_>),
    ) -> Result<()> {
        let logits = model.forward(ids.clone(), &mut NoTap);
        let [_, context, vocab] = logits.dims();
        let logits = logits.try_into_vec_as::<f32>();
        let logits = logits.map_err(|e| Error::Device(format!("{e:?}")))?;
        for (rows, answers) in logits.chunks(context * vocab).zip(answers) {
            let at = |place: &usize| &rows[place * vocab..(place + 1) * vocab];
            let rows: Vec<f32> = self.places.iter().flat_map(at).copied().collect();
            take(&Sample::new(View::new(&rows, vocab)?).with_labels(answers)?);
        }
        Ok(())
    }
}

impl Set {
    fn new(site: Site, batch: &Batch, places: &[usize], device: &Device) -> Self {
        let context = batch.context;
        let part = (TOKENS / context).max(1) * context;
        let parts = batch.inputs.chunks(part).zip(batch.targets.chunks(part));
        let answers = |targets: &[u32]| places.iter().map(|place| targets[*place]).collect();
        let parts = parts.map(|(inputs, targets)| {
            let ids = ids(inputs, [inputs.len() / context, context], device);
            (ids, targets.chunks(context).map(answers).collect())
        });
        Self {
            site,
            parts: parts.collect(),
        }
    }
}
