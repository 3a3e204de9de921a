//! Figures and a self-contained HTML page of massive-activation dynamics
