// SPDX-License-Identifier: BSD-2-Clause
/*
 * gdb.c - as much of the GDB remote serial protocol as two breakpoints need, and QEMU's monitor
 * through it.
 *
 * Packets are $data#checksum (GDB manual, "Remote Serial Protocol"). While the guest runs nothing
 * may be sent: QEMU takes every byte as a request to stop (gdbstub.c:gdb_read_byte).
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proof.h"

static int stub = -1;
static gdb_idle_fn on_idle;
static const struct gdb_layout *regs_at;
static char reply[16384];

void gdb_open(int fd, gdb_idle_fn idle, const struct gdb_layout *layout)
{
	stub = fd;
	on_idle = idle;
	regs_at = layout;
}

static void put(const void *data, size_t len)
{
	if (write(stub, data, len) != (ssize_t)len)
		die("gdb stub: %s", strerror(errno));
}

static int next_byte(void)
{
	struct pollfd p = {.fd = stub, .events = POLLIN};
	uint8_t c;

	/* The serial port is served in between, or the guest would block on a full pipe. */
	while (poll(&p, 1, 20) == 0)
		on_idle();
	if (read(stub, &c, 1) != 1)
		die("the gdb stub is gone: QEMU ended too early");
	return c;
}

static void send_packet(const char *data)
{
	char packet[1024];
	unsigned sum = 0;
	int len;

	for (const char *c = data; *c; c++)
		sum += (uint8_t)*c;
	len = snprintf(packet, sizeof(packet), "$%s#%02x", data, sum & 0xff);
	put(packet, (size_t)len);
}

static const char *receive_packet(void)
{
	size_t len = 0;
	int c;

	while (next_byte() != '$')
		;
	while ((c = next_byte()) != '#') {
		if (len == sizeof(reply) - 1)
			die("gdb stub: reply too long");
		reply[len++] = (char)c;
	}
	next_byte();
	next_byte();
	reply[len] = '\0';
	put("+", 1);
	return reply;
}

static void command(const char *data)
{
	send_packet(data);
	if (strcmp(receive_packet(), "OK"))
		die("gdb stub: '%s' gave '%s'", data, reply);
}

static void wait_stop(void)
{
	const char *r = receive_packet();

	if (*r != 'T' && *r != 'S')
		die("gdb stub: '%s' is not a stop", r);
}

void gdb_continue(void)
{
	send_packet("c");
}

void gdb_interrupt(void)
{
	put("\003", 1);
	wait_stop();
}

static uint64_t hex_le(const char *hex, unsigned bytes)
{
	uint64_t v = 0;
	char pair[3] = "";

	for (unsigned i = bytes; i--;) {
		memcpy(pair, hex + i * 2, 2);
		v = v << 8 | strtoul(pair, NULL, 16);
	}
	return v;
}

void gdb_regs(struct gdb_regs *ret)
{
	const char *r;

	send_packet("g");
	r = receive_packet();
	if (strlen(r) < (regs_at->mode + 4) * 2)
		die("gdb stub: no registers");
	ret->argument = hex_le(r + regs_at->argument * 2, 8);
	ret->pc = hex_le(r + regs_at->pc * 2, 8);
	ret->level = regs_at->level((uint32_t)hex_le(r + regs_at->mode * 2, 4));
}

static void breakpoint(char what, uint64_t pa)
{
	char data[64];

	snprintf(data, sizeof(data), "%c1,%llx,1", what, (unsigned long long)pa);
	command(data);
}

void gdb_run_to(uint64_t pa, struct gdb_regs *ret)
{
	for (;;) {
		breakpoint('Z', pa);
		gdb_continue();
		wait_stop();
		gdb_regs(ret);
		breakpoint('z', pa);
		if (ret->pc == pa && ret->level)
			return;
		send_packet("s");
		wait_stop();
	}
}

/* The output comes in packets that begin with O, then there is an OK. */
const char *gdb_monitor(const char *command)
{
	static char output[16384];
	char data[800] = "qRcmd,";
	size_t len = strlen(data), out = 0;
	const char *r;

	for (const char *c = command; *c && len + 3 < sizeof(data); c++)
		len += (size_t)snprintf(data + len, sizeof(data) - len, "%02x", (uint8_t)*c);
	send_packet(data);
	while (strcmp(r = receive_packet(), "OK")) {
		if (*r != 'O')
			die("gdb stub: '%s' gave '%s'", command, r);
		for (r++; r[0] && r[1] && out + 1 < sizeof(output); r += 2)
			output[out++] = (char)hex_le(r, 1);
	}
	output[out] = '\0';
	return output;
}

void gdb_detach(void)
{
	command("D");
}
