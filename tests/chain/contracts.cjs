// Writes contracts.json: creation code by name, from the packages in the working folder and from Shims.sol.
const fs = require("fs");
const path = require("path");

const folder = process.cwd();
const source = path.join(__dirname, "Shims.sol");
const published = {
  UniswapV3Factory: "@uniswap/v3-core/artifacts/contracts/UniswapV3Factory.sol/UniswapV3Factory.json",
  UniswapPositions: "@uniswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
  UniswapRouter: "@uniswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json",
  PancakeV3Factory: "@pancakeswap/v3-core/artifacts/contracts/PancakeV3Factory.sol/PancakeV3Factory.json",
  PancakeV3Pool: "@pancakeswap/v3-core/artifacts/contracts/PancakeV3Pool.sol/PancakeV3Pool.json",
  PancakePositions: "@pancakeswap/v3-periphery/artifacts/contracts/NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
  PancakeRouter: "@pancakeswap/v3-periphery/artifacts/contracts/SwapRouter.sol/SwapRouter.json",
  MasterChefV3: "@pancakeswap/masterchef-v3/artifacts/contracts/MasterChefV3.sol/MasterChefV3.json",
};

const codes = {};
for (const [name, file] of Object.entries(published)) {
  codes[name] = JSON.parse(fs.readFileSync(path.join(folder, "node_modules", file), "utf8")).bytecode;
}

const solc = require(path.join(folder, "node_modules/solc"));
const input = {
  language: "Solidity",
  sources: { "Shims.sol": { content: fs.readFileSync(source, "utf8") } },
  settings: { optimizer: { enabled: true }, outputSelection: { "*": { "*": ["evm.bytecode.object"] } } },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const errors = (output.errors || []).filter((error) => error.severity === "error");
if (errors.length > 0) {
  console.error(errors.map((error) => error.formattedMessage).join("\n"));
  process.exit(1);
}
for (const [name, contract] of Object.entries(output.contracts["Shims.sol"])) {
  codes[name] = "0x" + contract.evm.bytecode.object;
}

const broken = Object.entries(codes).filter(([, code]) => !/^0x([0-9a-f]{2})+$/.test(code));
if (broken.length > 0) {
  console.error("no whole bytecode: " + broken.map(([name]) => name).join(", "));
  process.exit(1);
}
fs.writeFileSync(path.join(folder, "contracts.json"), JSON.stringify(codes));
