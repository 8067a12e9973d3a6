//! What options make of the configuration, and what is refused.

use super::*;
use crate::command::tips;
use crate::glass::access_log::Format;
use std::time::Duration;

const MACHINE: Machine = Machine { is_terminal: false, processors: 3, open_files: 1024 };

fn config(arguments: &[&str]) -> Config {
    let arguments = std::iter::once("glasshttp").chain(arguments.iter().copied());
    Cli::try_parse_from(arguments).expect("good arguments").into_config(&MACHINE)
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn defaults_are_safe() {
    let config = config(&[]);
    assert_eq!(config.folder, PathBuf::from("."));
    assert_eq!((config.listen.port, config.listen.addresses().len()), (None, 0));
    assert!(!config.follow_links && !config.site.hidden && config.site.listing);
    assert_eq!(config.site.hosts, site::Hosts::LoopbackAnd(Vec::new()));
    assert_eq!(config.site.cache_control, "no-cache".into());
    assert_eq!((config.server.threads, config.server.max_connections), (3, 496));
    assert_eq!(config.log, Some(Format::Common));
}

#[test]
fn live_reload_is_off_on_or_told_how_to_look() {
    let table: &[(&[&str], (bool, bool))] = &[
        (&[], (false, false)),
        (&["--reload"], (true, false)),
        (&["--reload", "folder"], (true, false)),
        (&["--reload=auto"], (true, false)),
        (&["--reload=poll"], (true, true)),
        (&["--reload=1"], (true, false)),
        (&["--reload=0"], (false, false)),
        (&["--reload="], (false, false)),
    ];
    for (arguments, expected) in table {
        let config = config(arguments);
        assert_eq!((config.site.script, config.reload.poll), *expected, "{arguments:?}");
    }
    let ignore = config(&["--reload", "--reload-ignore", "*.log", "--reload-ignore", "a,b"]).reload.ignore;
    assert_eq!(ignore.len(), 2);
}

#[test]
fn what_is_under_way_at_a_stop_ends_before_a_container_is_killed() {
    let grace = config(&[]).server.stop_timeout;
    assert!(grace >= Duration::from_secs(5) && grace < Duration::from_secs(9), "{grace:?}");
}

#[test]
fn the_host_is_checked_only_where_nobody_else_can_connect() {
    assert!(matches!(config(&["-b", "localhost"]).site.hosts, site::Hosts::LoopbackAnd(_)));
    assert!(matches!(config(&["-b", "127.0.0.2"]).site.hosts, site::Hosts::LoopbackAnd(_)));
    assert!(matches!(config(&["-b", "::ffff:127.0.0.1"]).site.hosts, site::Hosts::LoopbackAnd(_)));
    assert_eq!(config(&["-b", "127.0.0.1", "-b", "0.0.0.0"]).site.hosts, site::Hosts::Any);
    assert_eq!(config(&["--lan"]).site.hosts, site::Hosts::Any);
    let hosts = config(&["--allow-host", "Dev.Example"]).site.hosts;
    assert_eq!(hosts, site::Hosts::LoopbackAnd(vec!["dev.example".to_owned()]));
    let hosts = config(&["--allow-host", "*.A.example,.b.example", "--allow-host", "c."]).site.hosts;
    let expected = [".a.example", ".b.example", "c"].map(str::to_owned);
    assert_eq!(hosts, site::Hosts::LoopbackAnd(expected.to_vec()));
}

#[cfg(unix)]
#[test]
fn with_unix_sockets_alone_no_port_is_opened_and_hosts_are_not_checked() {
    let only =
        config(&["--bind", "unix:/run/a", "--bind", "unix:b", "--bind", "unix:b", "--socket-mode", "660"]);
    assert_eq!(only.listen.sockets(), [PathBuf::from("/run/a"), PathBuf::from("b")]);
    assert!(only.listen.addresses().is_empty() && only.site.hosts == site::Hosts::Any);
    assert_eq!(only.listen.socket_mode, 0o660);
    let both = config(&["--bind", "unix:/run/a,::1"]);
    assert_eq!((both.listen.sockets().len(), both.listen.addresses().len()), (1, 1));
    assert!(matches!(both.site.hosts, site::Hosts::LoopbackAnd(_)));
}

#[test]
fn values_that_make_no_sense_are_refused_in_one_line_that_says_what_to_do() {
    let table: &[(&[&str], &str)] = &[
        (&["--port", "99999"], "--port"),
        (&["--port", "x"], "--port"),
        (&["--bind", "here"], "IP address"),
        #[cfg(unix)]
        (&["--bind", "unix:"], "path of a socket"),
        #[cfg(unix)]
        (&["--bind", "unix:/run/"], "path of a socket"),
        (&["--socket-mode", "8"], "octal"),
        (&["--socket-mode", "1777"], "octal"),
        (&["--index", "a/b"], "without a folder"),
        (&["--cache", "soon"], "no-store"),
        (&["--cache", "*.css=soon"], "*.css=3600"),
        (&["--cache", "[a=5"], "unclosed"),
        (&["--threads", "0"], "--threads"),
        (&["--head-timeout=-1"], "--head-timeout"),
        (&["--idle-timeout", "0"], "above 0"),
        (&["--log", "xml"], "combined"),
        (&["--allow-host", "a:1"], "without a port"),
        (&["--allow-host", "http://a"], "without a port"),
        (&["--allow-host", "."], "without a port"),
        (&["--allow-host", "*."], "without a port"),
        (&["--allow-host", "..a"], "without a port"),
        (&["--allow-host", "*"], "any page of the web"),
        (&["--allow-host", "*.*.a"], "as in *.example.com"),
        (&["--allow-host", "a.*.b"], "as in *.example.com"),
        (&["--allow-host", "*a.b"], "as in *.example.com"),
        (&["--cors=https://*"], "as in https://*.example.com"),
        (&["--cors=https://a.*"], "as in https://*.example.com"),
        (&["--cors=*.a.example"], "it must be an origin"),
        (&["--cors=https://a.example/"], "behind it: https://a.example"),
        (&["--cors=https://A.example:443/b?c"], "behind it: https://a.example"),
        (&["--cors=https://user@a.example"], "it must be an origin"),
        (&["--cors=a.example"], "it must be an origin"),
        (&["--no-such"], "--no-such"),
        (&["--lisitng"], "--no-listing"),
        (&["--base-path", "files"], "must be a path such as /files"),
        (&["--base-path", "/a?b"], "\"?\""),
        (&["--base-path", "/a/../b"], "no place in it"),
        (&["--base-path", "/a%0ab"], "control character"),
        (&["--trust-proxy=proxy.example"], "10.0.0.0/8"),
        (&["--trust-proxy=10.0.0.0/8,::/129"], "10.0.0.0/8"),
        (&["--trust-proxy="], "10.0.0.0/8"),
        (&["--lan", "--bind", "::1"], "'--bind <ADDR>'"),
        (&["--qr", "--quiet"], "'--quiet'"),
        (&["a", "b"], "unexpected argument 'b'"),
        (&["--log", "off", "--log-file", "x"], "contradict"),
        (&["--quit-after", "0"], "above 0"),
        (&["-p", "abc"], "a number from 0 to 65535"),
        (&["--threads", "two"], "a number from 1 to 1024"),
        (&["-d", "site"], "tip: the folder comes without an option"),
        (&["--directory", "site"], "tip: the folder comes without an option"),
        (&["--directory=site"], "tip: the folder comes without an option"),
        (&["--bind", "0.0.0.0:80"], "tip: the port comes with --port"),
        (&["site", "8080"], "--port PORT"),
        (&["--hsts"], "Strict-Transport-Security"),
        (&["--reload=often"], "auto or poll"),
        (&["--reload", "--reload-ignore", "[a.log"], "--reload-ignore"),
        (&["--reload", "--reload-ignore", "../a.log"], "without . and .."),
        (&["--reload-ignore", "a.log"], "--reload"),
    ];
    for &(arguments, part) in table {
        let arguments = std::iter::once("glasshttp").chain(arguments.iter().copied());
        let error = Cli::try_parse_from(arguments).and_then(Cli::check).expect_err("must be refused");
        let line = usage_error::one_line(&error, &Cli::command());
        assert!(line.contains(part) && !line.contains('\n'), "{line}");
    }
}

#[test]
fn a_folder_after_an_option_that_needs_an_equals_sign_may_be_meant_as_its_value() {
    let table = [
        (&["glasshttp", "--spa", "app.html"][..], Some("did you mean --spa=app.html?")),
        (
            &["glasshttp", "-p", "0", "--trust-proxy", "10.0.0.1"],
            Some("did you mean --trust-proxy=10.0.0.1?"),
        ),
        (&["glasshttp", "-o", "/x"], Some("did you mean --open=/x?")),
        (&["glasshttp", "--quiet", "site"], None),
        (&["glasshttp", "site"], None),
    ];
    for (arguments, expected) in table {
        let folder = std::path::Path::new(arguments.last().expect("there is one"));
        let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
        assert_eq!(
            tips::for_value_without_equals_sign(&Cli::command(), &arguments, folder).as_deref(),
            expected,
            "{arguments:?}"
        );
    }
}

#[test]
fn no_foreign_option_is_ours_and_each_tip_names_options_that_exist() {
    // A build may leave these out.
    const OPTIONAL: [&str; 4] = ["--compress", "--tls-cert", "--tls-key", "--tls-self-signed"];
    let command = Cli::command();
    let exists = |name: &str| tips::has_option(&command, name);
    for (names, tip) in tips::FOREIGN_OPTIONS {
        for name in *names {
            assert!(!exists(name), "{name} is ours");
            let is_complete = tips::options_in(tip).all(exists);
            assert_eq!(tips::for_argument(name, &command), is_complete.then_some(*tip));
        }
        for option in tips::options_in(tip) {
            assert!(exists(option) || OPTIONAL.contains(&option), "{option} in {tip:?}");
        }
    }
}
