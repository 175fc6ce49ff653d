/* alloc: what it costs to give addresses. Prints, for 10,000 Services that ask at once for addresses of a /16: seconds of CPU of the plan's run and
 * of the record's text, its bytes; microseconds of the 10,001st; the same for a /64, with the spans that its set of taken addresses has and
 * the bytes that grow with them. Figures are for reading: nothing fails. */
#include "../../configmaps/manifest.h"
#include "../../configmaps/plan.h"
#include "../../configmaps/spans.h"
#include "../../src/base/arena.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SERVICES = 10000 };

static double cpu(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void vs_set(void *arg, const struct vs *v)
{
}

static void vs_delete(void *arg, const struct vs_key *k)
{
}

static void vip_set(void *arg, const struct vip *v)
{
	++*(size_t *)arg;
}

static void vip_delete(void *arg, const struct addr *a)
{
}

static void problem(void *arg, const struct object *o, const char *reason, const char *message)
{
	if (message)
		fprintf(stderr, "%s %s: %s\n", o->meta.name, reason, message);
}

static void service(struct object_list *l, int i, bool v6)
{
	struct diag_list diags = {0};
	char *text =
	    xasprintf("{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"metadata\": {\"name\": \"web-%d\"}, \"spec\": "
		      "{\"type\": \"LoadBalancer\", \"allocateLoadBalancerNodePorts\": false, \"ipFamilies\": "
		      "[\"%s\"], \"ports\": [{\"port\": 80}]}}",
		      i, v6 ? "IPv6" : "IPv4");

	if (manifest_parse("bench", text, strlen(text), l, &diags))
		diag_print(&diags, stderr);
	free(text);
}

static struct pool_range range_of(const char *text)
{
	struct pool_range r = {0};
	char why[POOL_WHY];

	if (pool_range_parse(text, &r, why))
		abort();
	return r;
}

static void measure(const char *text, bool v6)
{
	struct pool_range range = range_of(text);
	struct pool pool = {.name = "bench", .ranges = &range, .n = 1};
	struct plan_config config = {.handle = HANDLE_LOADBALANCER,
				     .interface = "eth0",
				     .default_class = true,
				     .allocate = true,
				     .pools = &pool,
				     .n_pools = 1,
				     .default_scheduler = "rr"};
	size_t vips = 0, len;
	const struct plan_out out = {.vs_set = vs_set,
				     .vs_delete = vs_delete,
				     .vip_set = vip_set,
				     .vip_delete = vip_delete,
				     .problem = problem,
				     .arg = &vips};
	struct record *record = record_new();
	struct plan *plan = plan_new(&config, record);
	struct object_list objects = {0};
	double start, all, one, written;
	char *manifest;

	for (int i = 0; i <= SERVICES; i++)
		service(&objects, i, v6);
	for (int i = 0; i < SERVICES; i++)
		plan_put(plan, objects.items[i]);
	start = cpu();
	plan_run(plan, 1000, &out);
	all = cpu() - start;
	plan_put(plan, objects.items[SERVICES]);
	start = cpu();
	plan_run(plan, 1001, &out);
	one = cpu() - start;
	start = cpu();
	manifest = record_text(record, "default/vip-configmap", &len);
	written = cpu() - start;
	printf("alloc %s: %zu addresses given in %.3f s of CPU, the next one in %.1f us; the record: %.1f ms for %zu "
	       "bytes\n",
	       text, vips, all, one * 1e6, written * 1e3, len);
	free(manifest);
	plan_free(plan);
	record_free(record);
	object_list_clear(&objects);
}

/* What a set costs: addresses given in order, and each second one of them. */
static void measure_set(size_t step)
{
	struct spans *s = spans_new();
	struct addr a;
	size_t before = mallinfo2().uordblks;

	if (addr_parse("fd00::1", &a))
		abort();
	for (size_t i = 0; i < SERVICES * step; i++, addr_next(&a, &a))
		if (i % step == 0)
			spans_add(s, &a);
	printf("set of a /64: %d addresses, every %zu.: %zu spans, %zu bytes\n", SERVICES, step, spans_count(s),
	       mallinfo2().uordblks - before);
	spans_free(s);
}

int main(void)
{
	measure("10.4.0.0/16", false);
	measure("fd00::/64", true);
	measure_set(1);
	measure_set(2);
	return 0;
}
