//! A node with contracts on it, and somebody who uses them.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U256, address, hex};
use alloy_provider::bindings::IMulticall3;
use alloy_provider::{Provider as _, ProviderBuilder, RootProvider, WsConnect};
use alloy_rpc_types_eth::{TransactionReceipt, TransactionRequest};
use alloy_sol_types::{SolCall, SolValue as _};
use ballast_chain::block::Block;
use ballast_chain::node::{Endpoint, Hashes, Manner, Node};
use tokio::time::sleep;

use crate::abi::Token;
use crate::anvil::{Anvil, prepared};

/// Where `Multicall3` is on every chain.
pub(crate) const MULTICALL: Address = address!("0xcA11bde05977b3631167028862bE2a173976CA11");

/// How the tests ask nodes.
pub(crate) const MANNER: Manner =
    Manner { chain: 31_337, patience: Duration::from_secs(5), hashes: Hashes::Checked };

/// A node, and an account on it that owns everything.
#[derive(Debug)]
pub(crate) struct Rig {
    pub(crate) anvil: Anvil,
    pub(crate) provider: RootProvider,
    pub(crate) me: Address,
    codes: BTreeMap<String, Bytes>,
}

impl Rig {
    /// A fresh node; `None` where none was prepared.
    pub(crate) async fn new() -> Option<Self> {
        let folder = prepared()?;
        let text = fs::read_to_string(folder.join("contracts.json")).unwrap();
        let codes = serde_json::from_str(&text).unwrap();
        let anvil = Anvil::start(&folder, None, &[]);
        let provider = connect(&anvil).await;
        let accounts = provider.get_accounts().await.unwrap();
        let rig = Self { anvil, provider, me: accounts[0], codes };
        let multicall = rig.create(IMulticall3::BYTECODE.clone()).await;
        let code = rig.provider.get_code_at(multicall).await.unwrap();
        rig.request::<()>("anvil_setCode", (MULTICALL, code)).await;
        Some(rig)
    }

    /// Asks the node for anything.
    pub(crate) async fn request<T>(&self, method: &'static str, parameters: impl Parameters) -> T
    where
        T: serde::de::DeserializeOwned + std::fmt::Debug + Send + Sync + Unpin + 'static,
    {
        self.provider.client().request(method, parameters).await.unwrap()
    }

    /// The library's own connection.
    pub(crate) async fn node(&self) -> Node {
        Node::connect(&self.endpoint(), MANNER).await.unwrap()
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.anvil.url()).unwrap()
    }

    pub(crate) async fn head(&self) -> Block {
        self.node().await.head().await.unwrap()
    }

    /// Creation code by its name.
    pub(crate) fn code(&self, name: &str) -> Bytes {
        self.codes.get(name).unwrap_or_else(|| panic!("no code of {name}")).clone()
    }

    /// Creates a contract from its name and the words its constructor takes.
    pub(crate) async fn deploy(&self, name: &str, arguments: Vec<u8>) -> Address {
        self.create([self.code(name), arguments.into()].concat().into()).await
    }

    async fn create(&self, code: Bytes) -> Address {
        let receipt = self.transact(TransactionRequest::default().input(code.into())).await;
        receipt.contract_address.unwrap()
    }

    /// Changes a contract's state.
    pub(crate) async fn send(&self, to: Address, call: impl SolCall) -> TransactionReceipt {
        self.transact(TransactionRequest::default().to(to).input(Bytes::from(call.abi_encode()).into())).await
    }

    /// What a call would return at the newest block.
    pub(crate) async fn call<C: SolCall>(&self, to: Address, from: Address, call: C) -> C::Return {
        let input = Bytes::from(call.abi_encode());
        let request = TransactionRequest::default().to(to).from(from).input(input.into());
        let said = self.provider.call(request).latest().await.unwrap();
        C::abi_decode_returns_validate(&said).unwrap()
    }

    async fn transact(&self, request: TransactionRequest) -> TransactionReceipt {
        let mut request = request.from(self.me);
        request.gas = Some(15_000_000);
        let hash: B256 = self.request("eth_sendTransaction", (request,)).await;
        loop {
            if let Some(receipt) = self.provider.get_transaction_receipt(hash).await.unwrap() {
                assert!(receipt.status(), "a transaction was reverted: {receipt:?}");
                return receipt;
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    /// A token of so many decimals, of which we have enough.
    pub(crate) async fn token(&self, symbol: &str, decimals: u8) -> Address {
        let arguments = (symbol.to_owned(), U256::from(decimals)).abi_encode_params();
        let token = self.deploy("Token", arguments).await;
        self.send(token, Token::mintCall { to: self.me, value: U256::from(1) << 120 }).await;
        token
    }

    pub(crate) async fn balance(&self, token: Address) -> U256 {
        self.call(token, self.me, Token::balanceOfCall { owner: self.me }).await
    }

    /// Mines so many blocks.
    pub(crate) async fn mine(&self, blocks: u64) {
        self.request::<()>("anvil_mine", (U256::from(blocks),)).await;
    }

    /// Puts other, empty blocks in the place of the newest ones.
    pub(crate) async fn reorganise(&self, depth: u64) {
        self.request::<()>("anvil_reorg", (depth, Vec::<()>::new())).await;
    }
}

/// What can be sent with a request.
pub(crate) trait Parameters:
    serde::Serialize + Clone + std::fmt::Debug + Send + Sync + Unpin + 'static
{
}

impl<T: serde::Serialize + Clone + std::fmt::Debug + Send + Sync + Unpin + 'static> Parameters for T {}

/// A connection beside the library's, for what only tests do.
pub(crate) async fn connect(anvil: &Anvil) -> RootProvider {
    ProviderBuilder::default().connect_ws(WsConnect::new(anvil.url())).await.unwrap()
}

/// Code that a contract is created with, put where it can be read.
pub(crate) const SHELF: Address = Address::new(hex!("00000000000000000000000000000000000c0de5"));
