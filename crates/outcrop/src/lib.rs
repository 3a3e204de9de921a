//! Follow massive activations through transformer training: measure, fit, predict, report
