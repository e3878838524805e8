//! What the tests call that the library does not.

use alloy_sol_types::sol;

sol! {
    interface Admin {
        function setFactoryAddress(address factory) external;
        function setLmPool(address pool, address farm) external;
        function setLMPoolDeployer(address farm) external;
        function add(uint256 points, address pool, bool update) external;
    }

    interface Price {
        function slot0() external view returns (
            uint160 price, int24 tick, uint16 index, uint16 cardinality, uint16 next, uint32 fee, bool unlocked
        );
    }

    interface Token {
        function mint(address to, uint256 value) external;
        function approve(address spender, uint256 value) external returns (bool);
        function balanceOf(address owner) external view returns (uint256);
    }

    interface Manager {
        struct New {
            address token0; address token1; uint24 fee; int24 lower; int24 upper; uint256 wanted0; uint256 wanted1;
            uint256 least0; uint256 least1; address recipient; uint256 deadline;
        }
        function createAndInitializePoolIfNecessary(address token0, address token1, uint24 fee, uint160 price)
            external payable returns (address pool);
        function mint(New what) external payable returns (uint256 id, uint128 liquidity, uint256 amount0, uint256 amount1);
        struct Decrease { uint256 id; uint128 liquidity; uint256 least0; uint256 least1; uint256 deadline; }
        function decreaseLiquidity(Decrease what) external payable returns (uint256 amount0, uint256 amount1);
        struct Collect { uint256 id; address recipient; uint128 most0; uint128 most1; }
        function collect(Collect what) external payable returns (uint256 amount0, uint256 amount1);
        function burn(uint256 id) external payable;
        function safeTransferFrom(address from, address to, uint256 id) external;
    }

    interface Router {
        struct Swap {
            address sold; address bought; uint24 fee; address recipient; uint256 deadline; uint256 amount; uint256 least;
            uint160 limit;
        }
        function exactInputSingle(Swap what) external payable returns (uint256 amount);
    }
}
