#![expect(clippy::unwrap_used, reason = "tests")]

use clap::CommandFactory;

use super::*;

fn settings(arguments: &[&str]) -> Settings {
    Cli::try_parse_from(["daybook"].iter().chain(arguments)).unwrap().settings
}

#[test]
fn the_command_line_is_consistent() {
    Cli::command().debug_assert();
}

#[test]
fn flags_may_precede_or_follow_the_command() {
    for arguments in [["--table", "t", "sample"], ["sample", "--table", "t"]] {
        let cli = Cli::try_parse_from(["daybook"].iter().chain(&arguments)).unwrap();
        assert_eq!((cli.command.unwrap(), &*cli.settings.table), (Command::Sample, "t"));
    }
}

#[test]
fn an_endpoint_means_a_remote_store() {
    let url = "http://127.0.0.1:8000";
    let endpoint = ["--dynamodb-endpoint", url];
    assert_eq!(settings(&[]).store(), Ok(StoreChoice::Embedded));
    assert_eq!(settings(&endpoint).store(), Ok(StoreChoice::Endpoint(url.to_owned())));
    let aws = [&endpoint[..], &["--store", "aws"]].concat();
    assert_eq!(settings(&aws).store(), Ok(StoreChoice::Aws(Some(url.to_owned()))));
    let embedded = [&endpoint[..], &["--store", "embedded"]].concat();
    assert_eq!(settings(&embedded).store(), Err(Contradiction::Endpoint));
}

#[test]
fn a_bucket_defaults_to_the_endpoint_of_the_store() {
    let url = "http://127.0.0.1:8000";
    let objects =
        |arguments: &str| settings(&arguments.split_whitespace().collect::<Vec<_>>()).objects();
    let bucket = |endpoint: Option<&str>| {
        let (name, endpoint) = ("books".to_owned(), endpoint.map(str::to_owned));
        Ok(ObjectsChoice::Bucket { name, endpoint })
    };
    assert_eq!(objects(""), Ok(ObjectsChoice::Directory));
    assert_eq!(objects("--store aws"), Ok(ObjectsChoice::Nowhere));
    assert_eq!(objects("--store aws --bucket books"), bucket(None));
    let remote = format!("--dynamodb-endpoint {url}");
    assert_eq!(objects(&remote), Ok(ObjectsChoice::Nowhere));
    assert_eq!(objects(&format!("{remote} --bucket books")), bucket(Some(url)));
    assert_eq!(objects(&format!("{remote} --bucket books --store aws")), bucket(None));
    let elsewhere = "--bucket books --s3-endpoint http://127.0.0.1:9000";
    let there = bucket(Some("http://127.0.0.1:9000"));
    assert_eq!(objects(&format!("{remote} {elsewhere}")), there);
    assert_eq!(objects(&format!("--store aws {elsewhere}")), there);
    assert_eq!(objects("--bucket books"), Err(Contradiction::Bucket));
    assert_eq!(objects(&format!("--s3-endpoint {url}")), Err(Contradiction::NoBucket));
}

/// Returns the source of callers, without what has no equality.
fn callers(arguments: &str) -> Result<String, Contradiction> {
    let arguments: Vec<_> = arguments.split_whitespace().collect();
    settings(&arguments).callers().map(|callers| match callers {
        Callers::Lone(caller) => caller.name,
        Callers::Proxied(proxy) => format!("{proxy:?}"),
    })
}

#[test]
fn a_lone_desk_has_one_caller_and_behind_a_proxy_the_header_names_them() {
    assert_eq!(callers("--actor Mara"), Ok("Mara".to_owned()));
    let header = "--trust-proxy-header X-Forwarded-User";
    for address in ["127.0.0.1:3000", "[::1]:3000", "[::ffff:127.0.0.1]:3000"] {
        let proxy = callers(&format!("{header} --address {address}")).unwrap();
        assert!(proxy.contains("x-forwarded-user") && proxy.ends_with("[] }"), "{proxy}");
    }
    let networks = "--trusted-proxy 10.0.0.0/8,fd00::/8 --trusted-proxy 192.0.2.7";
    let proxy = callers(&format!("{header} --address 0.0.0.0:3000 {networks}")).unwrap();
    for network in ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"] {
        assert!(proxy.contains(network), "{network}: {proxy}");
    }
}

#[test]
fn a_header_that_anybody_could_set_is_refused() {
    let header = "--trust-proxy-header X-Forwarded-User";
    for address in ["0.0.0.0:3000", "[::]:3000", "192.0.2.1:80", "[::ffff:192.0.2.1]:80"] {
        let open = callers(&format!("{header} --address {address}"));
        assert_eq!(open, Err(Contradiction::NoTrustedProxy), "{address}");
    }
    assert_eq!(callers("--trusted-proxy 10.0.0.7"), Err(Contradiction::NoProxyHeader));
    assert_eq!(callers(&format!("{header} --actor Mara")), Err(Contradiction::Actor));
}

#[test]
fn durations_have_a_unit() {
    for (text, seconds) in [("0s", 0), ("90s", 90), ("30m", 1_800), ("24h", 86_400)] {
        assert_eq!(duration(text), Ok(Duration::from_secs(seconds)));
    }
    for text in ["", "h", "24", "-1h", "1.5h", "1w", "18446744073709551615d", "1é"] {
        assert!(duration(text).unwrap_err().contains("such as"), "{text}");
    }
}

#[test]
fn an_invalid_argument_is_a_usage_error() {
    for arguments in [
        ["--address", "nowhere"],
        ["--allowed-host", "https://books.example"],
        ["--allowed-origin", "books.example"],
        ["--actor", "   "],
        ["--trust-proxy-header", ""],
        ["--trust-proxy-header", "X-Forwarded-User:"],
        ["--trust-proxy-header", "Authorization"],
        ["--trust-proxy-header", "cookie"],
        ["--trusted-proxy", ""],
        ["--trusted-proxy", "proxy.example"],
        ["--trusted-proxy", "10.0.0.7/8"],
        ["--trusted-proxy", "10.0.0.0/8,"],
        ["--dynamodb-endpoint", "localhost"],
        ["--store", "floppy"],
        ["--bucket", ""],
        ["--cached-heads", "0"],
        ["--colour", "red"],
        ["verify", "--root=3"],
    ] {
        let error = Cli::try_parse_from(["daybook"].iter().chain(&arguments)).unwrap_err();
        assert_eq!(error.exit_code(), 2, "{arguments:?}");
    }
}
