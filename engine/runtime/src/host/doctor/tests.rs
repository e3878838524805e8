use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::config::Config;

const REPLAY: &str = include_str!("../../../../../config/replay.toml");
const GIB: u64 = 1 << 30;

/// A host of four cores on which nothing is wrong for [`THREADS`].
struct Host {
    folder: TempDir,
    tried: Tried,
    threads: ThreadsConfig,
}

const THREADS: &str =
    "shard_cores = [2]\nvenue_cores = { usdm = 3 }\nfifo = 50\nmlock = true\nhuge_pages = true\n";

impl Host {
    fn sound() -> Self {
        let clock = KernelClock { is_kept: true, offset: -12_345, error_micros: 80 };
        let tried = Tried {
            cores: vec![0, 1, 2, 3],
            clock: Ok(clock),
            free: Ok(50 * GIB),
            synced: Ok([Duration::from_micros(900), Duration::from_millis(2)]),
        };
        let host = Self { folder: TempDir::new().unwrap(), tried, threads: threads(THREADS) };
        host.write("sys/devices/system/cpu/isolated", "2-3\n");
        for core in 0..4 {
            let cpu = format!("sys/devices/system/cpu/cpu{core}");
            host.write(&format!("{cpu}/cpufreq/scaling_governor"), "performance\n");
            for (state, name, latency, disable) in [(0, "POLL", 0, 0), (1, "C1", 2, 0), (2, "C6", 133, 1)] {
                let state = format!("{cpu}/cpuidle/state{state}");
                host.write(&format!("{state}/name"), name);
                host.write(&format!("{state}/latency"), &latency.to_string());
                host.write(&format!("{state}/disable"), &disable.to_string());
            }
            host.write(&format!("{cpu}/topology/thread_siblings_list"), &core.to_string());
        }
        host.write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
        host.write("sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
        host.limits("unlimited", "50", "65536");
        host
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn limits(&self, memory: &str, priority: &str, files: &str) {
        let text = format!(
            "Limit  Soft Limit  Hard Limit  Units\nMax open files  {files}  65536  files\n\
             Max locked memory  {memory}  unlimited  bytes\nMax realtime priority  {priority}  50\n"
        );
        self.write("proc/self/limits", &text);
    }

    fn findings(&self) -> Vec<Finding> {
        examine(&Tree::at(self.folder.path().to_owned()), &self.tried, Some(&self.threads))
    }

    /// The one check that is not as it should be, which must be this one.
    #[track_caller]
    fn complains(&self, check: &str, verdict: Verdict, found: &str, mend: &str) {
        let bad: Vec<_> = self.findings().into_iter().filter(|one| one.verdict != Verdict::Ok).collect();
        let [one] = &*bad else { panic!("not {check} alone: {bad:#?}") };
        assert_eq!((one.check, one.verdict), (check, verdict), "{one:?}");
        assert!(one.found.contains(found), "{found} in {one:?}");
        assert!(one.mend.as_ref().unwrap().contains(mend), "{mend} in {one:?}");
    }
}

fn threads(table: &str) -> ThreadsConfig {
    Config::parse(&format!("{REPLAY}\n[threads]\n{table}"), Path::new("some.toml")).unwrap().threads
}

#[test]
fn a_sound_host_has_nothing_to_mend() {
    let findings = Host::sound().findings();
    assert_eq!(findings.len(), 13);
    for one in &findings {
        assert_eq!((one.verdict, &one.mend), (Verdict::Ok, &None), "{one:?}");
        assert!(!one.found.is_empty(), "{one:?}");
    }
    let mut names: Vec<_> = findings.iter().map(|one| one.check).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 13, "each check has a name of its own");
}

#[test]
fn cores_that_are_not_there_or_too_few_are_told() {
    let mut host = Host::sound();
    host.tried.cores = vec![0, 1, 2];
    host.complains("cores", Verdict::Fail, "3 for us (0-2), 2 hot threads at least; not 3", "name others");
    let bare = |wait: &str| {
        let mut host = Host::sound();
        host.threads = threads(&format!("wait = \"{wait}\"\nfifo = 50\nmlock = true\nhuge_pages = true\n"));
        host
    };
    for (wait, cores, verdict) in [
        ("auto", 2, Verdict::Warn),
        ("yield", 1, Verdict::Warn),
        ("spin", 2, Verdict::Warn),
        ("spin", 1, Verdict::Fail),
    ] {
        let mut host = bare(wait);
        host.tried.cores = (2..2 + cores).collect();
        host.complains("cores", verdict, "2 hot threads at least", "wait = \"park\"");
    }
    let mut host = bare("park");
    host.tried.cores = vec![2];
    assert!(host.findings().iter().all(|one| one.verdict == Verdict::Ok));
}

#[test]
fn cores_that_others_use_that_sleep_or_that_are_halves_are_told() {
    let host = Host::sound();
    host.write("sys/devices/system/cpu/isolated", "3\n");
    host.complains("isolcpus", Verdict::Warn, "cores 2 are not isolated", "isolcpus=2-3 nohz_full=2-3");
    let mut host = Host::sound();
    host.write("sys/devices/system/cpu/isolated", "\n");
    host.threads.shard_cores.clear();
    host.threads.venue_cores.usdm = None;
    host.complains("isolcpus", Verdict::Warn, "no core is isolated", "isolcpus=LIST");
    let host = Host::sound();
    host.write("sys/devices/system/cpu/cpu3/cpufreq/scaling_governor", "powersave\n");
    host.complains("governor", Verdict::Warn, "performance, powersave on cores 2-3", "cpupower");
    let host = Host::sound();
    host.write("sys/devices/system/cpu/cpu2/cpuidle/state2/disable", "0");
    host.complains("c-states", Verdict::Warn, "waking from C6 takes 133 us (core 2)", "max_cstate");
    let host = Host::sound();
    host.write("sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "0,2");
    host.complains("smt", Verdict::Warn, "cores 0,2 share one", "smt/control");
    let host = Host::sound();
    host.write("sys/devices/system/cpu/cpu2/topology/thread_siblings_list", "2-3");
    host.complains("smt", Verdict::Warn, "threads are named for cores 2-3, which are one", "name one");
    let host = Host::sound();
    for (path, text) in [("cpufreq/scaling_governor", "powersave"), ("topology/thread_siblings_list", "0-1")]
    {
        host.write(&format!("sys/devices/system/cpu/cpu0/{path}"), text);
    }
    assert!(host.findings().iter().all(|one| one.verdict == Verdict::Ok), "core 0 is not for hot threads");
}

#[test]
fn memory_and_priorities_that_may_not_be_had_are_told() {
    let mut host = Host::sound();
    host.write("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]");
    host.complains("huge-pages", Verdict::Warn, "turned off", "transparent_hugepage/enabled");
    host.write("sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never");
    host.threads.huge_pages = false;
    host.complains("huge-pages", Verdict::Warn, "nobody asks", "huge_pages = true");
    host.write("sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never");
    assert!(host.findings().iter().all(|one| one.verdict == Verdict::Ok));
    let mut host = Host::sound();
    host.limits("8388608", "50", "65536");
    host.complains("memlock", Verdict::Warn, "limited", "LimitMEMLOCK=infinity");
    host.limits("unlimited", "50", "65536");
    host.threads.mlock = false;
    host.complains("memlock", Verdict::Warn, "nobody asks", "mlock = true");
    let mut host = Host::sound();
    host.limits("unlimited", "49", "65536");
    host.complains("priority", Verdict::Warn, "SCHED_FIFO 50", "LimitRTPRIO=50");
    host.threads.fifo = None;
    assert!(host.findings().iter().all(|one| one.verdict == Verdict::Ok));
}

#[test]
fn clocks_that_are_slow_to_read_or_wrong_are_told() {
    let host = Host::sound();
    host.write("sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
    host.complains("clock-source", Verdict::Warn, "hpet", "clocksource=tsc");
    let mut host = Host::sound();
    for (is_kept, offset, found) in
        [(false, 0, "nothing keeps"), (true, 101_000, "101 us off"), (true, -101_000, "-101 us off")]
    {
        host.tried.clock = Ok(KernelClock { is_kept, offset, error_micros: 1 });
        host.complains("clock-offset", Verdict::Warn, found, "chrony");
    }
    host.tried.clock = Err("not here".to_owned());
    host.complains("clock-offset", Verdict::Warn, "unknown: not here", "chrony");
}

#[test]
fn files_and_disks_that_do_not_last_are_told() {
    let mut host = Host::sound();
    for (files, verdict) in [("4095", Verdict::Warn), ("256", Verdict::Warn), ("255", Verdict::Fail)] {
        host.limits("unlimited", "50", files);
        host.complains("open-files", verdict, files, "LimitNOFILE=4096");
    }
    host.limits("unlimited", "50", "4096");
    for (free, verdict, found) in [
        (Ok(20 * GIB - 1), Verdict::Warn, "20.0 GiB"),
        (Ok(GIB), Verdict::Warn, "1.0 GiB"),
        (Ok(GIB - 1), Verdict::Fail, "1.0 GiB"),
        (Err("no such folder".to_owned()), Verdict::Fail, "no such folder"),
    ] {
        host.tried.free = free;
        host.complains("disk-space", verdict, found, "make room");
    }
    host.tried.free = Ok(20 * GIB);
    let millis = Duration::from_millis;
    host.tried.synced = Ok([millis(21), millis(40)]);
    host.complains("disk-sync", Verdict::Warn, "21.00 ms, 40.00 at worst", "a disk of its own");
    host.tried.synced = Err("read-only".to_owned());
    host.complains("disk-sync", Verdict::Fail, "read-only", "--journal");
}

#[test]
fn a_host_that_tells_nothing_is_examined_all_the_same() {
    let folder = TempDir::new().unwrap();
    let tried = Host::sound().tried;
    let findings = examine(&Tree::at(folder.path().to_owned()), &tried, None);
    assert!(findings.iter().all(|one| one.verdict != Verdict::Fail), "{findings:#?}");
    assert!(findings.iter().any(|one| one.check == "clock-source" && one.found.starts_with("unknown")));
}

#[test]
fn this_host_is_tried_and_nothing_is_left_behind() {
    let folder = TempDir::new().unwrap();
    let tried = Tried::on(folder.path());
    assert_eq!(tried.cores, crate::host::cores());
    let [middle, worst] = tried.synced.unwrap();
    assert!(middle > Duration::ZERO && worst >= middle);
    assert!(tried.free.unwrap() > 0 && tried.clock.is_ok());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    let gone = Tried::on(&folder.path().join("gone"));
    assert!(gone.synced.is_err() && gone.free.is_err());
}
