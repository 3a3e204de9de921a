//! What follows from all rows together.

use outcrop_checkpoint::CheckpointSeries;
use outcrop_core::Provenance;
use outcrop_forward::ProductKernel;

use super::Measuring;
use crate::CheckpointSource;
use crate::outcome::{SeriesFailure, SeriesOutcome, tokens_in_words};
use crate::{Error, Result};

impl Measuring<'_> {
    /// Folders of steps that hold no checkpoint are steps that could not be measured.
    pub(super) fn name_what_was_passed_over(&mut self) {
        let CheckpointSource::Local(series) = self.source else {
            return;
        };
        for problem in &series.problems {
            if let Some(step) = problem.step {
                let error = Error::NoCheckpoint(problem.reason.clone());
                self.outcome.failures.push(SeriesFailure { step, error });
            }
        }
    }

    /// Ends the audit, marks suspect steps, and writes what follows from all rows together.
    pub(super) fn finish(mut self) -> Result<SeriesOutcome> {
        self.commit()?;
        self.tables.order(&mut self.state)?;
        self.compare_with_last()?;
        if let Some(auditor) = self.auditor.take() {
            let series: CheckpointSeries = self.source.series(std::mem::take(&mut self.seen));
            let audit = auditor.finish(&series);
            self.folder.write_audit(&audit)?;
            self.tables
                .mark(&mut self.state, &audit.suspect_reasons())?;
            self.outcome.audit = Some(audit);
        }
        self.folder.write_places()?;
        self.folder.write_provenance(&self.provenance())?;
        Ok(self.outcome)
    }

    fn provenance(&self) -> Provenance {
        let mut inputs = std::collections::BTreeMap::new();
        for checkpoint in self
            .outcome
            .audit
            .iter()
            .flat_map(|audit| &audit.checkpoints)
        {
            let step = checkpoint.step.unwrap_or(self.options.step);
            for file in &checkpoint.files {
                inputs.insert(format!("step {step}, {}", file.name), file.sha256.clone());
            }
        }
        Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            git_revision: self.options.git_revision.clone(),
            spec_sha256: Some(self.state.arch_sha256.clone()).filter(|hash| !hash.is_empty()),
            corpus_sha256: Some(self.tokens.sha256.clone()),
            inputs_sha256: inputs,
            backend: Some(match &self.options.engine {
                Some(engine) => format!("{}, f32", engine.name()),
                None => "outcrop-forward, f32".into(),
            }),
            products: (self.options.engine.is_none()).then(|| ProductKernel::best().name().into()),
            command: Some(format!(
                "outcrop measure, tokens: {}",
                tokens_in_words(self.tokens)
            )),
            notes: self.told.iter().cloned().collect(),
            ..Provenance::default()
        }
    }
}
