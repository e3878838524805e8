//! Memory that stays where it is, and large pages.

use std::ops::Range;

use super::obtained::Obtained;
use super::sys;
use super::tree::Tree;

/// A large page on x86-64.
const HUGE: usize = 1 << 21;

/// Asks that no memory is paged out, now or later.
///
/// Not asked where a limit would stand in the way: memory that is to stay counts against it, and what comes after it is reached
/// fails, in the middle of a run.
pub(super) fn lock(tree: &Tree) -> Obtained {
    const ASKED: &str = "memory kept from being paged out (mlockall)";
    const MEND: &str =
        "LimitMEMLOCK=infinity in the unit, `ulimit -l unlimited`, or the capability CAP_IPC_LOCK";
    if !tree.may_lock_all() {
        return Obtained::missing(ASKED, "the limit of locked memory is below what the run may need", MEND);
    }
    match sys::lock_memory() {
        Ok(()) => Obtained::got(ASKED, "all of it, now and later"),
        Err(error) => Obtained::missing(ASKED, error.to_string(), MEND),
    }
}

/// Asks for large pages wherever memory is large enough, once all of it is there: books, rings and tapes alike.
pub(super) fn huge(tree: &Tree) -> Obtained {
    const ASKED: &str = "large pages (madvise)";
    const FILE: &str = "sys/kernel/mm/transparent_hugepage/enabled";
    const MEND: &str = "write madvise into /sys/kernel/mm/transparent_hugepage/enabled";
    match tree.choice(FILE).as_deref() {
        None => return Obtained::missing(ASKED, "this kernel has none that can be asked for", MEND),
        Some("never") => return Obtained::missing(ASKED, "they are turned off", MEND),
        Some(_) => {}
    }
    let ranges = large(&tree.text("proc/self/maps").unwrap_or_default());
    let advised: Vec<_> = ranges.iter().filter(|range| sys::advise_huge(range).is_ok()).collect();
    if advised.len() < ranges.len() {
        let why = format!("the kernel refused {} of {} ranges", ranges.len() - advised.len(), ranges.len());
        return Obtained::missing(ASKED, why, MEND);
    }
    let mib = advised.iter().map(|range| range.len()).sum::<usize>() >> 20;
    Obtained::got(
        ASKED,
        format!("asked for {mib} MiB in {} ranges; the kernel gives them as it can", advised.len()),
    )
}

/// Ranges of memory that is the process's own, writable and at least one large page, of `proc/self/maps`.
fn large(maps: &str) -> Vec<Range<usize>> {
    maps.lines().filter_map(range).filter(|range| range.len() >= HUGE).collect()
}

fn range(line: &str) -> Option<Range<usize>> {
    let mut words = line.split_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let is_own = words.next()?.starts_with("rw-p") && words.nth(2)? == "0";
    let name = words.next().unwrap_or("[heap]");
    let number = |text| usize::from_str_radix(text, 16).ok();
    (is_own && (name == "[heap]" || name.starts_with("[anon"))).then_some(number(start)?..number(end)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_memory_of_our_own_is_advised() {
        let maps = "555000000000-555000400000 r-xp 00000000 fe:00 12 /usr/bin/ballast\n\
                    555000400000-555000a00000 rw-p 00000000 fe:00 12 /usr/bin/ballast\n\
                    555001000000-555001400000 rw-p 00000000 00:00 0 [heap]\n\
                    7f0000000000-7f0000100000 rw-p 00000000 00:00 0\n\
                    7f0000200000-7f0000800000 rw-p 00000000 00:00 0\n\
                    7f0000900000-7f0000f00000 rw-s 00000000 00:01 0 /dev/zero\n\
                    7ffe00000000-7ffe00400000 rw-p 00000000 00:00 0 [stack]\n";
        assert_eq!(large(maps), [0x5550_0100_0000..0x5550_0140_0000, 0x7f00_0020_0000..0x7f00_0080_0000]);
    }

    #[test]
    fn large_pages_are_asked_for_where_the_kernel_has_them() {
        let block = vec![1_u8; 8 * HUGE];
        let told = huge(&Tree::host());
        if Tree::host()
            .choice("sys/kernel/mm/transparent_hugepage/enabled")
            .is_some_and(|word| word != "never")
        {
            let mib =
                told.got.as_ref().expect("it is got").split(' ').nth(2).unwrap().parse::<usize>().unwrap();
            assert!(mib >= 14, "{told}");
        } else {
            assert!(told.is_missing(), "{told}");
        }
        assert!(block.iter().all(|byte| *byte == 1), "nothing of it changes");
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::at(folder.path().to_owned());
        assert!(huge(&tree).to_string().contains("none that can be asked for"));
        let path = folder.path().join("sys/kernel/mm/transparent_hugepage");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::write(path.join("enabled"), "always madvise [never]\n").unwrap();
        assert!(huge(&tree).to_string().contains("turned off; write madvise"));
    }

    #[test]
    fn memory_is_locked_where_no_limit_stands_in_the_way() {
        let folder = tempfile::tempdir().unwrap();
        let limited = lock(&Tree::at(folder.path().to_owned()));
        assert!(limited.to_string().contains("LimitMEMLOCK=infinity"), "{limited}");
        let locked = || {
            let status = Tree::host().text("proc/self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("VmLck:")).unwrap().to_owned();
            line.trim_end_matches("kB").trim().parse::<u64>().unwrap()
        };
        assert_eq!(locked(), 0);
        if !lock(&Tree::host()).is_missing() {
            let kib = locked();
            sys::unlock_memory().unwrap();
            assert!(kib > 1_024, "{kib} kB");
        }
    }
}
