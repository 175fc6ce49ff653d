/* Decides when which announcement goes out. Those that have frames left stand in a ring: each gets one frame a round, so that every
 * address is announced once before any is announced twice. Where frames are to keep a distance, each interface keeps its own.
 * To send a frame is nearly all kernel's work: where many are to be repeated a second thread sends some of them at the same time.
 * Source: RFC 9568 section 6.4.1; defaults as keepalived's vrrp_garp_master_repeat and _delay, vrrp_garp_interval.
 * Test: tests/kernel/test_announce.c, test_vrrp_announce.c. */
#include "announce.h"

#include "../src/base/arena.h"
#include "../src/base/log.h"
#include "worker.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* BESIDE: the second thread's share, two turns; BESIDE_FROM: so many repeats wait that waking it is worth it. */
enum { PER_TURN = 64, BESIDE = 128, BESIDE_FROM = 512 };

#define RETRY_AFTER NSEC_PER_MSEC

TAILQ_HEAD(announcement_list, announcement);

/* An interface may send its next frame from then on. */
struct pace {
	uint32_t ifindex;
	nsec_t next;
};

struct frame {
	struct announcement *of;
	struct sockaddr_ll to;
	struct iovec iov;
	uint8_t bytes[ANNOUNCE_FRAME];
};

/* The second thread's frames, and what became of them: the first `done` went, the next one met the error. */
struct beside {
	unsigned n, done;
	int error;
	struct frame frames[BESIDE];
	struct mmsghdr messages[BESIDE];
};

struct announcer {
	struct loop *loop;
	int fd;
	struct worker *worker; /* NULL: not needed yet */
	struct beside *beside;
	bool alone;  /* no second thread can be had */
	nsec_t rest; /* the kernel had no room: nothing for the second thread before */
	struct pace *paces;
	size_t n_paces;
	struct vip_settings settings;
	struct announcement_list all;
	struct announcement_list fresh, ring; /* the first frame of a burst goes before what others repeat */
	size_t n_ring;                        /* in ring */
	struct loop_timer *turn;              /* more of the ring */
	struct loop_timer *due;               /* the next burst of anyone */
	nsec_t due_at;                        /* 0: not armed */
	bool sends;                           /* announcer_sends */
	bool hold;                            /* only what is fresh */
	uint64_t frames;
	struct log_limit limit;
};

static void on_due(void *arg);
static void on_turn(void *arg);
static void beside_take(struct announcer *a);

static bool is_full(int error)
{
	return error == EAGAIN || error == ENOBUFS;
}

int announcer_new(struct loop *l, struct announcer **out)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct announcer *a;

	if (fd < 0)
		return -errno;
	a = xcalloc(1, sizeof(*a));
	a->loop = l;
	a->fd = fd;
	a->settings = (struct vip_settings){.garp_count = 5, .garp_second_ms = 5000};
	TAILQ_INIT(&a->all);
	TAILQ_INIT(&a->fresh);
	TAILQ_INIT(&a->ring);
	a->turn = loop_timer_new(l, on_turn, a);
	a->due = loop_timer_new(l, on_due, a);
	*out = a;
	return 0;
}

void announcer_free(struct announcer *a)
{
	if (!a)
		return;
	worker_free(a->worker);
	free(a->beside);
	loop_timer_free(a->turn);
	loop_timer_free(a->due);
	close(a->fd);
	free(a->paces);
	free(a);
}

void announcer_set(struct announcer *a, const struct vip_settings *s)
{
	struct announcement *n;
	nsec_t now = clock_now();

	if (memcmp(&a->settings, s, sizeof(*s)) == 0)
		return;
	a->settings = *s;
	for (n = TAILQ_FIRST(&a->all); n; n = TAILQ_NEXT(n, all))
		if (!n->second)
			n->due = s->garp_refresh_ms ? now + s->garp_refresh_ms * NSEC_PER_MSEC : 0;
	on_due(a);
}

static void arm(struct announcer *a, nsec_t at, nsec_t now)
{
	if (at == 0 || (a->due_at != 0 && a->due_at <= at))
		return;
	a->due_at = at;
	loop_timer_set(a->due, at > now ? at - now : 0);
}

static void ring_add(struct announcer *a, struct announcement *n, uint32_t frames)
{
	n->left = frames;
	if (n->ringing)
		return;
	n->ringing = n->fresh = n->listed = true;
	TAILQ_INSERT_TAIL(&a->fresh, n, ring);
	loop_timer_set(a->turn, 0);
}

/* Out of its list; it rings on, wherever it is put next. */
static void ring_remove(struct announcer *a, struct announcement *n)
{
	if (!n->listed)
		return;
	TAILQ_REMOVE(n->fresh ? &a->fresh : &a->ring, n, ring);
	a->n_ring -= !n->fresh;
	n->listed = n->fresh = false;
}

static void ring_put(struct announcer *a, struct announcement *n, bool first)
{
	if (first)
		TAILQ_INSERT_HEAD(&a->ring, n, ring);
	else
		TAILQ_INSERT_TAIL(&a->ring, n, ring);
	a->n_ring++;
	n->listed = true;
}

static void ring_del(struct announcer *a, struct announcement *n)
{
	ring_remove(a, n);
	n->ringing = false;
	n->left = 0;
}

static void plan_refresh(struct announcer *a, struct announcement *n, nsec_t now)
{
	n->second = false;
	n->due = a->settings.garp_refresh_ms ? now + a->settings.garp_refresh_ms * NSEC_PER_MSEC : 0;
	arm(a, n->due, now);
}

void announcer_start(struct announcer *a, struct announcement *n, const struct addr *addr, uint32_t ifindex,
		     const uint8_t mac[MAC_LEN], bool burst)
{
	nsec_t now = clock_now();

	if (!n->on)
		TAILQ_INSERT_TAIL(&a->all, n, all);
	n->on = true;
	n->addr = *addr;
	n->ifindex = ifindex;
	memcpy(n->mac, mac, MAC_LEN);
	plan_refresh(a, n, now);
	if (!burst)
		return;
	if (a->settings.garp_second_ms) {
		n->second = true;
		n->due = now + a->settings.garp_second_ms * NSEC_PER_MSEC;
		arm(a, n->due, now);
	}
	ring_add(a, n, a->settings.garp_count);
}

/* Nothing is on its way any more when this returns: it could come behind the successor's announcement. */
void announcer_stop(struct announcer *a, struct announcement *n)
{
	if (!n->on)
		return;
	if (worker_busy(a->worker))
		beside_take(a);
	ring_del(a, n);
	TAILQ_REMOVE(&a->all, n, all);
	n->on = false;
	n->due = 0;
	n->second = false;
}

/* What is due rings; the timer is set for the next one. A pass over all, once a due time. */
static void on_due(void *arg)
{
	struct announcer *a = arg;
	struct announcement *n;
	nsec_t now = clock_now(), next = 0;

	a->due_at = 0;
	loop_timer_stop(a->due);
	for (n = TAILQ_FIRST(&a->all); n; n = TAILQ_NEXT(n, all)) {
		if (n->due != 0 && n->due <= now) {
			ring_add(a, n, n->second ? a->settings.garp_count : 1);
			plan_refresh(a, n, now);
		}
		if (n->due != 0 && (next == 0 || n->due < next))
			next = n->due;
	}
	arm(a, next, now);
}

static void frame_make(struct frame *f, struct announcement *n, struct msghdr *mh)
{
	f->of = n;
	f->iov = (struct iovec){.iov_base = f->bytes, .iov_len = arp_announce(&n->addr, n->mac, f->bytes)};
	f->to = (struct sockaddr_ll){
	    .sll_family = AF_PACKET,
	    .sll_ifindex = (int)n->ifindex,
	    .sll_protocol = (uint16_t)(f->bytes[12] | f->bytes[13] << 8), /* as it stands in the frame */
	    .sll_halen = MAC_LEN,
	};
	memcpy(f->to.sll_addr, f->bytes, MAC_LEN);
	*mh = (struct msghdr){.msg_name = &f->to, .msg_namelen = sizeof(f->to), .msg_iov = &f->iov, .msg_iovlen = 1};
}

/* One whose time has come says as much as none. */
static struct pace *pace_of(struct announcer *a, uint32_t ifindex, nsec_t now)
{
	struct pace *unused = NULL;

	for (size_t i = 0; i < a->n_paces; i++) {
		if (a->paces[i].ifindex == ifindex)
			return &a->paces[i];
		if (a->paces[i].next <= now)
			unused = &a->paces[i];
	}
	if (!unused) {
		a->paces = xrealloc(a->paces, (a->n_paces + 1) * sizeof(*a->paces));
		unused = &a->paces[a->n_paces++];
	}
	*unused = (struct pace){.ifindex = ifindex};
	return unused;
}

/* False before its time; *soonest is no later than that then. */
static bool may_send(struct announcer *a, uint32_t ifindex, nsec_t now, nsec_t *soonest)
{
	struct pace *p;

	if (!a->settings.garp_interval_ms)
		return true;
	p = pace_of(a, ifindex, now);
	if (p->next > now) {
		*soonest = p->next < *soonest ? p->next : *soonest;
		return false;
	}
	p->next = now + a->settings.garp_interval_ms * NSEC_PER_MSEC;
	return true;
}

/* One frame for each of the first PER_TURN that may send. */
static unsigned ring_frames(struct announcer *a, nsec_t now, struct frame *frames, struct mmsghdr *messages,
			    nsec_t *soonest)
{
	struct announcement *n = TAILQ_FIRST(&a->fresh);
	bool fresh = n != NULL;
	unsigned count = 0;

	if (!n && !a->hold)
		n = TAILQ_FIRST(&a->ring);
	while (n && count < PER_TURN) {
		if (may_send(a, n->ifindex, now, soonest)) {
			frame_make(&frames[count], n, &messages[count].msg_hdr);
			count++;
		}
		n = TAILQ_NEXT(n, ring);
		if (!n && fresh && !a->hold)
			n = TAILQ_FIRST(&a->ring);
		fresh = fresh && n && n->fresh;
	}
	return count;
}

static void sent(struct announcer *a, struct announcement *n)
{
	a->frames++;
	n->sent++;
	ring_remove(a, n);
	if (--n->left > 0)
		ring_put(a, n, false);
	else
		n->ringing = false;
}

/* The first frame of the turn was refused: an interface that went away or down is told of by netlink and announced on when it is back. */
static void refused(struct announcer *a, struct announcement *n, int error)
{
	char text[ADDR_TEXT];
	unsigned lost;

	if (error != ENETDOWN && error != ENXIO && error != ENODEV && log_allow(&a->limit, clock_now(), &lost))
		log_event(LOG_VIP_NOT_ANNOUNCED, LOG_WITH(.vip = addr_format(&n->addr, text), .suppressed = lost),
			  "cannot announce %s: %s", text, strerror(error));
	ring_del(a, n);
}

void announcer_hold(struct announcer *a, bool hold)
{
	a->hold = hold;
}

/* ---- the second thread's */

static void beside_work(void *arg)
{
	const struct announcer *a = arg;
	struct beside *b = a->beside;

	while (b->done < b->n && !b->error) {
		int n = sendmmsg(a->fd, b->messages + b->done, b->n - b->done, 0);

		if (n > 0)
			b->done += (unsigned)n;
		else if (errno != EINTR)
			b->error = errno;
	}
}

/* Counts what went; the others are where they were, but for one that the kernel refuses. */
static void beside_take(struct announcer *a)
{
	struct beside *b = a->beside;
	unsigned kept;

	worker_take(a->worker);
	kept = b->done;
	for (unsigned i = 0; i < b->done; i++)
		sent(a, b->frames[i].of);
	if (is_full(b->error))
		a->rest = clock_now() + RETRY_AFTER;
	else if (b->error)
		refused(a, b->frames[kept++].of, b->error);
	for (unsigned i = b->n; i-- > kept;)
		ring_put(a, b->frames[i].of, true);
	if (a->n_ring > 0 && !loop_timer_armed(a->turn))
		loop_timer_set(a->turn, is_full(b->error) ? RETRY_AFTER : 0);
}

static void beside_done(void *arg)
{
	struct announcer *a = arg;

	beside_take(a);
	if (!is_full(a->beside->error))
		announcer_push(a);
}

/* On one CPU a second thread sends nothing sooner. */
static bool has_cpus(void)
{
	cpu_set_t cpus;

	return sched_getaffinity(0, sizeof(cpus), &cpus) == 0 && CPU_COUNT(&cpus) > 1;
}

static bool beside_get(struct announcer *a)
{
	static const struct worker_ops ops = {.work = beside_work, .done = beside_done, .hurries = true};

	if (a->worker || a->alone)
		return a->worker;
	if (has_cpus() && worker_new(a->loop, &ops, a, &a->worker) == 0 && !worker_is_thread(a->worker)) {
		worker_free(a->worker);
		a->worker = NULL;
	}
	a->alone = !a->worker;
	if (a->worker)
		a->beside = xcalloc(1, sizeof(*a->beside));
	return a->worker;
}

/* Repeats only: an address's first frame does not wait for another thread. They are in no list until they are taken back. */
static void beside_push(struct announcer *a, nsec_t now)
{
	struct announcement *n;
	struct beside *b;

	if (a->n_ring < BESIDE_FROM || a->hold || !TAILQ_EMPTY(&a->fresh) || a->settings.garp_interval_ms ||
	    now < a->rest || worker_busy(a->worker) || !beside_get(a))
		return;
	b = a->beside;
	b->done = 0;
	b->error = 0;
	for (b->n = 0; b->n < BESIDE; b->n++) {
		n = TAILQ_FIRST(&a->ring);
		frame_make(&b->frames[b->n], n, &b->messages[b->n].msg_hdr);
		ring_remove(a, n);
	}
	worker_give(a->worker);
}

/* ---- */

void announcer_push(struct announcer *a)
{
	struct mmsghdr messages[PER_TURN];
	struct frame frames[PER_TURN];
	nsec_t now = clock_now(), soonest = INT64_MAX, after;
	unsigned n;
	int done = 0;

	beside_push(a, now);
	n = ring_frames(a, now, frames, messages, &soonest);
	a->sends = false;
	if (n == 0 && soonest == INT64_MAX)
		return;
	after = n < PER_TURN && soonest < INT64_MAX ? soonest - now : 0;
	if (n > 0)
		done = sendmmsg(a->fd, messages, n, 0);
	for (int i = 0; i < done; i++)
		sent(a, frames[i].of);
	if (done < 0 && is_full(errno))
		after = RETRY_AFTER;
	else if (done < 0 && errno != EINTR)
		refused(a, frames[0].of, errno);
	if (TAILQ_EMPTY(&a->fresh) && TAILQ_EMPTY(&a->ring)) {
		loop_timer_stop(a->turn);
		return;
	}
	a->sends = after == 0;
	loop_timer_set(a->turn, after);
}

static void on_turn(void *arg)
{
	announcer_push(arg);
}

bool announcer_sends(const struct announcer *a)
{
	return a->sends;
}

uint64_t announcer_frames(const struct announcer *a)
{
	return a->frames;
}
