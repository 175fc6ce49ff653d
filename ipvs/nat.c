/* Decides which settings can be. Test: tests/test_rules.c */
#include "nat.h"

#include <netinet/in.h>

static const char *nets_check(const struct cidr *nets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct addr net = cidr_network(&nets[i]);

		if (nets[i].bits == 0 || nets[i].bits > addr_bits(&nets[i].addr) || !addr_equal(&net, &nets[i].addr))
			return "a network of no such length";
	}
	return NULL;
}

const char *nat_check(const struct nat_settings *s)
{
	const char *why;

	if (s->masquerade >= MASQUERADES || s->backend >= BACKENDS || s->mark_bit > 31)
		return "unknown setting of nat";
	if (s->n_pods > NAT_NETS || s->n_behind > NAT_NETS || s->n_allowed > NAT_PORTS)
		return "too many networks or ports";
	for (size_t i = 0; i < s->n_allowed; i++)
		if (!s->allowed[i].port || (s->allowed[i].proto != IPPROTO_TCP && s->allowed[i].proto != IPPROTO_UDP &&
					    s->allowed[i].proto != IPPROTO_SCTP))
			return "an allowed port that is none";
	why = nets_check(s->pods, s->n_pods);
	return why ? why : nets_check(s->behind, s->n_behind);
}

bool nat_whole(const struct nat_settings *s)
{
	return s->masquerade != MASQUERADE_NEVER || s->refuse;
}

bool nat_wanted(const struct nat_settings *s)
{
	return nat_whole(s) || s->ranges;
}

static bool nets_equal(const struct cidr *a, const struct cidr *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!addr_equal(&a[i].addr, &b[i].addr) || a[i].bits != b[i].bits)
			return false;
	return true;
}

bool nat_equal(const struct nat_settings *a, const struct nat_settings *b)
{
	if (a->masquerade != b->masquerade || a->mark_bit != b->mark_bit || a->backend != b->backend ||
	    a->sysctls != b->sysctls || a->refuse != b->refuse || a->ranges != b->ranges || a->n_pods != b->n_pods ||
	    a->n_behind != b->n_behind || a->n_allowed != b->n_allowed)
		return false;
	for (size_t i = 0; i < a->n_allowed; i++)
		if (a->allowed[i].port != b->allowed[i].port || a->allowed[i].proto != b->allowed[i].proto)
			return false;
	return nets_equal(a->pods, b->pods, a->n_pods) && nets_equal(a->behind, b->behind, a->n_behind);
}
