use crate::{ArchSpec, Error, Result, SWITCHES};

impl ArchSpec {
    /// Width of one attention head: `head_dim`, or d_model / heads where it is not given.
    pub fn d_head(&self) -> usize {
        self.head_dim.unwrap_or_else(|| self.d_model / self.heads)
    }

    /// How many learned vectors stand before the tokens of a sequence: registers; before the patches of an image the class
    /// token and registers.
    pub fn leading(&self) -> usize {
        let of_patches = self.patches.map_or(0, |patches| 1 + patches.registers);
        self.registers + of_patches
    }

    /// How many positions one sees in `layer`, counted from 1, itself among them; none where it sees all
    /// earlier ones.
    pub fn window_width(&self, layer: usize) -> Option<usize> {
        let window = self.window.as_ref()?;
        window.layers.contains(&layer).then_some(window.width)
    }

    /// Number of channels of each head that are rotated (even); 0 without rotary embedding.
    pub fn rotary_dims(&self) -> usize {
        let rotary = self.position.rotary();
        rotary.map_or(0, |rotary| {
            (self.d_head() as f64 * rotary.fraction) as usize / 2 * 2
        })
    }

    /// The JSON by whose hash an architecture is known: its fields in order, those left out that say
    /// nothing.
    ///
    /// # Errors
    /// [`Error::Parse`] where a number is not finite.
    pub fn canonical_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::parse("architecture", e))
    }

    /// Checks that every field is in its range and that the fields agree.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] with the field, its value and the range.
    pub fn check(&self) -> Result<()> {
        SWITCHES.iter().try_for_each(|switch| (switch.check)(self))
    }
}
