"""Which IP addresses are public: the IANA special-purpose registries, spelled out.

``ipaddress.is_global`` of Python 3.11 is not enough: it calls 64:ff9b::/96, 2002::/16, 3fff::/20,
5f00::/16 and multicast global, and looks at no IPv4 address inside an IPv6 one but a mapped one.

Sources: https://www.iana.org/assignments/iana-ipv4-special-registry,
https://www.iana.org/assignments/iana-ipv6-special-registry and RFC 6890; the RFC of each range is
beside it.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

SPECIAL_IPV4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network, RFC 791
        "10.0.0.0/8",  # private, RFC 1918
        "100.64.0.0/10",  # shared by carriers, RFC 6598
        "127.0.0.0/8",  # loopback, RFC 1122
        "168.63.129.16/32",  # Azure's metadata, at an address that looks public
        "169.254.0.0/16",  # link-local and the clouds' metadata, RFC 3927
        "172.16.0.0/12",  # private, RFC 1918
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.0.2.0/24",  # documentation, RFC 5737
        "192.31.196.0/24",  # AS112, RFC 7535
        "192.52.193.0/24",  # AMT, RFC 7450
        "192.88.99.0/24",  # 6to4 relays, RFC 7526
        "192.168.0.0/16",  # private, RFC 1918
        "192.175.48.0/24",  # AS112, RFC 7534
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "198.51.100.0/24",  # documentation, RFC 5737
        "203.0.113.0/24",  # documentation, RFC 5737
        "224.0.0.0/4",  # multicast, RFC 5771
        "240.0.0.0/4",  # reserved and broadcast, RFC 1112 and RFC 919
    )
]

# Only 2000::/3 is handed out for unicast (RFC 4291), which leaves out ::, ::1, the IPv4-compatible
# addresses, 64:ff9b:1::/48, 100::/64, 5f00::/16, ULA, link-local, site-local and multicast.
UNICAST_IPV6 = IPv6Network("2000::/3")
SPECIAL_IPV6 = [
    IPv6Network(network)
    for network in (
        "2001::/23",  # IETF protocol assignments, RFC 2928: benchmarks, ORCHID, AMT, AS112
        "2001:db8::/32",  # documentation, RFC 3849
        "2620:4f:8000::/48",  # AS112, RFC 7534
        "3fff::/20",  # documentation, RFC 9637
    )
]
NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is public; one that carries IPv4 addresses is what those are."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in SPECIAL_IPV4)
    if address.scope_id is not None:
        return False
    if carried := _carried(address):
        return all(map(is_public, carried))
    return address in UNICAST_IPV6 and not any(address in network for network in SPECIAL_IPV6)


def _carried(address: IPv6Address) -> tuple[IPv4Address, ...]:
    """The IPv4 addresses inside: mapped (RFC 4291), 6to4 (RFC 3056), Teredo (RFC 4380), NAT64."""
    if address in NAT64:
        return (IPv4Address(int(address) & 0xFFFF_FFFF),)
    if address.teredo:
        return address.teredo
    inner = address.ipv4_mapped or address.sixtofour
    return (inner,) if inner else ()
