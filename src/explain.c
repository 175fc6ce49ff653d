/* The reasons, in the order of the way of a packet: vipd, Service, endpoints, address, kernel table, real servers, the way back. What each sysctl and
 * forwarding method needs: Documentation/networking/ipvs-sysctl.rst, ip-sysctl.rst, SEMANTICS of kube-proxy's IPVS mode. Test: tests/test_explain.c. */
#include "explain.h"

#include "base/arena.h"
#include "columns.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

__attribute__((format(printf, 1, 0))) static char *text_of(const char *fmt, va_list ap)
{
	char buf[1024];

	vsnprintf(buf, sizeof buf, fmt, ap);
	return columns_plain(xstrdup(buf)); /* a problem may quote a manifest */
}

/* fmt makes the sentence of what is wrong; todo is complete. */
__attribute__((format(printf, 5, 6))) static void find(struct explain_findings *l, enum explain_grade grade,
						       const char *reason, const char *todo, const char *fmt, ...)
{
	va_list ap;

	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 8;
		l->items = xrealloc(l->items, l->cap * sizeof *l->items);
	}
	va_start(ap, fmt);
	l->items[l->n++] = (struct explain_finding){grade, reason, text_of(fmt, ap), xstrdup(todo)};
	va_end(ap);
}

void explain_findings_clear(struct explain_findings *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].what);
		free(l->items[i].todo);
	}
	free(l->items);
	*l = (struct explain_findings){0};
}

static bool is(const char *a, const char *b)
{
	return a && strcmp(a, b) == 0;
}

static bool empty(const char *s)
{
	return !s || !*s;
}

/* ---- the processes and the Service ---- */

static void processes(const struct explain_facts *f, struct explain_findings *l)
{
	if (f->ipvs_silent)
		find(
		    l, EXPLAIN_BROKEN, "IpvsSilent",
		    "look at the log (journalctl -u vipd) and at vipctl status; the process is started again by itself",
		    "the ipvs process does not answer: nobody keeps the kernel's table");
	if (f->vrrp_silent)
		find(
		    l, EXPLAIN_BROKEN, "VrrpSilent",
		    "look at the log (journalctl -u vipd) and at vipctl status; the process is started again by itself",
		    "the vrrp process does not answer: nobody keeps the address");
	if (!f->ipvs_silent && f->ipvs_problem)
		find(l, EXPLAIN_BROKEN, "IpvsMissing",
		     "load the module: modprobe ip_vs (some distributions ship it as linux-modules-extra or "
		     "kernel-modules-extra)",
		     "this kernel has no IPVS: %s", f->ipvs_problem);
}

/* What mends what the plan finds wrong with a Service. */
static const char *problem_todo(const char *reason)
{
	static const struct {
		const char *reason, *todo;
	} rows[] = {
	    {"PortMismatch", "make port and targetPort equal, or take forwarding NAT (annotation "
			     "k8s.co/keepalived-forward-method, in a VIP ConfigMap ns/name:NAT)"},
	    {"Conflict", "give one of the two Services another address or port"},
	    {"NotAllocated", "state the address in the manifest, or let this node give them out (allocate: true)"},
	    {"AllocationFailed", "make the pool larger, or delete a Service that has one of its addresses"},
	    {"BadAnnotation", "correct the annotation; vipctl check says where it stands"},
	    {"FamilyMismatch", "correct ipFamilies, or the address"},
	    {"AddressConflict",
	     "ask for another address, or share it: annotation vipd.io/allow-shared-ip on both, other ports"},
	    {"OutsidePools", "add the address to a pool, or ask for another"},
	    {"TooLarge", "spread the ports over several Services"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (is(reason, rows[i].reason))
			return rows[i].todo;
	return "vipctl describe svc and vipctl status say more";
}

/* Only what has no virtual server is broken by it; where there is one, those of a port are another port's. */
static void problems(const struct explain_facts *f, struct explain_findings *l)
{
	for (size_t i = 0; i < f->n_problems; i++)
		if (!f->wanted ||
		    (!is(f->problems[i].reason, "Conflict") && !is(f->problems[i].reason, "PortMismatch")))
			find(l, f->wanted ? EXPLAIN_DOUBT : EXPLAIN_BROKEN, f->problems[i].reason,
			     problem_todo(f->problems[i].reason), "%s", f->problems[i].message);
}

/* False when there is nothing more to say of a Service. */
static bool service(const struct explain_facts *f, struct explain_findings *l)
{
	char key[VS_KEY_TEXT];

	if (f->service && !empty(f->ports)) {
		find(l, EXPLAIN_BROKEN, "NoSuchPort", "ask one of its ports, or add this one to the Service",
		     "Service %s has the address, but not port %u of that protocol; it has %s", f->service, f->key.port,
		     f->ports);
		return false;
	}
	if (!f->service) {
		find(l, EXPLAIN_BROKEN, "NoService",
		     "vipctl get svc -A shows what there is; vipctl check and vipctl status say why a manifest was not "
		     "taken",
		     "no Service asks for %s", vs_key_format(&f->key, key));
		return false;
	}
	problems(f, l);
	if (!f->wanted && f->n_problems == 0)
		find(l, EXPLAIN_BROKEN, "NotHandled",
		     "vipd.yaml: handle says which kinds of address are provided, excludeCIDRs which are left to "
		     "others; or "
		     "the Service's loadBalancerClass is another's",
		     "Service %s is not provided at this address", f->service);
	return true;
}

/* ---- endpoints ---- */

static void no_endpoint(const struct explain_facts *f, struct explain_findings *l)
{
	if (!is(f->source, "Pods"))
		find(l, EXPLAIN_BROKEN, "NoEndpoints",
		     "add addresses there; its ports must have the name and protocol of the Service's port",
		     "the %s of Service %s have no address for this port", f->source, f->service);
	else if (empty(f->selector))
		find(l, EXPLAIN_BROKEN, "NoEndpoints", "give it a selector, Endpoints or EndpointSlices",
		     "Service %s has neither selector nor endpoints", f->service);
	else
		find(l, EXPLAIN_BROKEN, "NoEndpoints",
		     "compare the selector with the Pods' labels and namespace (vipctl get pods); a named targetPort "
		     "must be a "
		     "port of the Pod",
		     "no Pod with an address matches the selector %s of Service %s", f->selector, f->service);
}

static void endpoints(const struct explain_facts *f, struct explain_findings *l)
{
	size_t used = 0, ready = 0;

	for (size_t i = 0; i < f->n_endpoints; i++) {
		used += f->endpoints[i].used;
		ready += f->endpoints[i].ready;
	}
	if (f->n_endpoints == 0)
		no_endpoint(f, l);
	else if (used == 0 && ready > 0 && f->only_local)
		find(l, EXPLAIN_BROKEN, "NoLocalEndpoints",
		     "run one here, or set the Service's traffic policy to Cluster",
		     "%zu endpoints are ready, none of them on this node, and the traffic policy is Local", ready);
	else if (used == 0)
		find(l, EXPLAIN_BROKEN, "NotReady",
		     "see why they are not ready: the Pods' condition Ready, the endpoints' conditions",
		     "none of the %zu endpoints is ready", f->n_endpoints);
	else if (ready == 0)
		find(l, EXPLAIN_DOUBT, "OnlyTerminating", "start others before the last ones end",
		     "all endpoints in use are terminating");
}

/* ---- the address ---- */

static const char *held_todo(const struct explain_facts *f)
{
	const char *why = f->why_not_held;

	if (strstr(why, "there is no interface"))
		return "make the interface, or correct interface in vipd.yaml";
	if (strstr(why, "is down"))
		return "set it up: ip link set DEVICE up; look at the cable";
	if (strstr(why, "did not put it there"))
		return "remove it there (ip addr del), or leave it out of vipd's";
	return "vipctl status and the log say more";
}

static void router(const struct explain_facts *f, struct explain_findings *l)
{
	if (is(f->state, "Fault"))
		find(l, EXPLAIN_BROKEN, "RouterFault", "vipctl describe vrrp shows what is tracked and how it is",
		     "virtual router %s is in Fault on this node: %s", f->router,
		     empty(f->cause) ? "no reason is known" : f->cause);
	else if (is(f->state, "Backup") && !empty(f->active) && !is(f->active, "-"))
		find(l, EXPLAIN_ELSEWHERE, "HeldElsewhere", "ask vipctl explain there; vipctl failover there moves it",
		     "virtual router %s is Backup here: %s is Active and answers for the address", f->router,
		     f->active);
	else if (is(f->state, "Backup"))
		find(l, EXPLAIN_BROKEN, "NoActive",
		     "wait for three intervals; then see vipctl get vrrp -o wide on every node",
		     "virtual router %s is Backup here, and nobody is known to be Active", f->router);
	else if (is(f->state, "Initialize"))
		find(l, EXPLAIN_BROKEN, "RouterStopped", "vipctl get vrrp -o wide says more",
		     "virtual router %s does not run on this node: %s", f->router,
		     empty(f->cause) ? "it is starting" : f->cause);
}

static void address(const struct explain_facts *f, struct explain_findings *l)
{
	char text[ADDR_TEXT];
	size_t before = l->n;

	if (f->vrrp_silent || !f->vip)
		return;
	addr_format(&f->key.addr, text);
	if (f->held && !f->cluster && f->link == EXPLAIN_NO)
		find(l, EXPLAIN_BROKEN, "InterfaceDown",
		     "set it up: ip link set DEVICE up; look at the cable and the switch",
		     "%s is on %s, which is down or has no carrier", text, f->interface);
	if (f->held)
		return;
	if (!empty(f->router))
		router(f, l);
	if (!empty(f->why_not_held))
		find(l, EXPLAIN_BROKEN, "AddressNotHeld", held_todo(f), "%s is not on this node: %s", text,
		     f->why_not_held);
	if (l->n == before)
		find(l, EXPLAIN_BROKEN, "AddressNotHeld", "vipctl status and the log say more",
		     f->vip_absent ? "%s has not reached the vrrp process" : "%s is not on this node", text);
}

static void cluster(const struct explain_facts *f, struct explain_findings *l)
{
	char text[ADDR_TEXT];

	if (f->from && f->cluster && f->to_client.known == EXPLAIN_YES && !f->to_client.local)
		find(l, EXPLAIN_DOUBT, "ClusterAddress",
		     "take an address for clients: type LoadBalancer, externalIPs, a node port; or route the range to "
		     "this node",
		     "%s is a cluster IP: it answers this node and what routes through it, and is announced nowhere",
		     addr_format(&f->key.addr, text));
}

/* ---- the kernel's table ---- */

static void table(const struct explain_facts *f, struct explain_findings *l)
{
	bool shut = !empty(f->gate) && !is(f->gate_state, "Active");
	char key[VS_KEY_TEXT];

	if (f->ipvs_silent || f->ipvs_problem)
		return;
	vs_key_format(&f->key, key);
	if (f->in_kernel && !f->ours)
		find(l, EXPLAIN_BROKEN, "Foreign",
		     "remove it (ipvsadm -D), or let its owner (kube-proxy in IPVS mode, keepalived) have it alone",
		     "the kernel's virtual server %s is not vipd's: another program made it", key);
	else if (!f->in_kernel && f->wanted && shut)
		find(l, EXPLAIN_ELSEWHERE, "GateClosed", "none; drOnBackup in vipd.yaml says when",
		     "one of its real servers is this node itself: the virtual server waits until router %s is Active "
		     "here (it is %s)",
		     f->gate, empty(f->gate_state) ? "unknown" : f->gate_state);
	else if (!f->in_kernel && f->wanted)
		find(l, EXPLAIN_BROKEN, "NotProgrammed", "vipctl status and the log say what the kernel refused",
		     "virtual server %s is wanted and not in the kernel", key);
}

/* ---- real servers ---- */

static void route(const struct explain_facts *f, const struct explain_real *r, const char *name,
		  struct explain_findings *l)
{
	const struct explain_route *way = &r->route;

	if (way->known == EXPLAIN_NO)
		find(l, EXPLAIN_BROKEN, "NoRoute", "ip route get ADDRESS; add a route, or set the interface up",
		     "this node has no route to real server %s", name);
	else if (way->known == EXPLAIN_YES && way->blackhole)
		find(l, EXPLAIN_BROKEN, "NoRoute", "ip route get ADDRESS shows the route that drops or refuses",
		     "this node's route to real server %s leads nowhere", name);
	else if (way->known == EXPLAIN_YES && r->forward == FORWARD_DR && way->gateway)
		find(l, EXPLAIN_BROKEN, "NotOnLink",
		     "DR needs both on one network: take TUN or NAT, or move one of them",
		     "real server %s is behind a gateway, and DR changes only the link address", name);
	else if (way->known == EXPLAIN_YES && way->neighbour == EXPLAIN_NO)
		find(l, EXPLAIN_BROKEN, "Unreachable",
		     "is it switched on, and on that network? ip neigh shows the same",
		     "%s does not answer ARP or neighbour solicitations on %s",
		     way->gateway ? "the gateway to a real server" : name, way->ifname);
}

#define NO_ANSWERS                                                                                                     \
	"either nothing answers there (a firewall drops), or the answers take another way: its route to the clients "  \
	"must lead "                                                                                                   \
	"through this node, or the connections must be masqueraded"

enum { ENOUGH = 3 }; /* packets or connections without an answer */

/* The answers go past this node; but who got one sends more than the first packet, which passes here. */
static void way_around(const struct explain_real *r, const char *name, struct explain_findings *l)
{
	bool tunnel = r->forward == FORWARD_TUN;

	if (r->waiting == 0 || r->established > 0)
		return;
	find(l, r->waiting < ENOUGH ? EXPLAIN_DOUBT : EXPLAIN_BROKEN, "NoAnswers",
	     tunnel ? "it needs the address on lo, a tunnel device that is up and takes this kind (ip link, ip fou), "
		      "rp_filter "
		      "0 or 2 there, a server on the same port, and a route to the clients"
		    : "it needs the address on lo, a server on the same port, and a route to the clients",
	     "connections that %s to real server %s were not answered: %zu wait, none is open",
	     tunnel ? "go through the tunnel" : "are passed on (DR)", name, r->waiting);
}

/* Packets went in and none came back: the strongest sign there is. What has only begun may be about to be answered. */
static void way_back(const struct explain_real *r, const char *name, struct explain_findings *l)
{
	if (r->route.local)
		return;
	if (r->forward != FORWARD_NAT)
		way_around(r, name, l);
	else if (r->in_packets >= ENOUGH && r->out_packets == 0)
		find(l, EXPLAIN_BROKEN, "NoAnswers", NO_ANSWERS,
		     "%lld packets went to real server %s and none came back through this node", r->in_packets, name);
	else if (r->waiting > 0 && r->established == 0)
		find(l, r->waiting < ENOUGH ? EXPLAIN_DOUBT : EXPLAIN_BROKEN, "NoAnswers", NO_ANSWERS,
		     "connections wait for an answer of real server %s: %zu wait, none is open", name, r->waiting);
}

static void beside(const struct explain_facts *f, const struct explain_real *r, const char *name,
		   struct explain_findings *l)
{
	const struct explain_route *c = &f->to_client, *s = &r->route;

	if (!f->from || r->forward != FORWARD_NAT || f->masqueraded)
		return;
	if (addr_equal(&f->client, &r->addr))
		find(l, EXPLAIN_DOUBT, "ClientIsRealServer",
		     "masquerade what it sends, or let it ask the real server directly",
		     "the client is real server %s itself: when its turn comes the answer never leaves it", name);
	else if (c->known == EXPLAIN_YES && s->known == EXPLAIN_YES && !c->local && !s->local && !c->gateway &&
		 !s->gateway && strcmp(c->ifname, s->ifname) == 0)
		find(l, EXPLAIN_DOUBT, "ClientBesideRealServer",
		     "masquerade what comes from that network, or put the clients on another one, or take DR",
		     "client and real server %s are on one link (%s): it answers the client directly, from an address "
		     "that was not asked",
		     name, c->ifname);
}

static void one_real(const struct explain_facts *f, const struct explain_real *r, struct explain_findings *l)
{
	struct real as = {.addr = r->addr, .port = r->port};
	char name[REAL_TEXT];

	real_format(&as, name);
	if (f->in_kernel && f->ours && r->wanted && !r->in_kernel)
		find(l, EXPLAIN_DOUBT, "RealServerMissing",
		     "it is back within a second (IPv6: 30 s); else see vipctl status",
		     "real server %s is wanted and not in the kernel", name);
	if (!r->wanted && (!r->in_kernel || r->weight == 0))
		return; /* it drains, or has gone */
	route(f, r, name, l);
	way_back(r, name, l);
	beside(f, r, name, l);
}

static void reals(const struct explain_facts *f, struct explain_findings *l)
{
	size_t n = 0, heavy = 0;

	for (size_t i = 0; i < f->n_reals; i++) {
		n += f->reals[i].in_kernel && f->reals[i].wanted;
		heavy += f->reals[i].in_kernel && f->reals[i].weight > 0;
		one_real(f, &f->reals[i], l);
	}
	if (f->in_kernel && n > 0 && heavy == 0)
		find(l, EXPLAIN_BROKEN, "AllWeightsZero",
		     "vipctl undrain, or give one a weight (annotation vipd.io/weight)",
		     "all real servers have weight 0: no new connection is accepted");
}

/* ---- the node, the way back to the client ---- */

static bool forwards_nat(const struct explain_facts *f)
{
	for (size_t i = 0; i < f->n_reals; i++)
		if (f->reals[i].forward == FORWARD_NAT && !f->reals[i].route.local)
			return true;
	return false;
}

static void node(const struct explain_facts *f, struct explain_findings *l)
{
	bool v6 = f->key.addr.family == AF_INET6;

	if (f->forwarding == EXPLAIN_NO && forwards_nat(f))
		find(l, EXPLAIN_BROKEN, "ForwardingOff",
		     v6 ? "sysctl -w net.ipv6.conf.all.forwarding=1, and keep it in /etc/sysctl.d"
			: "sysctl -w net.ipv4.ip_forward=1, and keep it in /etc/sysctl.d",
		     "this node forwards nothing (%s is 0): the answers of the real servers are dropped here",
		     v6 ? "net.ipv6.conf.all.forwarding" : "net.ipv4.ip_forward");
}

static bool in_ranges(const struct explain_facts *f)
{
	for (size_t i = 0; i < f->n_source_ranges; i++)
		if (cidr_contains(&f->source_ranges[i], &f->client))
			return true;
	return f->n_source_ranges == 0;
}

static void client(const struct explain_facts *f, struct explain_findings *l)
{
	const struct explain_route *way = &f->to_client;
	char text[ADDR_TEXT];

	if (!f->from)
		return;
	addr_format(&f->client, text);
	if (!in_ranges(f))
		find(l, EXPLAIN_BROKEN, "SourceRefused", "add its network to the Service's loadBalancerSourceRanges",
		     "%s is in none of the Service's loadBalancerSourceRanges", text);
	if (way->known == EXPLAIN_NO || (way->known == EXPLAIN_YES && way->blackhole))
		find(l, EXPLAIN_BROKEN, "NoRouteToClient", "ip route get ADDRESS; add a route",
		     "this node has no route back to %s", text);
	else if (way->known == EXPLAIN_YES && !way->local && f->vip && !f->cluster && f->rp_filter == 1 &&
		 !empty(f->interface) && strcmp(way->ifname, f->interface) != 0)
		find(l, EXPLAIN_BROKEN, "ReversePath",
		     "sysctl -w net.ipv4.conf.DEVICE.rp_filter=2 (loose), or a route to the client by that interface",
		     "rp_filter is strict on %s, and the way back to %s is %s: what comes in by %s is dropped",
		     f->interface, text, way->ifname, f->interface);
	else if (way->known == EXPLAIN_YES && way->neighbour == EXPLAIN_NO)
		find(l, EXPLAIN_DOUBT, "ClientUnreachable", "ip neigh shows the same",
		     "%s does not answer ARP or neighbour solicitations on %s",
		     way->gateway ? "the gateway to the client" : text, way->ifname);
}

static int grade_cmp(const void *a, const void *b)
{
	const struct explain_finding *const *x = a, *const *y = b;

	if ((*x)->grade != (*y)->grade)
		return (*x)->grade < (*y)->grade ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* By grade, else as they were found. */
static void sort(struct explain_findings *l)
{
	struct explain_finding **order = xcalloc(l->n + 1, sizeof *order);
	struct explain_finding *sorted = xcalloc(l->n + 1, sizeof *sorted);

	for (size_t i = 0; i < l->n; i++)
		order[i] = &l->items[i];
	qsort(order, l->n, sizeof *order, grade_cmp);
	for (size_t i = 0; i < l->n; i++)
		sorted[i] = *order[i];
	free(order);
	free(l->items);
	l->items = sorted;
	l->cap = l->n + 1;
}

void explain(const struct explain_facts *f, struct explain_findings *l)
{
	processes(f, l);
	if (service(f, l)) {
		endpoints(f, l);
		address(f, l);
		cluster(f, l);
		table(f, l);
		reals(f, l);
		node(f, l);
		client(f, l);
	} else if (f->in_kernel) {
		table(f, l);
	}
	sort(l);
}
