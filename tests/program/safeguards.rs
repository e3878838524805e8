//! The safeguards of a live run, as configuration writes them.

use crate::rig::Folder;

/// The paper configuration with something else in its table `live`.
fn with(more: &str) -> String {
    let text = include_str!("../../config/paper.toml");
    text.replacen("mode = \"paper\"", &format!("mode = \"paper\"\n{more}"), 1)
}

#[test]
fn a_dead_mans_timer_is_taken_as_a_span_or_as_off() {
    let folder = Folder::new();
    for more in ["dead_man = \"4s\"", "dead_man = \"off\"", "dead_man = \"600s\""] {
        folder.write("good.toml", with(more));
        folder.expect(0, "config check good.toml --json");
    }
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_place() {
    let folder = Folder::new();
    for (more, key, rule) in [
        ("dead_man = \"3s\"", "live.dead_man", "4 s for each symbol"),
        ("dead_man = \"601s\"", "live.dead_man", "from 1 s to 600 s"),
        ("dead_man = \"sometimes\"", "dead_man", "or \"off\""),
        ("dead_man = 10", "dead_man", "string"),
    ] {
        folder.write("bad.toml", with(more));
        let run = folder.expect(3, "config check bad.toml");
        for part in ["bad.toml", key, rule] {
            assert!(
                run.err.contains(part) || run.out.contains(part),
                "{part} for {more}: {}{}",
                run.out,
                run.err
            );
        }
    }
}
