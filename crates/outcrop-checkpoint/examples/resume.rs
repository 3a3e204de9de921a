//! Where to go on after a run was killed: clean up, then take the newest checkpoint that verifies.

use std::collections::BTreeMap;

use outcrop_checkpoint::{Tensor, clean, latest_valid, write_checkpoint, write_tensors};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    for step in [0, 512, 1000] {
        write_checkpoint(dir.path(), step, |folder| {
            let loss = Tensor {
                name: "loss".into(),
                shape: vec![],
                data: vec![step as f32],
            };
            write_tensors(&folder.join("model.safetensors"), &[loss], &BTreeMap::new())
        })?;
    }
    // What a killed process and a failing disk leave.
    std::fs::create_dir(dir.path().join(".partial-2000"))?;
    std::fs::write(dir.path().join("step-001000/model.safetensors"), b"torn")?;

    clean(dir.path())?;
    let (latest, rejected) = latest_valid(dir.path())?;
    assert_eq!(latest, Some((512, dir.path().join("step-000512"))));
    assert!(rejected[0].reason.contains("`model.safetensors` differs"));
    assert!(!dir.path().join(".partial-2000").exists());
    Ok(())
}
