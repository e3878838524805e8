//! Another configuration while a run goes on: tried whole as any other, built, and told to the core as an event of its own.
//!
//! What a core needs of a text is built here ([`Change`]) and handed over before the last part of the text reaches it. Whoever
//! repeats a journal builds the same from the parts that stand in it.
//!
//! Never here: what may change ([`Config::may_become`] by key; [`Change::new`] by what a shard is made of), a thread.

use std::path::{Path, PathBuf};

use ballast_core::shard::{Change, ChangeError, Shard, ShardSpec};
use ballast_model::{CONFIG_BYTES_MAX, ConfigPart, Event, Last};

use crate::config::{Config, ConfigError, ResolvedInstrument};
use crate::config_check;
use crate::job::JobError;
use crate::journal::Meta;

/// The configuration in force of one shard, and what comes in to take its place.
#[derive(Clone, Debug)]
pub struct Reloading {
    meta: Meta,
    spec: ShardSpec,
    /// The parts of a text so far.
    coming: Vec<u8>,
}

/// A configuration that may take the place of the one in force.
#[derive(Debug)]
pub struct Next {
    /// What it makes of the shard: to be handed over first.
    pub change: Change,
    /// What the shard is to be told.
    pub parts: Vec<Event>,
    text: String,
    spec: ShardSpec,
}

impl Reloading {
    /// Begins with what the headers of a shard's journal say.
    ///
    /// # Errors
    /// Why no core can be built from them.
    pub fn of(meta: &Meta) -> Result<Self, JobError> {
        let (built, _) = meta.resolved(Path::new(&meta.config_name))?;
        Ok(Self { meta: meta.clone(), spec: built.shard, coming: Vec::new() })
    }

    /// Tries a configuration as `config check` does, and for these instruments; nothing is in force yet.
    ///
    /// # Errors
    /// The first rule that is broken, or the first key that cannot change while running, with file, line and key.
    pub fn prepare(&self, text: &str, path: &Path) -> Result<Next, JobError> {
        let (before, next) = (Config::parse(&self.meta.config, path)?, Config::parse(text, path)?);
        config_check::check(&next, path)?;
        before.may_become(&next, path)?;
        if text.len() > CONFIG_BYTES_MAX {
            let rule = format!("is longer than {CONFIG_BYTES_MAX} bytes: too long to change while running");
            return Err(
                ConfigError::Rule { path: path.to_owned(), line: None, key: "it".to_owned(), rule }.into()
            );
        }
        self.build(text, path)
    }

    /// Puts in force what was told.
    pub fn accept(&mut self, next: &Next) {
        self.meta.config.clone_from(&next.text);
        self.spec = next.spec.clone();
    }

    /// Before a shard is told an event of a journal: hands over what the event is to put in force. A text of which nothing can be
    /// built is noted by the shard, as it was then.
    pub fn hear(&mut self, event: &Event, shard: &mut Shard) {
        let Event::Config(part) = event else { return };
        if part.part == 0 {
            self.coming.clear();
        }
        self.coming.extend_from_slice(part.used());
        if part.last == Last::No {
            return;
        }
        let coming = core::mem::take(&mut self.coming);
        let path = PathBuf::from(&self.meta.config_name);
        let next = String::from_utf8(coming).ok().and_then(|text| self.build(&text, &path).ok());
        if let Some(next) = next {
            self.accept(&next);
            shard.hand(next.change);
        }
        while shard.take_used().is_some() {}
    }

    fn build(&self, text: &str, path: &Path) -> Result<Next, JobError> {
        let meta = Meta { config: text.to_owned(), ..self.meta.clone() };
        let (built, instruments) = meta.resolved(path)?;
        let key = ConfigPart::key_of(text.as_bytes());
        let change = Change::new(&self.spec, &built.shard, key).map_err(|error| told(error, &instruments))?;
        let parts = ConfigPart::parts_of(text.as_bytes()).map(Event::Config).collect();
        Ok(Next { change, parts, text: text.to_owned(), spec: built.shard })
    }
}

/// Why a change cannot be, with the instrument's name.
pub(crate) fn told(error: ChangeError, instruments: &[ResolvedInstrument]) -> JobError {
    let name = |index: usize| instruments.get(index).map_or_else(String::new, |one| one.found.name());
    match error {
        ChangeError::Build(index, error) => JobError::Lane { instrument: name(index), error },
        ChangeError::Lane(index, _) => JobError::Change { of: name(index), error },
        ChangeError::Parts(_) => JobError::Change { of: "the configuration".to_owned(), error },
    }
}
