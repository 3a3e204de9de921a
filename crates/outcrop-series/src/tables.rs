//! The tables of a series, which grow step by step and never lose one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use outcrop_checkpoint::Code;
use outcrop_core::table::{self, MeasurementWriter, RowWriter, StagedObservation};
use outcrop_core::{
    AtomicFile, ExpertShare, Extent, GrowingTable, HeadSink, Measurement, Observation,
    RunningSha256,
};

use crate::Result;
use crate::folder::Folder;
use crate::rows::{
    HEADS, MEASUREMENTS, OBSERVABLES, Observed, OfStep, ROUTERS, StepRows, each, each_row, of_step,
};
use crate::state::{Good, SeriesState};

/// The tables, open for appending.
#[derive(Debug)]
pub(crate) struct Tables {
    folder: Folder,
    measurements: GrowingTable,
    heads: GrowingTable,
    routers: GrowingTable,
    observables: GrowingTable,
}

impl Tables {
    /// Opens the tables of `folder` as far as `state` knows them to be good, and cuts off what is behind.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) where they lost what is good;
    /// [`Error::Core`](crate::Error::Core).
    pub(crate) fn open(folder: &Folder, state: &mut SeriesState) -> Result<Self> {
        let is_old = state.tables.is_empty() && !state.steps.is_empty();
        let was_replacing = state.tables.values().any(|good| good.next.is_some());
        if is_old {
            adopt(folder, state)?;
        }
        settle(folder, state)?;
        let damage = damage(folder, state)?;
        if !damage.is_empty() {
            return Err(folder.damaged(damage.join("; ")));
        }
        let mut tables = Self::at(folder, state)?;
        if is_old || was_replacing {
            tables.keep_steps(state)?;
        }
        Ok(tables)
    }

    fn at(folder: &Folder, state: &SeriesState) -> Result<Self> {
        let open = |name: &str| {
            let good = state.tables.get(name).cloned().unwrap_or_default();
            GrowingTable::open(&folder.file(name), &good.now)
        };
        Ok(Self {
            folder: folder.clone(),
            measurements: open(MEASUREMENTS)?,
            heads: open(HEADS)?,
            routers: open(ROUTERS)?,
            observables: open(OBSERVABLES)?,
        })
    }

    /// Appends the rows of one step.
    pub(crate) fn append(&mut self, rows: &StepRows, staged: bool) -> Result<()> {
        table::append_measurements(&mut self.measurements, &rows.measurements)?;
        if !rows.heads.is_empty() {
            table::append_rows(&mut self.heads, &rows.heads)?;
        }
        if !rows.experts.is_empty() {
            table::append_rows(&mut self.routers, &rows.experts)?;
        }
        if rows.observations.is_empty() {
            return Ok(());
        }
        let observables = &mut self.observables;
        match staged {
            false => table::append_rows(observables, &rows.observations)?,
            true => {
                let rows = rows.observations.iter().cloned();
                let rows: Vec<_> = rows.map(StagedObservation).collect();
                table::append_rows(observables, &rows)?;
            }
        }
        Ok(())
    }

    /// Makes the rows outlast a power cut, and after them the state that speaks of them.
    pub(crate) fn commit(&mut self, state: &mut SeriesState) -> Result<()> {
        let now = |now| Good { now, next: None };
        state.tables = BTreeMap::from([
            (MEASUREMENTS.into(), now(self.measurements.commit()?)),
            (HEADS.into(), now(self.heads.commit()?)),
        ]);
        // models without experts, and series without observables, have no such table
        for (name, table) in [
            (ROUTERS, &mut self.routers),
            (OBSERVABLES, &mut self.observables),
        ] {
            let extent = table.commit()?;
            if extent != Extent::default() {
                state.tables.insert(name.into(), now(extent));
            }
        }
        self.folder.set_state(state)
    }

    /// The rows of one step.
    pub(crate) fn rows_of(&self, step: u64) -> Result<StepRows> {
        Ok(StepRows {
            measurements: self.measurements_of(step)?,
            heads: of_step(self.heads.path(), step)?,
            experts: of_step(self.routers.path(), step)?,
            ..StepRows::default()
        })
    }

    fn measurements_of(&self, step: u64) -> Result<Vec<Measurement>> {
        let mut rows = Vec::new();
        each_row(self.measurements.path(), |row| {
            if row.step == step {
                rows.push(row);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// Drops the rows of all steps that are not in `state`.
    pub(crate) fn keep_steps(&mut self, state: &mut SeriesState) -> Result<()> {
        self.commit(state)?;
        let steps: BTreeSet<u64> = state.steps.keys().copied().collect();
        self.replace_measurements(state, |row| steps.contains(&row.step))?;
        self.keep::<HeadSink>(state, &steps)?;
        self.keep::<ExpertShare>(state, &steps)?;
        match state.row_stage() {
            None => self.keep::<Observation>(state, &steps),
            Some(_) => self.keep::<StagedObservation>(state, &steps),
        }
    }

    /// Drops the rows of all other steps.
    fn keep<T: OfStep>(&mut self, state: &mut SeriesState, steps: &BTreeSet<u64>) -> Result<()> {
        let path = self.folder.file(T::TABLE);
        self.rewrite::<T>(state, |writer| {
            each::<T>(&path, |row| match steps.contains(&row.step()) {
                true => writer.write(&row),
                false => Ok(()),
            })
        })
    }

    /// Marks the rows of suspect steps and those with scalars that are not finite, and unmarks others.
    pub(crate) fn mark(
        &mut self,
        state: &mut SeriesState,
        reasons: &BTreeMap<u64, String>,
    ) -> Result<()> {
        self.commit(state)?;
        self.replace_measurements(state, |row| {
            row.suspect = reasons.get(&row.step).cloned().or(own_suspicion(row));
            true
        })
    }

    /// Writes into all rows where their stage begins.
    pub(crate) fn restage(&mut self, state: &mut SeriesState) -> Result<()> {
        self.commit(state)?;
        let stage = state.row_stage();
        self.replace_measurements(state, |row| {
            row.stage.clone_from(&stage);
            true
        })?;
        self.change_observations(state, |row| row.stage.clone_from(&stage))
    }

    /// Puts steps into their order, where some were measured behind later ones: a large table is read in order only.
    pub(super) fn order(&mut self, state: &mut SeriesState) -> Result<()> {
        self.order_measurements(state)?;
        self.order_rows::<HeadSink>(state)?;
        self.order_rows::<ExpertShare>(state)?;
        match state.row_stage() {
            None => self.order_rows::<Observation>(state),
            Some(_) => self.order_rows::<StagedObservation>(state),
        }
    }

    /// Changes rows of observables.
    pub(crate) fn change_observations(
        &mut self,
        state: &mut SeriesState,
        change: impl FnMut(&mut Observation),
    ) -> Result<()> {
        self.commit(state)?;
        match state.row_stage() {
            None => self.change_rows::<Observation>(state, change),
            Some(_) => self.change_rows::<StagedObservation>(state, change),
        }
    }

    fn change_rows<T: Observed>(
        &mut self,
        state: &mut SeriesState,
        mut change: impl FnMut(&mut Observation),
    ) -> Result<()> {
        let path = self.folder.file(T::TABLE);
        self.rewrite::<T>(state, |writer| {
            each::<T>(&path, |mut row| {
                change(row.inner());
                writer.write(&row)
            })
        })
    }

    /// One step at a time, so that memory stays flat.
    fn order_rows<T: OfStep>(&mut self, state: &mut SeriesState) -> Result<()> {
        let path = self.folder.file(T::TABLE);
        let mut steps = Vec::new();
        each::<T>(&path, |row| {
            note(&mut steps, row.step());
            Ok(())
        })?;
        let Some(steps) = unordered(steps) else {
            return Ok(());
        };
        self.rewrite::<T>(state, |writer| {
            for step in steps {
                let rows = of_step::<T>(&path, step)?;
                rows.iter().try_for_each(|row| writer.write(row))?;
            }
            Ok(())
        })
    }

    /// The same.
    fn order_measurements(&mut self, state: &mut SeriesState) -> Result<()> {
        let path = self.measurements.path().to_owned();
        let mut steps = Vec::new();
        each_row(&path, |row| {
            note(&mut steps, row.step);
            Ok(())
        })?;
        let Some(steps) = unordered(steps) else {
            return Ok(());
        };
        let mut writer = MeasurementWriter::new(Counted::create(&path)?, state.columns())?;
        let mut rows = 0;
        for step in steps {
            for row in self.measurements_of(step)? {
                writer.write(&row)?;
                rows += 1;
            }
        }
        self.replace(state, MEASUREMENTS, writer.finish()?, rows)
    }

    /// Writes a table again, row by row.
    fn rewrite<T: OfStep>(
        &mut self,
        state: &mut SeriesState,
        write: impl FnOnce(&mut Rewriting<T>) -> Result<()>,
    ) -> Result<()> {
        let path = self.folder.file(T::TABLE);
        if !path.exists() {
            return Ok(());
        }
        let mut writer = Rewriting {
            writer: RowWriter::new(Counted::create(&path)?),
            rows: 0,
        };
        write(&mut writer)?;
        let rows = writer.rows;
        self.replace(state, T::TABLE, writer.writer.finish()?, rows)
    }

    /// Writes the measurements again, row by row: those that `change` keeps, as it leaves them.
    fn replace_measurements(
        &mut self,
        state: &mut SeriesState,
        mut change: impl FnMut(&mut Measurement) -> bool,
    ) -> Result<()> {
        let path = self.measurements.path().to_owned();
        if !path.exists() {
            return Ok(());
        }
        let mut writer = MeasurementWriter::new(Counted::create(&path)?, state.columns())?;
        let mut rows = 0;
        each_row(&path, |mut row| {
            if change(&mut row) {
                writer.write(&row)?;
                rows += 1;
            }
            Ok(())
        })?;
        self.replace(state, MEASUREMENTS, writer.finish()?, rows)
    }

    /// Puts a table in the place of the old one: the state knows of both until it is done.
    fn replace(
        &mut self,
        state: &mut SeriesState,
        name: &str,
        new: Counted,
        rows: u64,
    ) -> Result<()> {
        let (file, extent) = new.finish(rows)?;
        let good = state.tables.entry(name.into()).or_default();
        if good.now == extent {
            return Ok(()); // nothing changes
        }
        good.next = Some(extent.clone());
        self.folder.set_state(state)?;
        file.finish()?;
        let good = Good {
            now: extent,
            next: None,
        };
        state.tables.insert(name.into(), good);
        *self = Self::at(&self.folder, state)?;
        self.folder.set_state(state)
    }
}

/// Rows of a table that is written again.
struct Rewriting<T> {
    writer: RowWriter<Counted, T>,
    rows: u64,
}

impl<T: OfStep> Rewriting<T> {
    fn write(&mut self, row: &T) -> Result<()> {
        self.rows += 1;
        Ok(self.writer.write(row)?)
    }
}

/// Notes a step, once for all of its rows that follow one another.
fn note(steps: &mut Vec<u64>, step: u64) {
    if steps.last() != Some(&step) {
        steps.push(step);
    }
}

/// The steps in order, each once; none where they are in order.
fn unordered(mut steps: Vec<u64>) -> Option<Vec<u64>> {
    if steps.is_sorted() {
        return None;
    }
    steps.sort_unstable();
    steps.dedup();
    Some(steps)
}

/// A temporary file that counts and hashes what is written to it.
struct Counted {
    file: AtomicFile,
    bytes: u64,
    hash: RunningSha256,
}

impl Counted {
    fn create(path: &Path) -> Result<Self> {
        Ok(Self {
            file: AtomicFile::create(path)?,
            bytes: 0,
            hash: RunningSha256::default(),
        })
    }

    /// The file, which is yet to be given its name, and what it will be.
    fn finish(self, rows: u64) -> Result<(AtomicFile, Extent)> {
        let extent = Extent {
            bytes: self.bytes,
            rows,
            sha256: self.hash.finish(),
        };
        Ok((self.file, extent))
    }
}

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.bytes += written as u64;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

/// Takes the tables of an earlier version, which kept no hashes, as they are. A step that has fewer rows
/// than others lost some, and is measured again.
fn adopt(folder: &Folder, state: &mut SeriesState) -> Result<()> {
    let mut rows: BTreeMap<u64, u64> = BTreeMap::new();
    each_row(&folder.file(MEASUREMENTS), |row| {
        *rows.entry(row.step).or_default() += 1;
        Ok(())
    })?;
    let whole = rows.values().copied().max();
    state
        .steps
        .retain(|step, _| rows.get(step).copied() == whole);
    let mut heads = 0;
    each::<HeadSink>(&folder.file(HEADS), |_| {
        heads += 1;
        Ok(())
    })?;
    for (name, rows) in [(MEASUREMENTS, rows.values().sum()), (HEADS, heads)] {
        let path = folder.file(name);
        if path.exists() {
            let now = Extent::of(&path, rows)?;
            state.tables.insert(name.into(), Good { now, next: None });
        }
    }
    Ok(())
}

/// Where a table was being replaced, finds out which of the two is there.
pub(crate) fn settle(folder: &Folder, state: &mut SeriesState) -> Result<()> {
    for (name, good) in &mut state.tables {
        if let Some(next) = good.next.take()
            && next.difference(&folder.file(name))?.is_none()
        {
            good.now = next;
        }
    }
    Ok(())
}

/// What is wrong with the tables that a state lists, in words; none where they are as it says.
pub(crate) fn damage(folder: &Folder, state: &SeriesState) -> Result<Vec<String>> {
    let mut damage = Vec::new();
    for (name, good) in &state.tables {
        let reason = good.now.difference(&folder.file(name))?;
        damage.extend(reason.map(|reason| format!("{name}: {reason}")));
    }
    Ok(damage)
}

/// Why a row is suspect whatever an audit says.
pub(crate) fn own_suspicion(row: &Measurement) -> Option<String> {
    (row.stats.non_finite > 0).then(|| Code::NonFinite.to_string())
}
