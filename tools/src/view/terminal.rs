//! The screen: a thread of its own draws on it and another reads its keys, so that a terminal that takes nothing more keeps nobody
//! waiting. What a panic says is kept until the terminal is as it was.
//!
//! Never here: what is shown.

use std::collections::VecDeque;
use std::io::{BufWriter, IsTerminal as _, Read as _, Stdout, Write as _};
use std::panic::PanicHookInfo;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::{Hide, Show};
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use super::draw::{Frame, draw};
use super::keys::{Act, Keys};

/// How long the thread that draws may take to leave the screen.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often it looks for something new where nobody wakes it.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Bytes of one drawing that leave at once.
const BUFFER: usize = 1 << 16;

/// What the threads share.
#[derive(Debug, Default)]
struct Shared {
    /// The newest that is to be drawn.
    frame: Mutex<Option<Frame>>,
    /// The terminal is ours: what a panic says is kept.
    ours: AtomicBool,
    /// It is to be left.
    ended: AtomicBool,
    /// What panics said.
    said: Mutex<VecDeque<String>>,
}

/// A screen that is ours until it is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    shared: Arc<Shared>,
    acts: Receiver<Act>,
    left: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// Whether a person sits at a terminal that may be taken.
pub(super) fn is_there() -> bool {
    let dumb = std::env::var_os("TERM").is_none_or(|name| name == "dumb");
    !dumb && std::io::stdout().is_terminal() && std::io::stdin().is_terminal() && is_in_front()
}

/// Whether we are what the terminal listens to: who changes it from the background is stopped by the host.
fn is_in_front() -> bool {
    std::fs::read_to_string("/proc/self/stat").map_or(true, |stat| leads(&stat))
}

/// Whether the process of this `/proc/PID/stat` is of the group in the foreground of its terminal (proc(5): fields 5 and 8).
fn leads(stat: &str) -> bool {
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let mut fields = rest.split_whitespace().skip(2);
    let (group, foreground) = (fields.next(), fields.nth(2));
    group == foreground
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// A terminal that cannot be asked for its keys one by one.
    pub(super) fn take() -> std::io::Result<Self> {
        enable_raw_mode()?;
        let shared = Arc::new(Shared::default());
        shared.ours.store(true, SeqCst);
        let (act, acts) = channel();
        let (leaves, left) = channel();
        keep_panics(Arc::clone(&shared));
        let drawing = Arc::clone(&shared);
        let drawn = std::thread::Builder::new().name("view".to_owned()).spawn(move || {
            // Where it cannot be drawn on any more the lines take over.
            let _ = paint(&drawing);
            let _ = leaves.send(());
        });
        let mut screen = Self { shared, acts, left, thread: None };
        screen.thread = Some(drawn?);
        std::thread::Builder::new().name("keys".to_owned()).spawn(move || read(&act))?;
        Ok(screen)
    }

    /// Shows this from now on.
    pub(super) fn show(&self, frame: Frame) {
        *lock(&self.shared.frame) = Some(frame);
        self.wake();
    }

    /// What was asked for next; `None` where nothing is.
    pub(super) fn act(&self) -> Option<Act> {
        self.acts.try_recv().ok()
    }

    /// True where nothing is drawn any more though nobody has left.
    pub(super) fn is_lost(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    fn wake(&self) {
        if let Some(thread) = &self.thread {
            thread.thread().unpark();
        }
    }

    /// Leaves the terminal as it was. What panics said meanwhile.
    fn leave(&mut self) -> VecDeque<String> {
        self.shared.ended.store(true, SeqCst);
        self.wake();
        if self.left.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Disconnected) {
            // It panicked, and could not.
            let _ = restore(&mut std::io::stdout());
        }
        // That asks nothing of a terminal that takes nothing more.
        let _ = disable_raw_mode();
        self.shared.ours.store(false, SeqCst);
        core::mem::take(&mut *lock(&self.shared.said))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave().iter().for_each(|said| crate::output::tell(said));
    }
}

/// Draws until it is to end.
fn paint(shared: &Shared) -> std::io::Result<()> {
    let mut out = std::io::stdout();
    execute!(out, EnterAlternateScreen, Hide)?;
    let painted = repaint(shared);
    let restored = restore(&mut out);
    painted.and(restored)
}

fn repaint(shared: &Shared) -> std::io::Result<()> {
    let out = BufWriter::with_capacity(BUFFER, std::io::stdout());
    let mut terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>> =
        Terminal::new(CrosstermBackend::new(out))?;
    let mut newest = Frame::default();
    while !shared.ended.load(SeqCst) {
        if let Some(frame) = lock(&shared.frame).take() {
            newest = frame;
        }
        // Its size may have changed where nothing else has.
        terminal.draw(|canvas| draw(&newest, canvas))?;
        std::thread::park_timeout(LOOK_EVERY);
    }
    Ok(())
}

fn restore(out: &mut Stdout) -> std::io::Result<()> {
    execute!(out, LeaveAlternateScreen, Show)?;
    out.flush()
}

/// Reads keys until there are no more.
fn read(acts: &Sender<Act>) {
    let mut keys = Keys::default();
    let mut byte = [0];
    let mut input = std::io::stdin().lock();
    while matches!(input.read(&mut byte), Ok(1)) {
        for act in byte.iter().filter_map(|byte| keys.feed(*byte)) {
            if acts.send(act).is_err() {
                return;
            }
        }
    }
}

/// From now on what a panic says is kept while the terminal is ours, and said as before else.
fn keep_panics(shared: Arc<Shared>) {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info: &PanicHookInfo<'_>| {
        if shared.ours.load(SeqCst) {
            let thread = std::thread::current();
            let name = thread.name().unwrap_or("a thread");
            lock(&shared.said).push_back(format!("thread '{name}' {info}"));
        } else {
            before(info);
        }
    }));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_in_front_is_known_by_its_group() {
        let of = |group, foreground| format!("7 (a) b (c)) S 1 {group} 7 34816 {foreground} 4194304 1");
        assert!(leads(&of(7, 7)));
        assert!(!leads(&of(7, 8)));
        assert!(!leads(&of(7, -1)), "and where there is no terminal at all, none is");
    }
}
