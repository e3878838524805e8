//! The contracts' interfaces, as far as they are called here.
//!
//! Where Uniswap and PancakeSwap differ in a type, the wider one reads both: `slot0` of Uniswap holds its protocol fee in eight bits, that
//! of PancakeSwap in 32.

use alloy_sol_types::sol;

sol! {
    /// `NonfungiblePositionManager`, and what `MasterChefV3` shares with it.
    interface Positions {
        function factory() external view returns (address);
        function balanceOf(address owner) external view returns (uint256);
        function tokenOfOwnerByIndex(address owner, uint256 index) external view returns (uint256);
        function ownerOf(uint256 id) external view returns (address);
        function positions(uint256 id) external view returns (
            uint96 nonce, address operator, address token0, address token1, uint24 fee, int24 lower, int24 upper,
            uint128 liquidity, uint256 growth0, uint256 growth1, uint128 owed0, uint128 owed1
        );
        struct Decrease { uint256 id; uint128 liquidity; uint256 least0; uint256 least1; uint256 deadline; }
        function decreaseLiquidity(Decrease what) external payable returns (uint256 amount0, uint256 amount1);
        struct Collect { uint256 id; address recipient; uint128 most0; uint128 most1; }
        function collect(Collect what) external payable returns (uint256 amount0, uint256 amount1);
        function multicall(bytes[] data) external payable returns (bytes[] results);
    }

    interface Factory {
        function getPool(address token0, address token1, uint24 fee) external view returns (address);
    }

    interface PoolState {
        function token0() external view returns (address);
        function token1() external view returns (address);
        function fee() external view returns (uint24);
        function tickSpacing() external view returns (int24);
        function slot0() external view returns (
            uint160 sqrtPrice, int24 tick, uint16 index, uint16 cardinality, uint16 next, uint32 protocolFee, bool unlocked
        );
        function liquidity() external view returns (uint128);
        function feeGrowthGlobal0X128() external view returns (uint256);
        function feeGrowthGlobal1X128() external view returns (uint256);
        function ticks(int24 tick) external view returns (
            uint128 gross, int128 net, uint256 outside0, uint256 outside1, int56 cumulative, uint160 secondsPerLiquidity,
            uint32 secondsOutside, bool initialized
        );
    }

    interface Erc20 {
        function decimals() external view returns (uint8);
        function symbol() external view returns (string);
    }

    /// Of `Multicall3` (Matt Solomon, 2022): many calls in one, in one state.
    interface Multicall {
        struct Call { address target; bool mayFail; bytes data; }
        struct Outcome { bool worked; bytes data; }
        function aggregate3(Call[] calls) external payable returns (Outcome[] outcomes);
        function getCurrentBlockTimestamp() external view returns (uint256);
    }

    /// Events of Uniswap V3's pools, which PancakeSwap's share except the first.
    interface UniswapEvents {
        event Swap(
            address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPrice,
            uint128 liquidity, int24 tick
        );
        event Mint(
            address sender, address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity,
            uint256 amount0, uint256 amount1
        );
        event Burn(
            address indexed owner, int24 indexed lower, int24 indexed upper, uint128 liquidity, uint256 amount0, uint256 amount1
        );
        event Collect(
            address indexed owner, address recipient, int24 indexed lower, int24 indexed upper, uint128 amount0, uint128 amount1
        );
    }

    interface PancakeEvents {
        event Swap(
            address indexed sender, address indexed recipient, int256 amount0, int256 amount1, uint160 sqrtPrice,
            uint128 liquidity, int24 tick, uint128 protocolFee0, uint128 protocolFee1
        );
    }
}
