//! What the kernel tells of the host in files.

use std::path::PathBuf;

/// Capabilities by their bit: `CAP_IPC_LOCK` and `CAP_SYS_NICE` of capabilities(7).
const IPC_LOCK: u32 = 14;
const SYS_NICE: u32 = 23;

/// The tree of files that begins with `proc` and `sys`: the host's, or one that a test made.
#[derive(Clone, Debug)]
pub struct Tree(PathBuf);

/// A limit of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Limit {
    AtMost(u64),
    Unlimited,
}

impl Tree {
    /// The host's own.
    #[must_use]
    pub fn host() -> Self {
        Self(PathBuf::from("/"))
    }

    /// One below a folder.
    #[must_use]
    pub const fn at(folder: PathBuf) -> Self {
        Self(folder)
    }

    /// What a file says, without space around it; `None` where it cannot be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        let text = std::fs::read_to_string(self.0.join(path)).ok()?;
        Some(text.trim().to_owned())
    }

    /// Names in a folder, in order.
    pub(super) fn names(&self, path: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.0.join(path)) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.flatten().filter_map(|one| one.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// A soft limit of this process by its name in `proc/self/limits`.
    pub(super) fn limit(&self, name: &str) -> Option<Limit> {
        let text = self.text("proc/self/limits")?;
        let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
        match rest.split_whitespace().next()? {
            "unlimited" => Some(Limit::Unlimited),
            number => number.parse().ok().map(Limit::AtMost),
        }
    }

    /// Whether memory may be locked without limit.
    pub(super) fn may_lock_all(&self) -> bool {
        self.limit("Max locked memory") == Some(Limit::Unlimited) || self.is_capable(IPC_LOCK)
    }

    /// Whether a real-time priority may be had.
    pub(super) fn may_have_priority(&self, priority: u8) -> bool {
        self.limit("Max realtime priority").is_some_and(|limit| limit >= Limit::AtMost(priority.into()))
            || self.is_capable(SYS_NICE)
    }

    fn is_capable(&self, bit: u32) -> bool {
        let Some(status) = self.text("proc/self/status") else { return false };
        let mask = status.lines().find_map(|line| line.strip_prefix("CapEff:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
            .is_some_and(|mask| mask >> bit & 1 == 1)
    }

    /// The word in brackets, of a file that lists choices: `always [madvise] never`.
    pub(super) fn choice(&self, path: &str) -> Option<String> {
        let text = self.text(path)?;
        let (_, after) = text.split_once('[')?;
        Some(after.split_once(']')?.0.to_owned())
    }

    /// A file that lists numbers, `0-2,5`; empty where there is none.
    pub(super) fn numbers(&self, path: &str) -> Vec<usize> {
        self.text(path).map_or_else(Vec::new, |text| numbers(&text))
    }
}

fn numbers(text: &str) -> Vec<usize> {
    let ranges = text.split(',').filter_map(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    });
    ranges.flatten().collect()
}

/// Numbers as the kernel lists them: `0-2,5`.
pub(super) fn listed(numbers: &[usize]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for number in numbers {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == *number => *last = *number,
            Some(_) | None => ranges.push((*number, *number)),
        }
    }
    let range = |(first, last): &(usize, usize)| {
        if first == last { first.to_string() } else { format!("{first}-{last}") }
    };
    ranges.iter().map(range).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_and_written_as_the_kernel_does() {
        for (text, list) in [("", &[][..]), ("3", &[3]), ("0-2,5", &[0, 1, 2, 5]), ("1,3-4", &[1, 3, 4])] {
            assert_eq!((&*numbers(text), listed(list)), (list, text.to_owned()));
        }
        assert_eq!(numbers("x,2-,7"), [7], "what is no number is left out");
    }

    #[test]
    fn limits_and_capabilities_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let tree = Tree::at(folder.path().to_owned());
        assert!(!tree.may_lock_all() && !tree.may_have_priority(1), "what cannot be read is not there");
        std::fs::create_dir_all(folder.path().join("proc/self")).unwrap();
        let write = |name: &str, text: &str| {
            std::fs::write(folder.path().join("proc/self").join(name), text).unwrap()
        };
        write(
            "limits",
            "Max locked memory  8388608  unlimited  bytes\nMax realtime priority     50    50  \n",
        );
        assert_eq!(tree.limit("Max locked memory"), Some(Limit::AtMost(8_388_608)));
        assert_eq!(tree.limit("Max nothing"), None);
        assert!(tree.may_have_priority(50) && !tree.may_have_priority(51) && !tree.may_lock_all());
        write("status", "Name:\tx\nCapEff:\t0000000000004000\n");
        assert!(tree.may_lock_all() && !tree.may_have_priority(51));
        write("status", "CapEff:\t0000000000800000\n");
        assert!(!tree.may_lock_all() && tree.may_have_priority(51));
        write("limits", "Max locked memory  unlimited  unlimited  bytes\n");
        assert!(tree.may_lock_all());
    }
}
