//! TON: an account is a contract, and its address the hash of the contract's first state.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use keyward_crypto::{Ed25519PublicKey, sha256};

use super::crc16;

/// Which contract a wallet is.
#[derive(Clone, Copy)]
pub(super) enum Contract {
    /// Wallet v3, revision 2.
    V3R2,
    /// Wallet v4, revision 2.
    V4R2,
    /// Wallet v5, revision 1, also W5.
    V5R1,
}

/// First byte of addresses that money is not sent back from, on the main network. Source: TEP-2.
const NON_BOUNCEABLE: u8 = 0x51;
/// The first chain that is not the masterchain.
const WORKCHAIN: u8 = 0;
/// Wallet of a key when it has but one. Source: `ton-blockchain/wallet-contract`, and the wallets' own code.
const WALLET_ID: u32 = 698_983_191;
/// The same on the main network since v5. Source: `ton-blockchain/wallet-contract-v5`, `types.tlb`.
const WALLET_ID_V5: u32 = 0x7fff_ff11;

/// The address in the form that wallets show to be paid: base64url of tag, workchain, hash and checksum.
///
/// Source: TEP-2.
pub(super) fn address(key: &Ed25519PublicKey, contract: Contract) -> String {
    let mut bytes = [&[NON_BOUNCEABLE, WORKCHAIN][..], &account(key, contract)].concat();
    bytes.extend(crc16(&bytes).to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The hash of the first state: a cell that refers to one with the code and one with the data.
///
/// What is hashed of a cell: how many others it refers to, twice the number of its bytes (less one when
/// the last is not full), its bits, then the depth of each of the others, then their hashes. Bits that
/// do not fill a byte are followed by a one and zeros.
///
/// Source: TON's documentation, "Cell representation"; `StateInit` in `block.tlb`.
fn account(key: &Ed25519PublicKey, contract: Contract) -> [u8; 32] {
    let (code, depth) = contract.code();
    // No depth of its own, no library, a code, data, no more code.
    let state = [&[2, 1, 0b0011_0100, 0, depth, 0, 0][..], code, &sha256(&contract.data(key))];
    sha256(&state.concat())
}

impl Contract {
    /// The hash of the code's cell, and how deep that goes. Source: the published contracts.
    const fn code(self) -> (&'static [u8; 32], u8) {
        match self {
            Self::V3R2 => (&V3R2, 0),
            Self::V4R2 => (&V4R2, 7),
            Self::V5R1 => (&V5R1, 6),
        }
    }

    /// The data's cell, as it is hashed: no message was sent yet, the wallet's id, the key, and from v4 on
    /// that there are no plugins. In v5 a bit in front says that signatures are allowed.
    fn data(self, key: &Ed25519PublicKey) -> Vec<u8> {
        let data = |id: u32| [&[0; 4][..], &id.to_be_bytes(), &key.to_bytes()].concat();
        match self {
            Self::V3R2 => [vec![0, 80], data(WALLET_ID)].concat(),
            Self::V4R2 => [vec![0, 81], data(WALLET_ID), vec![0b0100_0000]].concat(),
            Self::V5R1 => {
                let mut cell = vec![0, 81];
                let mut carried = 1;
                for byte in data(WALLET_ID_V5) {
                    cell.push(carried << 7 | byte >> 1);
                    carried = byte & 1;
                }
                cell.push(carried << 7 | 0b0010_0000);
                cell
            }
        }
    }
}

const V3R2: [u8; 32] = [
    0x84, 0xda, 0xfa, 0x44, 0x9f, 0x98, 0xa6, 0x98, 0x77, 0x89, 0xba, 0x23, 0x23, 0x58, 0x07, 0x2b,
    0xc0, 0xf7, 0x6d, 0xc4, 0x52, 0x40, 0x02, 0xa5, 0xd0, 0x91, 0x8b, 0x9a, 0x75, 0xd2, 0xd5, 0x99,
];
const V4R2: [u8; 32] = [
    0xfe, 0xb5, 0xff, 0x68, 0x20, 0xe2, 0xff, 0x0d, 0x94, 0x83, 0xe7, 0xe0, 0xd6, 0x2c, 0x81, 0x7d,
    0x84, 0x67, 0x89, 0xfb, 0x4a, 0xe5, 0x80, 0xc8, 0x78, 0x86, 0x6d, 0x95, 0x9d, 0xab, 0xd5, 0xc0,
];
const V5R1: [u8; 32] = [
    0x20, 0x83, 0x4b, 0x7b, 0x72, 0xb1, 0x12, 0x14, 0x7e, 0x1b, 0x2f, 0xb4, 0x57, 0xb8, 0x4e, 0x74,
    0xd1, 0xa3, 0x0f, 0x04, 0xf7, 0x37, 0xd4, 0xf6, 0x2a, 0x66, 0x8e, 0x95, 0x52, 0xd2, 0xb7, 0x2f,
];
