//! `--metrics`: health and numbers for monitoring.
//!
//! ```text
//! GET /.glass/health          ok, as long as the server answers
//! GET /.glass/metrics         what it has done and is doing, in the text format of Prometheus:
//!
//! # HELP glasshttp_requests_total Requests that were answered, by status and method.
//! # TYPE glasshttp_requests_total counter
//! glasshttp_requests_total{code="200",method="GET"} 17
//! ...
//! ```
//!
//! `counts.rs` is what each worker counts, and `text.rs` how it is written. Every client that may request files may
//! request these two, since the monitoring program mostly runs on another machine. No label is taken from what clients
//! send, so the number of time series is bounded.
//!
//! Requests for the server's own pages (all below `/.glass/`, these two included) are counted apart, as
//! `glasshttp_internal_requests_total`, and are in none of the other numbers. A page that listens for live reload would
//! count as a response of many hours, and a health check every second would hide what people do.

mod counts;
mod text;

pub use counts::WorkerMetrics;

use crate::answer::{Body, Response};
use crate::base::trace;
use crate::http::{Method, Status};
use crate::site::Site;
use crate::site::cache;
use counts::{Count, Counts, Histogram};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};
use text::Text;

/// The metrics of a server.
#[derive(Debug)]
pub struct Metrics {
    site: Arc<Site>,
    started: SystemTime,
    /// What each worker counts.
    workers: Vec<Arc<Counts>>,
    /// How many workers have got their observer.
    observed: AtomicUsize,
}

impl Metrics {
    /// The metrics of a server of this site with so many workers, which starts now.
    pub fn new(site: Arc<Site>, workers: usize) -> Metrics {
        let workers = (0..workers.max(1)).map(|_| Arc::default()).collect();
        Metrics { site, started: SystemTime::now(), workers, observed: AtomicUsize::new(0) }
    }

    /// An observer for the next worker. There must not be more observers than workers: each worker's counts have one
    /// writer.
    pub fn observer(&self) -> WorkerMetrics {
        let worker = self.observed.fetch_add(1, Ordering::Relaxed);
        WorkerMetrics::new(Arc::clone(&self.workers[worker]))
    }

    /// The response to a request for the metrics.
    pub(super) fn respond(&self) -> Response {
        trace::decision("metrics", None, || {
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
        let help = "What takes too long for a worker, and waits for a helper.";
        let waiting = self.site.helper_jobs_waiting();
        text.single("glasshttp_helper_jobs_waiting", "gauge", help, waiting);
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

/// The sum of one number over all workers.
fn total(workers: &[Arc<Counts>], count: impl Fn(&Counts) -> &Count) -> u64 {
    workers.iter().map(|worker| count(worker).read()).sum()
}

fn write_requests(text: &mut Text, workers: &[Arc<Counts>]) {
    let name = "glasshttp_requests_total";
    text.family(name, "counter", "Requests that were answered, by status and method.");
    for (row, status) in Status::ALL.iter().enumerate() {
        for (column, method) in Method::NAMES.into_iter().enumerate() {
            let count = total(workers, |worker| &worker.exchanges[row][column]);
            // Most pairs never occur.
            if count > 0 {
                text.sample(name, &[("code", &status.code().to_string()), ("method", method)], count);
            }
        }
    }
    text.single(
        "glasshttp_internal_requests_total",
        "counter",
        "Requests for the server's own pages, below /.glass/; they are in no other number.",
        total(workers, |worker| &worker.internal),
    );
    text.single(
        "glasshttp_response_body_bytes_total",
        "counter",
        "Bytes of response bodies that were sent; a download counts while it is sent.",
        total(workers, |worker| &worker.body_bytes),
    );
}

fn write_times(text: &mut Text, workers: &[Arc<Counts>]) {
    let help =
        "From the first byte of a request to the last of its response; this depends on the client, too.";
    write_histogram(text, "glasshttp_request_duration_seconds", help, workers, |worker| &worker.times);
    let help = "Turns of connections: so long have all other connections of a worker waited.";
    write_histogram(text, "glasshttp_turn_duration_seconds", help, workers, |worker| &worker.turns);
}

fn write_histogram<const BUCKETS: usize>(
    text: &mut Text,
    name: &str,
    help: &str,
    workers: &[Arc<Counts>],
    of: fn(&Counts) -> &Histogram<BUCKETS>,
) {
    text.family(name, "histogram", help);
    let bucket = format!("{name}_bucket");
    let mut count = 0;
    let bounds = workers.first().map_or(&[][..], |worker| of(worker).bounds);
    let bounds = bounds.iter().map(|(_, bound)| *bound).chain(["+Inf"]);
    for (index, bound) in bounds.enumerate() {
        count += total(workers, |worker| &of(worker).buckets[index]);
        text.sample(&bucket, &[("le", bound)], count);
    }
    let sum = Duration::from_nanos(total(workers, |worker| &of(worker).nanoseconds));
    text.sample(&format!("{name}_sum"), &[], sum.as_secs_f64());
    text.sample(&format!("{name}_count"), &[], count);
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
        "Connections that got 503 at once, because the limit on open connections was reached.",
        total(workers, |worker| &worker.rejected),
    );
    let name = "glasshttp_connections_open";
    text.family(name, "gauge", "Connections that are open, by worker.");
    for (number, worker) in workers.iter().enumerate() {
        text.sample(name, &[("worker", &number.to_string())], worker.open.read());
    }
    text.single("glasshttp_workers", "gauge", "Worker threads.", workers.len());
}

fn write_cache(text: &mut Text, cache: &cache::Figures) {
    let help = "Lookups that found a small file in memory, unchanged on disk.";
    text.single("glasshttp_cache_hits_total", "counter", help, cache.hits);
    let help = "Lookups of files that were not in memory, or had changed on disk.";
    text.single("glasshttp_cache_misses_total", "counter", help, cache.misses);
    text.single("glasshttp_cache_entries", "gauge", "Entries in the cache of small files.", cache.entries);
    text.single("glasshttp_cache_bytes", "gauge", "How much memory they take, roughly.", cache.bytes);
    let help = "How much memory they may take: --cache-size.";
    text.single("glasshttp_cache_capacity_bytes", "gauge", help, cache.capacity);
}

/// The response to a health check.
pub(super) fn health() -> Response {
    trace::decision("health", None, || "this very answer says that the server answers".to_owned());
    Response::no_store("text/plain; charset=utf-8", Body::Bytes(b"ok\n".to_vec()))
}
