//! Queries, keys and values of the heads of a block.

use crate::{AttentionWeights, HeadPart};
use outcrop_gemm::Aligned;
use outcrop_observe::{Result, Site};

use super::jobs::{Bench, Job, Outcome};

/// Heads that a thread observes together.
const HEADS: usize = 4;

/// The place of a head's rows, and the head.
fn site_of(part: HeadPart) -> (Site, usize) {
    match part {
        HeadPart::Queries(head) => (Site::Queries, head),
        HeadPart::Keys(head) => (Site::Keys, head),
        HeadPart::Values(head) => (Site::Values, head),
    }
}

impl Bench<'_> {
    /// Queries, keys and values, a few heads at a time, so that they are in the caches. `apart` is memory.
    pub(super) fn of_heads(
        self,
        layer: u32,
        attention: &AttentionWeights<'_>,
        by_key: &[Option<Vec<usize>>],
        apart: &mut Aligned,
    ) -> Result<Vec<Outcome>> {
        // as they lie in memory
        let group = attention.heads() / attention.kv_heads().max(1);
        let of_group = |kv_head: usize| {
            let queries = (kv_head * group..(kv_head + 1) * group).map(HeadPart::Queries);
            queries.chain([HeadPart::Keys(kv_head), HeadPart::Values(kv_head)])
        };
        let parts = (0..attention.kv_heads()).flat_map(of_group);
        let wanted = |part: &HeadPart| self.wanted.at(site_of(*part).0);
        let parts: Vec<HeadPart> = parts.filter(wanted).collect();
        let mut outcomes = Vec::new();
        for parts in parts.chunks(HEADS * rayon::current_num_threads()) {
            let size = attention.tokens() * attention.d_head();
            apart.resize(parts.len() * size);
            attention.put_into(parts, apart);
            let jobs = parts
                .iter()
                .zip(apart.chunks_exact(size))
                .map(|(part, rows)| {
                    let (site, head) = site_of(*part);
                    let of_keys = by_key.get(head).and_then(|sinks| sinks.as_deref());
                    Job {
                        site,
                        layer,
                        head: Some(head as u32 + 1),
                        rows,
                        columns: attention.d_head(),
                        companions: Vec::new(),
                        sinks: of_keys.filter(|_| self.wanted.sinks && site != Site::Queries),
                        stream: None,
                    }
                });
            let jobs: Vec<Job<'_>> = jobs.collect();
            outcomes.extend(self.run(&jobs)?);
        }
        // queries before keys and values
        outcomes.sort_by_key(|outcome| (outcome.site != Site::Queries, outcome.head));
        Ok(outcomes)
    }
}
