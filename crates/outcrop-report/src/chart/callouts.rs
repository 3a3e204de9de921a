//! Positions of labels beside the tips of spikes.

/// A spike that wants words of a width beside its tip; all in pixels, y downwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spike {
    pub(super) tip: (f64, f64),
    /// Where it stands on the floor, under its tip.
    pub(super) foot: f64,
    pub(super) width: f64,
}

/// Words from `left` to `right`, their middle at `y`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) y: f64,
}

/// Where words may stand, in pixels; from 0 at the top.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// From one point to another.
type Line = ((f64, f64), (f64, f64));

/// Height of a row of words with some air, in pixels.
const ROW: f64 = 16.0;
/// Distance between a tip and its words, in pixels.
const GAP: f64 = 12.0;

impl Spot {
    fn meets(&self, other: &Self) -> bool {
        let apart = (self.y - other.y).abs() >= ROW;
        !apart && self.left < other.right + 4.0 && other.left < self.right + 4.0
    }

    fn crossed_by(&self, spike: &Spike) -> bool {
        let (x, top) = spike.tip;
        let beside = x < self.left - 3.0 || x > self.right + 3.0;
        !beside && self.y + ROW / 2.0 > top && self.y - ROW / 2.0 < spike.foot
    }

    fn inside(&self, frame: &Frame) -> bool {
        let rows = ROW / 2.0..=frame.bottom - ROW / 2.0;
        self.left >= frame.left && self.right <= frame.right && rows.contains(&self.y)
    }

    /// Where the line from the tip of its spike ends.
    pub(super) fn near(&self, spike: &Spike) -> (f64, f64) {
        match self.left > spike.tip.0 {
            true => (self.left - 3.0, self.y),
            false => (self.right + 3.0, self.y),
        }
    }

    /// Whether the line from one point to another runs over the words.
    fn under(&self, (from, to): Line) -> bool {
        const STEPS: i32 = 24;
        (0..=STEPS).any(|i| {
            let part = f64::from(i) / f64::from(STEPS);
            let x = from.0 + part * (to.0 - from.0);
            let y = from.1 + part * (to.1 - from.1);
            x > self.left - 2.0 && x < self.right + 2.0 && (y - self.y).abs() < ROW / 2.0
        })
    }
}

/// For every spike the nearest place for its words, to the right if it can be, that neither meets
/// words that stand already (`taken`, then those of other spikes) nor hides a spike, and whose line to
/// its tip crosses no words; none where there is no such place inside of `frame`.
pub(super) fn place(spikes: &[Spike], taken: &[Spot], frame: &Frame) -> Vec<Option<Spot>> {
    // Words move upwards more easily where what stands higher on the picture is placed first.
    let mut upper_first: Vec<usize> = (0..spikes.len()).collect();
    upper_first.sort_by(|a, b| spikes[*a].tip.1.total_cmp(&spikes[*b].tip.1));
    let spots = in_order(spikes, &upper_first, taken, frame);
    if spots.iter().all(Option::is_some) {
        return spots;
    }
    let as_given = in_order(spikes, &(0..spikes.len()).collect::<Vec<_>>(), taken, frame);
    let placed = |spots: &[Option<Spot>]| spots.iter().flatten().count();
    match placed(&as_given) > placed(&spots) {
        true => as_given,
        false => spots,
    }
}

fn in_order(spikes: &[Spike], order: &[usize], taken: &[Spot], frame: &Frame) -> Vec<Option<Spot>> {
    let (mut taken, mut lines) = (taken.to_vec(), Vec::<Line>::new());
    let mut spots = vec![None; spikes.len()];
    for i in order {
        let spike = &spikes[*i];
        let free = |spot: &Spot| {
            let line = (spike.tip, spot.near(spike));
            let hides = spikes.iter().any(|s| spot.crossed_by(s));
            let meets = taken.iter().any(|t| t.meets(spot) || t.under(line));
            spot.inside(frame) && !hides && !meets && !lines.iter().any(|l| spot.under(*l))
        };
        spots[*i] = candidates(spike).find(free);
        lines.extend(spots[*i].map(|spot: Spot| (spike.tip, spot.near(spike))));
        taken.extend(spots[*i]);
    }
    spots
}

/// Places around a tip, the nearest first.
fn candidates(spike: &Spike) -> impl Iterator<Item = Spot> + '_ {
    let (x, y) = spike.tip;
    let rows = (0..40).flat_map(|i| [-i, i]).skip(1);
    rows.flat_map(move |row| {
        [x + GAP, x - GAP - spike.width].map(|left| Spot {
            left,
            right: left + spike.width,
            y: y + f64::from(row) * ROW / 2.0,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_beside_their_spikes_and_apart() {
        let spike = |x, y| Spike {
            tip: (x, y),
            foot: 300.0,
            width: 80.0,
        };
        let spikes = [spike(100.0, 50.0), spike(140.0, 52.0), spike(370.0, 50.0)];
        let frame = |right: f64| Frame {
            left: 0.0,
            right,
            bottom: 300.0,
        };
        let spots = place(&spikes, &[], &frame(400.0));
        let spots: Vec<Spot> = spots.into_iter().flatten().collect();
        assert_eq!(spots.len(), 3);
        // The neighbour's spike is in the way on the right.
        assert_eq!((spots[0].right, spots[0].y), (88.0, 50.0));
        assert_eq!((spots[1].left, spots[1].y), (152.0, 52.0));
        assert!(spots[2].right <= 370.0 - GAP); // no room at the right end
        for (i, a) in spots.iter().enumerate() {
            assert!(spikes.iter().all(|s| !a.crossed_by(s)));
            assert!(spots[i + 1..].iter().all(|b| !a.meets(b)));
            let lines = spikes.iter().zip(&spots).map(|(k, s)| (k.tip, s.near(k)));
            assert!(!lines.into_iter().any(|line| a.under(line)));
        }
        let moved = place(&spikes[..1], &spots[1..2], &frame(400.0))[0].unwrap();
        assert!(!moved.meets(&spots[1]));
        assert_eq!(place(&spikes[..1], &[], &frame(60.0)), [None]);
    }
}
