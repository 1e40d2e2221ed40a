export { default as load, version } from "./keyward_client.js";
