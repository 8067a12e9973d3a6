//! A run: an engine is started, clients play, the engine ends.

use super::Engines;
use super::client;
use super::event::Event;
use super::observer::{Arrivals, RunObserver};
use super::order::Order;
use super::report::Report;
use crate::glass::written::Writer;
use std::sync::Arc;
use std::time::Instant;

/// Does what a page has asked for, and tells it what happens.
pub(super) fn run(engines: &dyn Engines, order: &Order, writer: Writer) {
    let began = Instant::now();
    let report = Arc::new(Report::new(writer, began, order.time));
    let arrivals = Arc::<Arrivals>::default();
    let observer = RunObserver::new(Arc::clone(&report), Arc::clone(&arrivals));
    let observe = Arc::new(move || Box::new(observer.clone()) as Box<_>);
    match engines.start(order.folder, &order.options, observe) {
        Ok(engine) => {
            let (port, options) = (engine.address.port(), &*order.options);
            report.tell(&Event::Engine { port, options, threads: engine.threads });
            std::thread::scope(|scope| {
                for (index, client) in order.clients.iter().enumerate() {
                    let (address, report, arrivals) = (engine.address, &*report, &*arrivals);
                    let play = move || client::play(client, index, address, began, report, arrivals);
                    if std::thread::Builder::new()
                        .name("client".to_owned())
                        .spawn_scoped(scope, play)
                        .is_err()
                    {
                        report
                            .tell(&Event::Refused { client: index, why: "no thread can be had".to_owned() });
                    }
                }
            });
            // Its workers tell what they still know.
            drop(engine);
        }
        Err(text) => report.tell(&Event::Bound { text }),
    }
    report.tell(&Event::Over);
    report.end();
}
