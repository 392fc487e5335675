//! Where an address leads: out into the world, or to what only this machine or its network sees.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What is behind an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behind {
    /// The world.
    Public,
    /// This machine.
    Loopback,
    /// The network that this machine is in.
    Private,
    /// Nothing that a peer may ever name, or nothing at all; with what it is called.
    Nobody(&'static str),
}

impl Behind {
    /// What is behind an address, whichever way it is written.
    pub(super) fn of(address: IpAddr) -> Self {
        // 127.0.0.1 can also be written as ::ffff:127.0.0.1, and is then connected to all the same.
        match address.to_canonical() {
            IpAddr::V4(address) => v4(address),
            IpAddr::V6(address) => v6(address),
        }
    }
}

fn v4(address: Ipv4Addr) -> Behind {
    if address.is_loopback() {
        return Behind::Loopback;
    }
    if address.is_private() {
        return Behind::Private;
    }
    if address.is_link_local() {
        return Behind::Nobody("a link-local address");
    }
    if address.is_multicast() {
        return Behind::Nobody("a multicast address");
    }
    if address.is_documentation() {
        return Behind::Nobody("a documentation address");
    }
    let bits = u128::from(address.to_bits());
    find(&V4, bits, 32).unwrap_or(Behind::Public)
}

fn v6(address: Ipv6Addr) -> Behind {
    if address.is_loopback() {
        return Behind::Loopback;
    }
    if address.is_unique_local() {
        return Behind::Private;
    }
    if address.is_unicast_link_local() {
        return Behind::Nobody("a link-local address");
    }
    if address.is_multicast() {
        return Behind::Nobody("a multicast address");
    }
    let bits = address.to_bits();
    if NAT64.holds(bits, 128) {
        // A network that speaks IPv6 only reaches the rest of the world so, and whatever that address is.
        let [.., a, b, c, d] = address.octets();
        return v4(Ipv4Addr::new(a, b, c, d));
    }
    find(&V6, bits, 128).unwrap_or(Behind::Public)
}

/// A network: its first address, how many bits all its addresses share, and what is behind it.
#[derive(Clone, Copy)]
struct Network {
    first: u128,
    shared: u32,
    behind: Behind,
}

impl Network {
    fn holds(&self, address: u128, width: u32) -> bool {
        address.checked_shr(width - self.shared).unwrap_or(0)
            == self.first.checked_shr(width - self.shared).unwrap_or(0)
    }
}

fn find(networks: &[Network], address: u128, width: u32) -> Option<Behind> {
    networks.iter().find(|network| network.holds(address, width)).map(|network| network.behind)
}

const fn v4_net(a: u8, b: u8, c: u8, d: u8, shared: u32, behind: Behind) -> Network {
    Network { first: Ipv4Addr::new(a, b, c, d).to_bits() as u128, shared, behind }
}

const fn v6_net(first: [u16; 4], shared: u32, behind: Behind) -> Network {
    let [a, b, c, d] = first;
    Network { first: Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).to_bits(), shared, behind }
}

/// What of the [registry](https://www.iana.org/assignments/iana-ipv4-special-registry) the standard library has no
/// stable name for.
const V4: [Network; 6] = [
    v4_net(0, 0, 0, 0, 8, Behind::Nobody("an unspecified address")),
    // Behind a carrier's translation, and in overlay networks.
    v4_net(100, 64, 0, 0, 10, Behind::Private),
    v4_net(192, 0, 0, 0, 24, Behind::Nobody("a reserved address")),
    v4_net(192, 88, 99, 0, 24, Behind::Nobody("a reserved address")),
    v4_net(198, 18, 0, 0, 15, Behind::Nobody("a benchmarking address")),
    v4_net(240, 0, 0, 0, 4, Behind::Nobody("a reserved address")),
];

/// The prefix by which IPv6 leads to IPv4 ([RFC 6052](https://www.rfc-editor.org/rfc/rfc6052#section-2.1)).
const NAT64: Network = v6_net([0x64, 0xff9b, 0, 0], 96, Behind::Public);

/// Of IPv6 one eighth is given out, and parts of that are not; see the
/// [registry](https://www.iana.org/assignments/iana-ipv6-special-registry).
const V6: [Network; 6] = [
    // Teredo, ORCHID, benchmarking.
    v6_net([0x2001, 0, 0, 0], 23, Behind::Nobody("a reserved address")),
    v6_net([0x2001, 0xdb8, 0, 0], 32, Behind::Nobody("a documentation address")),
    // Leads to any IPv4 address, by whoever relays.
    v6_net([0x2002, 0, 0, 0], 16, Behind::Nobody("a reserved address")),
    v6_net([0x3fff, 0, 0, 0], 20, Behind::Nobody("a documentation address")),
    v6_net([0x2000, 0, 0, 0], 3, Behind::Public),
    v6_net([0, 0, 0, 0], 0, Behind::Nobody("a reserved address")),
];

#[cfg(test)]
mod tests {
    use super::{Behind, NAT64, V4, V6};

    const DOCUMENTATION: Behind = Behind::Nobody("a documentation address");
    const LINK_LOCAL: Behind = Behind::Nobody("a link-local address");
    const MULTICAST: Behind = Behind::Nobody("a multicast address");
    const RESERVED: Behind = Behind::Nobody("a reserved address");
    const UNSPECIFIED: Behind = Behind::Nobody("an unspecified address");

    /// The first and the last address of each network, and those that stand just outside.
    #[test]
    fn what_is_behind_an_address() {
        let rows = [
            ("0.0.0.0", UNSPECIFIED),
            ("0.255.255.255", UNSPECIFIED),
            ("1.0.0.0", Behind::Public),
            ("9.255.255.255", Behind::Public),
            ("10.0.0.0", Behind::Private),
            ("10.255.255.255", Behind::Private),
            ("11.0.0.0", Behind::Public),
            ("100.63.255.255", Behind::Public),
            ("100.64.0.0", Behind::Private),
            ("100.127.255.255", Behind::Private),
            ("100.128.0.0", Behind::Public),
            ("126.255.255.255", Behind::Public),
            ("127.0.0.0", Behind::Loopback),
            ("127.0.0.1", Behind::Loopback),
            ("127.255.255.255", Behind::Loopback),
            ("128.0.0.0", Behind::Public),
            ("169.253.255.255", Behind::Public),
            ("169.254.0.0", LINK_LOCAL),
            ("169.254.169.254", LINK_LOCAL),
            ("169.254.255.255", LINK_LOCAL),
            ("169.255.0.0", Behind::Public),
            ("172.15.255.255", Behind::Public),
            ("172.16.0.0", Behind::Private),
            ("172.31.255.255", Behind::Private),
            ("172.32.0.0", Behind::Public),
            ("192.0.0.0", RESERVED),
            ("192.0.0.255", RESERVED),
            ("192.0.1.0", Behind::Public),
            ("192.0.2.0", DOCUMENTATION),
            ("192.0.2.255", DOCUMENTATION),
            ("192.0.3.0", Behind::Public),
            ("192.88.98.255", Behind::Public),
            ("192.88.99.0", RESERVED),
            ("192.88.99.255", RESERVED),
            ("192.88.100.0", Behind::Public),
            ("192.167.255.255", Behind::Public),
            ("192.168.0.0", Behind::Private),
            ("192.168.255.255", Behind::Private),
            ("192.169.0.0", Behind::Public),
            ("198.17.255.255", Behind::Public),
            ("198.18.0.0", Behind::Nobody("a benchmarking address")),
            ("198.19.255.255", Behind::Nobody("a benchmarking address")),
            ("198.20.0.0", Behind::Public),
            ("198.51.100.0", DOCUMENTATION),
            ("198.51.100.255", DOCUMENTATION),
            ("203.0.113.0", DOCUMENTATION),
            ("203.0.113.255", DOCUMENTATION),
            ("223.255.255.255", Behind::Public),
            ("224.0.0.0", MULTICAST),
            ("239.255.255.255", MULTICAST),
            ("240.0.0.0", RESERVED),
            ("255.255.255.255", RESERVED),
            ("8.8.8.8", Behind::Public),
            // The same, written as IPv6.
            ("::ffff:8.8.8.8", Behind::Public),
            ("::ffff:127.0.0.1", Behind::Loopback),
            ("::ffff:10.0.0.1", Behind::Private),
            ("::ffff:169.254.169.254", LINK_LOCAL),
            ("::ffff:0.0.0.0", UNSPECIFIED),
            // Without the mark it is nothing.
            ("::8.8.8.8", RESERVED),
            ("::127.0.0.1", RESERVED),
            // Through a translator.
            ("64:ff9b::8.8.8.8", Behind::Public),
            ("64:ff9b::127.0.0.1", Behind::Loopback),
            ("64:ff9b::10.0.0.1", Behind::Private),
            ("64:ff9b::169.254.169.254", LINK_LOCAL),
            ("64:ff9b::1:0:0", RESERVED),
            ("64:ff9b:1::8.8.8.8", RESERVED),
            ("64:ff9b:1:ffff::", RESERVED),
            ("::", RESERVED),
            ("::1", Behind::Loopback),
            ("::2", RESERVED),
            ("100::", RESERVED),
            ("100::1", RESERVED),
            ("1fff:ffff::", RESERVED),
            ("2000::", Behind::Public),
            ("2001::", RESERVED),
            ("2001:0:8:8:8:8:8:8", RESERVED),
            ("2001:1ff:ffff::", RESERVED),
            ("2001:200::", Behind::Public),
            ("2001:db7:ffff::", Behind::Public),
            ("2001:db8::", DOCUMENTATION),
            ("2001:db8:ffff::", DOCUMENTATION),
            ("2001:db9::", Behind::Public),
            ("2001:4860:4860::8888", Behind::Public),
            ("2001:ffff::", Behind::Public),
            ("2002:7f00:1::", RESERVED),
            ("2002:ffff::", RESERVED),
            ("2003::", Behind::Public),
            ("3ffe:ffff::", Behind::Public),
            ("3fff::", DOCUMENTATION),
            ("3fff:fff:ffff::", DOCUMENTATION),
            ("3fff:1000::", Behind::Public),
            ("4000::", RESERVED),
            ("5f00::", RESERVED),
            ("fbff::", RESERVED),
            ("fc00::", Behind::Private),
            ("fdff:ffff::", Behind::Private),
            ("fe00::", RESERVED),
            ("fe80::1", LINK_LOCAL),
            ("febf:ffff::", LINK_LOCAL),
            ("fec0::", RESERVED),
            ("feff::", RESERVED),
            ("ff00::", MULTICAST),
            ("ff02::1", MULTICAST),
        ];
        for (address, behind) in rows {
            assert_eq!(Behind::of(address.parse().unwrap()), behind, "{address}");
        }
    }

    /// A table whose rows have a bit set behind their prefix would hold other networks than it says.
    #[test]
    fn networks_begin_where_they_say() {
        for network in V4 {
            assert_eq!(
                network.first & ((1 << (32 - network.shared)) - 1),
                0,
                "{:x}",
                network.first
            );
        }
        for network in V6.iter().chain([&NAT64]).filter(|network| network.shared > 0) {
            assert_eq!(network.first << network.shared, 0, "{:x}", network.first);
        }
    }
}
