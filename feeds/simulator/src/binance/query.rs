//! What clients ask about themselves.

use ballast_model::{InstrumentId, Money, Nanos, Rate};

use super::config::Market;
use super::decimal::{DIGITS, lots_atto, money, show};
use super::json::{Obj, list};
use super::market::size;
use super::params::Params;
use super::position::Position;
use super::refusal::Refusal;
use super::render::{deal, ms};
use super::routes::Op;
use super::store::{Deal, Order};
use super::venue::Venue;
use crate::back::{Back, ClientId, Symbol};

/// Leverage where a client has set none.
const LEVERAGE: u32 = 20;
/// Highest leverage.
const LEVERAGE_MAX: u32 = 125;

/// From when to when, and how many.
struct Span {
    start: Option<i64>,
    end: Option<i64>,
    limit: usize,
}

impl Span {
    fn of(params: &Params) -> Result<Self, Refusal> {
        let (start, end) = (params.number("startTime")?, params.number("endTime")?);
        Ok(Self { start, end, limit: params.number("limit")?.unwrap_or(500_usize).clamp(1, 1_000) })
    }

    fn holds(&self, at: Nanos) -> bool {
        self.start.is_none_or(|start| ms(at) >= start) && self.end.is_none_or(|end| ms(at) <= end)
    }

    /// The last so many, or the first from a given point on.
    fn cut(&self, rows: Vec<String>, forward: bool) -> String {
        let skipped = if forward { 0 } else { rows.len().saturating_sub(self.limit) };
        list(rows.into_iter().skip(skipped).take(self.limit))
    }
}

impl<B: Back> Venue<B> {
    /// Answers what a client asks about itself; `None` where it asks for something to be done.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is no question")]
    pub(super) fn private(
        &mut self,
        op: Op,
        client: ClientId,
        params: &Params,
        now: Nanos,
    ) -> Option<Result<String, Refusal>> {
        Some(match op {
            Op::Status => self.status(client, params),
            Op::OpenOne => self.open_order(client, params),
            Op::Open => self.open_orders(client, params),
            Op::All => self.all_orders(client, params),
            Op::MyTrades => self.my_trades(client, params),
            Op::Income => self.income(client, params),
            Op::Account if self.market() == Market::Spot => Ok(self.spot_account(client, now)),
            Op::Account => Ok(self.futures_account(client, now)),
            Op::Balance => Ok(self.futures_balance(client, now)),
            Op::Positions | Op::PositionsLean => self.position_risk(op, client, params),
            Op::Brackets => self.each_symbol(params, brackets),
            Op::Commission => self.commission(params),
            Op::TradeFee => self.each_symbol(params, |symbol| self.trade_fee(symbol)),
            Op::OrderCounts => Ok(self.meter.told_orders(client, now)),
            Op::PositionMode => Ok(Obj::new().put("dualSidePosition", false).end()),
            Op::SetPositionMode => Err(if params.is("dualSidePosition", "false") {
                Refusal::new(-4059, "No need to change position side.")
            } else {
                Refusal::new(-4067, "Position side cannot be changed if there exists open orders.")
            }),
            Op::SymbolConfig => self.each_symbol(params, |symbol| self.symbol_config(client, symbol)),
            Op::AccountConfig => Ok(account_config(now)),
            Op::SetLeverage => self.set_leverage(client, params),
            Op::SetMarginType => Err(Refusal::new(-4046, "No need to change margin type.")),
            _ => return None,
        })
    }

    fn each_symbol(&self, params: &Params, of: impl Fn(&Symbol) -> String) -> Result<String, Refusal> {
        let one = self.wanted_instrument(params)?;
        let listed = self.listed.values().filter(|listed| one.is_none_or(|id| listed.symbol.id == id));
        Ok(list(listed.map(|listed| of(&listed.symbol))))
    }

    fn wanted_instrument(&self, params: &Params) -> Result<Option<InstrumentId>, Refusal> {
        params.get("symbol").map(|name| self.symbol(name).map(|symbol| symbol.id)).transpose()
    }

    fn status(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let order = self.named(client, params)?.ok_or_else(Refusal::no_such_order)?;
        let show = self.show(order).filter(|_| order.status.is_known()).ok_or_else(Refusal::no_such_order)?;
        Ok(show.full())
    }

    /// As [`Venue::status`], of an order that is open.
    fn open_order(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let order = self.named(client, params)?.filter(|order| order.status.rests());
        order.and_then(|order| self.shown(order)).ok_or_else(Refusal::no_such_order)
    }

    fn shown(&self, order: &Order) -> Option<String> {
        self.show(order).map(|show| show.full())
    }

    fn open_orders(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let one = self.wanted_instrument(params)?;
        let open = self.store.open(client).filter(|order| order.status.rests());
        let open = open.filter(|order| one.is_none_or(|id| order.instrument == id));
        Ok(list(open.filter_map(|order| self.shown(order))))
    }

    fn all_orders(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let instrument = self.symbol(params.need("symbol")?)?.id;
        let span = Span::of(params)?;
        let from: Option<u64> = params.number("orderId")?;
        let orders = self.store.all(client).filter(|order| order.instrument == instrument);
        let orders =
            orders.filter(|order| from.is_none_or(|from| order.id >= from) && span.holds(order.created));
        let rows = orders.filter_map(|order| self.shown(order)).collect();
        Ok(span.cut(rows, from.is_some() || span.start.is_some()))
    }

    fn my_trades(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let one = match self.market() {
            Market::Spot => Some(self.symbol(params.need("symbol")?)?.id),
            Market::UsdM => self.wanted_instrument(params)?,
        };
        let span = Span::of(params)?;
        let from: Option<u64> = params.number("fromId")?;
        let of_order: Option<u64> = params.number("orderId")?;
        let wanted = |deal: &&Deal| {
            one.is_none_or(|id| deal.instrument == id)
                && from.is_none_or(|from| deal.id >= from)
                && of_order.is_none_or(|order| deal.order == order)
                && span.holds(deal.at)
        };
        let rows = self.store.deals(client).filter(wanted).filter_map(|row| {
            let symbol = &self.listed(row.instrument)?.symbol;
            Some(deal(self.market(), symbol, row, self.asset(row.fee_asset)))
        });
        Ok(span.cut(rows.collect(), from.is_some() || span.start.is_some()))
    }

    fn income(&self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let one = self.wanted_instrument(params)?;
        let span = Span::of(params)?;
        let kind = params.get("incomeType");
        let incomes = self.store.incomes(client).filter(|income| {
            one.is_none_or(|id| income.instrument == id)
                && kind.is_none_or(|kind| income.kind == kind)
                && span.holds(income.at)
        });
        let rows = incomes.map(|income| {
            Obj::new()
                .text("symbol", self.listed(income.instrument).map_or("", |listed| &listed.symbol.name))
                .text("incomeType", income.kind)
                .text("income", &money(income.amount))
                .text("asset", self.asset(income.asset))
                .put("time", ms(income.at))
                .text("info", income.kind)
                .put("tranId", income.id)
                .text("tradeId", "")
                .end()
        });
        Ok(span.cut(rows.collect(), span.start.is_some()))
    }

    fn spot_account(&self, client: ClientId, now: Nanos) -> String {
        let balances = self.assets().into_iter().map(|(_, name)| {
            let (free, locked) = self.back.balance(client, &name);
            Obj::new().text("asset", &name).text("free", &money(free)).text("locked", &money(locked)).end()
        });
        let rate = |rate: Rate| show(Money::from_e8(rate.0).0, DIGITS);
        let rates = Obj::new()
            .text("maker", &rate(self.config.maker))
            .text("taker", &rate(self.config.taker))
            .text("buyer", "0.00000000")
            .text("seller", "0.00000000")
            .end();
        Obj::new()
            .put("makerCommission", self.config.maker.0 / 10_000)
            .put("takerCommission", self.config.taker.0 / 10_000)
            .put("buyerCommission", 0)
            .put("sellerCommission", 0)
            .put("commissionRates", rates)
            .put("canTrade", true)
            .put("canWithdraw", false)
            .put("canDeposit", false)
            .put("brokered", false)
            .put("requireSelfTradePrevention", false)
            .put("preventSor", false)
            .put("updateTime", ms(now))
            .text("accountType", "SPOT")
            .put("balances", list(balances))
            .put("permissions", "[\"SPOT\"]")
            .put("uid", client.0)
            .end()
    }

    /// The client's positions that are, or were, or have orders.
    fn positions_of(&self, client: ClientId) -> Vec<(&Symbol, Position)> {
        let position = |id| self.positions.get(&(client, id)).copied().unwrap_or_default();
        let symbols = self.listed.values().map(|listed| &listed.symbol);
        symbols.map(|symbol| (symbol, position(symbol.id))).collect()
    }

    fn leverage_of(&self, client: ClientId, id: InstrumentId) -> u32 {
        self.leverage.get(&(client, id)).copied().unwrap_or(LEVERAGE)
    }

    /// Wallet balance and unrealized profit in what futures are settled in.
    fn worth_of(&self, client: ClientId, asset: &str) -> (Money, Money) {
        let (free, locked) = self.back.balance(client, asset);
        let positions = self.positions_of(client);
        let of_asset = positions.iter().filter(|(symbol, _)| symbol.quote == asset);
        let profit =
            of_asset.map(|(symbol, position)| position.unrealized(&symbol.spec, self.mark_of(symbol)));
        (free + locked, profit.sum())
    }

    fn futures_account(&self, client: ClientId, now: Nanos) -> String {
        let assets = self.assets();
        let worths: Vec<_> =
            assets.iter().map(|(_, name)| (name.as_str(), self.worth_of(client, name))).collect();
        let positions = self.positions_of(client);
        let margin = |symbol: &Symbol, position: &Position| {
            let value = position.value(&symbol.spec, self.mark_of(symbol));
            Money(value.0 / i128::from(self.leverage_of(client, symbol.id).max(1)))
        };
        let bound: Money = positions.iter().map(|(symbol, position)| margin(symbol, position)).sum();
        let wallet: Money = worths.iter().map(|(_, (wallet, _))| *wallet).sum();
        let profit: Money = worths.iter().map(|(_, (_, profit))| *profit).sum();
        let assets = worths.iter().map(|(name, (wallet, profit))| {
            self.sums(Obj::new().text("asset", name), "", *wallet, *profit, bound)
                .put("updateTime", ms(now))
                .end()
        });
        let assets = list(assets);
        let rows = positions.iter().filter(|(_, position)| position.lots.0 != 0).map(|(symbol, position)| {
            let spec = &symbol.spec;
            let mark = self.mark_of(symbol);
            Obj::new()
                .text("symbol", &symbol.name)
                .text("positionSide", "BOTH")
                .text("positionAmt", &size(Market::UsdM, spec, lots_atto(spec, position.lots)))
                .text("entryPrice", &show(position.entry(spec), DIGITS))
                .text("unrealizedProfit", &money(position.unrealized(spec, mark)))
                .text("notional", &money(signed(position, position.value(spec, mark))))
                .text("leverage", &self.leverage_of(client, symbol.id).to_string())
                .put("isolated", false)
                .text("isolatedMargin", "0")
                .text("isolatedWallet", "0")
                .text("initialMargin", &money(margin(symbol, position)))
                .text("maintMargin", "0")
                .put("updateTime", position.updated_ms)
                .end()
        });
        let rows = list(rows);
        let head = Obj::new().put("feeTier", 0).put("canTrade", true).put("multiAssetsMargin", false);
        self.sums(head, "total", wallet, profit, bound).put("assets", assets).put("positions", rows).end()
    }

    /// The sums of an account or of one of its assets; those of an account have `total` in their names.
    #[expect(clippy::unused_self, reason = "one of the account's answers")]
    fn sums(&self, out: Obj, prefix: &str, wallet: Money, profit: Money, bound: Money) -> Obj {
        let key = |name: &str| {
            let mut letters = name.chars();
            let first = letters.next().filter(|_| prefix.is_empty());
            let first = first.map_or_else(
                || name.chars().take(1).flat_map(char::to_uppercase).collect::<String>(),
                |letter| letter.to_string(),
            );
            format!("{prefix}{first}{}", letters.as_str())
        };
        let left = money(wallet + profit - bound);
        out.text(&key("walletBalance"), &money(wallet))
            .text(&key("unrealizedProfit"), &money(profit))
            .text(&key("marginBalance"), &money(wallet + profit))
            .text(&key("initialMargin"), &money(bound))
            .text(&key("maintMargin"), "0.00000000")
            .text(&key("positionInitialMargin"), &money(bound))
            .text(&key("openOrderInitialMargin"), "0.00000000")
            .text(&key("crossWalletBalance"), &money(wallet))
            .text(&key("crossUnPnl"), &money(profit))
            .text("availableBalance", &left)
            .text("maxWithdrawAmount", &left)
    }

    fn futures_balance(&self, client: ClientId, now: Nanos) -> String {
        list(self.assets().iter().map(|(_, name)| {
            let (wallet, profit) = self.worth_of(client, name);
            Obj::new()
                .text("accountAlias", "sim")
                .text("asset", name)
                .text("balance", &money(wallet))
                .text("crossWalletBalance", &money(wallet))
                .text("crossUnPnl", &money(profit))
                .text("availableBalance", &money(wallet + profit))
                .text("maxWithdrawAmount", &money(wallet + profit))
                .put("marginAvailable", true)
                .put("updateTime", ms(now))
                .end()
        }))
    }

    fn position_risk(&self, op: Op, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let one = self.wanted_instrument(params)?;
        let positions = self.positions_of(client);
        // Only symbols with a position or with orders have a row.
        let told = positions.iter().filter(|(symbol, position)| {
            let ordered = || self.store.open(client).any(|order| order.instrument == symbol.id);
            one.is_none_or(|id| symbol.id == id) && (position.lots.0 != 0 || ordered())
        });
        Ok(list(told.map(|(symbol, position)| {
            let spec = &symbol.spec;
            let mark = self.mark_of(symbol);
            let entry = show(position.entry(spec), DIGITS);
            let value = position.value(spec, mark);
            let leverage = self.leverage_of(client, symbol.id);
            let margin = money(Money(value.0 / i128::from(leverage.max(1))));
            let row = Obj::new()
                .text("symbol", &symbol.name)
                .text("positionSide", "BOTH")
                .text("positionAmt", &size(Market::UsdM, spec, lots_atto(spec, position.lots)))
                .text("entryPrice", &entry)
                .text("breakEvenPrice", &entry)
                .text("markPrice", &show(mark, DIGITS))
                .text("unRealizedProfit", &money(position.unrealized(spec, mark)))
                .text("liquidationPrice", "0")
                .text("isolatedMargin", "0")
                .text("notional", &money(signed(position, value)))
                .text("marginAsset", &symbol.quote)
                .text("isolatedWallet", "0");
            // The newer answer leaves the settings to symbolConfig.
            let row = if op == Op::PositionsLean {
                row
            } else {
                row.text("leverage", &leverage.to_string()).text("marginType", "cross")
            };
            row.text("initialMargin", &margin)
                .text("maintMargin", "0")
                .text("positionInitialMargin", &margin)
                .text("openOrderInitialMargin", "0")
                .put("adl", 0)
                .put("updateTime", position.updated_ms)
                .end()
        })))
    }

    fn commission(&self, params: &Params) -> Result<String, Refusal> {
        let symbol = self.symbol(params.need("symbol")?)?;
        let rate = |rate: Rate| show(Money::from_e8(rate.0).0, DIGITS);
        let (maker, taker) = (rate(self.config.maker), rate(self.config.taker));
        Ok(match self.market() {
            Market::UsdM => Obj::new()
                .text("symbol", &symbol.name)
                .text("makerCommissionRate", &maker)
                .text("takerCommissionRate", &taker)
                .text("rpiCommissionRate", &maker)
                .end(),
            Market::Spot => {
                let rates = |maker: &str, taker: &str| {
                    let none = "0.00000000";
                    let row = Obj::new().text("maker", maker).text("taker", taker);
                    row.text("buyer", none).text("seller", none).end()
                };
                let none = rates("0.00000000", "0.00000000");
                let discount = Obj::new()
                    .put("enabledForAccount", false)
                    .put("enabledForSymbol", false)
                    .text("discountAsset", "BNB")
                    .text("discount", "0.75000000")
                    .end();
                Obj::new()
                    .text("symbol", &symbol.name)
                    .put("standardCommission", rates(&maker, &taker))
                    .put("specialCommission", &none)
                    .put("taxCommission", &none)
                    .put("discount", discount)
                    .end()
            }
        })
    }

    fn trade_fee(&self, symbol: &Symbol) -> String {
        let rate = |rate: Rate| show(Money::from_e8(rate.0).0, DIGITS);
        Obj::new()
            .text("symbol", &symbol.name)
            .text("makerCommission", &rate(self.config.maker))
            .text("takerCommission", &rate(self.config.taker))
            .end()
    }

    fn symbol_config(&self, client: ClientId, symbol: &Symbol) -> String {
        Obj::new()
            .text("symbol", &symbol.name)
            .text("marginType", "CROSSED")
            .put("isAutoAddMargin", false)
            .put("leverage", self.leverage_of(client, symbol.id))
            .text("maxNotionalValue", "1000000000")
            .end()
    }

    fn set_leverage(&mut self, client: ClientId, params: &Params) -> Result<String, Refusal> {
        let symbol = self.symbol(params.need("symbol")?)?;
        let (id, name) = (symbol.id, symbol.name.clone());
        let leverage: u32 = params.number("leverage")?.ok_or_else(|| Refusal::missing("leverage"))?;
        if !(1..=LEVERAGE_MAX).contains(&leverage) {
            return Err(Refusal::new(-4028, format!("Leverage {leverage} is not valid")));
        }
        self.leverage.insert((client, id), leverage);
        let answer = Obj::new().put("leverage", leverage).text("maxNotionalValue", "1000000000");
        Ok(answer.text("symbol", &name).end())
    }
}

const fn signed(position: &Position, value: Money) -> Money {
    if position.lots.0 < 0 { Money(-value.0) } else { value }
}

fn brackets(symbol: &Symbol) -> String {
    let bracket = Obj::new()
        .put("bracket", 1)
        .put("initialLeverage", LEVERAGE_MAX)
        .put("notionalCap", 1_000_000_000)
        .put("notionalFloor", 0)
        .put("maintMarginRatio", 0.004)
        .put("cum", 0)
        .end();
    Obj::new().text("symbol", &symbol.name).put("notionalCoef", 1).put("brackets", list([bracket])).end()
}

fn account_config(now: Nanos) -> String {
    Obj::new()
        .put("feeTier", 0)
        .put("canTrade", true)
        .put("canDeposit", false)
        .put("canWithdraw", false)
        .put("dualSidePosition", false)
        .put("updateTime", ms(now))
        .put("multiAssetsMargin", false)
        .put("tradeGroupId", -1)
        .end()
}
