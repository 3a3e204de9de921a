use std::path::Path;

use burn::tensor::{Device, Int, Tensor};
use outcrop_core::{
    FolderLock, LossPoint, Measurement, Provenance, Ratio, StagedFolder, Trajectory,
};
use outcrop_gemm::ProductKernel;
use outcrop_model::{Backend, HiddenNoise, Objective, Transformer, ids};
use outcrop_schedule::Schedule;

use crate::answers::Answers;
use crate::data::Corpus;
use crate::environment::open_corpus;
use crate::held_out::{HeldOut, first_non_finite, value};
use crate::observing::Observing;
use crate::spec::InForce;
use crate::{
    Environment, Error, Event, GradientSum, LossTargets, Observer, Optimizer, Outcome, Result,
    RunDir, RunSpec, State, checkpoint, learning_rate, run_dir::Tables,
};

/// Trains `spec` in the run directory `dir`, from its newest valid checkpoint if there is one, on a thread of
/// the current rayon pool and with its others.
///
/// # Errors
/// [`Error`]; everything that was on the disk before is kept.
pub fn train(
    spec: &RunSpec,
    dir: &Path,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    // inside the pool every parallel operation is spared a hand-over from outside
    rayon::scope(|_| {
        spec.check()?;
        let dir = RunDir::new(dir);
        dir.check(spec)?;
        let lock = FolderLock::acquire(dir.path(), &environment.holder)?;
        train_locked(spec, (dir, &lock), environment, observer)
    })
}

/// As [`train`], from the start and in a folder that gets its name when the run has ended: for short runs, of which many
/// are brought to the disk together.
///
/// # Errors
/// As [`train`].
pub fn train_staged(
    spec: &RunSpec,
    folder: &StagedFolder,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    rayon::scope(|_| {
        spec.check()?;
        let dir = RunDir::new(folder.path());
        train_locked(spec, (dir, folder.lock()), environment, observer)
    })
}

fn train_locked(
    spec: &RunSpec,
    (dir, lock): (RunDir, &FolderLock),
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<Outcome> {
    if let Some(warning) = lock.warning() {
        observer.event(&Event::Warning(&warning));
    }
    let spec_sha256 = dir.claim(spec, environment.repair)?;
    let outcome = if is_finished(spec, &dir, environment, observer)? {
        Outcome::AlreadyFinished
    } else {
        Training::open((spec, spec_sha256), dir, environment, observer)?
            .go(environment, observer)?
    };
    observer.event(&Event::Ended(outcome));
    Ok(outcome)
}

/// Whether the run is finished and all that it wrote is as it was.
fn is_finished(
    spec: &RunSpec,
    dir: &RunDir,
    environment: &Environment,
    observer: &mut dyn Observer,
) -> Result<bool> {
    let state = match dir.state() {
        Ok(state) => state,
        Err(_) if environment.repair => State::default(),
        Err(error) => return Err(dir.damaged(format!("failed to {error}"))),
    };
    if !state.finished {
        return Ok(false);
    }
    let damage = dir.damage(spec, &state)?;
    if !environment.repair && !damage.is_empty() {
        return Err(dir.damaged(damage.join("; ")));
    }
    for words in &damage {
        observer.event(&Event::Warning(words));
    }
    Ok(damage.is_empty())
}

/// A run under way.
struct Training<'a> {
    spec: &'a RunSpec,
    dir: RunDir,
    tables: Tables,
    corpus: Corpus,
    held_out: HeldOut,
    observing: Option<Observing>,
    answers: Option<Answers>,
    /// The targets whose loss counts; none for all.
    counted: Vec<usize>,
    /// Files of the tokenizer, by name.
    tokenizer: Vec<(&'static str, String)>,
    measured_at: Schedule,
    saved_at: Schedule,
    /// SHA-256 of the spec.
    spec_sha256: String,
    device: Device,
    model: Transformer,
    optimizer: Optimizer,
    /// Updates made.
    step: u64,
    /// Loss, learning rate and gradient norm of the last update.
    last: Option<(f64, f64, f64)>,
}

impl<'a> Training<'a> {
    fn open(
        (spec, spec_sha256): (&'a RunSpec, String),
        dir: RunDir,
        environment: &Environment,
        observer: &mut dyn Observer,
    ) -> Result<Self> {
        let device = environment.backend.device()?;
        let corpus = open_corpus(spec, environment)?;
        for note in corpus.notes() {
            observer.event(&Event::Warning(note));
        }
        let recovered = dir.recover(spec, environment.repair, observer)?;
        provenance((spec, &spec_sha256), &corpus, environment)
            .write(&dir.path().join("provenance.json"))?;
        let sequences = corpus.held_out(spec.measure.sequences)?;
        let left_out = match spec.measure.registers {
            true => 0,
            false => spec.arch.registers,
        };
        let counted = match spec.data.loss {
            LossTargets::All => Vec::new(),
            LossTargets::Answers => corpus.answers(),
        };
        let held_out = HeldOut::new(&sequences, left_out, counted.clone(), &device);
        let observing = Observing::new(spec, &sequences)?;
        let answers = Answers::of(&corpus, &device)?;
        let device = device.autodiff();
        let train = &spec.train;
        let mut run = Self {
            model: Transformer::new(&spec.arch, train.seed, &device)?,
            optimizer: train.new_optimizer(),
            measured_at: spec.measured_at()?,
            saved_at: spec.saved_at()?,
            spec_sha256,
            spec,
            tables: Tables::open(
                &dir,
                &recovered.tables,
                observing.is_some() || answers.is_some(),
            )?,
            dir,
            tokenizer: corpus.tokenizer_files()?,
            corpus,
            held_out,
            observing,
            answers,
            counted,
            device,
            step: 0,
            last: None,
        };
        if let Some((step, folder)) = recovered.checkpoint {
            let optimizer = (step < train.steps).then_some(&mut run.optimizer);
            run.model = checkpoint::load(&folder, step, &run.model, optimizer)?;
            run.step = step;
            if let Some(observing) = &mut run.observing {
                observing.restore(&folder)?;
            }
        }
        Ok(run)
    }

    fn go(mut self, environment: &Environment, observer: &mut dyn Observer) -> Result<Outcome> {
        let steps = self.spec.train.steps;
        if self.step == steps {
            self.check_checkpoints()?;
        }
        observer.event(&Event::Started {
            step: self.step,
            steps,
        });
        let mut on_disk = (self.step > 0).then_some(self.step);
        loop {
            // What a checkpoint holds was measured before it was written.
            if on_disk != Some(self.step) {
                if self.measured_at.contains(self.step) {
                    self.measure(observer)?;
                }
                if self.step == steps {
                    self.compare_with_last()?;
                }
                let asked = environment.stopped() && self.step > 0;
                if self.step == steps || asked || self.saved_at.contains(self.step) {
                    self.save(observer)?;
                    on_disk = Some(self.step);
                }
            }
            if self.step == steps {
                self.set_state(true)?;
                return Ok(Outcome::Finished);
            }
            if environment.stopped() {
                self.set_state(false)?;
                return Ok(Outcome::Interrupted);
            }
            self = self.update(observer)?;
        }
    }

    /// Checks that a finished run lost no checkpoint.
    fn check_checkpoints(&self) -> Result<()> {
        let bad = self.dir.bad_checkpoints(self.spec, self.step)?;
        match bad.into_values().collect::<Vec<_>>().join("; ") {
            words if words.is_empty() => Ok(()),
            words => Err(self.dir.damaged(words)),
        }
    }

    fn measure(&mut self, observer: &mut dyn Observer) -> Result<()> {
        let (model, name) = (self.model.valid(), &self.spec.model);
        let measured = self.held_out.measure(&model, name, self.step)?;
        let mut observed = match &mut self.observing {
            Some(observing) => observing.observe(&model, name, self.step)?,
            None => Vec::new(),
        };
        if let Some(answers) = &self.answers {
            observed.extend(answers.observe(&model, name, self.step)?);
        }
        let tokens_per_update = (self.spec.train.batch * self.spec.arch.context) as u64;
        let loss = LossPoint {
            model: self.spec.model.clone(),
            step: self.step,
            tokens: self.step * tokens_per_update,
            loss: self.last.map(|l| l.0),
            held_out_loss: measured.loss,
            learning_rate: self.last.map(|l| l.1),
            gradient_norm: self.last.map(|l| l.2),
        };
        self.tables.append(&measured.rows, &observed, &loss)?;
        self.warn_of_non_finite(&measured.rows, observer);
        let trajectories = Trajectory::from_measurements(&measured.rows, Ratio::MeanOverMean);
        let mut ratios = vec![None; self.spec.arch.layers];
        for t in trajectories {
            ratios[t.layer as usize - 1] = t.ratios.first().copied();
        }
        observer.event(&Event::Measured {
            step: self.step,
            loss: &loss,
            rows: &measured.rows,
            ratios: &ratios,
            observed: &observed,
        });
        Ok(())
    }

    /// Observables that compare with the last step, once it was measured.
    fn compare_with_last(&mut self) -> Result<()> {
        match &self.observing {
            None => Ok(()),
            Some(observing) => {
                let rows = observing.against_the_last(&self.spec.model);
                self.tables.append_observed(&rows)
            }
        }
    }

    fn warn_of_non_finite(&self, rows: &[Measurement], observer: &mut dyn Observer) {
        let Some(row) = rows.iter().find(|r| r.stats.non_finite > 0) else {
            return;
        };
        let place = row.stats.first_non_finite.map_or_else(String::new, |p| {
            format!(" (first at position {}, channel {})", p.position, p.channel)
        });
        let text = format!(
            "step {}, layer {}, sequence {}: {} of {} scalars are not finite{place}",
            row.step, row.layer, row.sequence, row.stats.non_finite, row.stats.count
        );
        observer.event(&Event::Warning(&text));
    }

    fn save(&mut self, observer: &mut dyn Observer) -> Result<()> {
        let tables = self.tables.commit()?;
        checkpoint::save(
            &self.dir,
            self.step,
            &self.model,
            &self.tokenizer,
            (self.step < self.spec.train.steps).then_some(&self.optimizer),
            &tables,
            self.observing.as_ref(),
        )?;
        observer.event(&Event::Saved { step: self.step });
        Ok(())
    }

    fn set_state(&mut self, finished: bool) -> Result<()> {
        let files = self.dir.extents(self.tables.commit()?)?;
        self.dir.set_state(&State {
            step: self.step,
            finished,
            spec_sha256: self.spec_sha256.clone(),
            files,
        })
    }

    /// Rows of tokens as a tensor.
    fn ids(&self, tokens: &[u32]) -> Tensor<2, Int> {
        let context = self.spec.arch.context;
        ids(tokens, [tokens.len() / context, context], &self.device)
    }

    /// What the next update is for, of sequences from `first` on.
    fn objective(&self, now: &InForce, first: usize) -> Objective {
        let noise = HiddenNoise {
            size: now.noise,
            above: now.noise_above,
            seed: self.spec.train.seed,
            step: self.step,
            first_sequence: first,
        };
        Objective {
            z_loss: self.spec.train.z_loss,
            tail_penalty: now.tail_penalty,
            clamp: now.clamp.is_finite().then_some(now.clamp),
            noise: (now.noise > 0.0).then_some(noise),
        }
    }

    /// One update.
    fn update(mut self, observer: &mut dyn Observer) -> Result<Self> {
        let train = &self.spec.train;
        let batch = self.corpus.batch(self.step, train.batch)?;
        let now = self.spec.in_force(self.step);
        let mut sum = GradientSum::default();
        let mut loss = 0.0;
        let mut terms = [None; 2];
        let rows = train.batch / train.accumulate;
        let part = rows * batch.context;
        let parts = batch.inputs.chunks(part).zip(batch.targets.chunks(part));
        for (i, (x, y)) in parts.enumerate() {
            let [x, y] = [x, y].map(|tokens| self.ids(tokens));
            let of_part = self.model.training_loss_at(
                x,
                y,
                &self.counted,
                &self.objective(&now, i * rows),
            )?;
            self.model = sum.add(self.model, of_part.total.backward())?;
            loss += value(of_part.cross_entropy)? / train.accumulate as f64;
            for (mean, term) in terms.iter_mut().zip([of_part.z, of_part.tails]) {
                if let Some(term) = term {
                    *mean = Some(mean.unwrap_or(0.0) + value(term)? / train.accumulate as f64);
                }
            }
        }
        let rate = learning_rate(train, self.step) * now.learning_rate_factor;
        self.optimizer.set_decay(train.decay(now.weight_decay));
        let (model, norm) = self.optimizer.step_with(self.model, sum, rate)?;
        self.model = model;
        for (what, value) in [("loss", loss), ("gradient norm", norm)] {
            if !value.is_finite() {
                let x = self.ids(&batch.inputs).inner();
                let place = first_non_finite(&self.model.valid(), x)?;
                return Err(Error::Diverged {
                    step: self.step,
                    what,
                    value,
                    place,
                });
            }
        }
        self.step += 1;
        self.last = Some((loss, rate, norm));
        let [z, tails] = terms;
        observer.event(&Event::Step {
            step: self.step,
            loss,
            z,
            tails,
        });
        Ok(self)
    }
}

fn provenance(
    (spec, spec_sha256): (&RunSpec, &str),
    corpus: &Corpus,
    environment: &Environment,
) -> Provenance {
    Provenance {
        version: env!("CARGO_PKG_VERSION").into(),
        git_revision: environment.git_revision.clone(),
        spec_sha256: Some(spec_sha256.into()),
        corpus_sha256: Some(corpus.sha256().into()),
        backend: Some(environment.backend.name().into()),
        products: (environment.backend == Backend::Flex)
            .then(|| ProductKernel::best().name().into()),
        seed: Some(spec.train.seed),
        ..Provenance::default()
    }
}
