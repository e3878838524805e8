//! What only the C library can ask the kernel.
#![expect(
    unsafe_code,
    reason = "pinning and what belongs to it are on the allow-list: these calls have no safe form"
)]

use std::ffi::CString;
use std::io;
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The calling thread gets a real-time priority.
pub(super) fn set_fifo(priority: u8) -> io::Result<()> {
    let parameter = libc::sched_param { sched_priority: i32::from(priority) };
    // SAFETY: it takes nothing and cannot fail.
    let this = unsafe { libc::pthread_self() };
    // SAFETY: the thread is the calling one, and the parameter lives until the call returns.
    match unsafe { libc::pthread_setschedparam(this, libc::SCHED_FIFO, &raw const parameter) } {
        0 => Ok(()),
        code => Err(io::Error::from_raw_os_error(code)),
    }
}

/// All memory of the process, now and later, stays where it is.
pub(super) fn lock_memory() -> io::Result<()> {
    // SAFETY: it takes flags and changes no memory that Rust can see.
    done(unsafe { libc::mlockall(libc::MCL_CURRENT | libc::MCL_FUTURE) })
}

/// Ends what [`lock_memory`] began.
#[cfg(test)]
pub(super) fn unlock_memory() -> io::Result<()> {
    // SAFETY: it takes nothing and changes no memory that Rust can see.
    done(unsafe { libc::munlockall() })
}

/// Large pages are welcome in this range of whole pages.
pub(super) fn advise_huge(range: &Range<usize>) -> io::Result<()> {
    let start = std::ptr::without_provenance_mut(range.start);
    // SAFETY: the kernel alone looks at the address; this advice changes neither content nor rights of any page, and a range that is no
    // longer mapped is refused.
    done(unsafe { libc::madvise(start, range.len(), libc::MADV_HUGEPAGE) })
}

/// Bytes that this process may still write on the disk of a folder.
pub(super) fn free_bytes(folder: &Path) -> io::Result<u64> {
    let path = CString::new(folder.as_os_str().as_bytes())?;
    // SAFETY: the structure is numbers alone, and zero is one.
    let mut disk: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero, and both live until the call returns.
    done(unsafe { libc::statvfs(path.as_ptr(), &raw mut disk) })?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// What the kernel knows of its clock's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct KernelClock {
    /// Whether something keeps it right, such as chrony.
    pub(super) is_kept: bool,
    /// What is still to be made up for, in nanoseconds.
    pub(super) offset: i64,
    /// The most it may be wrong by, in microseconds, as its keeper says.
    pub(super) error_micros: i64,
}

/// Asks the kernel how right its clock is.
pub(super) fn kernel_clock() -> io::Result<KernelClock> {
    // SAFETY: the structure is numbers alone, and zero is one; no mode is a question that changes nothing.
    let mut clock: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: the structure lives until the call returns.
    let state = unsafe { libc::adjtimex(&raw mut clock) };
    if state < 0 {
        return Err(io::Error::last_os_error());
    }
    let to_nanos = if clock.status & libc::STA_NANO == 0 { 1_000 } else { 1 };
    Ok(KernelClock {
        is_kept: state != libc::TIME_ERROR && clock.status & libc::STA_UNSYNC == 0,
        offset: clock.offset.saturating_mul(to_nanos),
        error_micros: clock.maxerror,
    })
}

fn done(code: libc::c_int) -> io::Result<()> {
    if code == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
