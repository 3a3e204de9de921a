//! Massive-activation statistics of a hidden state: top-k with places, exact lower median, ratio
