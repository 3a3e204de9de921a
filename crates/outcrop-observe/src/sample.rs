use std::sync::OnceLock;

use crate::causal::Causal;
use crate::ranks::{self, Expected, FirstPass};
use crate::summary::Summary;
use crate::sums;
use crate::{CausalSums, Error, Found, Kernel, Missing, Result, View};

/// A tensor that an observable compares the observed one with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Companion {
    /// The same tensor at the checkpoint before.
    StepBefore,
    /// The same tensor at the first checkpoint.
    FirstStep,
    /// The same tensor at the last checkpoint.
    LastStep,
    /// The tensor of the last layer, same checkpoint; for logits those of the model.
    LastLayer,
    /// The residual stream to which the observed tensor is added.
    Stream,
    /// What the model got, one vector a row, such as its input embeddings.
    Inputs,
    /// What it should give, one vector a row.
    Targets,
}

impl Companion {
    /// All of them, in the order of the enum.
    pub const ALL: [Self; 7] = [
        Self::StepBefore,
        Self::FirstStep,
        Self::LastStep,
        Self::LastLayer,
        Self::Stream,
        Self::Inputs,
        Self::Targets,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::StepBefore => "the tensor of the step before",
            Self::FirstStep => "the tensor of the first step",
            Self::LastStep => "the tensor of the last step",
            Self::LastLayer => "the tensor of the last layer",
            Self::Stream => "the residual stream before the write",
            Self::Inputs => "the inputs",
            Self::Targets => "the targets",
        }
    }

    /// Whether it has as many columns as the observed tensor.
    fn has_its_columns(self) -> bool {
        match self {
            Self::StepBefore | Self::FirstStep | Self::LastStep | Self::Stream => true,
            Self::LastLayer => true,
            Self::Inputs | Self::Targets => false,
        }
    }
}

/// What is known of one sequence at one place: the tensor, and what some observables need beside it.
#[derive(Clone, Debug)]
pub struct Sample<'a> {
    tensor: View<'a>,
    companions: [Option<(View<'a>, bool)>; Companion::ALL.len()],
    labels: Option<&'a [u32]>,
    sinks: Option<&'a [usize]>,
    channels: [Option<Result<&'a [usize], Missing>>; Companion::ALL.len()],
    own_channels: Option<Result<&'a [usize], Missing>>,
    kernels: [Option<Result<&'a Kernel, Missing>>; Companion::ALL.len()],
    own_kernel: Option<Result<&'a Kernel, Missing>>,
    stream_rms: Option<f64>,
    /// Where quantiles of magnitudes are expected.
    expected: Vec<Expected>,
    summary: OnceLock<Summary>,
    causal: OnceLock<Result<Causal, Missing>>,
    /// The ranks of magnitudes that were asked for first.
    ranks: OnceLock<Vec<(usize, f32)>>,
}

impl<'a> Sample<'a> {
    /// A tensor alone.
    pub fn new(tensor: View<'a>) -> Self {
        Self {
            tensor,
            companions: [None; Companion::ALL.len()],
            labels: None,
            sinks: None,
            channels: [None; Companion::ALL.len()],
            own_channels: None,
            kernels: [None; Companion::ALL.len()],
            own_kernel: None,
            stream_rms: None,
            expected: Vec::new(),
            summary: OnceLock::new(),
            causal: OnceLock::new(),
            ranks: OnceLock::new(),
        }
    }

    /// With a tensor to compare with, of as many rows. All but inputs and targets have as many columns, too.
    ///
    /// # Errors
    /// [`Error::Companion`] where they have not.
    pub fn with(mut self, companion: Companion, tensor: View<'a>) -> Result<Self> {
        let check = |what, found, expected| match found == expected {
            true => Ok(()),
            false => Err(Error::Companion {
                companion: companion.name(),
                what,
                found,
                expected,
            }),
        };
        check("rows", tensor.rows(), self.tensor.rows())?;
        if companion.has_its_columns() {
            check("columns", tensor.columns(), self.tensor.columns())?;
        }
        self.companions[companion as usize] = Some((tensor, tensor.is_finite()));
        Ok(self)
    }

    /// With a label a row: a class, or for logits the token that comes next; [`NO_LABEL`](crate::NO_LABEL) for rows
    /// without one, which observables of labels leave out.
    ///
    /// # Errors
    /// [`Error::Labels`] where there is not one a row.
    pub fn with_labels(mut self, labels: &'a [u32]) -> Result<Self> {
        if labels.len() != self.tensor.rows() {
            return Err(Error::Labels {
                found: labels.len(),
                expected: self.tensor.rows(),
            });
        }
        self.labels = Some(labels);
        Ok(self)
    }

    /// With the positions that are sinks, such as keys that most queries attend to.
    ///
    /// # Errors
    /// [`Error::Sink`] for a position beyond the last.
    pub fn with_sinks(mut self, sinks: &'a [usize]) -> Result<Self> {
        let rows = self.tensor.rows();
        if let Some(position) = sinks.iter().copied().find(|sink| *sink >= rows) {
            return Err(Error::Sink { position, rows });
        }
        self.sinks = Some(sinks);
        Ok(self)
    }

    /// With the top channels of a companion, or why it has none, as [`top_channels`](crate::top_channels) gives them: all
    /// that turnover needs of the same tensor at another checkpoint, which then need not be kept.
    pub fn with_top_channels(
        mut self,
        companion: Companion,
        channels: Result<&'a [usize], Missing>,
    ) -> Self {
        self.channels[companion as usize] = Some(channels);
        self
    }

    /// With its own top channels, as [`top_channels`](crate::top_channels) gives them, where they are known already.
    pub fn with_own_channels(mut self, channels: Result<&'a [usize], Missing>) -> Self {
        self.own_channels = Some(channels);
        self
    }

    /// With the kernel of a companion, or why it has none: all that `cka_steps` needs of the same tensor at another
    /// checkpoint.
    pub fn with_kernel(
        mut self,
        companion: Companion,
        kernel: Result<&'a Kernel, Missing>,
    ) -> Self {
        self.kernels[companion as usize] = Some(kernel);
        self
    }

    /// With its own kernel, or why it has none, where it is known already.
    pub fn with_own_kernel(mut self, kernel: Result<&'a Kernel, Missing>) -> Self {
        self.own_kernel = Some(kernel);
        self
    }

    /// Its own kernel, where it was given.
    pub(crate) fn own_kernel(&self) -> Option<Result<&'a Kernel, Missing>> {
        self.own_kernel
    }

    /// The kernel of a companion, where it was given.
    pub(crate) fn kernel(&self, companion: Companion) -> Option<Result<&'a Kernel, Missing>> {
        self.kernels[companion as usize]
    }

    /// With the root mean square of [`Companion::Stream`], of which nothing else is needed.
    pub fn with_stream_rms(mut self, rms: f64) -> Self {
        self.stream_rms = Some(rms);
        self
    }

    /// With quantiles of its magnitudes where they are expected: exact wherever they are.
    pub(crate) fn expecting(mut self, expected: Vec<Expected>) -> Self {
        self.expected = expected;
        self
    }

    /// The root mean square of the residual stream to which the tensor is added.
    pub(crate) fn stream_rms(&self) -> Found {
        match self.stream_rms {
            Some(rms) if rms.is_finite() => Ok(rms),
            Some(_) => Err(Missing::NotFinite),
            None => self
                .companion(Companion::Stream)
                .map(|stream| sums::rms(stream.values())),
        }
    }

    /// Its own top channels, where they were given.
    pub(crate) fn own_channels(&self) -> Option<Result<&'a [usize], Missing>> {
        self.own_channels
    }

    /// The top channels of a companion, where they were given.
    pub(crate) fn top_channels(
        &self,
        companion: Companion,
    ) -> Option<Result<&'a [usize], Missing>> {
        self.channels[companion as usize]
    }

    /// The observed tensor.
    pub fn tensor(&self) -> View<'a> {
        self.tensor
    }

    /// The largest magnitude of the observed tensor; NaN where a scalar is NaN or infinite. Where the tensor is observed, too,
    /// it is not read again.
    pub fn largest(&self) -> f32 {
        match self.summary().is_finite() {
            true => self.summary().largest,
            false => f32::NAN,
        }
    }

    /// Sums and maxima of the observed tensor, computed when they are asked for first.
    pub(crate) fn summary(&self) -> &Summary {
        let expected = || FirstPass::new(self.expected.clone());
        self.summary
            .get_or_init(|| Summary::new(self.tensor, expected()))
    }

    /// What the observed tensor adds up to as attention weights, computed when it is asked for first; scalars above the
    /// diagonal are not looked at.
    ///
    /// # Errors
    /// [`Missing::NotFinite`], and [`Missing::NotAttention`] for a tensor that is none.
    pub fn causal(&self) -> Result<CausalSums<'_>, Missing> {
        let causal = self.causal.get_or_init(|| Causal::new(self.tensor));
        causal
            .as_ref()
            .map(Causal::sums)
            .map_err(|missing| *missing)
    }

    /// As [`ranks::magnitudes_at`]; those that are among the ranks of the first call are not computed again.
    pub(crate) fn magnitudes_at(&self, ranks: &[usize]) -> Vec<f32> {
        let values = self.tensor.values();
        let compute = || ranks::magnitudes_at(values, ranks, self.summary().ranks.as_ref());
        let with_ranks = || ranks.iter().copied().zip(compute()).collect();
        let known: &Vec<(usize, f32)> = self.ranks.get_or_init(with_ranks);
        let find = |rank: &usize| known.iter().find(|(known, _)| known == rank);
        let found: Option<Vec<f32>> = ranks.iter().map(|rank| Some(find(rank)?.1)).collect();
        found.unwrap_or_else(compute)
    }

    /// Whether all its scalars are finite.
    pub fn is_finite(&self) -> bool {
        self.summary().is_finite()
    }

    /// A tensor to compare with.
    ///
    /// # Errors
    /// [`Missing::NotGiven`], and [`Missing::NotFinite`] where it has scalars that are not finite.
    pub fn companion(&self, companion: Companion) -> Result<View<'a>, Missing> {
        match self.companions[companion as usize] {
            None => Err(Missing::NotGiven),
            Some((_, false)) => Err(Missing::NotFinite),
            Some((tensor, true)) => Ok(tensor),
        }
    }

    /// The labels, one a row.
    ///
    /// # Errors
    /// [`Missing::NotGiven`].
    pub fn labels(&self) -> Result<&'a [u32], Missing> {
        self.labels.ok_or(Missing::NotGiven)
    }

    /// The positions that are sinks.
    ///
    /// # Errors
    /// [`Missing::NotGiven`].
    pub fn sinks(&self) -> Result<&'a [usize], Missing> {
        self.sinks.ok_or(Missing::NotGiven)
    }
}
