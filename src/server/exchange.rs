//! A request and its answer, once they are over: what the access log writes down.

use crate::http::Status;
use crate::http::fields::Fields;
use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime};

/// One exchange. Whatever a client sent stands in it as it was sent; who shows it must escape it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The client's address.
    pub client: IpAddr,
    /// The request line without its CRLF, or what came in place of one; empty if nothing did.
    pub request_line: Vec<u8>,
    /// The Referer field.
    pub referer: Option<Vec<u8>>,
    /// The User-Agent field.
    pub user_agent: Option<Vec<u8>>,
    /// The answer's status.
    pub status: Status,
    /// How many bytes of the answer's body the kernel has taken.
    pub body_sent: u64,
    /// Whether that was all of it.
    pub complete: bool,
    /// When it ended, by the calendar.
    pub ended: SystemTime,
    /// From the request's first byte to the answer's last.
    pub duration: Duration,
}

/// Somebody who is told of exchanges as they end. Each worker has its own.
pub trait Observer: Send {
    /// An exchange has ended.
    fn observe(&mut self, exchange: &Exchange, now: Instant);

    /// When it wants [`Observer::flush`] to be called; `None` if it has nothing to pass on.
    fn flush_at(&self) -> Option<Instant>;

    /// Passes on what it has gathered. It must not wait for anything.
    fn flush(&mut self);
}

/// An exchange whose answer is on its way: it ends when the bytes that were queued for it are sent.
#[derive(Debug)]
pub(super) struct Pending {
    began: Instant,
    request_line: Vec<u8>,
    referer: Option<Vec<u8>>,
    user_agent: Option<Vec<u8>>,
    status: Status,
    /// Where its body is in the stream of all bytes that the connection sends.
    body: Range<u64>,
}

impl Pending {
    /// An exchange whose answer's body is these of all bytes that the connection sends. There are
    /// no fields if the request could not be read.
    pub(super) fn new(
        request_line: &[u8],
        fields: Option<&Fields<'_>>,
        status: Status,
        began: Instant,
        body: Range<u64>,
    ) -> Pending {
        let field = |name| fields.and_then(|fields| fields.get(name)).map(<[u8]>::to_vec);
        Pending {
            began,
            request_line: request_line.to_vec(),
            referer: field("referer"),
            user_agent: field("user-agent"),
            status,
            body,
        }
    }

    /// Whether all its bytes are among the first `sent` of the connection.
    pub(super) fn is_over(&self, sent: u64) -> bool {
        sent >= self.body.end
    }

    /// The exchange as it ends at this very moment, when the connection has sent so many bytes.
    pub(super) fn end(self, client: IpAddr, sent: u64) -> Exchange {
        Exchange {
            client,
            body_sent: sent.min(self.body.end).saturating_sub(self.body.start),
            complete: self.is_over(sent),
            request_line: self.request_line,
            referer: self.referer,
            user_agent: self.user_agent,
            status: self.status,
            ended: SystemTime::now(),
            duration: self.began.elapsed(),
        }
    }
}
