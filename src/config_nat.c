/* vipd.yaml: what is done to packets beside IPVS itself. Source: ipvs/nat.h. Test: tests/test_config_nat.c */
#include "config_read.h"

#include <netinet/in.h>
#include <string.h>

const char *const config_masquerade_words[] = {
    [MASQUERADE_NEVER] = "never", [MASQUERADE_AUTO] = "auto", [MASQUERADE_ALWAYS] = "always"};
const char *const config_iptables_words[] = {
    [BACKEND_SYSTEM] = "system", [BACKEND_NFT] = "nft", [BACKEND_LEGACY] = "legacy"};

static void read_word(struct reader *r, const char *key, const struct node *n, const char *const words[3], uint8_t *out)
{
	const char *s = config_want_string(r, key, n);

	for (uint8_t i = 0; s && i < 3; i++)
		if (strcmp(s, words[i]) == 0) {
			*out = i;
			return;
		}
	if (s)
		diag_error(r->diags, r->file, n->pos, "%s: expected %s, %s or %s, found \"%s\"", key, words[0],
			   words[1], words[2], s);
}

void config_read_masquerade(struct reader *r, const char *key, const struct node *n)
{
	read_word(r, key, n, config_masquerade_words, &r->c->ipvs.nat.masquerade);
}

void config_read_iptables(struct reader *r, const char *key, const struct node *n)
{
	read_word(r, key, n, config_iptables_words, &r->c->ipvs.nat.backend);
}

void config_read_masquerade_bit(struct reader *r, const char *key, const struct node *n)
{
	uint32_t bit;

	if (config_want_range(r, key, n, 0, 31, &bit))
		r->c->ipvs.nat.mark_bit = (uint8_t)bit;
}

void config_want_cidrs(struct reader *r, const char *key, const struct node *n, size_t most, struct cidr *out,
		       uint8_t *count)
{
	*count = 0;
	if (!config_want(r, key, n, NODE_LIST))
		return;
	if (n->list.n > most) {
		diag_error(r->diags, r->file, n->pos, "%s: more than %zu prefixes", key, most);
		return;
	}
	for (size_t i = 0; i < n->list.n; i++) {
		const char *s = config_want_string(r, key, &n->list.items[i]);

		if (s && config_want_cidr(r, key, n->list.items[i].pos, s, &out[*count]))
			++*count;
	}
}

void config_read_pod_cidrs(struct reader *r, const char *key, const struct node *n)
{
	config_want_cidrs(r, key, n, NAT_NETS, r->c->ipvs.nat.pods, &r->c->ipvs.nat.n_pods);
}

void config_read_gateway_of(struct reader *r, const char *key, const struct node *n)
{
	config_want_cidrs(r, key, n, NAT_NETS, r->c->ipvs.nat.behind, &r->c->n_gateway_of);
	r->c->ipvs.nat.n_behind = r->c->n_gateway_of;
}

void config_read_refuse(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &r->c->ipvs.nat.refuse);
}

/* "161/udp"; a number alone is TCP's. */
static bool read_port(const char *text, struct nat_port *out)
{
	static const struct {
		const char *name;
		uint8_t proto;
	} protos[] = {{"", IPPROTO_TCP}, {"/tcp", IPPROTO_TCP}, {"/udp", IPPROTO_UDP}, {"/sctp", IPPROTO_SCTP}};
	size_t digits = strspn(text, "0123456789");
	unsigned port = 0;

	for (size_t i = 0; i < digits && port <= UINT16_MAX; i++)
		port = port * 10 + (unsigned)(text[i] - '0');
	for (size_t i = 0; i < sizeof protos / sizeof *protos && port && port <= UINT16_MAX; i++)
		if (!strcmp(text + digits, protos[i].name)) {
			*out = (struct nat_port){.port = (uint16_t)port, .proto = protos[i].proto};
			return true;
		}
	return false;
}

void config_read_allow_ports(struct reader *r, const char *key, const struct node *n)
{
	struct nat_settings *s = &r->c->ipvs.nat;

	s->n_allowed = 0;
	if (!config_want(r, key, n, NODE_LIST))
		return;
	for (size_t i = 0; i < n->list.n; i++) {
		const struct node *item = &n->list.items[i];

		if ((item->type != NODE_INT && item->type != NODE_STRING) || s->n_allowed == NAT_PORTS ||
		    !read_port(item->text, &s->allowed[s->n_allowed]))
			diag_error(r->diags, r->file, item->pos,
				   "%s: expected at most %d ports such as 22 or 161/udp, found \"%s\"", key, NAT_PORTS,
				   item->text ? item->text : "something else");
		else
			s->n_allowed++;
	}
}

void config_read_external_ranges(struct reader *r, const char *key, const struct node *n)
{
	config_want_cidrs(r, key, n, PLAN_NETS, r->c->plan.external_ranges, &r->c->plan.n_external_ranges);
}

void config_read_node_port_addresses(struct reader *r, const char *key, const struct node *n)
{
	config_want_cidrs(r, key, n, PLAN_NETS, r->c->plan.node_port_nets, &r->c->plan.n_node_port_nets);
}

void config_read_exclude(struct reader *r, const char *key, const struct node *n)
{
	config_want_cidrs(r, key, n, PLAN_NETS, r->c->plan.excluded, &r->c->plan.n_excluded);
}

void config_read_sysctls(struct reader *r, const char *key, const struct node *n)
{
	config_want_bool(r, key, n, &r->c->ipvs.nat.sysctls);
}

void config_default_nat(struct config *c)
{
	c->ipvs.nat = (struct nat_settings){
	    .masquerade = MASQUERADE_AUTO, .mark_bit = NAT_BIT, .sysctls = true, .ranges = true, .refuse = true};
}

/* An address with a network, on another interface than that of the virtual IPs: the hosts there have it as gateway, or it would be of no use. On the interface
 * of the virtual IPs it may be one of them. */
void config_finish_nat(struct config *c)
{
	struct nat_settings *s = &c->ipvs.nat;

	s->n_behind = c->n_gateway_of;
	for (size_t i = 0; i < c->n_pins && s->n_behind < NAT_NETS; i++) {
		const struct router *r = &c->routers[c->pins[i].router];
		struct cidr net = {c->pins[i].addr, c->pins[i].bits};

		net.addr = cidr_network(&net);
		if (net.bits > 0 && net.bits < addr_bits(&net.addr) && c->plan.interface &&
		    strncmp(r->ifname, c->plan.interface, sizeof r->ifname) != 0)
			s->behind[s->n_behind++] = net;
	}
}
