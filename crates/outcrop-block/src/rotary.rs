use std::sync::{Arc, Mutex, PoisonError};

use outcrop_vector::rotary_tables;

/// The angles of a rotary embedding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Angles {
    /// Channels of a head that are rotated, even.
    pub(crate) dims: usize,
    pub(crate) base: f64,
}

/// Cosines and sines [positions, half] of some angles.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) half: usize,
    pub(crate) cosines: Vec<f32>,
    pub(crate) sines: Vec<f32>,
}

/// Tables of all angles, for so many positions.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    positions: usize,
    pub(crate) tables: Vec<Table>,
}

impl Tables {
    fn new(angles: &[Angles], positions: usize) -> Self {
        let table = |angles: &Angles| {
            let [cosines, sines] = rotary_tables(angles.dims, angles.base, positions);
            Table {
                half: angles.dims / 2,
                cosines,
                sines,
            }
        };
        Self {
            positions,
            tables: angles.iter().map(table).collect(),
        }
    }
}

/// Tables that are computed when a sequence is longer than those before.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Arc<Tables>>);

impl Known {
    /// Tables for at least so many positions.
    pub(crate) fn of(&self, angles: &[Angles], positions: usize) -> Arc<Tables> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.positions < positions {
            *known = Arc::new(Tables::new(angles, positions));
        }
        Arc::clone(&known)
    }
}
