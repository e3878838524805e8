use std::path::Path;
use std::thread;

use super::*;
use crate::config::Config;

const REPLAY: &str = include_str!("../../../../../config/replay.toml");
const VENUE: Role = Role::Venue(MarketConfig::Usdm);

fn threads(table: &str) -> ThreadsConfig {
    Config::parse(&format!("{REPLAY}\n[threads]\n{table}"), Path::new("some.toml")).unwrap().threads
}

/// What a thread of its own is told, and which cores it has afterwards.
fn entered(plan: &Plan, role: Role) -> (Vec<String>, Vec<usize>, String) {
    thread::scope(|scope| {
        let entering = scope.spawn(|| {
            let told = plan.enter(role).iter().map(Obtained::to_string).collect();
            // The scheduler's policy is field 41 of proc(5), the 39th after the name in brackets.
            let stat = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            let policy = stat.rsplit_once(") ").unwrap().1.split(' ').nth(38).unwrap().to_owned();
            (told, cores(), policy)
        });
        entering.join().unwrap()
    })
}

#[test]
fn threads_are_pinned_where_they_are_asked_to_be() {
    let all = cores();
    let (first, last) = (all[0], all[all.len() - 1]);
    let table = format!("shard_cores = [{first}]\nvenue_cores = {{ usdm = 1023 }}\n");
    let plan = Plan::new(&threads(&table), &[VENUE, Role::Shard(0)], all.clone());
    let (told, has, _) = entered(&plan, Role::Shard(0));
    assert_eq!((told, has), (vec![format!("core {first} for shard 0: pinned")], vec![first]));
    let (told, has, _) = entered(&plan, VENUE);
    let refused = format!(
        "core 1023 for venue usdm: not obtained: it is none of this process's; name one of the cores {first}"
    );
    assert!(told[0].starts_with(&refused), "{told:?}");
    assert_eq!(has, all, "what cannot be had changes nothing");
    for role in [Role::Shard(1), Role::Journal, Role::Venue(MarketConfig::Spot)] {
        assert_eq!((plan.core_of(role), entered(&plan, role).0), (None, vec![]));
    }
    let plan = Plan::new(&threads(&format!("journal_core = {last}\n")), &[Role::Journal], all);
    assert_eq!(entered(&plan, Role::Journal).1, [last]);
}

#[test]
fn hot_threads_get_a_priority_or_are_told_how() {
    let plan = Plan::new(&threads("fifo = 7\nwait = \"park\"\n"), &[VENUE, Role::Shard(0)], vec![0]);
    let (told, _, policy) = entered(&plan, Role::Shard(0));
    if Tree::host().may_have_priority(7) {
        assert_eq!((&*told[0], &*policy), ("real-time priority 7 for shard 0: SCHED_FIFO", "1"));
    } else {
        assert!(told[0].contains("LimitRTPRIO=7"), "{told:?}");
    }
    let (told, _, policy) = entered(&plan, Role::Journal);
    assert_eq!((told.len(), &*policy), (0, "0"), "the journal's is ordinary");
}

#[test]
fn a_priority_that_would_stop_the_host_is_not_asked_for() {
    let roles = [VENUE, Role::Shard(0), Role::Journal];
    for (wait, cores, is_asked) in
        [("spin", 2, false), ("spin", 3, true), ("yield", 2, true), ("auto", 2, true)]
    {
        let table = format!("fifo = 7\nwait = \"{wait}\"\n");
        let plan = Plan::new(&threads(&table), &roles, (0..cores).collect());
        assert_eq!(plan.fifo.is_some(), is_asked, "{wait} on {cores}");
        let told = plan.told().iter().any(|one| one.is_missing() && one.asked == "real-time priority 7");
        assert_eq!(told, !is_asked, "{:?}", plan.told());
    }
}

#[test]
fn memory_is_asked_for_where_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let tree = Tree::at(folder.path().to_owned());
    let asked = |table: &str| {
        let plan = Plan::new(&threads(table), &[], vec![0]);
        plan.memory(&tree).into_iter().map(|one| one.asked).collect::<Vec<_>>()
    };
    assert!(asked("").is_empty());
    assert_eq!(asked("mlock = true\nhuge_pages = true\n").len(), 2);
    assert!(asked("mlock = true\n")[0].contains("mlockall"));
}
