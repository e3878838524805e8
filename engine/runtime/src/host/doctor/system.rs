//! Memory, priorities and clocks.

use super::{Finding, Tried};
use crate::config::ThreadsConfig;
use crate::host::tree::Tree;

/// Furthest a clock may be from UTC where orders are stamped by it: RTS 25 (EU 2017/574), table 2, asks 100 us of algorithms that are fast.
const OFFSET_MICROS_MAX: i64 = 100;

/// Large pages, where they are asked for.
pub(super) fn huge_pages(tree: &Tree, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "huge-pages";
    let choice = tree.choice("sys/kernel/mm/transparent_hugepage/enabled");
    match choice.as_deref() {
        Some("always") => Finding::ok(CHECK, "given everywhere"),
        Some("madvise") if threads.huge_pages => {
            Finding::ok(CHECK, "given where asked for, and [threads] asks")
        }
        Some("madvise") => {
            Finding::warn(CHECK, "given where asked for, and nobody asks", "huge_pages = true in [threads]")
        }
        Some(_) | None => Finding::warn(
            CHECK,
            "turned off",
            "write madvise into /sys/kernel/mm/transparent_hugepage/enabled, and huge_pages = true in [threads]",
        ),
    }
}

/// The limit of memory that is kept from being paged out.
pub(super) fn locked_memory(tree: &Tree, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "memlock";
    match (tree.may_lock_all(), threads.mlock) {
        (true, true) => Finding::ok(CHECK, "unlimited, and [threads] asks for it"),
        (true, false) => Finding::warn(CHECK, "unlimited, and nobody asks", "mlock = true in [threads]"),
        (false, _) => Finding::warn(
            CHECK,
            "limited: memory may be paged out",
            "LimitMEMLOCK=infinity in the unit, or `ulimit -l unlimited`; and mlock = true in [threads]",
        ),
    }
}

/// The right to a real-time priority, where one is asked for.
pub(super) fn priority(tree: &Tree, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "priority";
    match threads.fifo {
        None => Finding::ok(CHECK, "ordinary: none is asked for"),
        Some(priority) if tree.may_have_priority(priority) => {
            Finding::ok(CHECK, format!("SCHED_FIFO {priority} may be had"))
        }
        Some(priority) => Finding::warn(
            CHECK,
            format!("SCHED_FIFO {priority} is asked for and may not be had"),
            format!("LimitRTPRIO={priority} in the unit, or the capability CAP_SYS_NICE"),
        ),
    }
}

/// The hardware that time is read from.
pub(super) fn clock_source(tree: &Tree) -> Finding {
    const CHECK: &str = "clock-source";
    let source = tree.text("sys/devices/system/clocksource/clocksource0/current_clocksource");
    match source.as_deref() {
        Some("tsc" | "arch_sys_counter") => Finding::ok(CHECK, source.unwrap_or_default()),
        other => Finding::warn(
            CHECK,
            format!("{}: every reading may be a call into the kernel", other.unwrap_or("unknown")),
            "clocksource=tsc tsc=reliable on the kernel's command line, where the processor's counter is steady",
        ),
    }
}

/// How far the wall clock may be from the time.
pub(super) fn clock_offset(tried: &Tried) -> Finding {
    const CHECK: &str = "clock-offset";
    const MEND: &str = "run chrony (or ntpd, systemd-timesyncd) and let it settle; see `chronyc tracking`";
    match &tried.clock {
        Err(why) => Finding::warn(CHECK, format!("unknown: {why}"), MEND),
        Ok(clock) if !clock.is_kept => Finding::warn(CHECK, "nothing keeps this clock right", MEND),
        Ok(clock) => {
            let micros = clock.offset / 1_000;
            let found = format!("{micros} us off, wrong by at most {} us", clock.error_micros);
            let is_near = micros.abs() <= OFFSET_MICROS_MAX;
            if is_near { Finding::ok(CHECK, found) } else { Finding::warn(CHECK, found, MEND) }
        }
    }
}
