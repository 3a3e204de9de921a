//! The step that is a mixture of experts.

use outcrop_arch::{Step, TensorRole};

use crate::input::{Columns, Inputs};
use crate::op::{Experts, Map, Shared};
use crate::{Error, Result};

impl Inputs<'_> {
    /// The experts of a step.
    pub(super) fn experts(&mut self, step: &Step) -> Result<Experts> {
        let Step::Experts {
            count,
            chosen,
            normalised,
            kind,
            limit,
            shared,
            ..
        } = *step
        else {
            return Err(Error::lack("experts that are none"));
        };
        Ok(Experts {
            count,
            chosen,
            normalised,
            kind,
            limit: limit.map(|limit| limit as f32),
            router: self.whole(&[TensorRole::Router])?,
            first: self.of_experts(&[TensorRole::ExpertGate, TensorRole::ExpertUp], count)?,
            last: self.of_experts(&[TensorRole::ExpertDown], count)?,
            shared: match shared {
                true => Some(self.shared()?),
                false => None,
            },
        })
    }

    fn shared(&mut self) -> Result<Shared> {
        Ok(Shared {
            score: self.whole(&[TensorRole::SharedScore])?,
            first: self.whole(&[TensorRole::SharedGate, TensorRole::SharedUp])?,
            last: self.whole(&[TensorRole::SharedDown])?,
        })
    }

    /// One map of whole projections.
    fn whole(&mut self, roles: &[TensorRole]) -> Result<Map> {
        let whole = |role: &TensorRole| -> Result<Columns> {
            let outputs = 0..self.matrix(*role)?[0];
            Ok(Columns {
                role: *role,
                outputs,
            })
        };
        let columns = roles.iter().map(whole).collect::<Result<Vec<_>>>()?;
        self.map(columns)
    }

    /// The maps of experts, one beside another, each of the same `roles`.
    fn of_experts(&mut self, roles: &[TensorRole], count: usize) -> Result<Map> {
        let mut columns = Vec::new();
        for expert in 0..count {
            for role in roles {
                let outputs = self.matrix(*role)?[0] / count;
                columns.push(Columns {
                    role: *role,
                    outputs: expert * outputs..(expert + 1) * outputs,
                });
            }
        }
        let all = self.map(columns)?;
        for input in [Some(all.weight), all.bias].into_iter().flatten() {
            self.list[input].experts = Some(count);
        }
        Ok(Map {
            outputs: all.outputs / count,
            ..all
        })
    }
}
