//! Where segments are written: the seam at which a test may put a disk that is full, gone or slow.

use std::fmt::Debug;
use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes the files that segments are written to.
pub trait Disk: Debug + Send {
    /// Makes a file of this name, which there is none of yet.
    ///
    /// # Errors
    /// Why it cannot be made. It may be asked again.
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>>;
}

/// One file being written, at its end.
pub trait Sheet: Debug + Send {
    /// Hands some of these bytes to the kernel; how many.
    ///
    /// # Errors
    /// Why none was taken. It may be asked again with the same bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Has the kernel write everything to the disk.
    ///
    /// # Errors
    /// Why what was handed over may not be there after all: asking again would prove nothing.
    fn sync(&mut self) -> io::Result<()>;
}

/// The file system.
#[derive(Clone, Copy, Debug)]
pub struct Files;

impl Disk for Files {
    fn create(&mut self, path: &Path) -> io::Result<Box<dyn Sheet>> {
        let file = OpenOptions::new().write(true).create_new(true).open(path)?;
        // A name is on the disk once its folder is.
        let named = sync_folder(path);
        if let Err(error) = named {
            let _ = std::fs::remove_file(path);
            return Err(error);
        }
        Ok(Box::new(file))
    }
}

/// Has the folder of a file written to the disk: its names are there then.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

impl Sheet for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}
