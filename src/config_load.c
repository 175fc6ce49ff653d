/* Where a configuration comes from. Source: DESIGN.md, Inputs 1 and 5; proc(5) for the routes. Test: tests/test_dry_run.c. */
#include "config_load.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_MAX = 1 << 20 };

/* name flags metric of one line; false if it is not a default route. */
static bool route_v4(const char *line, char name[IFACE_NAME], unsigned long *metric)
{
	unsigned long dest, gateway, flags, mask;

	return sscanf(line, "%15s %lx %lx %lx %*s %*s %lu %lx", name, &dest, &gateway, &flags, metric, &mask) == 6 &&
	       dest == 0 && mask == 0 && (flags & 1); /* RTF_UP */
}

static bool route_v6(const char *line, char name[IFACE_NAME], unsigned long *metric)
{
	char dest[33];
	unsigned long bits, flags;

	return sscanf(line, "%32s %lx %*s %*s %*s %lx %*s %*s %lx %15s", dest, &bits, metric, &flags, name) == 5 &&
	       bits == 0 && strspn(dest, "0") == 32 && (flags & 1) && strcmp(name, "lo") != 0;
}

static bool best_route(const char *path, bool (*parse)(const char *, char *, unsigned long *), char name[IFACE_NAME])
{
	char line[512], one[IFACE_NAME];
	unsigned long metric, best = 0;
	bool found = false;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while (fgets(line, sizeof line, f))
		if (parse(line, one, &metric) && (!found || metric < best)) {
			found = true;
			best = metric;
			memcpy(name, one, IFACE_NAME);
		}
	fclose(f);
	return found;
}

bool config_default_interface(char name[IFACE_NAME])
{
	return best_route("/proc/net/route", route_v4, name) || best_route("/proc/net/ipv6_route", route_v6, name);
}

static void apply(int err, const char *what, const char *value, struct diag_list *diags)
{
	if (err)
		diag_error(diags, NULL, (struct pos){0}, "%s: \"%s\" is not valid", what, value);
}

static void apply_legacy(struct config *c, const struct options_legacy *l, struct diag_list *diags)
{
	if (l->iface)
		apply(config_set_interface(c, l->iface), "--iface", l->iface, diags);
	if (l->vrid && config_set_vrid(c, (uint8_t)l->vrid))
		diag_error(diags, c->file, (struct pos){0},
			   "--vrid: several virtual routers; state their VRIDs in the file");
	if (l->http_port)
		config_set_http_port(c, (uint16_t)l->http_port);
	if (l->service_cidr)
		apply(config_set_service_cidr(c, l->service_cidr), "KEEPALIVED_SERVICE_CIDR", l->service_cidr, diags);
	if (l->forward_method)
		apply(config_set_forward(c, l->forward_method), "KEEPALIVED_DEFAULT_FORWARD_METHOD", l->forward_method,
		      diags);
}

/* Who may write the configuration has vipd's powers. */
static bool trusted(const struct options *o, const struct stat *st, struct diag_list *diags)
{
	uint32_t owner = o->places.config_owner;
	char or_owner[32] = "";

	if (o->config_anyones || ((st->st_uid == 0 || st->st_uid == owner) && !(st->st_mode & (S_IWGRP | S_IWOTH))))
		return true;
	if (owner)
		snprintf(or_owner, sizeof or_owner, " or of user %u", owner);
	diag_error(diags, o->places.config_file, (struct pos){0},
		   "refused: its owner is user %u and its mode %04o; expected a file of root%s that neither group nor "
		   "others may write (chown root, chmod go-w)",
		   (unsigned)st->st_uid, (unsigned)st->st_mode & 07777, or_owner);
	return false;
}

int config_load(const struct options *o, struct config **out, struct diag_list *diags)
{
	const char *file = o->places.config_file;
	char interface[IFACE_NAME], host[256] = "";
	struct config *c = NULL;
	size_t len = 0, before = diags->errors;
	char *text = NULL;
	struct stat st;
	int err = file_read_stat(AT_FDCWD, file, CONFIG_MAX, &text, &len, &st);

	if (err && !(err == -ENOENT && strcmp(file, CONFIG_FILE_DEFAULT) == 0)) {
		diag_error(diags, file, (struct pos){0}, "cannot be read: %s", strerror(-err));
		return -EINVAL;
	}
	if (!err && !trusted(o, &st, diags)) {
		free(text);
		return -EINVAL;
	}
	err = config_parse(file, text, len, &c, diags);
	free(text);
	if (err)
		return err;
	apply_legacy(c, &o->legacy, diags);
	if (diags->errors > before) {
		config_free(c);
		return -EINVAL;
	}
	if (gethostname(host, sizeof host - 1))
		host[0] = '\0';
	config_settle(c, o->places.state_dir, config_default_interface(interface) ? interface : NULL,
		      *host ? host : NULL);
	if (config_finish(c, diags)) {
		config_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}

static bool has_address(const struct ifaddrs *list, const char *ifname, const struct addr *a)
{
	size_t len = strlen(ifname);

	for (const struct ifaddrs *i = list; i; i = i->ifa_next) {
		struct addr have = {0};

		if (!i->ifa_addr || strncmp(i->ifa_name, ifname, len) != 0 ||
		    (i->ifa_name[len] && i->ifa_name[len] != ':')) /* an IPv4 address may have a label */
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			have = addr_from_bytes(AF_INET,
					       &((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr);
		else if (i->ifa_addr->sa_family == AF_INET6)
			have = addr_from_bytes(AF_INET6,
					       &((const struct sockaddr_in6 *)(const void *)i->ifa_addr)->sin6_addr);
		if (have.family && addr_equal(&have, a))
			return true;
	}
	return false;
}

/* A node that is its own peer hears nobody but itself. With a source of its own the router's peers are compared with that, wherever they are read. */
static void look_at_peers(const struct config *c, bool starts, struct diag_list *diags)
{
	struct ifaddrs *list = NULL;
	char text[ADDR_TEXT];

	if (getifaddrs(&list) < 0)
		return; /* the addresses show it later: its own packets are refused and counted */
	for (size_t i = 0; i < c->n_routers; i++) {
		const struct router *r = &c->routers[i];

		for (size_t k = 0; k < r->n_peers && !r->source.family; k++)
			if (has_address(list, r->ifname, &r->peers[k]))
				(starts ? diag_warning : diag_error)(
				    diags, c->file, c->routers_at[i],
				    "router %s: peer %s is an address of %s on this node; expected the other nodes' "
				    "addresses",
				    r->name, addr_format(&r->peers[k], text), r->ifname);
	}
	freeifaddrs(list);
}

int config_load_here(const struct options *o, bool starts, struct config **out, struct diag_list *diags)
{
	size_t before = diags->errors;
	struct config *c;
	int err = config_load(o, &c, diags);

	if (err)
		return err;
	look_at_peers(c, starts, diags);
	if (diags->errors > before) {
		config_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}
