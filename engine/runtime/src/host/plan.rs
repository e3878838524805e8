//! Which thread runs on which core, and how it waits.

use std::fmt;

use core_affinity::CoreId;

use super::obtained::Obtained;
use super::tree::{Tree, listed};
use super::wait::Wait;
use super::{memory, sys};
use crate::config::{MarketConfig, ThreadsConfig};

/// A thread of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// That of a market's sockets and sessions.
    Venue(MarketConfig),
    /// That of a shard, by its number.
    Shard(u16),
    /// That which writes the journal.
    Journal,
}

impl Role {
    /// True for threads between bytes in and bytes out.
    #[must_use]
    pub const fn is_hot(self) -> bool {
        match self {
            Self::Venue(_) | Self::Shard(_) => true,
            Self::Journal => false,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Venue(MarketConfig::Spot) => formatter.write_str("venue spot"),
            Self::Venue(MarketConfig::Usdm) => formatter.write_str("venue usdm"),
            Self::Venue(MarketConfig::Coinm) => formatter.write_str("venue coinm"),
            Self::Shard(number) => write!(formatter, "shard {number}"),
            Self::Journal => formatter.write_str("journal"),
        }
    }
}

/// Cores that the calling thread may run on, in order. To be read once, before anything is pinned: a pinned thread knows its own core only.
#[must_use]
pub fn cores() -> Vec<usize> {
    let mut cores: Vec<_> =
        core_affinity::get_core_ids().unwrap_or_default().iter().map(|core| core.id).collect();
    cores.sort_unstable();
    cores
}

/// What a run asks of the host, made before its threads are.
#[derive(Clone, Debug)]
pub struct Plan {
    threads: ThreadsConfig,
    /// Cores there are for us.
    cores: Vec<usize>,
    wait: Wait,
    /// The priority that is asked for; not that of the configuration where it would stop the host.
    fifo: Option<u8>,
    told: Vec<Obtained>,
}

impl Plan {
    /// A plan for these threads on the [`cores`] there are.
    #[must_use]
    pub fn new(threads: &ThreadsConfig, roles: &[Role], cores: Vec<usize>) -> Self {
        let hot = roles.iter().filter(|role| role.is_hot()).count();
        let (wait, told) = Wait::of(threads.wait, hot, cores.len());
        let mut told = vec![told];
        let mut fifo = threads.fifo;
        if let Some(priority) = fifo.filter(|_| wait == Wait::Spin && hot >= cores.len()) {
            let asked = format!("real-time priority {priority}");
            let why = "threads that spin at it on every core would leave none to anything else";
            told.push(Obtained::missing(asked, why, "keep a core free of them, or write wait = \"park\""));
            fifo = None;
        }
        Self { threads: threads.clone(), cores, wait, fifo, told }
    }

    /// How hot threads wait.
    #[must_use]
    pub const fn wait(&self) -> Wait {
        self.wait
    }

    /// What there is to say before any thread began.
    #[must_use]
    pub fn told(&self) -> &[Obtained] {
        &self.told
    }

    /// The core that a thread is to have.
    #[must_use]
    pub fn core_of(&self, role: Role) -> Option<usize> {
        let core = match role {
            Role::Venue(market) => self.threads.venue_cores.of(market),
            Role::Shard(number) => self.threads.shard_cores.get(usize::from(number)).copied(),
            Role::Journal => self.threads.journal_core,
        };
        core.map(usize::from)
    }

    /// Asks for what the calling thread is to have, which is of this role. What it says may take memory: before the work begins.
    #[must_use]
    pub fn enter(&self, role: Role) -> Vec<Obtained> {
        let pinned = self.core_of(role).map(|core| self.pin(role, core));
        let fifo = self.fifo.filter(|_| role.is_hot()).map(|priority| {
            let asked = format!("real-time priority {priority} for {role}");
            let mend = format!(
                "LimitRTPRIO={priority} in the unit, `ulimit -r {priority}`, or the capability CAP_SYS_NICE"
            );
            match sys::set_fifo(priority) {
                Ok(()) => Obtained::got(asked, "SCHED_FIFO"),
                Err(error) => Obtained::missing(asked, error.to_string(), mend),
            }
        });
        pinned.into_iter().chain(fifo).collect()
    }

    fn pin(&self, role: Role, core: usize) -> Obtained {
        let asked = format!("core {core} for {role}");
        let mend = format!(
            "name one of the cores {}, or let the process use more (CPUAffinity of the unit, taskset, cpuset)",
            listed(&self.cores)
        );
        if !self.cores.contains(&core) {
            return Obtained::missing(asked, "it is none of this process's", mend);
        }
        if core_affinity::set_for_current(CoreId { id: core }) && cores() == [core] {
            Obtained::got(asked, "pinned")
        } else {
            Obtained::missing(asked, "the kernel refused it", mend)
        }
    }

    /// Asks for what all memory of the process is to have: once everything is allocated.
    #[must_use]
    pub fn memory(&self, tree: &Tree) -> Vec<Obtained> {
        let huge = self.threads.huge_pages.then(|| memory::huge(tree));
        let locked = self.threads.mlock.then(|| memory::lock(tree));
        huge.into_iter().chain(locked).collect()
    }
}

#[cfg(test)]
mod tests;
