//! What observers are told: of an exchange that is over ([`Exchange`]: what the access log writes
//! down), of one on its way ([`UnderWay`]), and, for who wants it, all that could be seen ([`Story`]).

use crate::base::trace::Step;
use crate::http::client::Client;
use crate::http::fields::Fields;
use crate::http::{Method, Status};
use std::net::IpAddr;
use std::ops::Range;
use std::time::{Duration, Instant, SystemTime};

/// How much of an exchange's bytes its [`Story`] holds: of each head, and of the response's body.
pub const MAX_STORY_HEAD: usize = 16 * 1024;
/// See [`MAX_STORY_HEAD`].
pub const MAX_STORY_BODY: usize = 4 * 1024;

/// One exchange. Whatever a client sent stands in it as it was sent; who shows it must escape it.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// On which connection, counted from 1 for all workers together; 0 if nobody wants to be told of
    /// connections.
    pub connection: u64,
    /// The how many-th it was there, counted from 1.
    pub number: u32,
    /// Whether it is about something of the server's own: see [`super::Internal`].
    pub is_internal: bool,
    /// The other end of the connection.
    pub client: Client,
    /// For whom it has asked, if it is a proxy that is believed to say so.
    pub forwarded: Option<IpAddr>,
    /// The client's name, if it has proven that it is its own.
    pub user: Option<Vec<u8>>,
    /// The method's name, if it is one that we know: see [`Method::NAMES`].
    pub method: &'static str,
    /// The request line without its CRLF, or what came in place of one; empty if nothing did, or nobody
    /// wants text. So are the two fields that follow.
    pub request_line: Vec<u8>,
    /// The Referer field.
    pub referer: Option<Vec<u8>>,
    /// The User-Agent field.
    pub user_agent: Option<Vec<u8>>,
    /// The answer's status.
    pub status: Status,
    /// How many bytes of the answer's body the kernel has taken.
    pub body_sent: u64,
    /// How many bytes of body were to be sent.
    pub body_length: u64,
    /// Whether all of the answer was sent.
    pub complete: bool,
    /// When it ended, by the calendar.
    pub ended: SystemTime,
    /// From the request's first byte to the answer's last.
    pub duration: Duration,
    /// All that could be seen of it, if an observer wants that.
    pub story: Option<Box<Story>>,
}

impl Exchange {
    /// Who has asked, as far as it can be told.
    pub fn asker(&self) -> Client {
        self.forwarded.map_or(self.client, Client::from)
    }
}

/// An exchange from near: its bytes, its decisions, and where its time went.
#[derive(Debug, Clone)]
pub struct Story {
    /// The request's head as it came, or as much of one as came; its first [`MAX_STORY_HEAD`] bytes.
    pub request: Vec<u8>,
    /// The response's head, likewise.
    pub response: Vec<u8>,
    /// The first [`MAX_STORY_BODY`] bytes of the response's body.
    pub body_start: Vec<u8>,
    /// What was decided, in order.
    pub steps: Vec<Step>,
    /// When the request's first byte was there.
    pub began: Instant,
    /// When its last was.
    pub arrived: Instant,
    /// When its answer was ready to be sent.
    pub decided: Instant,
    /// When the answer's last byte was taken by the kernel, or the connection ended.
    pub ended: Instant,
}

/// An exchange whose answer is on its way.
#[derive(Debug, Clone, Copy)]
pub struct UnderWay<'a> {
    /// See [`Exchange::connection`].
    pub connection: u64,
    /// See [`Exchange::number`].
    pub number: u32,
    /// See [`Exchange::is_internal`].
    pub is_internal: bool,
    /// The client's address.
    pub client: Client,
    /// See [`Exchange::request_line`].
    pub request_line: &'a [u8],
    /// The answer's status.
    pub status: Status,
    /// How many bytes of its body the kernel has taken.
    pub body_sent: u64,
    /// How many there are.
    pub body_length: u64,
    /// When the request's first byte was there.
    pub began: Instant,
}

/// An upload on its way in: the answer comes when all of it is here.
#[derive(Debug, Clone, Copy)]
pub struct Receiving<'a> {
    /// See [`Exchange::connection`].
    pub connection: u64,
    /// See [`Exchange::number`].
    pub number: u32,
    /// The client's address.
    pub client: Client,
    /// See [`Exchange::request_line`].
    pub request_line: &'a [u8],
    /// How many bytes of the body have come, what marks chunks included.
    pub received: u64,
    /// How many there will be, if the client has said that.
    pub length: Option<u64>,
    /// When the request's first byte was there.
    pub began: Instant,
}

/// Somebody who is told of exchanges as they end. Each worker has its own.
pub trait Observer: Send {
    /// An exchange has ended.
    fn observe(&mut self, exchange: &Exchange, now: Instant);

    /// Whether it wants [`Exchange::story`]. This answer and the next two must always be the same.
    fn wants_stories(&self) -> bool {
        false
    }

    /// Whether it wants to be told of connections.
    fn wants_connections(&self) -> bool {
        self.wants_stories()
    }

    /// Whether it wants what clients sent: [`Exchange::request_line`] and the fields there. Who only counts
    /// spares the copies.
    fn wants_text(&self) -> bool {
        true
    }

    /// This worker has taken a connection in.
    fn opened(&mut self, _connection: u64, _client: Client, _now: Instant) {}

    /// There was no room for a connection: it has got 503, and is in no other count.
    fn turned_away(&mut self) {}

    /// The connection is over.
    fn closed(&mut self, _connection: u64, _now: Instant) {}

    /// An answer is on its way at the end of a turn, whether or not any of it was sent in that turn.
    fn progress(&mut self, _under_way: &UnderWay<'_>, _now: Instant) {}

    /// An upload is on its way in at the end of a turn, whether or not any of it came in that turn.
    fn receiving(&mut self, _receiving: &Receiving<'_>, _now: Instant) {}

    /// When it wants [`Observer::flush`] to be called; `None` if it has nothing to pass on.
    fn flush_at(&self) -> Option<Instant> {
        None
    }

    /// Passes on what it has gathered. It must not wait for anything.
    fn flush(&mut self) {}
}

/// Two observers as one.
pub struct Both(pub Box<dyn Observer>, pub Box<dyn Observer>);

impl Observer for Both {
    fn observe(&mut self, exchange: &Exchange, now: Instant) {
        self.0.observe(exchange, now);
        self.1.observe(exchange, now);
    }

    fn wants_stories(&self) -> bool {
        self.0.wants_stories() || self.1.wants_stories()
    }

    fn wants_connections(&self) -> bool {
        self.0.wants_connections() || self.1.wants_connections()
    }

    fn wants_text(&self) -> bool {
        self.0.wants_text() || self.1.wants_text()
    }

    fn turned_away(&mut self) {
        self.0.turned_away();
        self.1.turned_away();
    }

    fn opened(&mut self, connection: u64, client: Client, now: Instant) {
        self.0.opened(connection, client, now);
        self.1.opened(connection, client, now);
    }

    fn closed(&mut self, connection: u64, now: Instant) {
        self.0.closed(connection, now);
        self.1.closed(connection, now);
    }

    fn progress(&mut self, under_way: &UnderWay<'_>, now: Instant) {
        self.0.progress(under_way, now);
        self.1.progress(under_way, now);
    }

    fn receiving(&mut self, receiving: &Receiving<'_>, now: Instant) {
        self.0.receiving(receiving, now);
        self.1.receiving(receiving, now);
    }

    fn flush_at(&self) -> Option<Instant> {
        [self.0.flush_at(), self.1.flush_at()].into_iter().flatten().min()
    }

    fn flush(&mut self) {
        self.0.flush();
        self.1.flush();
    }
}

/// An exchange whose answer is on its way: it ends when the bytes that were queued for it are sent.
#[derive(Debug)]
pub(super) struct Pending {
    /// See [`Exchange::is_internal`].
    is_internal: bool,
    /// The how many-th of its connection it is.
    number: u32,
    began: Instant,
    forwarded: Option<IpAddr>,
    user: Option<Vec<u8>>,
    method: &'static str,
    request_line: Vec<u8>,
    referer: Option<Vec<u8>>,
    user_agent: Option<Vec<u8>>,
    status: Status,
    /// Where its body is in the stream of all bytes that the connection sends. It ends at the
    /// largest number as long as nobody knows where.
    body: Range<u64>,
    story: Option<Box<Story>>,
}

impl Pending {
    /// An exchange whose answer's body is these of all bytes that the connection sends.
    pub(super) fn new(
        number: u32,
        request_line: &[u8],
        status: Status,
        began: Instant,
        body: Range<u64>,
        story: Option<Box<Story>>,
    ) -> Pending {
        Pending {
            is_internal: false,
            number,
            began,
            forwarded: None,
            user: None,
            method: Method::name_in(request_line),
            request_line: Vec::new(),
            referer: None,
            user_agent: None,
            status,
            body,
            story,
        }
    }

    /// The same with what the client sent. There are no fields if the request could not be read.
    pub(super) fn with_text(self, request_line: &[u8], fields: Option<&Fields<'_>>) -> Pending {
        let field = |name| fields.and_then(|fields| fields.get(name)).map(<[u8]>::to_vec);
        let (referer, user_agent) = (field("referer"), field("user-agent"));
        Pending { request_line: request_line.to_vec(), referer, user_agent, ..self }
    }

    /// The same, with for whom a proxy has asked, the client's name if it has proven that, and whether it
    /// asked for something of the server's own.
    pub(super) fn asked_by(
        self,
        forwarded: Option<IpAddr>,
        user: Option<Vec<u8>>,
        is_internal: bool,
    ) -> Pending {
        Pending { is_internal, forwarded, user, ..self }
    }

    /// The answer turned out to end here: it was a stream, whose length nobody knew.
    pub(super) fn finish(&mut self, end: u64) {
        self.body.end = end;
    }

    /// What can be said of it while it is not over, when the connection has sent so many bytes.
    pub(super) fn under_way(&self, connection: u64, client: Client, sent: u64) -> UnderWay<'_> {
        UnderWay {
            connection,
            number: self.number,
            is_internal: self.is_internal,
            client: self.forwarded.map_or(client, Client::from),
            request_line: &self.request_line,
            status: self.status,
            body_sent: self.body_sent(sent),
            body_length: self.body_length(sent),
            began: self.began,
        }
    }

    /// How long its body is; of a stream that has not ended, as much as was sent of it.
    fn body_length(&self, sent: u64) -> u64 {
        match self.body.end {
            u64::MAX => self.body_sent(sent),
            end => end - self.body.start,
        }
    }

    fn body_sent(&self, sent: u64) -> u64 {
        sent.min(self.body.end).saturating_sub(self.body.start)
    }

    /// Whether all its bytes are among the first `sent` of the connection.
    pub(super) fn is_over(&self, sent: u64) -> bool {
        sent >= self.body.end
    }

    /// The exchange as it ends at this very moment, when the connection has sent so many bytes.
    pub(super) fn end(mut self, connection: u64, client: Client, sent: u64) -> Exchange {
        let mut story = self.story.take();
        if let Some(story) = &mut story {
            story.ended = Instant::now();
        }
        Exchange {
            connection,
            number: self.number,
            is_internal: self.is_internal,
            client,
            forwarded: self.forwarded,
            body_sent: self.body_sent(sent),
            body_length: self.body_length(sent),
            complete: self.is_over(sent),
            user: self.user,
            method: self.method,
            request_line: self.request_line,
            referer: self.referer,
            user_agent: self.user_agent,
            status: self.status,
            ended: SystemTime::now(),
            duration: self.began.elapsed(),
            story,
        }
    }
}
