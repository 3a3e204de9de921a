//! What steps do to heads.

use outcrop_arch::{Over, Rows, Step, TensorKind};

use super::List;
use crate::extra::Extra;
use crate::heads::Heads;
use crate::op::{Norm, Turn, TurnKind};
use crate::{Error, Result};

/// The heads of the step that is attention.
pub(super) fn heads(step: &Step) -> Option<Heads> {
    let Step::Attend {
        heads,
        kv_heads,
        d_head,
        weighting,
        window,
        alibi,
        scale,
        softcap,
        bidirectional,
        extra: _, // inputs that are not there yet
    } = *step
    else {
        return None;
    };
    let usual = || 1.0 / (d_head as f32).sqrt();
    Some(Heads {
        heads,
        kv_heads,
        d_head,
        window: window.unwrap_or(usize::MAX),
        alibi,
        scale: scale.map_or_else(usual, |scale| scale as f32),
        softcap: softcap.map(|cap| cap as f32),
        bidirectional,
        weighting,
        extra: Extra::None,
    })
}

impl List<'_> {
    /// The norm of queries or keys.
    pub(super) fn head_norm(&mut self, step: &Step) -> Result<Norm> {
        let Step::HeadNorm {
            role,
            centred,
            eps,
            of,
            over,
        } = *step
        else {
            return Err(Error::lack("a norm that is none"));
        };
        let (d_head, heads) = (self.heads.d_head, self.starts(of)?.len());
        let (width, gains) = match over {
            Over::Head => (d_head, 1),
            Over::Heads => (d_head, heads),
            Over::Width => (d_head * heads, 1),
        };
        Ok(Norm {
            width,
            gains,
            centred,
            eps: eps as f32,
            gain: self.inputs.vector(role, TensorKind::Gain),
            shift: self.inputs.vector(role, TensorKind::Shift),
            alpha: None,
        })
    }

    /// Where the heads begin in a row.
    fn starts(&self, of: Rows) -> Result<Vec<usize>> {
        let heads = self.heads;
        let keys = 0..heads.kv_heads;
        match of {
            Rows::Queries => Ok((0..heads.heads).map(|head| heads.query(head)).collect()),
            Rows::Keys => Ok(keys.map(|head| heads.key(head)).collect()),
            Rows::Values => Ok(keys.map(|head| heads.value(head)).collect()),
            Rows::Patches
            | Rows::Residual
            | Rows::AttentionInput
            | Rows::Read
            | Rows::ReadGate
            | Rows::MlpInput
            | Rows::Hidden
            | Rows::Gate
            | Rows::Write
            | Rows::Final => Err(Error::lack(format!("heads of {of:?} that turn"))),
        }
    }

    pub(super) fn turn(&mut self, of: Rows, kind: TurnKind) -> Result<()> {
        let mut starts = self.starts(of)?;
        let alone = matches!(kind, TurnKind::Norm(_));
        // heads that are turned alike in one go, unless something is done to the others in between
        let same = self.turns.iter().position(|turn| turn.kind == kind);
        if let Some(same) = same.filter(|_| !alone) {
            let (turn, later) = (&self.turns[same], &self.turns[same + 1..]);
            let touched = |start| later.iter().any(|turn| turn.starts.contains(start));
            if !turn.starts.iter().any(touched) {
                let others = self.turns.remove(same);
                starts.splice(0..0, others.starts);
            }
        }
        self.turns.push(Turn { starts, kind });
        Ok(())
    }
}
