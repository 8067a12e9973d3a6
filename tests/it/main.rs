//! The tests that look at the server from outside: most start the command and talk to it over sockets, some use a part
//! of the library. All of them are modules of this one crate, which is compiled and linked once.
//!
//! `cargo test --test it MODULE::` runs those of one module, `cargo test NAME` those whose names contain NAME. What needs
//! other programs is ignored unless it is asked for: `cargo test --test it nginx -- --ignored`.

mod abuse;
mod archive;
mod auth;
mod base_path;
mod behind_nginx;
mod behind_others;
mod browser;
mod cache_control;
mod cli;
mod clients;
mod compress;
mod confinement;
mod contrib;
mod course;
mod curl;
mod decisions_zh;
mod documents;
mod engine;
mod explain;
mod fault_lab;
mod faults;
mod floods;
mod freshness;
mod guide;
mod house;
mod inspector;
mod inspector_browser;
mod instances;
mod laboratory;
mod manual;
mod metrics;
mod model;
mod pages;
mod progress;
mod reload;
mod reload_browser;
mod sandbox;
mod search;
mod security;
mod sentences;
mod service;
mod soak;
mod sockets;
mod stages;
mod support;
mod tls;
mod trust_proxy;
mod upload;
