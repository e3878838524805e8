//! The exchanges as they are deployed, and liquidity at them.

use alloy_primitives::aliases::{I24, U24, U160};
use alloy_primitives::{Address, U256};
use alloy_rpc_types_eth::TransactionReceipt;
use alloy_sol_types::{SolCall, SolValue as _};
use ballast_chain::read::{Exchange, Wanted};

use crate::abi::{Admin, Manager, Price, Router, Token};
use crate::rig::{MULTICALL, Rig, SHELF};

/// An exchange on the node.
#[derive(Clone, Debug)]
pub(crate) struct Dex {
    pub(crate) name: &'static str,
    pub(crate) factory: Address,
    pub(crate) positions: Address,
    pub(crate) router: Address,
}

/// A pool of one.
#[derive(Clone, Debug)]
pub(crate) struct Pool {
    pub(crate) dex: Dex,
    pub(crate) address: Address,
    pub(crate) tokens: [Address; 2],
    pub(crate) fee: u32,
    pub(crate) spacing: i32,
    /// Where its price began.
    pub(crate) tick: i32,
}

/// Which of the two tokens comes first by its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    BaseFirst,
    QuoteFirst,
}

pub(crate) async fn uniswap(rig: &Rig) -> Dex {
    let factory = rig.deploy("UniswapV3Factory", vec![]).await;
    let native = rig.token("WETH", 18).await;
    let arguments = (factory, native, Address::ZERO).abi_encode_params();
    let positions = rig.deploy("UniswapPositions", arguments).await;
    let router = rig.deploy("UniswapRouter", (factory, native).abi_encode_params()).await;
    Dex { name: "uniswap", factory, positions, router }
}

pub(crate) async fn pancake(rig: &Rig) -> Dex {
    rig.request::<()>("anvil_setCode", (SHELF, rig.code("PancakeV3Pool"))).await;
    let deployer = rig.deploy("PoolDeployer", SHELF.abi_encode()).await;
    let factory = rig.deploy("PancakeV3Factory", deployer.abi_encode()).await;
    rig.send(deployer, Admin::setFactoryAddressCall { factory }).await;
    let native = rig.token("WBNB", 18).await;
    let arguments = (deployer, factory, native, Address::ZERO).abi_encode_params();
    let positions = rig.deploy("PancakePositions", arguments).await;
    let router = rig.deploy("PancakeRouter", (deployer, factory, native).abi_encode_params()).await;
    Dex { name: "pancake", factory, positions, router }
}

/// A `MasterChefV3` that takes the pool's positions.
pub(crate) async fn staking(rig: &Rig, pool: &Pool) -> Address {
    let farm = rig.deploy("Farm", vec![]).await;
    let reward = rig.token("CAKE", 18).await;
    let arguments = (reward, pool.dex.positions, reward).abi_encode_params();
    let staking = rig.deploy("MasterChefV3", arguments).await;
    rig.send(staking, Admin::setLMPoolDeployerCall { farm }).await;
    rig.send(pool.dex.factory, Admin::setLmPoolCall { pool: pool.address, farm }).await;
    rig.send(staking, Admin::addCall { points: U256::from(1), pool: pool.address, update: false }).await;
    staking
}

/// Reads everything of ours at these exchanges.
pub(crate) fn wanted(rig: &Rig, exchanges: &[(&Dex, Option<Address>)]) -> Wanted {
    let exchange = |(dex, staking): &(&Dex, Option<Address>)| Exchange {
        name: dex.name.to_owned(),
        positions: dex.positions,
        staking: *staking,
        pools: vec![],
    };
    Wanted {
        exchanges: exchanges.iter().map(exchange).collect(),
        owners: vec![rig.me],
        most: 100,
        multicall: MULTICALL,
    }
}

impl Dex {
    /// A pool of two new tokens in this order, at 2500 quote for a base.
    pub(crate) async fn pool(&self, rig: &Rig, decimals: [u8; 2], order: Order, fee: u32) -> Pool {
        let [base_decimals, quote_decimals] = decimals;
        let base = rig.token("ETH", base_decimals).await;
        let quote = loop {
            let quote = rig.token("USD", quote_decimals).await;
            if (base < quote) == (order == Order::BaseFirst) {
                break quote;
            }
        };
        let price = 2500.0 * 10_f64.powi(i32::from(quote_decimals) - i32::from(base_decimals));
        let (tokens, price) = match order {
            Order::BaseFirst => ([base, quote], price),
            Order::QuoteFirst => ([quote, base], 1.0 / price),
        };
        for token in tokens {
            for spender in [self.positions, self.router] {
                rig.send(token, Token::approveCall { spender, value: U256::MAX }).await;
            }
        }
        let create = Manager::createAndInitializePoolIfNecessaryCall {
            token0: tokens[0],
            token1: tokens[1],
            fee: U24::from(fee),
            price: U160::from(price.sqrt() * 2_f64.powi(96)),
        };
        let address = rig.call(self.positions, rig.me, create.clone()).await;
        rig.send(self.positions, create).await;
        let tick = rig.call(address, rig.me, Price::slot0Call {}).await.tick.as_i32();
        let spacing = match fee {
            100 => 1,
            500 => 10,
            2_500 => 50,
            3_000 => 60,
            _ => 200,
        };
        Pool { dex: self.clone(), address, tokens, fee, spacing, tick }
    }
}

impl Pool {
    /// The multiple of the spacing next to `tick`.
    pub(crate) fn usable(&self, tick: i32) -> i32 {
        tick.div_euclid(self.spacing) * self.spacing
    }

    /// A new position of ours of at most these amounts.
    pub(crate) async fn mint(&self, rig: &Rig, range: [i32; 2], amounts: [U256; 2]) -> U256 {
        let [lower, upper] = range.map(|tick| I24::try_from(self.usable(tick)).unwrap());
        let new = Manager::New {
            token0: self.tokens[0],
            token1: self.tokens[1],
            fee: U24::from(self.fee),
            lower,
            upper,
            wanted0: amounts[0],
            wanted1: amounts[1],
            least0: U256::ZERO,
            least1: U256::ZERO,
            recipient: rig.me,
            deadline: U256::MAX,
        };
        let call = Manager::mintCall { what: new };
        let id = rig.call(self.dex.positions, rig.me, call.clone()).await.id;
        rig.send(self.dex.positions, call).await;
        id
    }

    /// Sells so much of token 0 or 1.
    pub(crate) async fn sell(&self, rig: &Rig, side: usize, amount: U256) {
        let swap = Router::Swap {
            sold: self.tokens[side],
            bought: self.tokens[1 - side],
            fee: U24::from(self.fee),
            recipient: rig.me,
            deadline: U256::MAX,
            amount,
            least: U256::ZERO,
            limit: U160::ZERO,
        };
        rig.send(self.dex.router, Router::exactInputSingleCall { what: swap }).await;
    }

    /// Removes liquidity; what it was worth is owed.
    pub(crate) async fn decrease(&self, rig: &Rig, id: U256, liquidity: u128) -> [U256; 2] {
        let (least0, least1, deadline) = (U256::ZERO, U256::ZERO, U256::MAX);
        let what = Manager::Decrease { id, liquidity, least0, least1, deadline };
        let paid = self.twice(rig, Manager::decreaseLiquidityCall { what }).await;
        [paid.amount0, paid.amount1]
    }

    /// Collects everything owed.
    pub(crate) async fn collect(&self, rig: &Rig, id: U256) -> [U256; 2] {
        let what = Manager::Collect { id, recipient: rig.me, most0: u128::MAX, most1: u128::MAX };
        let before = [rig.balance(self.tokens[0]).await, rig.balance(self.tokens[1]).await];
        self.twice(rig, Manager::collectCall { what }).await;
        [rig.balance(self.tokens[0]).await - before[0], rig.balance(self.tokens[1]).await - before[1]]
    }

    /// Burns an empty NFT.
    pub(crate) async fn burn(&self, rig: &Rig, id: U256) -> TransactionReceipt {
        rig.send(self.dex.positions, Manager::burnCall { id }).await
    }

    /// What the manager says it would return, and then for real.
    async fn twice<C: SolCall + Clone>(&self, rig: &Rig, call: C) -> C::Return {
        let said = rig.call(self.dex.positions, rig.me, call.clone()).await;
        rig.send(self.dex.positions, call).await;
        said
    }
}
