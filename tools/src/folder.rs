//! Where a command keeps what it writes on the way.

use std::path::{Path, PathBuf};

/// A folder that was asked for or, where none was, one of the command's own that is removed at the end.
pub(crate) struct Folder {
    path: PathBuf,
    asked: bool,
}

impl Folder {
    /// The folder that was asked for, else one that is named for the command. It need not exist yet.
    pub(crate) fn new(asked: Option<&Path>, command: &str) -> Self {
        let own = || std::env::temp_dir().join(format!("ballast-{command}-{}", std::process::id()));
        Self { path: asked.map_or_else(own, Path::to_path_buf), asked: asked.is_some() }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// True where what it holds stays.
    pub(crate) const fn is_kept(&self) -> bool {
        self.asked
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.asked {
            // What cannot be removed lies in the host's folder for such things.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}
