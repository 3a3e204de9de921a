use outcrop_arch::{ArchSpec, Plan};

use super::*;

fn lack(change: impl FnOnce(&mut Section)) -> String {
    let mut section = Plan::new(&ArchSpec::new(1, 32, 4)).block(1).clone();
    change(&mut section);
    compile(&section).map_or_else(|e| e.to_string(), |_| "compiled".into())
}

fn at(section: &Section, which: impl Fn(&Step) -> bool) -> usize {
    section.steps.iter().position(which).expect("a step")
}

#[test]
fn what_is_lacking_is_named_before_anything_is_computed() {
    assert_eq!(lack(|_| ()), "compiled");
    let plan = Plan::new(&ArchSpec::new(1, 32, 4));
    for section in [&plan.start, &plan.end] {
        assert!(compile(section).is_err());
    }
    let attend = |s: &Step| matches!(s, Step::Attend { .. });
    let twice = lack(|section| {
        let again = section.steps[at(section, attend)].clone();
        section.steps.push(again);
    });
    assert!(twice.contains("attention twice"), "{twice}");
    let none = lack(|section| section.steps.retain(|step| !attend(step)));
    assert!(none.contains("no attention"), "{none}");
    let early = lack(|section| {
        let add = section.steps.pop().expect("an addition");
        section.steps.insert(0, add);
    });
    assert!(early.contains("Write that were not computed"), "{early}");
    let bare = lack(|section| section.parts.clear());
    assert!(bare.contains("no matrix of Query"), "{bare}");
    let half = lack(|section| {
        let key = |part: &outcrop_arch::Part| {
            (part.role, part.kind) == (TensorRole::Key, TensorKind::Bias)
        };
        section.parts.retain(|part| !key(part));
    });
    assert!(half.contains("a bias in some"), "{half}");
}
