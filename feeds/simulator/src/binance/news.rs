//! What the market behind tells, kept in order until its turn.

use ballast_model::{Event, InstrumentId};

use crate::back::{ClientId, Stream, Told};

/// One thing told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum News {
    Market(InstrumentId, Stream, Vec<u8>),
    Client(ClientId, Event),
}

/// All that was told since the last look.
#[derive(Debug, Default)]
pub(super) struct Heard(pub(super) Vec<News>);

impl Told for Heard {
    fn market(&mut self, symbol: InstrumentId, stream: Stream, payload: &[u8]) {
        self.0.push(News::Market(symbol, stream, payload.to_vec()));
    }

    fn client(&mut self, client: ClientId, event: &Event) {
        self.0.push(News::Client(client, *event));
    }
}
