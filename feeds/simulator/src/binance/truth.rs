//! The truth, for tests to hold a client's view against.

use super::decimal::{lots_atto, money};
use super::json::{Obj, list};
use super::market::size;
use super::venue::Venue;
use crate::back::{Back, ClientId};

impl<B: Back> Venue<B> {
    pub(super) fn all_truth(&self) -> String {
        let mut clients: Vec<ClientId> = self.config.keys.iter().map(|key| key.client).collect();
        clients.sort_unstable();
        clients.dedup();
        let connections = self.fleet.connections.iter().map(|(conn, connection)| {
            let streams = connection.streams.iter().map(|name| super::json::quoted(name));
            Obj::new().put("id", conn.0).put("streams", list(streams)).end()
        });
        Obj::new()
            .put("clients", list(clients.into_iter().map(|client| self.truth_of(client))))
            .put("connections", list(connections))
            .put("countdowns", self.countdowns.len())
            .end()
    }

    fn truth_of(&self, client: ClientId) -> String {
        let orders = self.store.all(client).filter_map(|order| self.show(order)).map(|show| show.full());
        let deals = self.store.deals(client).filter_map(|deal| {
            let symbol = &self.listed(deal.instrument)?.symbol;
            Some(super::render::deal(self.market(), symbol, deal, self.asset(deal.fee_asset)))
        });
        let positions = self.positions.iter().filter(|((whose, _), _)| *whose == client);
        let positions = positions.filter_map(|((_, id), position)| {
            let symbol = &self.listed(*id)?.symbol;
            let lots = size(self.market(), &symbol.spec, lots_atto(&symbol.spec, position.lots));
            let row = Obj::new().text("symbol", &symbol.name).text("positionAmt", &lots);
            Some(row.text("realized", &money(position.realized)).end())
        });
        let balances = self.assets().into_iter().map(|(_, name)| {
            let (free, locked) = self.back.balance(client, &name);
            Obj::new().text("asset", &name).text("free", &money(free)).text("locked", &money(locked)).end()
        });
        Obj::new()
            .put("client", client.0)
            .put("orders", list(orders))
            .put("trades", list(deals))
            .put("positions", list(positions))
            .put("balances", list(balances))
            .end()
    }
}
