//! From a measurements table to trajectories.

use outcrop_core::{Ratio, Trajectory, table};

fn main() -> Result<(), outcrop_core::Error> {
    let csv = "model,step,sequence,layer,top1,top2,top3,median\n\
               tiny,0,0,1,3.0,2.5,2.0,0.5\n\
               tiny,0,1,1,5.0,2.5,2.0,0.5\n\
               tiny,64,0,1,40.0,9.0,8.0,0.5\n\
               tiny,64,1,1,60.0,9.0,8.0,0.5\n";
    let loaded = table::measurements_from(csv.as_bytes(), "example")?;
    let trajectories = Trajectory::from_measurements(&loaded.rows, Ratio::MeanOverMean);
    assert_eq!(trajectories[0].steps, [0, 64]);
    assert_eq!(trajectories[0].ratios, [8.0, 100.0]);
    Ok(())
}
