use outcrop_core::Place;

use crate::{Error, Result};

/// The number of values that a coordinate of a [`Place`] has.
const LIMIT: u64 = 1 << 32;

/// The shape of a hidden state that was checked.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    d_model: usize,
}

impl Shape {
    pub(crate) fn check(length: usize, d_model: usize) -> Result<Self> {
        if d_model == 0 || d_model as u64 > LIMIT {
            return Err(Error::Channels { d_model });
        }
        if length == 0 {
            return Err(Error::Empty);
        }
        if !length.is_multiple_of(d_model) {
            return Err(Error::Length { length, d_model });
        }
        let positions = length / d_model;
        match positions as u64 > LIMIT {
            true => Err(Error::Positions { positions }),
            false => Ok(Self { d_model }),
        }
    }

    /// The place of the scalar at `index`, below the checked length.
    pub(crate) fn place(self, index: usize) -> Place {
        Place {
            position: (index / self.d_model) as u32,
            channel: (index % self.d_model) as u32,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Such slices exist for no test, but the check sees lengths alone.
    #[test]
    #[cfg(target_pointer_width = "64")]
    fn places_that_do_not_fit_are_refused() {
        let limit = LIMIT as usize;
        let place = Shape::check(limit, 1).unwrap().place(limit - 1);
        assert_eq!((place.position, place.channel), (u32::MAX, 0));
        let place = Shape::check(limit, limit).unwrap().place(limit - 1);
        assert_eq!((place.position, place.channel), (0, u32::MAX));
        let positions = limit + 1;
        assert_eq!(
            Shape::check(positions, 1).err(),
            Some(Error::Positions { positions })
        );
        let d_model = limit + 1;
        assert_eq!(
            Shape::check(d_model, d_model).err(),
            Some(Error::Channels { d_model })
        );
    }
}
