//! A made-up market as a recorder would have written it down.

use ballast_exchange::synth::{SynthMarket, SynthSpec};
use std::io::Write as _;

/// The lines of its capture.
///
/// # Errors
/// A market that cannot be made.
pub(crate) fn capture(spec: &SynthSpec) -> anyhow::Result<Vec<u8>> {
    let mut market =
        SynthMarket::new(spec).map_err(|fault| anyhow::anyhow!("the synthetic market: {fault}"))?;
    let (mut text, mut frame) = (Vec::new(), Vec::new());
    while let Some(time) = market.next_frame(&mut frame) {
        write!(text, "{} ", time.0)?;
        text.extend_from_slice(&frame);
        text.push(b'\n');
    }
    Ok(text)
}
