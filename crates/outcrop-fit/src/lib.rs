//! Fits the curve by which massive activations emerge: variable projection, rivals, model choice
