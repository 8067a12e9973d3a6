//! The source from which this binary was built, and the other files that the guide names: the inspector shows them.
//!
//! ```text
//! GET /.glass/source/src/lib.rs ──▶ find("src/lib.rs") ──▶ the text of the file, which is in the binary
//! ```

/// The text of a file, by its path in the repository.
pub(super) fn find(path: &str) -> Option<&'static str> {
    SOURCES.iter().find(|(name, _)| *name == path).map(|(_, text)| *text)
}

/// Declares the files: each path is written once.
macro_rules! sources {
    ($($path:literal)*) => {
        const SOURCES: &[(&str, &str)] =
            &[$(($path, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $path)))),*];
    };
}

sources! {
    "SECURITY.md"
    "examples/01_echo_server.rs"
    "examples/02_echo_client.rs"
    "examples/03_udp_echo.rs"
    "examples/04_echo_threads.rs"
    "examples/05_echo_pool.rs"
    "examples/06_echo_event_loop.rs"
    "examples/07_http_hello.rs"
    "examples/08_http_files.rs"
    "examples/09_http_pool.rs"
    "fuzz/README.md"
    "src/answer.rs"
    "src/base/budget.rs"
    "src/base/human.rs"
    "src/base/mod.rs"
    "src/base/patterns.rs"
    "src/base/platform/directory.rs"
    "src/base/platform/failure.rs"
    "src/base/platform/file_system.rs"
    "src/base/platform/local.rs"
    "src/base/platform/mod.rs"
    "src/base/platform/names.rs"
    "src/base/platform/new_file.rs"
    "src/base/platform/open.rs"
    "src/base/platform/process.rs"
    "src/base/platform/sandbox.rs"
    "src/base/platform/socket.rs"
    "src/base/platform/status.rs"
    "src/base/platform/terminal.rs"
    "src/base/random.rs"
    "src/base/text_file.rs"
    "src/base/trace.rs"
    "src/command/application.rs"
    "src/command/browser.rs"
    "src/command/check.rs"
    "src/command/cli/auth.rs"
    "src/command/cli/check_url.rs"
    "src/command/cli/compress/disabled.rs"
    "src/command/cli/compress/enabled.rs"
    "src/command/cli/compress/mod.rs"
    "src/command/cli/config.rs"
    "src/command/cli/files.rs"
    "src/command/cli/limits.rs"
    "src/command/cli/listen.rs"
    "src/command/cli/mod.rs"
    "src/command/cli/output.rs"
    "src/command/cli/pages.rs"
    "src/command/cli/running.rs"
    "src/command/cli/sharing.rs"
    "src/command/cli/tests.rs"
    "src/command/cli/usage_error.rs"
    "src/command/listeners.rs"
    "src/command/log_file.rs"
    "src/command/manual.rs"
    "src/command/mod.rs"
    "src/command/private_files.rs"
    "src/command/qr_code.rs"
    "src/command/quit_after.rs"
    "src/command/serve/mod.rs"
    "src/command/serve/ready.rs"
    "src/command/service_manager.rs"
    "src/command/signals.rs"
    "src/command/start_lines.rs"
    "src/command/terminal.rs"
    "src/command/tips.rs"
    "src/command/tls/disabled.rs"
    "src/command/tls/enabled/certificate.rs"
    "src/command/tls/enabled/client.rs"
    "src/command/tls/enabled/mod.rs"
    "src/command/tls/enabled/options.rs"
    "src/command/tls/mod.rs"
    "src/command/urls.rs"
    "src/command/users.rs"
    "src/command/values.rs"
    "src/command/variables.rs"
    "src/command/warnings.rs"
    "src/glass/access_log.rs"
    "src/glass/events.rs"
    "src/glass/explain.rs"
    "src/glass/inspect/composer.rs"
    "src/glass/inspect/mod.rs"
    "src/glass/inspect/record.rs"
    "src/glass/inspect/source.rs"
    "src/glass/metrics/counts.rs"
    "src/glass/metrics/mod.rs"
    "src/glass/metrics/text.rs"
    "src/glass/mod.rs"
    "src/glass/progress/mod.rs"
    "src/glass/progress/screen.rs"
    "src/glass/reload/debounce.rs"
    "src/glass/reload/file_event.rs"
    "src/glass/reload/filter.rs"
    "src/glass/reload/ignore.rs"
    "src/glass/reload/mod.rs"
    "src/glass/reload/poll.rs"
    "src/glass/reload/watch/folders.rs"
    "src/glass/reload/watch/mod.rs"
    "src/glass/reload/watch/unwatched.rs"
    "src/glass/tests.rs"
    "src/http/accept.rs"
    "src/http/base_path.rs"
    "src/http/base_path/tests.rs"
    "src/http/chunked.rs"
    "src/http/chunked/tests.rs"
    "src/http/client.rs"
    "src/http/coding.rs"
    "src/http/conditional.rs"
    "src/http/conditional/tests.rs"
    "src/http/date.rs"
    "src/http/field_lines.rs"
    "src/http/fields.rs"
    "src/http/forwarded.rs"
    "src/http/forwarded/tests.rs"
    "src/http/framing.rs"
    "src/http/host.rs"
    "src/http/method.rs"
    "src/http/mod.rs"
    "src/http/multipart.rs"
    "src/http/multipart/tests.rs"
    "src/http/origin.rs"
    "src/http/range.rs"
    "src/http/range/tests.rs"
    "src/http/refusal.rs"
    "src/http/request.rs"
    "src/http/request/tests.rs"
    "src/http/response.rs"
    "src/http/status.rs"
    "src/http/target.rs"
    "src/http/target/tests.rs"
    "src/lib.rs"
    "src/main.rs"
    "src/server/admission.rs"
    "src/server/admission/tests.rs"
    "src/server/application.rs"
    "src/server/body.rs"
    "src/server/buffer.rs"
    "src/server/clock.rs"
    "src/server/connection/answering.rs"
    "src/server/connection/asking.rs"
    "src/server/connection/deadline.rs"
    "src/server/connection/mod.rs"
    "src/server/connection/receiving.rs"
    "src/server/connection/reporter.rs"
    "src/server/connection/sending.rs"
    "src/server/connection/states.rs"
    "src/server/connection/tests.rs"
    "src/server/events.rs"
    "src/server/fault.rs"
    "src/server/listen.rs"
    "src/server/mod.rs"
    "src/server/pool.rs"
    "src/server/shared.rs"
    "src/server/shutdown.rs"
    "src/server/slot.rs"
    "src/server/timers.rs"
    "src/server/tls/disabled.rs"
    "src/server/tls/enabled/mod.rs"
    "src/server/tls/enabled/tests.rs"
    "src/server/tls/mod.rs"
    "src/server/transmit.rs"
    "src/server/transport.rs"
    "src/server/unix_socket.rs"
    "src/server/worker.rs"
    "src/site/archive/missing.rs"
    "src/site/archive/mod.rs"
    "src/site/archive/packer.rs"
    "src/site/archive/stream.rs"
    "src/site/archive/tar.rs"
    "src/site/archive/tests.rs"
    "src/site/archive/walk.rs"
    "src/site/archive/zip.rs"
    "src/site/auth/attempts.rs"
    "src/site/auth/credentials.rs"
    "src/site/auth/mod.rs"
    "src/site/auth/passwords.rs"
    "src/site/auth/tests.rs"
    "src/site/cache.rs"
    "src/site/cache/tests.rs"
    "src/site/cache_control.rs"
    "src/site/coding.rs"
    "src/site/collation.rs"
    "src/site/compress/disabled.rs"
    "src/site/compress/enabled/coder.rs"
    "src/site/compress/enabled/mod.rs"
    "src/site/compress/enabled/tests.rs"
    "src/site/compress/mod.rs"
    "src/site/cors.rs"
    "src/site/error_page.rs"
    "src/site/facts.rs"
    "src/site/find.rs"
    "src/site/hosts.rs"
    "src/site/listing/entry.rs"
    "src/site/listing/json.rs"
    "src/site/listing/links.rs"
    "src/site/listing/mod.rs"
    "src/site/listing/order.rs"
    "src/site/listing/page.rs"
    "src/site/listing/places.rs"
    "src/site/listing/read.rs"
    "src/site/listing/stream.rs"
    "src/site/listing/tests.rs"
    "src/site/listing/text.rs"
    "src/site/media_type/charset.rs"
    "src/site/media_type/mod.rs"
    "src/site/media_type/tables.rs"
    "src/site/media_type/tests.rs"
    "src/site/method.rs"
    "src/site/mod.rs"
    "src/site/names.rs"
    "src/site/near.rs"
    "src/site/options.rs"
    "src/site/page.rs"
    "src/site/read_file.rs"
    "src/site/readme.rs"
    "src/site/redirect.rs"
    "src/site/refused.rs"
    "src/site/representation/mod.rs"
    "src/site/representation/respond.rs"
    "src/site/representation/validators.rs"
    "src/site/root.rs"
    "src/site/runs.rs"
    "src/site/sandbox.rs"
    "src/site/script.rs"
    "src/site/select.rs"
    "src/site/tests.rs"
    "src/site/upload/form.rs"
    "src/site/upload/leftovers.rs"
    "src/site/upload/mod.rs"
    "src/site/upload/name.rs"
    "src/site/upload/new_file.rs"
    "src/site/upload/new_file/tests.rs"
    "src/site/upload/put.rs"
    "src/site/versions.rs"
    "tests/it/abuse.rs"
    "tests/it/confinement.rs"
    "tests/it/engine.rs"
    "tests/it/faults.rs"
    "tests/wire/get-file.txt"
    "tests/wire/get-head.txt"
    "tests/wire/range-suffix.txt"
    "tests/wire/request-line-bare-lf.txt"
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn add_files(folder: &Path, files: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).expect("it can be read") {
            let path = entry.expect("it can be read").path();
            if path.is_dir() {
                add_files(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path.to_str().expect("ASCII").to_owned());
            }
        }
    }

    #[test]
    fn every_file_of_the_source_and_every_example_can_be_shown() {
        let mut files = Vec::new();
        add_files(Path::new("src"), &mut files);
        add_files(Path::new("examples"), &mut files);
        // The solutions that a reader writes are not part of the source.
        files.retain(|file| !file.starts_with("examples/exercise"));
        let missing: Vec<_> = files.iter().filter(|file| find(file).is_none()).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn every_file_that_the_guide_names_can_be_shown() {
        const OPEN: &str = "<code class=\"file\">";
        let mut missing = Vec::new();
        for language in ["www/guide", "www/zh/guide"] {
            for page in std::fs::read_dir(language).expect("the guide is there") {
                let page = std::fs::read_to_string(page.expect("readable").path()).expect("readable");
                let names = page.split(OPEN).skip(1).filter_map(|rest| Some(rest.split_once("</code>")?.0));
                missing.extend(
                    names.filter(|name| Path::new(name).is_file() && find(name).is_none()).map(str::to_owned),
                );
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
    }
}
