/* Decides what of the table changes, and when it is looked after. The kernel answers a batch before sendmsg returns (nfnetlink_rcv_batch).
 * Source: RFC 9568 8.3.1. Test: tests/lab/scenarios/vrrp-accept.sh */
#include "accept.h"

#include "../src/base/arena.h"
#include "nftmsg.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOK_EVERY (10 * NSEC_PER_SEC)

enum { SEND_ROOM = 64 << 20, REPLY = 8192 };

struct acceptor {
	struct loop_timer *look;
	void (*problem)(void *arg, int error);
	void *arg;
	int fd;     /* -1: not needed yet */
	bool known; /* the kernel has the table with exactly these: */
	struct addr *addrs;
	size_t n;
	int told;
	uint32_t seq;
};

static int open_socket(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER), size = SEND_ROOM, on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on,
		   sizeof(on)); /* no copy of what was refused: the answers have room */
	return fd;
}

static int first_error(const uint8_t *bytes, size_t len)
{
	struct nlmsghdr h;
	int error;

	for (size_t at = 0; at + sizeof(h) + sizeof(error) <= len; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, bytes + at, sizeof(h));
		memcpy(&error, bytes + at + sizeof(h), sizeof(error));
		if (h.nlmsg_type == NLMSG_ERROR && error)
			return error;
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len - at)
			break;
	}
	return 0;
}

/* Sends, and gives the kernel's first word of refusal; that a word was lost is one. */
static int talk(int fd, const struct nft_batch *b)
{
	uint8_t reply[REPLY];
	ssize_t n = send(fd, b->bytes, b->len, 0);
	int err = n < 0 ? -errno : 0;

	while ((n = recv(fd, reply, sizeof(reply), MSG_DONTWAIT)) > 0 || (n < 0 && errno == ENOBUFS))
		if (!err)
			err = n < 0 ? -ENOBUFS : first_error(reply, (size_t)n);
	return err;
}

static int send_batch(struct acceptor *a, struct nft_batch *b)
{
	int err;

	if (a->fd < 0)
		a->fd = open_socket();
	err = a->fd < 0 ? a->fd : talk(a->fd, b);
	a->seq = b->seq;
	nft_clear(b);
	return err;
}

static int rebuild(struct acceptor *a)
{
	struct nft_batch b = {.seq = a->seq};

	nft_begin(&b);
	if (a->n)
		nft_make_table(&b);
	else
		nft_drop_table(&b);
	nft_addresses(&b, true, a->addrs, a->n);
	nft_end(&b);
	return send_batch(a, &b);
}

/* What is in one sorted list and not in the other. */
static void difference(const struct addr *a, size_t n, const struct addr *b, size_t m, struct addr *out, size_t *count)
{
	size_t k = 0;

	*count = 0;
	for (size_t i = 0; i < n; i++) {
		while (k < m && addr_cmp(&b[k], &a[i]) < 0)
			k++;
		if (k == m || addr_cmp(&b[k], &a[i]) != 0)
			out[(*count)++] = a[i];
	}
}

static int change(struct acceptor *a, const struct addr *addrs, size_t n)
{
	struct nft_batch b = {.seq = a->seq};
	struct addr *come = xcalloc(n + 1, sizeof(*come)), *go = xcalloc(a->n + 1, sizeof(*go));
	size_t n_come, n_go;
	int err = 0;

	difference(addrs, n, a->addrs, a->n, come, &n_come);
	difference(a->addrs, a->n, addrs, n, go, &n_go);
	if (n_come || n_go) {
		nft_begin(&b);
		nft_addresses(&b, false, go, n_go);
		nft_addresses(&b, true, come, n_come);
		nft_end(&b);
		err = send_batch(a, &b);
	}
	free(come);
	free(go);
	return err;
}

static void settle(struct acceptor *a, int err)
{
	a->known = err == 0;
	if (err != a->told) {
		a->told = err;
		a->problem(a->arg, err);
	}
	if (a->n)
		loop_timer_set(a->look, LOOK_EVERY);
	else
		loop_timer_stop(a->look);
}

static int by_addr(const void *a, const void *b)
{
	return addr_cmp(a, b);
}

/* A former process may have left a table. Where nothing of nftables is in the kernel there is none, and none is loaded for that. */
static bool may_be_left(void)
{
	return access("/sys/module/nf_tables", F_OK) == 0;
}

/* Link-local addresses may stand on several interfaces. */
static size_t sort_once(struct addr *addrs, size_t n)
{
	size_t kept = 0;

	if (n)
		qsort(addrs, n, sizeof(*addrs), by_addr);
	for (size_t i = 0; i < n; i++)
		if (!kept || !addr_equal(&addrs[kept - 1], &addrs[i]))
			addrs[kept++] = addrs[i];
	return kept;
}

void acceptor_set(struct acceptor *a, struct addr *addrs, size_t n)
{
	bool anew;
	int err = 0;

	n = sort_once(addrs, n);
	anew = !a->known || !n != !a->n;
	if (!anew)
		err = change(a, addrs, n);
	free(a->addrs);
	a->addrs = n ? xmemdup(addrs, n * sizeof(*addrs)) : NULL;
	a->n = n;
	if ((anew || err) && (n || a->fd >= 0 || may_be_left()))
		err = rebuild(a);
	settle(a, n ? err : 0);
}

static void on_look(void *arg)
{
	struct acceptor *a = arg;
	struct nft_batch b = {.seq = a->seq};
	int err = 0;

	nft_ask_table(&b);
	if (!a->known || send_batch(a, &b) < 0)
		err = rebuild(a);
	nft_clear(&b);
	settle(a, err);
}

struct acceptor *acceptor_new(struct loop *l, void (*problem)(void *arg, int error), void *arg)
{
	struct acceptor *a = xcalloc(1, sizeof(*a));

	a->look = loop_timer_new(l, on_look, a);
	a->problem = problem;
	a->arg = arg;
	a->fd = -1;
	return a;
}

void acceptor_free(struct acceptor *a)
{
	if (!a)
		return;
	loop_timer_free(a->look);
	if (a->fd >= 0)
		close(a->fd);
	free(a->addrs);
	free(a);
}

int accept_cleanup(void)
{
	struct nft_batch b = {0};
	int fd, err;

	if (!may_be_left())
		return 0;
	fd = open_socket();
	if (fd < 0)
		return fd;
	nft_begin(&b);
	nft_drop_table(&b);
	nft_end(&b);
	err = talk(fd, &b);
	nft_clear(&b);
	close(fd);
	return err;
}
