"""Make the shipped sample of raw logs from its published originals.

The two server logs lose their real client addresses; the shop's day files are
only compressed again. Nothing else changes, byte for byte: not the order of the
lines, not the one line that is cut off.

Usage:
    python demo/data/prepare.py ORIGINALS OUT

`ORIGINALS` holds `weblogs/apache_logs.gz`, `weblogs/auth.log.gz` and
`online_retail/2010-12-*.gz`. The same originals give the same bytes in `OUT`.
"""

from __future__ import annotations

import gzip
import io
import re
import sys
from ipaddress import IPv4Address, IPv4Network, ip_network
from pathlib import Path

# No host on the internet has an address in these: the benchmark range is used first, and holds 512 networks
# of 256; a file with clients in more goes on in the upper half of a private one.
POOLS = (IPv4Network("198.18.0.0/15"), IPv4Network("10.128.0.0/9"))
# These name no client: private, loopback, "any" and documentation addresses stay as they are.
KEPT = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.2.0/24",
        "192.168.0.0/16",
        "198.51.100.0/24",
        "203.0.113.0/24",
    )
)

ADDRESS = rb"(?:\d{1,3}\.){3}\d{1,3}"
# A name made of an address, such as host-1-2-3-4.example.net, gives the address away.
TOKEN = re.compile(rb"(?<![0-9])(?<![0-9][.\-])(\d{1,3})([.\-])(\d{1,3})\2(\d{1,3})\2(\d{1,3})(?![0-9]|[.\-][0-9])")
# The client, and an address that somebody typed into a search engine, kept in the referrer.
ACCESS = re.compile(rb"(?:^|=)(" + ADDRESS + rb")(?=[ &])")
SSHD = re.compile(rb"(?:\b(?:from|by|with|on|at) (?:::ffff:)?|\brhost=(?:::ffff:)?)(" + ADDRESS + rb")(?![0-9.])")


class AddressMap:
    """Replacements that keep which addresses are equal, and which share a /24.

    Networks of 256 addresses are numbered in the order in which they first
    appear, and so are the hosts inside each: the mapping needs no secret, and no
    table of it is kept.

    Example:
        >>> addresses = AddressMap()
        >>> [addresses.replace(a) for a in ("8.8.8.8", "9.9.9.9", "8.8.8.1", "8.8.8.8", "10.0.0.1")]
        ['198.18.0.1', '198.18.1.1', '198.18.0.2', '198.18.0.1', '10.0.0.1']
    """

    def __init__(self) -> None:
        """Start without any address seen."""
        self._networks: dict[int, int] = {}
        self._hosts: dict[int, dict[str, str]] = {}

    def __contains__(self, address: str) -> bool:
        """Whether the address has a replacement already."""
        return address in self._hosts.get(int(IPv4Address(address)) >> 8, {})

    def replace(self, address: str) -> str:
        """Give the replacement of an address, the same each time.

        Args:
            address: An IPv4 address in dotted form.

        Returns:
            An address of one of the pools, or the address itself where it names no client.
        """
        value = IPv4Address(address)
        if any(value in network for network in KEPT):
            return address
        network = int(value) >> 8
        base = nth_network(self._networks.setdefault(network, len(self._networks)))
        hosts = self._hosts.setdefault(network, {})
        return hosts.setdefault(address, str(base + (len(hosts) + 1) % 256))


def nth_network(index: int) -> IPv4Address:
    """Give the first address of the pools' n-th network of 256.

    Example:
        >>> [str(nth_network(n)) for n in (0, 1, 511, 512)]
        ['198.18.0.0', '198.18.1.0', '198.19.255.0', '10.128.0.0']
    """
    first, second = POOLS
    held = first.num_addresses // 256
    return first[256 * index] if index < held else second[256 * (index - held)]


def is_address(text: str) -> bool:
    """Whether dotted digits are an address, and not, say, a version."""
    try:
        IPv4Address(text)
    except ValueError:
        return False
    return True


def remap(lines: list[bytes], client: re.Pattern[bytes]) -> list[bytes]:
    """Replace client addresses wherever they stand in the lines of one file.

    Args:
        lines: The lines, line ends included.
        client: Finds the client's address, in its first group, where a line names one.

    Returns:
        As many lines. An address found at a client's place is also replaced
        where it stands elsewhere, dotted or with dashes as in a host name;
        other dotted digits are versions, and stay.
    """
    addresses = AddressMap()
    for line in lines:
        for match in client.finditer(line):
            addresses.replace(match[1].decode())

    def substitute(match: re.Match[bytes]) -> bytes:
        separator = match[2].decode()
        dotted = ".".join(match[n].decode() for n in (1, 3, 4, 5))
        if not is_address(dotted) or dotted not in addresses:
            return match[0]
        return addresses.replace(dotted).replace(".", separator).encode()

    return [TOKEN.sub(substitute, line) for line in lines]


def compress(data: bytes) -> bytes:
    """Gzip bytes without a name or a time, so that the same bytes come out again."""
    buffer = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=buffer, mtime=0) as stream:
        stream.write(data)
    return buffer.getvalue()


def prepare(originals: Path, out: Path) -> None:
    """Write the whole sample.

    Args:
        originals: The folder of the published files.
        out: The folder to write to; made where it is missing.
    """
    logs = (
        ("weblogs/apache_logs.gz", "access_log/access.log.gz", ACCESS),
        ("weblogs/auth.log.gz", "auth_log/auth.log.gz", SSHD),
    )
    for source, target, client in logs:
        lines = gzip.decompress((originals / source).read_bytes()).splitlines(keepends=True)
        write(out / target, b"".join(remap(lines, client)))
    for day in sorted((originals / "online_retail").glob("2010-12-*.csv.gz")):
        write(out / "orders" / day.name, gzip.decompress(day.read_bytes()))


def write(path: Path, data: bytes) -> None:
    """Write one compressed file, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(compress(data))


if __name__ == "__main__":
    if len(sys.argv) != 3:  # noqa: PLR2004 - the program's name and its two folders
        sys.exit("usage: python demo/data/prepare.py ORIGINALS OUT")
    prepare(Path(sys.argv[1]), Path(sys.argv[2]))
