import { toHex } from "../check/bytes.js";
import { personalMessage } from "../check/ethereum.js";
import { ETHEREUM, SOLANA, account } from "../model/app.js";
import { activity, curlTemplate } from "../model/curl.js";

const ACCOUNTS = [
  { curve: "CURVE_SECP256K1", pathFormat: "PATH_FORMAT_BIP32", path: "m/44'/60'/0'/0/0", addressFormat: ETHEREUM },
  { curve: "CURVE_ED25519", pathFormat: "PATH_FORMAT_BIP32", path: "m/44'/501'/0'/0'", addressFormat: SOLANA },
];

export const wallet = ({ session }) => ({
  ts: `
const { walletId, addresses } = await client.api.createWallet({
  walletName: "Main",
  accounts: [
    {
      curve: "CURVE_SECP256K1",
      pathFormat: "PATH_FORMAT_BIP32",
      path: "m/44'/60'/0'/0/0",
      addressFormat: "ADDRESS_FORMAT_ETHEREUM",
    },
    {
      curve: "CURVE_ED25519",
      pathFormat: "PATH_FORMAT_BIP32",
      path: "m/44'/501'/0'/0'",
      addressFormat: "ADDRESS_FORMAT_SOLANA",
    },
  ],
});

const { accounts } = await client.api.listWalletAccounts({ walletId });`,
  rust: `
use keyward_client::protocol::activities::create_wallet::CreateWalletIntent;
use keyward_client::protocol::queries::list_wallet_accounts::ListWalletAccounts;
use keyward_client::protocol::wire::enums::{AddressFormat, Curve, PathFormat};
use keyward_client::protocol::wire::objects::WalletAccountParams;

let account = |curve, path: &str, format| WalletAccountParams {
    curve,
    path_format: PathFormat::Bip32,
    path: path.to_owned(),
    address_format: format,
    name: None,
};
let wallet = client.as_active().create_wallet(&CreateWalletIntent {
    wallet_name: "Main".to_owned(),
    accounts: vec![
        account(Curve::Secp256k1, "m/44'/60'/0'/0/0", AddressFormat::Ethereum),
        account(Curve::Ed25519, "m/44'/501'/0'/0'", AddressFormat::Solana),
    ],
    mnemonic_length: None,
}).await?;

let listed = client.as_active().list_wallet_accounts(&ListWalletAccounts {
    organization_id: String::new(), // the session's
    wallet_id: Some(wallet.wallet_id),
    include_wallet_details: None,
    pagination_options: None,
}).await?;`,
  curl: {
    paths: ["/submit/create_wallet"],
    text: curlTemplate(
      "/public/v1/submit/create_wallet",
      activity("CREATE_WALLET", { walletName: "Main", accounts: ACCOUNTS }, session?.organizationId ?? "<organization>"),
    ),
  },
});

export function sign(app) {
  if (app.picked.what === "transaction") return transaction(app);
  return app.picked.format === SOLANA ? solanaMessage(app) : ethereumMessage(app);
}

const addressOr = (format) => account(format)?.address ?? "<address>";

function ethereumMessage({ session }) {
  const payload = toHex(personalMessage("Hello"));
  return {
    ts: `
// What wallets sign: EIP-191, hashed with Keccak-256.
const message = new TextEncoder().encode("Hello");
const prefix = new TextEncoder().encode(
  \`\\x19Ethereum Signed Message:\\n\${message.length}\`,
);
const payload = [...prefix, ...message]
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("");

const { r, s, v } = await client.api.signRawPayload({
  signWith: "${addressOr(ETHEREUM)}",
  payload,
  encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
  hashFunction: "HASH_FUNCTION_KECCAK256",
});`,
    rust: rustMessage(addressOr(ETHEREUM), "hex::encode(b\"\\x19Ethereum Signed Message:\\n5Hello\")", "Keccak256"),
    curl: curlMessage(session, addressOr(ETHEREUM), payload, "HASH_FUNCTION_KECCAK256"),
  };
}

function solanaMessage({ session }) {
  return {
    ts: `
// Ed25519 signs the bytes themselves.
const payload = [...new TextEncoder().encode("Hello")]
  .map((byte) => byte.toString(16).padStart(2, "0"))
  .join("");

const { r, s } = await client.api.signRawPayload({
  signWith: "${addressOr(SOLANA)}",
  payload,
  encoding: "PAYLOAD_ENCODING_HEXADECIMAL",
  hashFunction: "HASH_FUNCTION_NOT_APPLICABLE",
});
const signature = r + s; // 64 bytes, hex`,
    rust: rustMessage(addressOr(SOLANA), "hex::encode(b\"Hello\")", "NotApplicable"),
    curl: curlMessage(session, addressOr(SOLANA), "48656c6c6f", "HASH_FUNCTION_NOT_APPLICABLE"),
  };
}

const rustMessage = (address, payload, hash) => `
use keyward_client::protocol::activities::sign_raw_payload::SignRawPayloadIntentV2;
use keyward_client::protocol::wire::enums::{HashFunction, PayloadEncoding};

let signature = client.as_active().sign_raw_payload(&SignRawPayloadIntentV2 {
    sign_with: "${address}".to_owned(),
    payload: ${payload},
    encoding: PayloadEncoding::Hexadecimal,
    hash_function: HashFunction::${hash},
}).await?;
println!("{} {} {}", signature.r, signature.s, signature.v);`;

function curlMessage(session, signWith, payload, hashFunction) {
  const parameters = { signWith, payload, encoding: "PAYLOAD_ENCODING_HEXADECIMAL", hashFunction };
  return {
    paths: ["/submit/sign_raw_payload"],
    text: curlTemplate(
      "/public/v1/submit/sign_raw_payload",
      activity("SIGN_RAW_PAYLOAD_V2", parameters, session?.organizationId ?? "<organization>"),
    ),
  };
}

function transaction({ session }) {
  const parameters = {
    signWith: addressOr(ETHEREUM),
    unsignedTransaction: "02e5…",
    type: "TRANSACTION_TYPE_ETHEREUM",
  };
  return {
    ts: `
import { parseEther, parseGwei, serializeTransaction } from "viem";

const unsignedTransaction = serializeTransaction({
  type: "eip1559",
  chainId: 11155111,
  nonce: 0,
  to: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
  value: parseEther("0.01"),
  gas: 21_000n,
  maxFeePerGas: parseGwei("20"),
  maxPriorityFeePerGas: parseGwei("1"),
});

const { signedTransaction } = await client.api.signTransaction({
  signWith: "${addressOr(ETHEREUM)}",
  unsignedTransaction,
  type: "TRANSACTION_TYPE_ETHEREUM",
});`,
    rust: `
use keyward_client::protocol::activities::sign_transaction::SignTransactionIntentV2;

// \`unsigned\` is RLP in hex, by a library of your choice.
let signed = client.as_active().sign_transaction(&SignTransactionIntentV2 {
    sign_with: "${addressOr(ETHEREUM)}".to_owned(),
    unsigned_transaction: unsigned,
    kind: "TRANSACTION_TYPE_ETHEREUM".to_owned(),
}).await?;
println!("0x{}", signed.signed_transaction);`,
    curl: {
      paths: ["/submit/sign_transaction"],
      text: curlTemplate(
        "/public/v1/submit/sign_transaction",
        activity("SIGN_TRANSACTION_V2", parameters, session?.organizationId ?? "<organization>"),
      ),
    },
  };
}
