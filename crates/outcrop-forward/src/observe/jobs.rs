//! The tensors of one block and sequence that are observed, each by itself, so that they can be observed in parallel.

use std::sync::{Mutex, PoisonError};

use crate::AttentionWeights;
use outcrop_observe::{
    CausalSums, Collector, Companion, Found, Kernel, Missing, Result, Sample, SinkConvention, Site,
    View, sink_keys_of, top_channels_of,
};
use rayon::prelude::*;

use super::channels::{AllChannels, Channels};
use super::kernels::{self, FirstStep, StepKernels};
use super::wanted::Wanted;

/// A tensor, and what it is compared with.
#[derive(Clone, Debug)]
pub(super) struct Job<'a> {
    pub(super) site: Site,
    pub(super) layer: u32,
    /// From 1.
    pub(super) head: Option<u32>,
    pub(super) rows: &'a [f32],
    pub(super) columns: usize,
    pub(super) companions: Vec<(Companion, &'a [f32])>,
    pub(super) sinks: Option<&'a [usize]>,
    /// The sums of the squares of the rows of the residual stream to which it is added, where they are asked for.
    pub(super) stream: Option<&'a [f32]>,
}

/// What a tensor gave.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) site: Site,
    pub(super) layer: u32,
    /// From 1.
    pub(super) head: Option<u32>,
    pub(super) found: Vec<Found>,
    /// Its largest magnitude, NaN where that is not finite; none of what is not kept.
    pub(super) largest: Option<f32>,
    /// Its top channels, where they are compared.
    pub(super) channels: Option<Channels>,
    /// Its kernel, where it is compared.
    pub(super) kernel: Option<kernels::Found>,
}

/// Memory of jobs, used again: fresh memory causes page faults.
#[derive(Debug, Default)]
pub(super) struct Rooms(Mutex<Vec<Vec<f32>>>);

impl Rooms {
    fn with<T>(&self, job: impl FnOnce(&mut Vec<f32>) -> T) -> T {
        let rooms = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut room = rooms().pop().unwrap_or_default();
        let outcome = job(&mut room);
        rooms().push(room);
        outcome
    }
}

/// What all jobs of a sequence share.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bench<'a> {
    pub(super) collector: &'a Collector,
    pub(super) wanted: &'a Wanted,
    /// One of attention weights for each thread.
    pub(super) rooms: &'a Rooms,
    pub(super) sequence: u32,
    /// The top channels of the step before, where they are known.
    pub(super) before: Option<&'a AllChannels>,
    /// The kernels of the step before, where they are known.
    pub(super) kernels: Option<&'a StepKernels>,
    /// Those of the first step.
    pub(super) first: FirstStep<'a>,
}

impl Bench<'_> {
    /// All of them, in parallel on the current rayon pool; results in the order of `jobs`.
    pub(super) fn run(self, jobs: &[Job<'_>]) -> Result<Vec<Outcome>> {
        jobs.par_iter().map(|job| self.observe(job)).collect()
    }

    fn observe(self, job: &Job<'_>) -> Result<Outcome> {
        let view = View::new(job.rows, job.columns)?;
        let kernel =
            (self.wanted.kernels && job.site == Site::ResidualStream).then(|| Kernel::new(view));
        let sample = Sample::new(view);
        let collector = self.collector;
        let mut sample = collector.expecting(job.layer, job.head, job.site, sample);
        if let Some(kernel) = &kernel {
            sample = self.with_kernels(job.layer, kernel, sample);
        }
        if job.site == Site::ResidualStream {
            let given = &self.wanted.annotations;
            sample = given.of_positions(self.sequence as usize, sample)?;
        }
        for (companion, rows) in &job.companions {
            sample = sample.with(*companion, View::new(rows, rows.len() / view.rows())?)?;
        }
        if let Some(sinks) = job.sinks {
            sample = sample.with_sinks(sinks)?;
        }
        if let Some(squares) = job.stream {
            let sum: f64 = squares.iter().map(|square| f64::from(*square)).sum();
            let mean = sum / (squares.len() * view.columns()) as f64;
            sample = sample.with_stream_rms(mean.sqrt());
        }
        let key = (job.layer, job.site, self.sequence);
        if let Some(channels) = self.before.and_then(|before| before.get(key)) {
            sample = sample.with_top_channels(Companion::StepBefore, channels);
        }
        let own = self
            .wanted
            .channels_at(job.site)
            .then(|| top_channels_of(&sample));
        if let Some(own) = &own {
            sample = sample.with_own_channels(own.as_deref().map_err(|missing| *missing));
        }
        Ok(Outcome {
            site: job.site,
            layer: job.layer,
            head: job.head,
            found: self.collector.found(job.site, &sample),
            largest: Some(sample.largest()),
            channels: own,
            kernel,
        })
    }

    /// A sample with its own kernel and those of earlier steps.
    fn with_kernels<'s>(self, layer: u32, own: &'s kernels::Found, sample: Sample<'s>) -> Sample<'s>
    where
        Self: 's,
    {
        let own = own.as_ref().map_err(|missing| *missing);
        let mut sample = sample.with_own_kernel(own);
        let first = match self.first {
            FirstStep::This => Some(own),
            FirstStep::Earlier(kernels) => kernels.get(layer, self.sequence),
            FirstStep::Unknown => None,
        };
        let before = self
            .kernels
            .and_then(|kernels| kernels.get(layer, self.sequence));
        for (companion, kernel) in [
            (Companion::FirstStep, first),
            (Companion::StepBefore, before),
        ] {
            if let Some(kernel) = kernel {
                sample = sample.with_kernel(companion, kernel);
            }
        }
        sample
    }

    /// The attention weights of every head, and the keys that are sinks in it, where they are asked for; none where the
    /// weights are no attention.
    pub(super) fn heads(
        self,
        layer: u32,
        attention: &AttentionWeights<'_>,
    ) -> Result<Vec<(Outcome, Option<Vec<usize>>)>> {
        let site = Site::AttentionWeights;
        let heads = 0..attention.heads();
        // observables of weights are of causal ones
        let wanted = self.wanted.sinks || self.wanted.at(site);
        if !wanted || !attention.is_causal() {
            return Ok(Vec::new());
        }
        let run = |weights: &mut Vec<f32>, head: usize| {
            let (found, sinks) = match attention.sums(head) {
                Some(sums) => {
                    let sums = CausalSums {
                        keys: &sums.keys,
                        entropies: &sums.entropies,
                        first: sums.first,
                        shares: true,
                    };
                    let sums = sums.checked();
                    (self.collector.found_of_sums(sums), self.sinks(sums))
                }
                None => {
                    attention.weights(head, weights);
                    let sample = Sample::new(View::new(weights, attention.tokens())?);
                    let found = self.collector.found(site, &sample);
                    (found, self.sinks(sample.causal()))
                }
            };
            let head = Some(head as u32 + 1);
            let outcome = Outcome {
                site,
                layer,
                head,
                found,
                largest: None,
                channels: None,
                kernel: None,
            };
            Ok((outcome, sinks))
        };
        let run = |head| self.rooms.with(|weights| run(weights, head));
        heads.into_par_iter().map(run).collect()
    }

    /// The keys that are sinks, where they are asked for.
    fn sinks(self, sums: std::result::Result<CausalSums<'_>, Missing>) -> Option<Vec<usize>> {
        let sums = sums.ok().filter(|_| self.wanted.sinks)?;
        Some(sink_keys_of(sums, SinkConvention::Gu))
    }
}

/// The keys that are sinks in one of these heads; none where that is not known of one.
pub(super) fn union<'a>(heads: impl Iterator<Item = Option<&'a Vec<usize>>>) -> Option<Vec<usize>> {
    let mut all: Vec<usize> = Vec::new();
    for sinks in heads {
        all.extend(sinks?);
    }
    all.sort_unstable();
    all.dedup();
    Some(all)
}
