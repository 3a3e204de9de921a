//! A GPT-NeoX transformer on Burn with taps on its residual stream
