// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's oldest user of struct_ops, TCP congestion control, works by
 * libbpf as on a kernel that has no core patch: registered both ways, chosen by
 * name, run by a connection, kept by it, and gone after it.
 */
#include "test.h"
#include "core.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#define SENT	(1 << 20)

static struct set *set;

static int choose(int sock, const char *name)
{
	return setsockopt(sock, IPPROTO_TCP, TCP_CONGESTION, name, strlen(name));
}

static void uses(int sock, const char *name)
{
	char got[32] = "";
	socklen_t len = sizeof(got) - 1;

	assert_ok(getsockopt(sock, IPPROTO_TCP, TCP_CONGESTION, got, &len));
	assert_string_equal(got, name);
}

/* Both ends of a connection over the loopback. */
struct pair {
	int client, server;
};

static struct pair connect_with(const char *name)
{
	struct sockaddr_in addr = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = core_keep(socket(AF_INET, SOCK_STREAM, 0));
	struct pair pair = { .client = core_keep(socket(AF_INET, SOCK_STREAM, 0)) };
	socklen_t len = sizeof(addr);

	assert_ok(listener);
	assert_ok(pair.client);
	assert_ok(bind(listener, (void *)&addr, len));
	assert_ok(getsockname(listener, (void *)&addr, &len));
	assert_ok(listen(listener, 1));
	assert_ok(choose(pair.client, name));
	uses(pair.client, name);
	assert_ok(connect(pair.client, (void *)&addr, len));
	pair.server = core_keep(accept(listener, NULL, NULL));
	assert_ok(pair.server);
	return pair;
}

/* Sends data by turns, few enough at a time not to block. */
static void carries(const struct pair *pair)
{
	char out[16384], in[16384];
	size_t sent, got;
	ssize_t n;

	memset(out, 'x', sizeof(out));
	for (sent = 0; sent < SENT; sent += sizeof(out)) {
		assert_int_equal(send(pair->client, out, sizeof(out), 0), sizeof(out));
		for (got = 0; got < sizeof(out); got += n) {
			memset(in, 0, sizeof(in));
			n = recv(pair->server, in, sizeof(in), 0);
			assert_true(n > 0);
			assert_memory_equal(in, out, n);
		}
	}
}

static __u64 calls(void)
{
	return *(volatile __u64 *)set->globals;
}

static bool nobody_has(void *name)
{
	int sock = socket(AF_INET, SOCK_STREAM, 0), ret = choose(sock, name), err = errno;

	close(sock);
	return ret < 0 && err == ENOENT;
}

static void lives(const char *map, const char *name)
{
	__u64 before;
	unsigned int id;
	struct pair pair;

	assert_true(nobody_has((void *)name));
	set = set_open("reno", map, NULL);
	set_load(set);
	assert_true(nobody_has((void *)name));
	set_attach(set);
	id = set_map_id(set);
	pair = connect_with(name);
	before = calls();
	carries(&pair);
	assert_true(calls() > before);

	/* Unregistered: not to be had any more, and yet the connection goes on with it. */
	bpf_link__destroy(set->link);
	set->link = NULL;
	assert_true(nobody_has((void *)name));
	before = calls();
	uses(pair.client, name);
	carries(&pair);
	assert_true(calls() > before);
	set_free(set);
	assert_false(map_gone(&id));
	core_close(pair.client);
	core_close(pair.server);
	assert_true(wait_for(SOON, map_gone, &id));
}

static void by_link(void **state)
{
	lives("by_link", "core_link");
}

static void by_element(void **state)
{
	lives("by_element", "core_plain");
}

static void name_is_taken(void **state)
{
	struct set *first = set_attached("reno", "by_link", NULL);
	struct set *second = set_open("reno", "by_link", NULL);

	set_load(second);
	assert_int_equal(set_try_attach(second), -EEXIST);
	set_free(first);
	assert_int_equal(set_try_attach(second), 0);
}

static int teardown(void **state)
{
	sets_done();
	return core_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(by_link, teardown),
		cmocka_unit_test_teardown(by_element, teardown),
		cmocka_unit_test_teardown(name_is_taken, teardown),
	};

	return cmocka_run_group_tests_name("tcp", tests, NULL, NULL);
}
