//! Cores: enough of them, left alone, awake and not shared.

use super::{Finding, Tried};
use crate::config::{ThreadsConfig, WaitConfig};
use crate::host::tree::{Tree, listed};

/// The longest that a core may take to wake, in microseconds.
const WAKE_MICROS_MAX: u64 = 10;

/// Cores that are worth looking at: those the threads name, else all there are.
fn looked_at(tried: &Tried, threads: &ThreadsConfig) -> Vec<usize> {
    let mut named: Vec<_> = threads.hot_cores().map(usize::from).collect();
    named.sort_unstable();
    if named.is_empty() { tried.cores.clone() } else { named }
}

/// As many cores as threads want, and those that they name.
pub(super) fn enough(tried: &Tried, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "cores";
    let Tried { cores, .. } = tried;
    let wanted = threads.hot_threads();
    let found = format!("{} for us ({}), {wanted} hot threads at least", cores.len(), listed(cores));
    let named = threads.hot_cores().chain(threads.journal_core).map(usize::from);
    let missing: Vec<_> = named.filter(|core| !cores.contains(core)).collect();
    if !missing.is_empty() {
        let mend = format!(
            "name others in [threads], or let the process use {} (CPUAffinity, cpuset)",
            listed(&missing)
        );
        return Finding::fail(CHECK, format!("{found}; not {}", listed(&missing)), mend);
    }
    if cores.len() > wanted {
        return Finding::ok(CHECK, found);
    }
    let mend = "a core for each venue and shard, and one for all else; or wait = \"park\" in [threads]";
    match threads.wait {
        WaitConfig::Spin if cores.len() < wanted => {
            Finding::fail(CHECK, format!("{found}, which spin"), mend)
        }
        WaitConfig::Spin | WaitConfig::Yield | WaitConfig::Auto => Finding::warn(CHECK, found, mend),
        WaitConfig::Park => Finding::ok(CHECK, format!("{found}, which park")),
    }
}

/// Cores that the kernel gives to nobody else.
pub(super) fn isolated(tree: &Tree, tried: &Tried, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "isolcpus";
    let isolated = tree.numbers("sys/devices/system/cpu/isolated");
    let named: Vec<_> = threads.hot_cores().map(usize::from).collect();
    let left: Vec<_> =
        looked_at(tried, threads).into_iter().filter(|core| !isolated.contains(core)).collect();
    if if named.is_empty() { !isolated.is_empty() } else { left.is_empty() } {
        return Finding::ok(CHECK, format!("cores {} are isolated", listed(&isolated)));
    }
    let (found, which) = if named.is_empty() {
        ("no core is isolated".to_owned(), "LIST".to_owned())
    } else {
        (format!("cores {} are not isolated", listed(&left)), listed(&looked_at(tried, threads)))
    };
    let mend = format!("isolcpus={which} nohz_full={which} rcu_nocbs={which} on the kernel's command line");
    Finding::warn(CHECK, found, mend)
}

/// Cores that always run at full speed.
pub(super) fn governor(tree: &Tree, tried: &Tried, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "governor";
    let of = |core: &usize| tree.text(&format!("sys/devices/system/cpu/cpu{core}/cpufreq/scaling_governor"));
    let cores = looked_at(tried, threads);
    let mut governors: Vec<_> = cores.iter().filter_map(of).collect();
    governors.sort();
    governors.dedup();
    match &*governors {
        [] => Finding::ok(CHECK, "none here: the frequency is not ours to choose"),
        [one] if one == "performance" => Finding::ok(CHECK, "performance"),
        other => Finding::warn(
            CHECK,
            format!("{} on cores {}", other.join(", "), listed(&cores)),
            "cpupower frequency-set --governor performance",
        ),
    }
}

/// Cores that do not sleep so deeply that waking takes long.
pub(super) fn sleep_states(tree: &Tree, tried: &Tried, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "c-states";
    let mut slow = Vec::new();
    let mut count = 0;
    for core in looked_at(tried, threads) {
        let folder = format!("sys/devices/system/cpu/cpu{core}/cpuidle");
        for state in tree.names(&folder) {
            let says = |what: &str| tree.text(&format!("{folder}/{state}/{what}"));
            count += 1;
            let micros: u64 = says("latency").and_then(|text| text.parse().ok()).unwrap_or(0);
            if micros > WAKE_MICROS_MAX && says("disable").as_deref() != Some("1") {
                slow.push((micros, says("name").unwrap_or(state), core));
            }
        }
    }
    match slow.iter().max() {
        None if count == 0 => Finding::ok(CHECK, "none here: sleep is not ours to choose"),
        None => Finding::ok(CHECK, format!("waking takes at most {WAKE_MICROS_MAX} us")),
        Some((micros, name, core)) => Finding::warn(
            CHECK,
            format!("waking from {name} takes {micros} us (core {core})"),
            "processor.max_cstate=1 intel_idle.max_cstate=0 on the kernel's command line, or \
             cpupower idle-set --disable-by-latency 10",
        ),
    }
}

/// Cores that share their hardware with no other.
pub(super) fn siblings(tree: &Tree, tried: &Tried, threads: &ThreadsConfig) -> Finding {
    const CHECK: &str = "smt";
    let of = |core: usize| {
        tree.numbers(&format!("sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list"))
    };
    let cores = looked_at(tried, threads);
    let pairs: Vec<_> = cores.iter().map(|core| of(*core)).filter(|siblings| siblings.len() > 1).collect();
    let named: Vec<_> = threads.hot_cores().map(usize::from).collect();
    let both = |pair: &&Vec<usize>| pair.iter().filter(|core| named.contains(core)).count() > 1;
    if let Some(pair) = pairs.iter().find(both) {
        let found = format!("threads are named for cores {}, which are one", listed(pair));
        return Finding::warn(CHECK, found, "name one of them for a hot thread, and leave the other idle");
    }
    match pairs.first() {
        None => Finding::ok(CHECK, format!("cores {} are whole", listed(&cores))),
        Some(pair) => Finding::warn(
            CHECK,
            format!("cores {} share one", listed(pair)),
            "write off into /sys/devices/system/cpu/smt/control, or leave one of each pair idle",
        ),
    }
}
