//! Many calls in one, all at one block.

use alloy_primitives::{Address, Bytes, U256};
use alloy_sol_types::SolCall;

use crate::abi::Multicall;
use crate::block::Block;
use crate::known::Trouble;
use crate::node::{Call, Node};

/// How many calls are bundled at most: nodes limit what one may cost.
const MOST: usize = 200;

/// Calls at one block.
pub(super) struct Batch<'a> {
    node: &'a Node,
    block: Block,
    multicall: Address,
}

/// Calls of one function to several contracts, or with several arguments.
pub(super) type Calls<C> = Vec<(Address, C)>;

impl<'a> Batch<'a> {
    pub(super) const fn new(node: &'a Node, block: Block, multicall: Address) -> Self {
        Self { node, block, multicall }
    }

    /// What each call returns; all have to.
    pub(super) async fn all<C: SolCall>(
        &self,
        what: &'static str,
        calls: Calls<C>,
    ) -> Result<Vec<C::Return>, Trouble> {
        let answers = self.any(what, calls).await?;
        let refused = || Trouble::Refused { what, why: "the contract reverted".to_owned() };
        answers.into_iter().map(|answer| answer.ok_or_else(refused)?).collect()
    }

    /// What each call returns; `None` for those that are reverted, an error for those whose answer cannot be read.
    pub(super) async fn any<C: SolCall>(
        &self,
        what: &'static str,
        calls: Calls<C>,
    ) -> Result<Vec<Option<Result<C::Return, Trouble>>>, Trouble> {
        let mut answers = Vec::with_capacity(calls.len());
        for part in calls.chunks(MOST) {
            let part = part.iter().map(|(target, call)| (*target, call.abi_encode()));
            for answer in self.ask(what, part.collect()).await? {
                let read = |data: Bytes| {
                    C::abi_decode_returns_validate(&data).map_err(|error| unreadable(what, &error))
                };
                answers.push(answer.map(read));
            }
        }
        Ok(answers)
    }

    /// One bundle. It also asks for the time, which has to be the block's: a node that reads another state than the one it was asked
    /// for does not go unseen.
    async fn ask(
        &self,
        what: &'static str,
        calls: Vec<(Address, Vec<u8>)>,
    ) -> Result<Vec<Option<Bytes>>, Trouble> {
        let count = calls.len();
        let time = (self.multicall, Multicall::getCurrentBlockTimestampCall {}.abi_encode());
        let calls = std::iter::once(time).chain(calls);
        let calls = calls.map(|(target, data)| Multicall::Call { target, mayFail: true, data: data.into() });
        let data = Multicall::aggregate3Call { calls: calls.collect() }.abi_encode();
        let call = Call { what, to: self.multicall, from: None, data };
        let said = self.node.call(self.block.hash, call).await?;
        let outcomes = Multicall::aggregate3Call::abi_decode_returns_validate(&said);
        let mut outcomes = outcomes.map_err(|error| unreadable(what, &error))?.into_iter();
        let time = outcomes.next().map(|outcome| outcome.data);
        let time = time.and_then(|data| U256::try_from_be_slice(&data));
        if time != Some(U256::from(self.block.time)) || outcomes.len() != count {
            let said = format!("{what} at block {} was answered for another", self.block);
            return Err(Trouble::Contradiction(said));
        }
        Ok(outcomes.map(|outcome| outcome.worked.then_some(outcome.data)).collect())
    }
}

pub(super) fn unreadable(what: &'static str, error: &alloy_sol_types::Error) -> Trouble {
    Trouble::Unreadable { what, why: error.to_string() }
}
