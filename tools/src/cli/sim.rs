//! What can be typed behind `ballast sim`.

use std::path::PathBuf;

use ballast_sim::{PROFILES, Profile};
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct SimArgs {
    /// The world of this seed alone, told step by step where an oracle is violated.
    #[arg(long, value_name = "S", conflicts_with_all = ["seeds", "from"])]
    pub(crate) seed: Option<u64>,
    /// So many worlds, one seed after the other.
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seeds: u64,
    /// The first seed.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub(crate) from: u64,
    /// The world of a file, as --shrink prints one.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["seed", "seeds", "from", "profile", "minutes"])]
    pub(crate) scenario: Option<PathBuf>,
    /// Makes the first world in which an oracle is violated as short as can be, and prints it as a scenario.
    #[arg(long)]
    pub(crate) shrink: bool,
    /// How hostile: calm, mixed or storm.
    #[arg(long, value_name = "NAME", default_value = "mixed", value_parser = profile_of)]
    pub(crate) profile: &'static Profile,
    /// Simulated minutes of each world.
    #[arg(long, value_name = "M", default_value_t = 10, value_parser = clap::value_parser!(u32).range(3..=1_440))]
    pub(crate) minutes: u32,
    /// Threads that run worlds, one each at a time; without it as many as there are cores.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_024))]
    pub(crate) threads: Option<u64>,
    /// End standard output with one JSON object.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A profile of simulated worlds.
fn profile_of(text: &str) -> Result<&'static Profile, String> {
    Profile::named(text).ok_or_else(|| {
        let names: Vec<_> = PROFILES.iter().map(|profile| profile.name).collect();
        format!("there is none of this name: {}", names.join(", "))
    })
}
