//! Ethereum transactions, written and read without the code under test.

/// An unsigned transfer of type 2 (EIP-1559) on chain 1, hex.
pub(crate) fn unsigned_transfer() -> String {
    format!("02{}", hex::encode(list(&transfer_items())))
}

/// The items of [`unsigned_transfer`], encoded one after the other.
pub(crate) fn transfer_items() -> Vec<u8> {
    let to = [0x42; 20];
    let items: [&[u8]; 8] =
        [&[1], &[7], &[0x59, 0x68], &[0x77, 0x35], &[0x52, 0x08], &to, &[0x03, 0xe8], &[]];
    let mut encoded: Vec<u8> = items.iter().flat_map(|item| string(item)).collect();
    encoded.extend(list(&[])); // access list
    encoded
}

/// The content of the one list that `bytes` is.
pub(crate) fn content(bytes: &[u8]) -> &[u8] {
    let (header, length) = match bytes[0] {
        short @ 0xc0..=0xf7 => (1, usize::from(short - 0xc0)),
        0xf8 => (2, usize::from(bytes[1])),
        other => panic!("no list of up to 255 bytes: {other:#x}"),
    };
    assert_eq!(bytes.len(), header + length);
    &bytes[header..]
}

/// The strings in the content of a list of strings of up to 55 bytes.
pub(crate) fn strings(mut content: &[u8]) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    while let Some((first, rest)) = content.split_first() {
        let (string, rest) = match first {
            0..=0x7f => (&content[..1], rest),
            0x80..=0xb7 => rest.split_at(usize::from(first - 0x80)),
            other => panic!("no short string: {other:#x}"),
        };
        strings.push(string.to_vec());
        content = rest;
    }
    strings
}

fn string(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [single] if *single < 0x80 => vec![*single],
        _ => [&[0x80 + u8::try_from(bytes.len()).unwrap()], bytes].concat(),
    }
}

fn list(content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    let header = if length <= 55 { vec![0xc0 + length] } else { vec![0xf8, length] };
    [&header, content].concat()
}
