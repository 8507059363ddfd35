//! Networks of trusted proxies, as operators write them (CIDR; RFC 4632, RFC 4291).

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

/// An IPv4 or IPv6 network; a single address is a network of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network(IpNet);

impl Network {
    /// Returns whether the address is in the network. A socket that listens on `[::]` reports an
    /// IPv4 peer as an IPv6 address (`::ffff:10.0.0.7`); it counts as the IPv4 address.
    pub(super) fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = String;

    /// Parses `10.0.0.0/8`, `fd00::/8` or a single address. Refuses a network that would trust
    /// other addresses than it seems to.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an address or a network, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8; the prefix is \
                        at most 32 for IPv4 and 128 for IPv6";
        let single = text.parse::<IpAddr>().map(IpNet::from);
        let network = single.or_else(|_| text.parse::<IpNet>()).map_err(|_| expected)?;
        if let IpAddr::V6(address) = network.addr()
            && address.to_ipv4_mapped().is_some()
        {
            return Err("write an IPv4 network in its own form, such as 10.0.0.0/8".to_owned());
        }
        let whole = network.trunc();
        if whole != network {
            return Err(format!(
                "the address has bits beyond its prefix: write {whole} for the network, or {} for the address alone",
                network.addr()
            ));
        }
        Ok(Self(network))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_network_contains_its_addresses_and_no_others() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", &["10.0.0.0", "10.255.255.255"][..], &["9.255.255.255", "11.0.0.0"][..]),
            ("192.0.2.64/26", &["192.0.2.64", "192.0.2.127"], &["192.0.2.63", "192.0.2.128"]),
            ("192.0.2.7", &["192.0.2.7"], &["192.0.2.6", "192.0.2.8"]),
            ("192.0.2.7/32", &["192.0.2.7"], &["192.0.2.6", "192.0.2.8"]),
            ("0.0.0.0/0", &["0.0.0.0", "255.255.255.255"], &["::", "::1", "2001:db8::1"]),
            ("fd00::/8", &["fd00::1", "fdff::"], &["fe00::", "fc00::1", "10.0.0.1"]),
            ("2001:db8::/33", &["2001:db8:7fff::1"], &["2001:db8:8000::1"]),
            ("::1", &["::1"], &["::2", "127.0.0.1"]),
            ("::/0", &["::1", "2001:db8::1"], &["192.0.2.7"]),
        ] {
            let parsed: Network = network.parse().unwrap();
            for address in inside {
                assert!(parsed.contains(address.parse().unwrap()), "{address} in {network}");
            }
            for address in outside {
                assert!(!parsed.contains(address.parse().unwrap()), "{address} in {network}");
            }
        }
    }

    #[test]
    fn an_ipv4_peer_of_an_ipv6_socket_counts_as_ipv4() {
        let mapped: IpAddr = "::ffff:10.1.2.3".parse().unwrap();
        for (network, contains) in
            [("10.0.0.0/8", true), ("10.1.2.3", true), ("10.1.2.4", false), ("::/0", false)]
        {
            assert_eq!(network.parse::<Network>().unwrap().contains(mapped), contains, "{network}");
        }
    }

    #[test]
    fn a_text_that_is_no_network_is_refused() {
        for text in [
            "",
            "proxy",
            "10.0.0.0/",
            "10.0.0.0/33",
            "fd00::/129",
            "10.0.0.0/-1",
            "10.0.0.0/255.0.0.0",
            "10.0.0/8",
            "010.0.0.1",
            "10.0.0.0/8 ",
            "10.0.0.7:80",
            "[::1]",
            "fe80::1%eth0",
        ] {
            let error = text.parse::<Network>().unwrap_err();
            assert!(error.contains("such as 10.0.0.7"), "{text}: {error}");
        }
    }

    #[test]
    fn bits_beyond_the_prefix_are_refused_with_both_readings() {
        let error = "10.0.0.7/8".parse::<Network>().unwrap_err();
        assert!(error.contains("10.0.0.0/8") && error.contains("10.0.0.7"), "{error}");
        let error = "fd00::1/8".parse::<Network>().unwrap_err();
        assert!(error.contains("fd00::/8") && error.contains("fd00::1"), "{error}");
    }

    /// Peers count as IPv4, so such a network would contain none.
    #[test]
    fn an_ipv4_network_in_the_form_of_ipv6_is_refused() {
        for text in ["::ffff:10.0.0.0/104", "::ffff:10.0.0.7", "::ffff:0:0/96"] {
            let error = text.parse::<Network>().unwrap_err();
            assert!(error.contains("IPv4"), "{text}: {error}");
        }
    }
}
