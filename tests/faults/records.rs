//! TLS records after the handshake, for a peer that sends parts of records, or records that rustls would not send.

use std::io::{self, ErrorKind, Read, Write};

use rustls::crypto::cipher::{
    AeadKey, InboundOpaqueMessage, Iv, MessageDecrypter, MessageEncrypter, OutboundChunks,
    OutboundPlainMessage,
};
use rustls::{
    ConnectionTrafficSecrets, ContentType, ProtocolVersion, ServerConnection, SupportedCipherSuite,
};

use crate::line::Lane;
use crate::peer::{Flight, Part};
use crate::reply;

const DATA: u8 = 23;

/// The maximum length of a record's content.
pub(crate) const LONGEST: usize = 16_384;

pub(crate) struct Records {
    below: Box<dyn Lane>,
    sealer: Box<dyn MessageEncrypter>,
    opener: Box<dyn MessageDecrypter>,
    sealed: u64,
    opened: u64,
    unread: Vec<u8>,
}

impl Records {
    /// rustls does the handshake. It gets one record at a time, so that it cannot swallow one after the handshake.
    pub(crate) fn shake_hands(mut tls: ServerConnection, mut below: Box<dyn Lane>) -> io::Result<Records> {
        loop {
            while tls.wants_write() {
                tls.write_tls(&mut below)?;
            }
            below.flush()?;
            if !tls.is_handshaking() {
                break;
            }
            let record = read_record(&mut below)?.ok_or(ErrorKind::UnexpectedEof)?;
            let mut rest = &record[..];
            while !rest.is_empty() {
                tls.read_tls(&mut rest)?;
            }
            tls.process_new_packets().map_err(io::Error::other)?;
        }
        let suite = tls.negotiated_cipher_suite().expect("the handshake is over");
        let secrets = tls.dangerous_extract_secrets().map_err(io::Error::other)?;
        let ((sealed, of_server), (opened, of_client)) = (secrets.tx, secrets.rx);
        Ok(Records {
            below,
            sealer: sealer(suite, of_server),
            opener: opener(suite, of_client),
            sealed,
            opened,
            unread: Vec::new(),
        })
    }

    fn seal(&mut self, kind: u8, content: &[u8]) -> io::Result<Vec<u8>> {
        let (typ, payload) = (ContentType::from(kind), OutboundChunks::Single(content));
        let message = OutboundPlainMessage { typ, version: ProtocolVersion::TLSv1_2, payload };
        let record = self.sealer.encrypt(message, self.sealed).map_err(io::Error::other)?;
        self.sealed += 1;
        Ok(record.encode())
    }

    /// The content of the next record: empty if it is not data, None at the end.
    fn open(&mut self) -> io::Result<Option<Vec<u8>>> {
        let Some(mut record) = read_record(&mut self.below)? else {
            return Ok(None);
        };
        let (header, content) = record.split_at_mut(5);
        let message =
            InboundOpaqueMessage::new(ContentType::from(header[0]), ProtocolVersion::TLSv1_2, content);
        let opened = self.opener.decrypt(message, self.opened).map_err(io::Error::other)?;
        self.opened += 1;
        Ok(match opened.typ {
            ContentType::ApplicationData => Some(opened.payload.to_vec()),
            ContentType::Alert => None,
            _ => Some(Vec::new()),
        })
    }
}

impl Read for Records {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.unread.is_empty() {
            match self.open()? {
                Some(content) => self.unread = content,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.unread.len());
        buffer[..length].copy_from_slice(&self.unread[..length]);
        self.unread.drain(..length);
        Ok(length)
    }
}

impl Write for Records {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let content = &bytes[..bytes.len().min(LONGEST)];
        let record = self.seal(DATA, content)?;
        self.below.write_all(&record)?;
        Ok(content.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.below.flush()
    }
}

impl Lane for Records {
    fn close(&mut self) -> io::Result<()> {
        self.send(&Flight::of([reply::GOODBYE]))?;
        self.below.close()
    }

    fn send(&mut self, flight: &Flight) -> io::Result<()> {
        let (mut bytes, mut last) = (Vec::new(), Vec::new());
        for (kind, content) in &flight.records {
            bytes.append(&mut last);
            last = self.seal(*kind, content)?;
        }
        let kept = match flight.part {
            Part::Whole => last.len(),
            Part::Header => 5,
            Part::Half => last.len() / 2,
            Part::ButTheLastByte => last.len() - 1,
        };
        bytes.extend_from_slice(&last[..kept]);
        self.below.write_all(&bytes)?;
        self.below.flush()
    }

    fn send_below(&mut self, flight: &Flight) -> io::Result<()> {
        self.below.send(flight)
    }
}

/// The next record, with its header. None if the other side has closed.
fn read_record(lane: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut record = vec![0; 5];
    if lane.read(&mut record[..1])? == 0 {
        return Ok(None);
    }
    lane.read_exact(&mut record[1..])?;
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    lane.read_exact(&mut record[5..])?;
    Ok(Some(record))
}

fn key(secrets: ConnectionTrafficSecrets) -> (AeadKey, Iv) {
    use ConnectionTrafficSecrets::*;
    match secrets {
        Aes128Gcm { key, iv } | Aes256Gcm { key, iv } | Chacha20Poly1305 { key, iv } => (key, iv),
        _ => panic!("ring has no other cipher"),
    }
}

fn sealer(suite: SupportedCipherSuite, secrets: ConnectionTrafficSecrets) -> Box<dyn MessageEncrypter> {
    let (key, iv) = key(secrets);
    match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let (fixed, explicit) = iv.as_ref().split_at(suite.aead_alg.key_block_shape().fixed_iv_len);
            suite.aead_alg.encrypter(key, fixed, explicit)
        }
    }
}

fn opener(suite: SupportedCipherSuite, secrets: ConnectionTrafficSecrets) -> Box<dyn MessageDecrypter> {
    let (key, iv) = key(secrets);
    match suite {
        SupportedCipherSuite::Tls13(suite) => suite.aead_alg.decrypter(key, iv),
        SupportedCipherSuite::Tls12(suite) => {
            let fixed = suite.aead_alg.key_block_shape().fixed_iv_len;
            suite.aead_alg.decrypter(key, &iv.as_ref()[..fixed])
        }
    }
}
