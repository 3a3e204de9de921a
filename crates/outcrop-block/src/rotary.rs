use std::sync::{Arc, Mutex, PoisonError};

use outcrop_arch::Angles;
use outcrop_vector::rotary_tables;

/// Cosines and sines [positions, half] of some angles.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) half: usize,
    pub(crate) cosines: Vec<f32>,
    pub(crate) sines: Vec<f32>,
    /// Which sequences it is for.
    regime: usize,
    positions: usize,
}

impl Table {
    /// For a sequence of so many tokens.
    fn new(angles: &Angles, tokens: usize) -> Self {
        let frequencies = angles.frequencies(tokens);
        let [cosines, sines] = rotary_tables(&frequencies, angles.scale(), tokens);
        Self {
            half: angles.dims / 2,
            cosines,
            sines,
            regime: angles.regime(tokens),
            positions: tokens,
        }
    }
}

/// Tables of some angles, for sequences of some lengths.
#[derive(Debug)]
struct Of {
    angles: Angles,
    tables: Vec<Table>,
}

impl Of {
    fn table(&self, tokens: usize) -> Option<&Table> {
        let regime = self.angles.regime(tokens);
        self.tables.iter().find(|table| table.regime == regime)
    }

    /// With tables for sequences of these lengths, each at least as long as it was.
    fn new(angles: &Angles, lengths: &[usize], known: Option<&Self>) -> Self {
        let mut longest: Vec<(usize, usize)> = Vec::new();
        for tokens in lengths {
            let regime = angles.regime(*tokens);
            match longest.iter_mut().find(|(known, _)| *known == regime) {
                Some((_, most)) => *most = (*most).max(*tokens),
                None => longest.push((regime, *tokens)),
            }
        }
        let table = |(_, tokens): &(usize, usize)| {
            let known = known.and_then(|known| known.table(*tokens));
            let positions = known.map_or(0, |table| table.positions);
            Table::new(angles, positions.max(*tokens))
        };
        Self {
            angles: angles.clone(),
            tables: longest.iter().map(table).collect(),
        }
    }
}

/// Tables of all angles.
#[derive(Debug, Default)]
pub(crate) struct Tables(Vec<Of>);

impl Tables {
    /// The table of some angles for a sequence of so many tokens.
    ///
    /// # Panics
    /// Where it was not asked for.
    pub(crate) fn table(&self, angles: usize, tokens: usize) -> &Table {
        match self.0[angles].table(tokens) {
            Some(table) => table,
            None => unreachable!("tables are made for all lengths of a pass"),
        }
    }

    fn reach(&self, angles: &[Angles], lengths: &[usize]) -> bool {
        let reaches = |of: &Of, tokens: usize| {
            of.table(tokens)
                .is_some_and(|table| table.positions >= tokens)
        };
        let all = |of: &Of| lengths.iter().all(|tokens| reaches(of, *tokens));
        self.0.len() == angles.len() && self.0.iter().all(all)
    }
}

/// Tables that are computed when a sequence is longer than those before, or of another kind.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Arc<Tables>>);

impl Known {
    /// Tables for sequences of these lengths at least.
    pub(crate) fn of(&self, angles: &[Angles], lengths: &[usize]) -> Arc<Tables> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.reach(angles, lengths) {
            let made = angles.iter().enumerate();
            let made = made.map(|(i, angles)| Of::new(angles, lengths, known.0.get(i)));
            *known = Arc::new(Tables(made.collect()));
        }
        Arc::clone(&known)
    }
}
