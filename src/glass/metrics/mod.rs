//! `--metrics`: what programs that watch over servers ask for.
//!
//! ```text
//! GET /.glass/health          ok, as long as the server answers
//! GET /.glass/metrics         what it has done and does, as Prometheus reads it:
//!
//! # HELP glasshttp_requests_total Requests that were answered, by status and method.
//! # TYPE glasshttp_requests_total counter
//! glasshttp_requests_total{code="200",method="GET"} 17
//! ...
//! ```
//!
//! `counts.rs` is what each worker counts, and `text.rs` how it is written down. Whoever may ask for files
//! may ask for these two, from anywhere: the program that asks mostly runs on another machine. Nothing in
//! them is taken from what clients send: how many names there are is known beforehand.
//!
//! Requests for what is the server's own (all below `/.glass/`, these two included) are counted apart, as
//! `glasshttp_internal_requests_total`, and are in none of the numbers of the site: a page that listens for
//! live reload would be an answer of many hours, and who asks for the health once a second would hide what
//! people do.

mod counts;
mod text;

pub use counts::WorkerMetrics;

use crate::answer::{Body, Response};
use crate::base::trace;
use crate::http::{Method, Status};
use crate::site::Site;
use crate::site::cache;
use counts::{BOUNDS, Count, Counts};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use text::Text;

/// Counts what a server does, and tells it.
#[derive(Debug)]
pub struct Metrics {
    site: Arc<Site>,
    started: SystemTime,
    /// What each worker counts.
    workers: Vec<Arc<Counts>>,
    /// How many of them have got their observer.
    observed: AtomicUsize,
}

impl Metrics {
    /// Metrics of a server of this site with so many workers, which starts now. They are for those who may
    /// ask for the site, below its base path.
    pub fn new(site: Arc<Site>, workers: usize) -> Metrics {
        let workers = (0..workers.max(1)).map(|_| Arc::default()).collect();
        Metrics { site, started: SystemTime::now(), workers, observed: AtomicUsize::new(0) }
    }

    /// An observer for the next worker. There must not be more of them than workers: nobody else writes what
    /// a worker counts.
    pub fn observer(&self) -> WorkerMetrics {
        let worker = self.observed.fetch_add(1, Ordering::Relaxed);
        WorkerMetrics::new(Arc::clone(&self.workers[worker]))
    }

    /// The answer to who asks for the metrics.
    pub(super) fn respond(&self) -> Response {
        trace::step("metrics", None, || {
            "what the workers have counted is added up; none of them waits for that".to_owned()
        });
        Response::no_store(text::CONTENT_TYPE, Body::Bytes(self.render()))
    }

    fn render(&self) -> Vec<u8> {
        let workers = &self.workers;
        let mut text = Text::default();
        write_requests(&mut text, workers);
        write_times(&mut text, workers);
        write_connections(&mut text, workers);
        write_cache(&mut text, &self.site.cache_figures());
        text.family("glasshttp_build_info", "gauge", "Always 1; the label says which version runs.");
        text.sample("glasshttp_build_info", &[("version", env!("CARGO_PKG_VERSION"))], 1);
        let started = self.started.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        text.single(
            "process_start_time_seconds",
            "gauge",
            "When the server started, in seconds since 1970.",
            format_args!("{:.3}", started.as_secs_f64()),
        );
        text.into_bytes()
    }
}

/// The sum of one number of all workers.
fn total(workers: &[Arc<Counts>], count: impl Fn(&Counts) -> &Count) -> u64 {
    workers.iter().map(|worker| count(worker).read()).sum()
}

fn write_requests(text: &mut Text, workers: &[Arc<Counts>]) {
    let name = "glasshttp_requests_total";
    text.family(name, "counter", "Requests that were answered, by status and method.");
    for (row, status) in Status::ALL.iter().enumerate() {
        for (column, method) in Method::NAMES.into_iter().enumerate() {
            let count = total(workers, |worker| &worker.exchanges[row][column]);
            // Most of them never happen.
            if count > 0 {
                text.sample(name, &[("code", &status.code().to_string()), ("method", method)], count);
            }
        }
    }
    text.single(
        "glasshttp_internal_requests_total",
        "counter",
        "Requests for what is the server's own, below /.glass/; they are in no other number.",
        total(workers, |worker| &worker.internal),
    );
    text.single(
        "glasshttp_response_body_bytes_total",
        "counter",
        "Bytes of bodies that were sent, while they are sent.",
        total(workers, |worker| &worker.body_bytes),
    );
}

fn write_times(text: &mut Text, workers: &[Arc<Counts>]) {
    let help =
        "From a request's first byte until the last of its answer is sent; that depends on the client, too.";
    text.family("glasshttp_request_duration_seconds", "histogram", help);
    let bucket = "glasshttp_request_duration_seconds_bucket";
    let mut count = 0;
    let bounds = BOUNDS.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
    for (index, bound) in bounds.enumerate() {
        count += total(workers, |worker| &worker.times[index]);
        text.sample(bucket, &[("le", bound)], count);
    }
    let sum = Duration::from_nanos(total(workers, |worker| &worker.nanoseconds));
    text.sample("glasshttp_request_duration_seconds_sum", &[], sum.as_secs_f64());
    text.sample("glasshttp_request_duration_seconds_count", &[], count);
}

fn write_connections(text: &mut Text, workers: &[Arc<Counts>]) {
    text.single(
        "glasshttp_connections_accepted_total",
        "counter",
        "Connections that were accepted.",
        total(workers, |worker| &worker.accepted),
    );
    text.single(
        "glasshttp_connections_turned_away_total",
        "counter",
        "Connections that got 503 at once, because there were as many as there may be.",
        total(workers, |worker| &worker.rejected),
    );
    let name = "glasshttp_connections_open";
    text.family(name, "gauge", "Connections that are open, by the worker that has them.");
    for (number, worker) in workers.iter().enumerate() {
        text.sample(name, &[("worker", &number.to_string())], worker.open.read());
    }
    text.single("glasshttp_workers", "gauge", "Threads that answer.", workers.len());
}

fn write_cache(text: &mut Text, cache: &cache::Figures) {
    let help = "Times that a small file was in memory, and still the one on disk.";
    text.single("glasshttp_cache_hits_total", "counter", help, cache.hits);
    let help = "Times that what was asked for was not in memory, or had changed on disk.";
    text.single("glasshttp_cache_misses_total", "counter", help, cache.misses);
    text.single("glasshttp_cache_entries", "gauge", "Answers in memory.", cache.entries);
    text.single("glasshttp_cache_bytes", "gauge", "What they take, roughly.", cache.bytes);
    let help = "What they may take: --cache-size.";
    text.single("glasshttp_cache_capacity_bytes", "gauge", help, cache.capacity);
}

/// The answer to who asks for the health.
pub(super) fn health() -> Response {
    trace::step("health", None, || "this very answer says that the server answers".to_owned());
    Response::no_store("text/plain; charset=utf-8", Body::Bytes(b"ok\n".to_vec()))
}
