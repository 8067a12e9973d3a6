//! A session of TLS: what rustls is shown, and what it says.
//!
//! ```text
//! incoming  ──▶ rustls ──▶ plaintext            what the client has sent
//! outgoing  ◀── rustls ◀── bytes to encrypt     and its own messages: the handshake, alerts
//! ```
//!
//! Nothing is read or written here. The buffers are its user's, and what is in them is gone when it is used: a
//! connection that waits has none.

use rustls::server::UnbufferedServerConnection;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, UnbufferedStatus, WriteTraffic,
};
use std::fmt;

/// How much a record adds to what it carries, at most, and how much it carries.
const RECORD_OVERHEAD: usize = 64;
const RECORD_CONTENT: usize = 16 * 1024;

/// What rustls knows of a connection.
pub(super) struct Session {
    pub(super) rustls: UnbufferedServerConnection,
    /// close_notify was made: a second one would be an error.
    pub(super) is_closed: bool,
}

/// What is to be encrypted, once what was received is processed.
pub(super) enum Then<'a> {
    Nothing,
    Bytes(&'a [u8]),
    CloseNotify,
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Session").field("is_closed", &self.is_closed).finish_non_exhaustive()
    }
}

/// What has come, and what is to go.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    /// What was received and not processed: mostly nothing, else the beginning of a record.
    pub(super) incoming: Vec<u8>,
    /// What was decrypted.
    pub(super) plaintext: Vec<u8>,
    /// Records that are to be sent.
    pub(super) outgoing: Vec<u8>,
    /// The client has sent close_notify. No event of the socket reports that.
    pub(super) read_closed: bool,
}

impl Session {
    /// Lets rustls process what was received, until it needs more; and then encrypt something. Without an agreement,
    /// nothing can be encrypted. Returns whether it was.
    ///
    /// # Errors
    /// When the client has broken the rules. The session has ended, but for [`Session::take_alert`].
    pub(super) fn process(&mut self, buffers: &mut Buffers, then: &Then<'_>) -> Result<bool, rustls::Error> {
        let mut processed = 0;
        let result = self.process_from(&mut processed, buffers, then);
        buffers.incoming.drain(..processed);
        result
    }

    /// The same from a place in `incoming` on, which moves.
    fn process_from(
        &mut self,
        processed: &mut usize,
        buffers: &mut Buffers,
        then: &Then<'_>,
    ) -> Result<bool, rustls::Error> {
        loop {
            let UnbufferedStatus { discard, state, .. } =
                self.rustls.process_tls_records(&mut buffers.incoming[*processed..]);
            *processed += discard;
            match state? {
                ConnectionState::ReadTraffic(mut traffic) => {
                    while let Some(record) = traffic.next_record() {
                        let record = record?;
                        *processed += record.discard;
                        buffers.plaintext.extend_from_slice(record.payload);
                    }
                }
                ConnectionState::EncodeTlsData(data) => encode(data, &mut buffers.outgoing)?,
                // It is in `outgoing`, and leaves in order.
                ConnectionState::TransmitTlsData(data) => data.done(),
                ConnectionState::PeerClosed => buffers.read_closed = true,
                ConnectionState::WriteTraffic(mut traffic) => {
                    return encrypt(&mut traffic, then, &mut self.is_closed, &mut buffers.outgoing);
                }
                _ => return Ok(false),
            }
        }
    }

    /// After an error: takes what rustls has to say about it. It is not to look at the records again.
    pub(super) fn take_alert(&mut self, buffers: &mut Buffers) {
        while self.rustls.wants_write() {
            let status = self.rustls.process_tls_records(&mut buffers.incoming);
            let Ok(ConnectionState::EncodeTlsData(data)) = status.state else { return };
            if encode(data, &mut buffers.outgoing).is_err() {
                return;
            }
        }
    }
}

/// Appends a message of rustls' own.
fn encode<Data>(mut message: EncodeTlsData<'_, Data>, outgoing: &mut Vec<u8>) -> Result<(), rustls::Error> {
    let needed = |error| match error {
        EncodeError::InsufficientSize(size) => Some(size.required_size),
        EncodeError::AlreadyEncoded => None,
    };
    extend(outgoing, 0, |room| message.encode(room).map_err(needed))
}

/// Encrypts something, and appends the records. Returns whether there was something.
fn encrypt<Data>(
    traffic: &mut WriteTraffic<'_, Data>,
    then: &Then<'_>,
    is_closed: &mut bool,
    outgoing: &mut Vec<u8>,
) -> Result<bool, rustls::Error> {
    let needed = |error| match error {
        EncryptError::InsufficientSize(size) => Some(size.required_size),
        EncryptError::EncryptExhausted => None,
    };
    match then {
        Then::Nothing => return Ok(false),
        Then::Bytes(bytes) => {
            let size = bytes.len() + (bytes.len() / RECORD_CONTENT + 1) * RECORD_OVERHEAD;
            extend(outgoing, size, |room| traffic.encrypt(bytes, room).map_err(needed))?;
        }
        Then::CloseNotify => {
            *is_closed = true;
            extend(outgoing, RECORD_OVERHEAD, |room| traffic.queue_close_notify(room).map_err(needed))?;
        }
    }
    Ok(true)
}

/// Appends what `write` writes into the room that it gets. That needs `size` bytes, or as many as it says when these
/// are too few. It says `None` if it can write nothing at all.
fn extend(
    outgoing: &mut Vec<u8>,
    mut size: usize,
    mut write: impl FnMut(&mut [u8]) -> Result<usize, Option<usize>>,
) -> Result<(), rustls::Error> {
    loop {
        let mut room = vec![0; size];
        match write(&mut room) {
            Ok(count) => {
                room.truncate(count);
                if outgoing.is_empty() {
                    *outgoing = room;
                } else {
                    outgoing.append(&mut room);
                }
                return Ok(());
            }
            Err(Some(needed)) if needed > size => size = needed,
            Err(_) => return Err(rustls::Error::EncryptError),
        }
    }
}
