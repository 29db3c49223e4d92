"""What `ifconfig` and `netstat -rn` print on a Mac whose VPN is up or down."""

from __future__ import annotations

TUNNEL = "utun4"
TUNNEL_MTU = 1406
LAN_ADDRESS = "192.168.1.23"
GATEWAY_ADDRESS = "203.0.113.10"

_IFCONFIG = f"""lo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384
\toptions=1203<RXCSUM,TXCSUM,TXSTATUS,SW_TIMESTAMP>
\tinet 127.0.0.1 netmask 0xff000000
\tinet6 ::1 prefixlen 128
\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1
\tnd6 options=201<PERFORMNUD,DAD>
en0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500
\toptions=6460<TSO4,TSO6,CHANNEL_IO,PARTIAL_CSUM,ZEROINVERT_CSUM>
\tether 3c:06:30:2a:9b:11
\tinet6 fe80::1c3a:52ff:fe21:9b11%en0 prefixlen 64 secured scopeid 0xb
\tinet {LAN_ADDRESS} netmask 0xffffff00 broadcast 192.168.1.255
\tnd6 options=201<PERFORMNUD,DAD>
\tmedia: autoselect
\tstatus: active
utun0: flags=8051<UP,POINTOPOINT,RUNNING,MULTICAST> mtu 1380
\tinet6 fe80::8a1d:26c5:9b1e:6a04%utun0 prefixlen 64 scopeid 0xf
\tnd6 options=201<PERFORMNUD,DAD>
"""


def ifconfig_output(tunnel_address: str | None, mtu: int = TUNNEL_MTU) -> str:
    """What `ifconfig` prints. Only a VPN gives a `utun` an `inet`."""
    if tunnel_address is None:
        return _IFCONFIG
    return _IFCONFIG + (
        f"{TUNNEL}: flags=80d1<UP,POINTOPOINT,RUNNING,NOARP,MULTICAST> mtu {mtu}\n"
        f"\tinet {tunnel_address} --> {tunnel_address} netmask 0xffffff00\n"
        "\tnd6 options=201<PERFORMNUD,DAD>\n"
    )


def netstat_output(tunnel_address: str | None) -> str:
    """What `netstat -rn` prints; with the VPN up, private networks go through the tunnel."""
    routes = [("default", "192.168.1.1", "UGScg", "en0")]
    if tunnel_address is not None:
        routes += [
            ("10", f"link#{TUNNEL[4:]}", "UCS", TUNNEL),
            (tunnel_address, tunnel_address, "UH", TUNNEL),
            (GATEWAY_ADDRESS, "192.168.1.1", "UGHS", "en0"),
        ]
    routes += [
        ("127", "127.0.0.1", "UCS", "lo0"),
        ("127.0.0.1", "127.0.0.1", "UH", "lo0"),
        ("192.168.1", "link#11", "UCS", "en0"),
        (f"{LAN_ADDRESS}/32", "link#11", "UCS", "en0"),
    ]
    header = "Routing tables\n\nInternet:\nDestination        Gateway            Flags               Netif Expire\n"
    return header + "".join(f"{to:<18} {via:<18} {flags:<19} {netif:>5}\n" for to, via, flags, netif in routes)
