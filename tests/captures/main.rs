//! What must hold on recorded markets, checked by other means than the engine's own.
#![cfg(test)]
#![forbid(unsafe_code)]

mod books;
mod causes;
mod figures;
mod files;
mod journals;
mod runs;
mod strangers;
