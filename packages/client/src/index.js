// The package's entry. The wasm file lies beside it and is found by its own address.

export { default as load, version } from "./keyward_client.js";
