#!/usr/bin/env python3
"""netlink.py FILE: what a node asked its kernel to change in IPVS and in ipsets, from a capture of a nlmon device (tcpdump -w FILE): a line a message, "ipvs NEW_DEST",
"ipset ADD VIPD-VIPS 3" (3 entries of that set). Reads and replies are left out. Source: linux/netlink.h, linux/ip_vs.h, linux/netfilter/ipset/ip_set.h."""
import struct
import sys

NFNETLINK, REQUEST, GENL_CTRL = 12, 1, 16
IPVS = {1: 'NEW_SERVICE', 2: 'SET_SERVICE', 3: 'DEL_SERVICE', 5: 'NEW_DEST', 6: 'SET_DEST', 7: 'DEL_DEST'}
IPSET = {2: 'CREATE', 3: 'DESTROY', 4: 'FLUSH', 9: 'ADD', 10: 'DEL'}
IPSET_SUBSYS, ATTR_NAME, ATTR_DATA, ATTR_ADT, NESTED = 6, 2, 7, 8, 0x8000


def frames(path):
    data, at = open(path, 'rb').read(), 24
    if struct.unpack_from('<I', data, 20)[0] != 253:
        raise SystemExit('%s is no capture of netlink' % path)
    while at + 16 <= len(data):
        size = struct.unpack_from('<I', data, at + 8)[0]
        yield struct.unpack_from('>H', data, at + 16 + 14)[0], data[at + 32:at + 16 + size]
        at += 16 + size


def messages(frame):
    at = 0
    while at + 16 <= len(frame):
        size, kind, flags = struct.unpack_from('<IHH', frame, at)
        if size < 16:
            return
        yield kind, flags, frame[at + 16:at + size]
        at += (size + 3) & ~3


def attributes(data):
    while len(data) >= 4:
        size, kind = struct.unpack_from('<HH', data)
        if size < 4:
            return
        yield kind & ~NESTED & 0x3fff, data[4:size]
        data = data[(size + 3) & ~3:]


def entries(body):
    for kind, value in attributes(body[4:]):
        if kind == ATTR_ADT:
            return sum(k == ATTR_DATA for k, _ in attributes(value))
    return 1


def set_name(body):
    return next((v.rstrip(b'\0').decode() for k, v in attributes(body[4:]) if k == ATTR_NAME), '-')


def main():
    for protocol, frame in frames(sys.argv[1]):
        for kind, flags, body in messages(frame):
            if not flags & REQUEST or len(body) < 4:
                continue
            if protocol == NFNETLINK and kind >> 8 == IPSET_SUBSYS and kind & 0xff in IPSET:
                print('ipset', IPSET[kind & 0xff], set_name(body), entries(body))
            elif protocol == 16 and kind > GENL_CTRL and body[0] in IPVS:
                print('ipvs', IPVS[body[0]])


main()
