use crate::final_norm::FinalNorm;
use crate::{AttentionWeights, BlockPlace, BlockRows, Hook, Published, Watch};
use outcrop_gemm::Aligned;
use outcrop_observe::{Collector, Companion, Result, Sample, Site, View};

use super::Earlier;
use super::StepKernels;
use super::channels::AllChannels;
use super::jobs::{Bench, Job, Outcome, Rooms, union};
use super::means::Means;
use super::positions::LensPositions;
use super::rows::OfSequence;
use super::wanted::{PLACES, Wanted};
use super::watching::Watching;

/// Observes what passes.
#[derive(Debug)]
pub(super) struct Observing<'a> {
    wanted: &'a Wanted,
    d_model: usize,
    /// Positions without tokens, which are the first.
    leading: usize,
    layers: usize,
    earlier: Earlier<'a>,
    before: Option<AllChannels>,
    /// The final norm, where its output is observed.
    norm: Option<FinalNorm<'a>>,
    /// The means of the sequences, where these are observed.
    means: Option<Means>,
    /// What is kept of each sequence until its last layer.
    held: Vec<Held>,
    watching: Watching,
    seen: Seen,
    rooms: Rooms,
    /// Memory for queries, keys and values of a few heads.
    apart: Aligned,
    /// Memory for what the final norm gives.
    normed: Vec<f32>,
    failed: Option<outcrop_observe::Error>,
}

/// What was observed.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) collector: Collector,
    /// Numbers of single sequences, where they are asked for.
    pub(super) sequences: Vec<OfSequence>,
    keeps_sequences: bool,
    /// Top channels, where they are compared.
    pub(super) channels: Option<AllChannels>,
    /// Kernels, where they are compared.
    pub(super) kernels: Option<StepKernels>,
    /// The residual stream of each sequence after the last layer, where its logits are asked for.
    pub(super) last: Vec<Vec<f32>>,
    /// By sequence and layer, the residual stream at the positions at which the logit lens looks, where these are some.
    pub(super) spread: Vec<Vec<Vec<f32>>>,
}

/// One sequence until its last layer.
#[derive(Clone, Debug, Default)]
struct Held {
    /// The largest magnitude of the embedding and of each layer.
    maxima: Vec<f32>,
    embedding: Vec<f32>,
    /// The residual stream after each layer, with the positions that are sinks.
    layers: Vec<(Vec<f32>, Option<Vec<usize>>)>,
}

impl<'a> Observing<'a> {
    pub(super) fn new(
        wanted: &'a Wanted,
        model: &'a Published,
        sequences: usize,
        earlier: Earlier<'a>,
    ) -> crate::Result<Self> {
        let arch = model.arch();
        let norm = match wanted.at(Site::FinalNorm) {
            true => FinalNorm::new(model)?,
            false => None,
        };
        let means = || Means::new(arch.layers, sequences, arch.d_model);
        Ok(Self {
            wanted,
            d_model: arch.d_model,
            leading: arch.leading(),
            layers: arch.layers,
            earlier,
            before: earlier.channels.map(AllChannels::from),
            norm,
            means: wanted.at(Site::Sequences).then(means),
            held: vec![Held::default(); sequences],
            watching: Watching::new(wanted.watched()),
            seen: Seen {
                collector: Collector::new(wanted.observables.clone()),
                sequences: Vec::new(),
                keeps_sequences: wanted.sequences,
                channels: wanted.channels.then(AllChannels::default),
                kernels: wanted.kernels.then(StepKernels::default),
                last: vec![Vec::new(); if wanted.last_streams() { sequences } else { 0 }],
                spread: vec![Vec::new(); sequences],
            },
            rooms: Rooms::default(),
            apart: Aligned::default(),
            normed: Vec::new(),
            failed: None,
        })
    }

    pub(super) fn finish(mut self) -> crate::Result<Seen> {
        if let Some(error) = self.failed {
            return Err(error.into());
        }
        if let Some(means) = &self.means {
            let found = means.found(&self.seen.collector, &self.wanted.annotations)?;
            for (layer, found) in found {
                let collector = &mut self.seen.collector;
                collector.add(layer, None, Site::Sequences, &found);
            }
        }
        Ok(self.seen)
    }

    fn bench(&self, sequence: usize) -> Bench<'_> {
        Bench {
            collector: &self.seen.collector,
            wanted: self.wanted,
            rooms: &self.rooms,
            sequence: sequence as u32,
            before: self.before.as_ref(),
            kernels: self.earlier.before,
            first: self.earlier.first,
        }
    }

    fn take(&mut self, sequence: usize, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            if let (Some(all), Some(channels)) = (&mut self.seen.channels, outcome.channels) {
                let key = (outcome.layer, outcome.site, sequence as u32);
                all.insert(key, channels);
            }
            if let (Some(all), Some(kernel)) = (&mut self.seen.kernels, outcome.kernel) {
                all.insert(outcome.layer, sequence as u32, kernel);
            }
            self.seen.take(
                (outcome.layer, outcome.head, outcome.site),
                sequence,
                outcome.found,
            );
        }
    }

    /// Takes in what is of all layers together. `observed` is what the residual stream gave, where it was observed.
    fn hold(
        &mut self,
        (layer, sequence): (usize, usize),
        hidden: &[f32],
        observed: Option<f32>,
    ) -> Result<()> {
        let view = View::new(hidden, self.d_model)?;
        if let Some(means) = &mut self.means {
            means.add(layer, sequence, view);
        }
        if let Some(positions @ LensPositions::Spread(_)) = self.wanted.lens
            && layer > 0
        {
            let tokens = hidden.len() / self.d_model - self.leading;
            let row = |at: usize| &hidden[(self.leading + at) * self.d_model..][..self.d_model];
            let rows: Vec<&[f32]> = positions.of(tokens).into_iter().map(row).collect();
            self.seen.spread[sequence].push(rows.concat());
        }
        if self.wanted.at(Site::LayerMaxima) {
            let largest = observed.unwrap_or_else(|| view.largest());
            self.held[sequence].maxima.push(largest);
        }
        Ok(())
    }

    /// Whether residual streams are observed after the last layer.
    fn waits(&self) -> bool {
        self.wanted.last_layer
    }

    fn observe_embedding(&mut self, sequence: usize, hidden: &[f32]) -> Result<()> {
        if self.wanted.inputs {
            self.held[sequence].embedding = hidden.to_vec();
        }
        let mut largest = None;
        if self.wanted.at(Site::Embedding) {
            let job = Job {
                site: Site::Embedding,
                layer: 0,
                head: None,
                rows: hidden,
                columns: self.d_model,
                companions: Vec::new(),
                sinks: None,
                stream: None,
            };
            let outcomes = self.bench(sequence).run(&[job])?;
            largest = outcomes.first().and_then(|of| of.largest);
            self.take(sequence, outcomes);
        }
        self.hold((0, sequence), hidden, largest)
    }

    fn observe_block(
        &mut self,
        (layer, sequence): (usize, usize),
        rows: &BlockRows<'_>,
        attention: &AttentionWeights<'_>,
        hidden: &[f32],
    ) -> Result<()> {
        let mut apart = std::mem::take(&mut self.apart);
        let bench = self.bench(sequence);
        let heads = bench.heads(layer as u32, attention)?;
        let sinks: Vec<_> = heads.iter().map(|(_, sinks)| sinks.as_ref()).collect();
        let group = attention.heads() / attention.kv_heads().max(1);
        let by_key: Vec<_> = sinks
            .chunks(group.max(1))
            .map(|heads| union(heads.iter().copied()))
            .collect();
        let of_layer = match self.wanted.sinks {
            true => union(sinks.iter().copied()),
            false => None,
        };
        let at = (layer, sequence);
        let jobs = self.jobs(at, rows, attention.tokens(), &of_layer, hidden);
        let mut outcomes = bench.run(&jobs)?;
        outcomes.extend(bench.of_heads(layer as u32, attention, &by_key, &mut apart)?);
        let mut all: Vec<Outcome> = match self.wanted.at(Site::AttentionWeights) {
            true => heads.into_iter().map(|(outcome, _)| outcome).collect(),
            false => Vec::new(),
        };
        all.extend(outcomes);
        all.extend(self.watched((layer, sequence), rows));
        let is_stream = |outcome: &&Outcome| outcome.site == Site::ResidualStream;
        let largest = all.iter().find(is_stream).and_then(|of| of.largest);
        self.take(sequence, all);
        self.apart = apart;
        self.hold((layer, sequence), hidden, largest)?;
        if self.waits() && self.wanted.at(Site::ResidualStream) {
            let state = (hidden.to_vec(), of_layer);
            self.held[sequence].layers.push(state);
        }
        match layer == self.layers {
            true => self.observe_last(sequence, hidden),
            false => Ok(()),
        }
    }

    /// The tensors of a block, but for those of heads.
    fn jobs<'r>(
        &'r self,
        (layer, sequence): (usize, usize),
        rows: &BlockRows<'r>,
        tokens: usize,
        of_layer: &'r Option<Vec<usize>>,
        hidden: &'r [f32],
    ) -> Vec<Job<'r>> {
        let (layer, wanted, mut jobs) = (layer as u32, self.wanted, Vec::new());
        let mut job = |site, (rows, columns), companions, stream| {
            jobs.push(Job {
                site,
                layer,
                head: None,
                rows,
                columns,
                companions,
                sinks: of_layer.as_deref(),
                stream,
            });
        };
        if !self.waits() && wanted.at(Site::ResidualStream) {
            let inputs = self.inputs(sequence);
            job(Site::ResidualStream, (hidden, self.d_model), inputs, None);
        }
        for (site, place) in PLACES.iter().filter(|(site, _)| wanted.at(*site)) {
            let stream = wanted.stream_of(*site).and_then(|place| rows.at(place));
            if let Some(found) = rows.at(*place) {
                let tensor = (found, found.len() / tokens);
                job(*site, tensor, Vec::new(), stream);
            }
        }
        jobs
    }

    /// The places of a block that were watched, and not kept after all.
    fn watched(&self, (layer, sequence): (usize, usize), rows: &BlockRows<'_>) -> Vec<Outcome> {
        let of_place = |(site, place): &(Site, BlockPlace)| {
            let found = self.watching.found(*place, sequence)?;
            rows.at(*place).is_none().then(|| Outcome {
                site: *site,
                layer: layer as u32,
                head: None,
                found: self.seen.collector.found_of_magnitudes(*site, found),
                largest: None,
                channels: None,
                kernel: None,
            })
        };
        PLACES.iter().filter_map(of_place).collect()
    }

    /// The embedding, where layers are compared with it.
    fn inputs(&self, sequence: usize) -> Vec<(Companion, &[f32])> {
        let embedding = self.held[sequence].embedding.as_slice();
        match self.wanted.inputs {
            true => vec![(Companion::Inputs, embedding)],
            false => Vec::new(),
        }
    }

    /// What is known after the last layer.
    fn observe_last(&mut self, sequence: usize, hidden: &[f32]) -> Result<()> {
        let (room, mut jobs) = (std::mem::take(&mut self.normed), Vec::new());
        for (at, (state, sinks)) in self.held[sequence].layers.iter().enumerate() {
            let mut companions = self.inputs(sequence);
            companions.push((Companion::LastLayer, hidden));
            jobs.push(Job {
                site: Site::ResidualStream,
                layer: at as u32 + 1,
                head: None,
                rows: state,
                columns: self.d_model,
                companions,
                sinks: sinks.as_deref(),
                stream: None,
            });
        }
        let normed = self.norm.as_ref().map(|norm| norm.of(hidden, room));
        if let Some(rows) = &normed {
            jobs.push(Job {
                site: Site::FinalNorm,
                layer: self.layers as u32,
                head: None,
                rows,
                columns: self.d_model,
                companions: Vec::new(),
                sinks: None,
                stream: None,
            });
        }
        let outcomes = self.bench(sequence).run(&jobs)?;
        self.take(sequence, outcomes);
        self.normed = normed.unwrap_or_default();
        let held = std::mem::take(&mut self.held[sequence]);
        if self.wanted.at(Site::LayerMaxima) {
            let sample = Sample::new(View::new(&held.maxima, 1)?);
            let found = self.seen.collector.found(Site::LayerMaxima, &sample);
            self.seen
                .take((0, None, Site::LayerMaxima), sequence, found);
        }
        if let Some(last) = self.seen.last.get_mut(sequence) {
            *last = hidden.to_vec();
        }
        Ok(())
    }
}

impl Seen {
    /// Takes in the numbers of one sequence.
    pub(super) fn take(
        &mut self,
        (layer, head, site): (u32, Option<u32>, Site),
        sequence: usize,
        found: Vec<outcrop_observe::Found>,
    ) {
        self.collector.add(layer, head, site, &found);
        if self.keeps_sequences {
            self.sequences.push(OfSequence {
                layer,
                head,
                site,
                sequence: sequence as u32,
                found,
            });
        }
    }
}

impl Hook for Observing<'_> {
    fn residual(&mut self, _: usize, _: usize, _: &mut [f32]) {}

    fn places(&self) -> Vec<BlockPlace> {
        self.wanted.places()
    }

    fn watch(&self, layer: usize) -> Option<Box<dyn Watch + '_>> {
        self.watching.of_block(layer)
    }

    fn lacks(&mut self, layer: usize, sequences: std::ops::Range<usize>) -> bool {
        self.watching.lacks(layer, sequences)
    }

    fn adds_up(&self) -> bool {
        self.wanted.adds_up()
    }

    fn embedding(&mut self, sequence: usize, hidden: &[f32]) {
        if let Err(error) = self.observe_embedding(sequence, hidden) {
            self.failed = Some(error);
        }
    }

    fn block(
        &mut self,
        layer: usize,
        sequence: usize,
        rows: &BlockRows<'_>,
        attention: &AttentionWeights<'_>,
        hidden: &[f32],
    ) {
        if let Err(error) = self.observe_block((layer, sequence), rows, attention, hidden) {
            self.failed = Some(error);
        }
    }
}
