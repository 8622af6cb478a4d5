//! The file of an application's certificate. An input is its text, in which the bytes 1 to 5 stand for whole blocks.

use ring::signature::{KeyPair, RsaKeyPair};

use crate::certificates::x509::Fields;
use crate::credential::certificate::parse;

/// The leaf and its key, the issuer of the leaf, another certificate and its key. They are good for nothing else.
const BLOCKS: [&str; 5] = [
    include_str!("pem/agent.pem"),
    include_str!("pem/key.pem"),
    include_str!("pem/issuer.pem"),
    include_str!("pem/other.pem"),
    include_str!("pem/other_key.pem"),
];

/// An error is no longer, in bytes.
const LONGEST: usize = 400;

pub fn certificate_file(data: &[u8]) {
    let text: Vec<u8> = data.iter().flat_map(written).copied().collect();
    match parse(&text) {
        Ok((key, chain)) => assert_chain(&key, &chain),
        Err(fault) => {
            assert!(fault.len() < LONGEST && !fault.contains(char::is_control), "{fault:?}");
            let digits = BLOCKS[1].lines().nth(5).expect("a long key");
            assert!(!fault.contains(digits), "it shows the key");
        }
    }
}

/// What a byte of the input stands for.
fn written(byte: &u8) -> &[u8] {
    let block = usize::from(*byte).checked_sub(1).and_then(|place| BLOCKS.get(place));
    block.map_or(std::slice::from_ref(byte), |block| block.as_bytes())
}

/// The first certificate is the key's, and each other one is of the issuer before it.
fn assert_chain(key: &RsaKeyPair, chain: &[Vec<u8>]) {
    let fields: Vec<_> = chain.iter().map(|der| Fields::of(der).expect("a certificate")).collect();
    assert_eq!(fields[0].public_key, Some(key.public_key().as_ref()));
    assert!(
        fields.windows(2).all(|pair| pair[0].issuer == pair[1].subject && pair[0].issuer != pair[0].subject)
    );
}
