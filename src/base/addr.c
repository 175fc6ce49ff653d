/* Addresses and prefixes as values: strict text (RFC 4291, RFC 5952), order, ranges of special use (RFC 6890).
 * Test: tests/test_addr.c. */
#include "addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

int addr_parse(const char *text, struct addr *out)
{
	struct addr a = {0};

	a.family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(a.family, text, a.bytes) != 1)
		return -EINVAL;
	*out = a;
	return 0;
}

/* inet_ntop(3) goes by way of printf, which is most of the cost where addresses are written by the hundred thousand. */
static void format_ipv4(const uint8_t bytes[4], char *at)
{
	for (int i = 0; i < 4; i++) {
		unsigned b = bytes[i];

		if (b >= 100)
			*at++ = (char)('0' + b / 100);
		if (b >= 10)
			*at++ = (char)('0' + b / 10 % 10);
		*at++ = (char)('0' + b % 10);
		*at++ = i < 3 ? '.' : '\0';
	}
}

char *addr_format(const struct addr *a, char buf[ADDR_TEXT])
{
	if (a->family == AF_INET)
		format_ipv4(a->bytes, buf);
	else if (!addr_len(a) || !inet_ntop(a->family, a->bytes, buf, ADDR_TEXT))
		memcpy(buf, "-", 2);
	return buf;
}

static int family_rank(uint8_t family)
{
	return family == AF_INET ? 1 : family == AF_INET6 ? 2 : 0;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return family_rank(a->family) - family_rank(b->family);
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

size_t addr_len(const struct addr *a)
{
	return a->family == AF_INET ? 4 : a->family == AF_INET6 ? 16 : 0;
}

unsigned addr_bits(const struct addr *a)
{
	return (unsigned)addr_len(a) * 8;
}

bool addr_next(const struct addr *a, struct addr *out)
{
	struct addr n = *a;

	for (size_t i = addr_len(a); i-- > 0;) {
		if (!++n.bytes[i])
			continue;
		*out = n;
		return true;
	}
	return false;
}

bool addr_prev(const struct addr *a, struct addr *out)
{
	struct addr n = *a;

	for (size_t i = addr_len(a); i-- > 0;) {
		if (!n.bytes[i]--)
			continue;
		*out = n;
		return true;
	}
	return false;
}

struct addr addr_from_v4(uint32_t host_order)
{
	struct addr a = {.family = AF_INET};

	for (int i = 0; i < 4; i++)
		a.bytes[i] = (uint8_t)(host_order >> (24 - 8 * i));
	return a;
}

struct addr addr_from_bytes(int family, const void *bytes)
{
	struct addr a = {.family = (uint8_t)family};

	memcpy(a.bytes, bytes, addr_len(&a));
	return a;
}

static bool all_zero(const uint8_t *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

bool addr_is_unspecified(const struct addr *a)
{
	return addr_len(a) && all_zero(a->bytes, sizeof(a->bytes));
}

bool addr_is_loopback(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && all_zero(a->bytes, 15) && a->bytes[15] == 1;
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return (a->bytes[0] & 0xf0) == 0xe0;
	return a->family == AF_INET6 && a->bytes[0] == 0xff;
}

bool addr_is_broadcast(const struct addr *a)
{
	return a->family == AF_INET && !memcmp(a->bytes, "\xff\xff\xff\xff", 4);
}

bool addr_is_link_local(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

bool addr_is_v4_mapped(const struct addr *a)
{
	return a->family == AF_INET6 && all_zero(a->bytes, 10) && a->bytes[10] == 0xff && a->bytes[11] == 0xff;
}

const char *addr_unusable(const struct addr *a)
{
	if (!addr_len(a))
		return "is not an address";
	if (addr_is_unspecified(a))
		return "is the unspecified address";
	if (addr_is_loopback(a))
		return "is a loopback address";
	if (addr_is_multicast(a))
		return "is a multicast address";
	if (addr_is_broadcast(a))
		return "is the broadcast address";
	if (addr_is_link_local(a))
		return "is a link-local address";
	if (addr_is_v4_mapped(a))
		return "is an IPv4-mapped IPv6 address";
	if (a->family == AF_INET && (a->bytes[0] == 0 || a->bytes[0] >= 240))
		return "is in a reserved range";
	return NULL;
}

/* Decimal without sign, blanks or leading zeros; -1 if it is none or beyond max. */
static int bits_parse(const char *s, unsigned max)
{
	unsigned v = 0;

	if (!*s || (*s == '0' && s[1]))
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -1;
		v = v * 10 + (unsigned)(*s - '0');
		if (v > max)
			return -1;
	}
	return (int)v;
}

int cidr_parse(const char *text, struct cidr *out)
{
	const char *slash = strchr(text, '/');
	char buf[ADDR_TEXT];
	struct cidr c;
	int bits;

	if (!slash || (size_t)(slash - text) >= sizeof(buf))
		return -EINVAL;
	memcpy(buf, text, (size_t)(slash - text));
	buf[slash - text] = '\0';
	if (addr_parse(buf, &c.addr) < 0)
		return -EINVAL;
	bits = bits_parse(slash + 1, addr_bits(&c.addr));
	if (bits < 0)
		return -EINVAL;
	c.bits = (uint8_t)bits;
	*out = c;
	return 0;
}

char *cidr_format(const struct cidr *c, char buf[CIDR_TEXT])
{
	char a[ADDR_TEXT];

	snprintf(buf, CIDR_TEXT, "%s/%u", addr_format(&c->addr, a), c->bits);
	return buf;
}

struct addr cidr_network(const struct cidr *c)
{
	struct addr a = c->addr;

	for (unsigned i = 0; i < addr_len(&a); i++) {
		unsigned left = c->bits > 8 * i ? c->bits - 8 * i : 0;

		if (left < 8)
			a.bytes[i] &= (uint8_t)(0xff00 >> left);
	}
	return a;
}

struct addr cidr_last(const struct cidr *c)
{
	struct addr a = cidr_network(c);

	for (unsigned i = 0; i < addr_len(&a); i++) {
		unsigned left = c->bits > 8 * i ? c->bits - 8 * i : 0;

		if (left < 8)
			a.bytes[i] |= (uint8_t)(0xff >> left);
	}
	return a;
}

bool cidr_contains(const struct cidr *c, const struct addr *a)
{
	struct cidr other = {.addr = *a, .bits = c->bits};
	struct addr x, y;

	if (c->addr.family != a->family)
		return false;
	x = cidr_network(c);
	y = cidr_network(&other);
	return addr_equal(&x, &y);
}

uint64_t cidr_size(const struct cidr *c)
{
	unsigned host = addr_bits(&c->addr) - c->bits;

	return host >= 64 ? UINT64_MAX : (uint64_t)1 << host;
}

int cidr_nth(const struct cidr *c, uint64_t offset, struct addr *out)
{
	unsigned host = addr_bits(&c->addr) - c->bits;
	struct addr a = cidr_network(c);

	if (host < 64 && offset >> host)
		return -ERANGE;
	for (size_t i = addr_len(&a); i-- > 0 && offset; offset >>= 8)
		a.bytes[i] |= (uint8_t)offset; /* host bits are zero: or is plus */
	*out = a;
	return 0;
}
