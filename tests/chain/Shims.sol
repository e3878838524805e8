// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity =0.7.6;

// What the tests need beside the exchanges' own bytecode, and no package brings as bytecode.

/// A token of chosen decimals that anybody may mint.
contract Token {
    string public name;
    string public symbol;
    uint8 public immutable decimals;
    uint256 public totalSupply;
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor(string memory symbol_, uint8 decimals_) {
        name = symbol_;
        symbol = symbol_;
        decimals = decimals_;
    }

    function mint(address to, uint256 value) external {
        totalSupply += value;
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        require(allowance[from][msg.sender] >= value, "allowance");
        allowance[from][msg.sender] -= value;
        return move(from, to, value);
    }

    function move(address from, address to, uint256 value) private returns (bool) {
        require(balanceOf[from] >= value, "balance");
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
        return true;
    }
}

/// Creates PancakeSwap's unmodified pools where its own deployer would: CREATE2 from here, salted with tokens and fee. The pool's
/// creation code is the code of `creation`, since it is longer than a contract may embed beside its own.
contract PoolDeployer {
    struct Parameters {
        address factory;
        address token0;
        address token1;
        uint24 fee;
        int24 tickSpacing;
    }

    /// What a pool asks its creator for while it is made.
    Parameters public parameters;
    address public immutable creation;
    address public factory;

    constructor(address creation_) {
        creation = creation_;
    }

    function setFactoryAddress(address factory_) external {
        require(factory == address(0), "set");
        factory = factory_;
    }

    function deploy(address factory_, address token0, address token1, uint24 fee, int24 tickSpacing)
        external
        returns (address pool)
    {
        require(msg.sender == factory, "factory");
        parameters = Parameters(factory_, token0, token1, fee, tickSpacing);
        bytes32 salt = keccak256(abi.encode(token0, token1, fee));
        address from = creation;
        assembly {
            let size := extcodesize(from)
            let code := mload(0x40)
            extcodecopy(from, code, 0, size)
            pool := create2(0, code, size, salt)
        }
        require(pool != address(0), "create2");
        delete parameters;
    }
}

/// A farm that pays nothing: as much of PancakeSwap's liquidity-mining pool, and of its deployer, as MasterChefV3 and a pool ask for
/// while a position is staked.
contract Farm {
    function deploy(address) external view returns (address) {
        return address(this);
    }

    function accumulateReward(uint32) external {}

    function crossLmTick(int24, bool) external {}

    function updatePosition(int24, int24, int128) external {}

    function getRewardGrowthInside(int24, int24) external pure returns (uint256) {
        return 0;
    }
}
