//! The tests that look at the server from outside: most start the command and talk to it over sockets, some use a part
//! of the library. All of them are modules of this one crate, which is compiled and linked once.
//!
//! `cargo test --test it MODULE::` runs those of one module, `cargo test NAME` those whose names contain NAME. What needs
//! other programs is ignored unless it is asked for: `cargo test --test it nginx -- --ignored`.
//!
//! On Windows there are those that neither send signals nor make links. Under Wine it is the other way round:
//! tests/windows/run has those of this system start the program for Windows.

// Not all that they share is used there.
#![cfg_attr(windows, allow(dead_code, unused_imports))]

mod abuse;
#[cfg(unix)]
mod archive;
mod auth;
mod base_path;
#[cfg(unix)]
mod behind_nginx;
#[cfg(unix)]
mod behind_others;
#[cfg(unix)]
mod browser;
mod cache_control;
mod cli;
#[cfg(unix)]
mod clients;
mod compress;
#[cfg(unix)]
mod confinement;
#[cfg(unix)]
mod contrib;
#[cfg(unix)]
mod course;
#[cfg(unix)]
mod curl;
#[cfg(unix)]
mod decisions_zh;
#[cfg(unix)]
mod documents;
mod engine;
#[cfg(unix)]
mod explain;
mod fault_lab;
#[cfg(unix)]
mod faults;
#[cfg(unix)]
mod floods;
mod freshness;
#[cfg(unix)]
mod guide;
#[cfg(unix)]
mod house;
mod inspector;
#[cfg(unix)]
mod inspector_browser;
mod instances;
#[cfg(unix)]
mod laboratory;
#[cfg(unix)]
mod manual;
mod metrics;
mod model;
mod pages;
#[cfg(unix)]
mod progress;
mod reload;
#[cfg(unix)]
mod reload_browser;
#[cfg(unix)]
mod sandbox;
mod search;
mod security;
#[cfg(unix)]
mod sentences;
#[cfg(unix)]
mod service;
#[cfg(unix)]
mod soak;
#[cfg(unix)]
mod sockets;
#[cfg(unix)]
mod stages;
mod support;
mod tls;
mod trust_proxy;
mod upload;
