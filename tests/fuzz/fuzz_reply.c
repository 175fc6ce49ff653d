/* ipvs/msg.c: any datagram as an answer to a dump. First byte: the family that the caller knows, and whether counters are wanted. */
#include "../../ipvs/msg.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken must be usable: an address of a known family, a name that ends. */
static void message(const struct reply *r, uint8_t family, bool stats)
{
	struct real_stats rs;
	struct vs_stats st;
	struct real real;
	struct vs head;
	uint32_t version, conns;
	char text[VS_KEY_TEXT];

	if (ipvs_msg_service(r->msg, r->len, &head, stats ? &st : NULL) == MSG_OK) {
		if (head.reals || head.n || !addr_len(&head.key.addr) || strlen(head.sched) >= SCHED_NAME)
			abort();
		vs_key_format(&head.key, text);
	}
	if (ipvs_msg_real(r->msg, r->len, family, &real, stats ? &rs : NULL) == MSG_OK) {
		if (!addr_len(&real.addr) || real.forward > FORWARD_OTHER)
			abort();
		real_format(&real, text);
	}
	ipvs_msg_info(r->msg, r->len, &version, &conns);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reply r;
	size_t at = 0;

	if (size == 0)
		return 0;
	while (ipvs_msg_next(data + 1, size - 1, &at, &r) > 0)
		message(&r, data[0] & 1 ? AF_INET : AF_INET6, data[0] & 2);
	return 0;
}
