//! What whoever runs the engine can see of it.

use std::path::PathBuf;

use super::Engine;
use crate::host::Obtained;
use crate::live::board::View;
use crate::live::contact::Contact;
use crate::live::standing::VenueView;

impl Engine {
    /// Folder of each shard's journal.
    #[must_use]
    pub fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// What was asked of the host and what it gave, since the last time.
    pub fn obtained(&self) -> impl Iterator<Item = Obtained> + '_ {
        self.obtained.try_iter()
    }

    /// What each shard shows of itself.
    pub fn look(&mut self) -> Vec<View> {
        self.helm.look()
    }

    /// How we stand with each venue.
    pub fn standing(&mut self) -> Vec<VenueView> {
        self.helm.standing()
    }

    /// How the connections to each venue are.
    pub fn contacts(&mut self) -> Vec<Contact> {
        self.helm.contacts()
    }

    /// Orders of ours that a venue knows and no journal saw, as far as they are told apart.
    #[must_use]
    pub fn unjournaled(&self) -> u64 {
        self.helm.unjournaled()
    }
}
