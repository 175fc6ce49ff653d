/* How the traces are seen: an interface by its name, chains and tables of nf_tables (iptables-nft's are such) by asking for one of that name. Chains of
 * iptables-legacy can only be read with the whole table, and are not looked for. Source: linux/netfilter/nf_tables.h, nfnetlink.h.
 * Test: tests/lab/scenarios/conflict.sh */
#include "beside.h"

#include "../src/base/log.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

/* NULL without memory. */
static struct nl_msg *question(uint8_t family, const char *table, const char *chain)
{
	struct nfgenmsg head = {.nfgen_family = family, .version = NFNETLINK_V0};
	int type = NFNL_SUBSYS_NFTABLES << 8 | (chain ? NFT_MSG_GETCHAIN : NFT_MSG_GETTABLE);
	struct nl_msg *m = nlmsg_alloc_simple(type, 0);

	if (m && (nlmsg_append(m, &head, sizeof head, NLMSG_ALIGNTO) < 0 ||
		  nla_put_string(m, chain ? NFTA_CHAIN_TABLE : NFTA_TABLE_NAME, table) < 0 ||
		  (chain && nla_put_string(m, NFTA_CHAIN_NAME, chain) < 0))) {
		nlmsg_free(m);
		m = NULL;
	}
	return m;
}

/* Whether a table, or a chain of it, is there. */
static bool there(struct nl_sock *sock, uint8_t family, const char *table, const char *chain)
{
	struct nl_msg *m = question(family, table, chain);
	int err = m ? nl_send_auto(sock, m) : -NLE_NOMEM;

	nlmsg_free(m);
	return err >= 0 && nl_recvmsgs_default(sock) >= 0;
}

static bool there_in_any(struct nl_sock *sock, const char *table, const char *chain)
{
	return there(sock, AF_INET, table, chain) || there(sock, AF_INET6, table, chain);
}

static void look_rules(struct kubeproxy_seen *s)
{
	struct nl_sock *sock = nl_socket_alloc();

	if (sock && nl_connect(sock, NETLINK_NETFILTER) == 0) {
		nl_socket_disable_auto_ack(sock);
		nl_socket_disable_seq_check(sock); /* counts on, only behind acknowledgements */
		s->chain = there_in_any(sock, "nat", KUBEPROXY_CHAIN);
		s->table = there_in_any(sock, KUBEPROXY_TABLE, NULL);
	}
	nl_socket_free(sock);
}

static void say(const struct beside *b, const char *reason, char *was, const char *now)
{
	if (!strcmp(now, was))
		return;
	if (was[0])
		b->note(b->arg, "kube-proxy", reason, was, true);
	if (now[0]) {
		log_event(LOG_KUBE_PROXY, NULL, "%s", now);
		b->note(b->arg, "kube-proxy", reason, now, false);
	} else {
		log_info("kube-proxy's traces are gone");
	}
	strcpy(was, now);
}

void beside_look(struct beside *b, unsigned sets, bool serves)
{
	struct kubeproxy_seen s = {.device = if_nametoindex(KUBEPROXY_DEVICE) != 0, .sets = sets};
	char now[KUBEPROXY_TEXT];

	if (serves)
		look_rules(&s);
	say(b, "KubeProxyIPVS", b->ipvs, kubeproxy_ipvs(&s, now));
	say(b, "KubeProxyRules", b->rules, kubeproxy_rules(&s, serves, now));
}

void beside_renote(const struct beside *b)
{
	if (b->ipvs[0])
		b->note(b->arg, "kube-proxy", "KubeProxyIPVS", b->ipvs, false);
	if (b->rules[0])
		b->note(b->arg, "kube-proxy", "KubeProxyRules", b->rules, false);
}
