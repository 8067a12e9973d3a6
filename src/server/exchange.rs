//! A request and its answer, once they are over: what the access log writes down.

use crate::http::fields::Fields;
use crate::http::{Request, Status};
use std::net::IpAddr;
use std::time::{Duration, Instant, SystemTime};

/// One exchange. Whatever a client sent stands in it as it was sent; who shows it must escape it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// The client's address.
    pub client: IpAddr,
    /// The request line without its CRLF; empty if there was none.
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
    /// Where its body starts and ends in the stream of all bytes that the connection sends.
    body_starts: u64,
    ends: u64,
}

impl Pending {
    /// An exchange whose answer's body takes the bytes `body_starts..ends` of what is sent.
    pub(super) fn new(
        request: Option<&Request<'_>>,
        status: Status,
        began: Instant,
        body_starts: u64,
        ends: u64,
    ) -> Pending {
        let field = |fields: &Fields<'_>, name| fields.get(name).map(<[u8]>::to_vec);
        Pending {
            began,
            request_line: request.map(|request| request.line.to_vec()).unwrap_or_default(),
            referer: request.and_then(|request| field(&request.fields, "referer")),
            user_agent: request.and_then(|request| field(&request.fields, "user-agent")),
            status,
            body_starts,
            ends,
        }
    }

    /// Whether all its bytes are among the first `sent` of the connection.
    pub(super) fn is_over(&self, sent: u64) -> bool {
        sent >= self.ends
    }

    /// The exchange as it ends now, when the connection has sent so many bytes.
    pub(super) fn end(self, client: IpAddr, sent: u64, now: Instant) -> Exchange {
        Exchange {
            client,
            body_sent: sent.min(self.ends).saturating_sub(self.body_starts),
            complete: self.is_over(sent),
            request_line: self.request_line,
            referer: self.referer,
            user_agent: self.user_agent,
            status: self.status,
            ended: SystemTime::now(),
            duration: now.saturating_duration_since(self.began),
        }
    }
}
