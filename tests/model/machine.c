// SPDX-License-Identifier: BSD-2-Clause
/* What the model has in place of the CPU and its devices. */
#include <arch/cache.h>
#include <arch/cpu.h>
#include <arch/fwcfg_port.h>
#include <arch/reset.h>
#include <arch/uart.h>
#include <arch/vectors.h>

#include <stdio.h>
#include <string.h>

#include "model.h"

/* image.lds has them: a page of code and a page of data. */
asm(".data\n"
    ".balign 4096\n"
    ".globl text_start, text_end, data_start, data_end\n"
    "text_start: .zero 4096\n"
    "text_end:\n"
    "data_start: .zero 4096\n"
    "data_end:\n"
    ".text\n");

void cpu_init(void)
{
	model_mask();
	model_step();
}

void cpu_halt(void)
{
	model_end(END_HALT);
}

void cpu_relax(void)
{
}

uint64_t cpu_clock(void)
{
	static uint64_t now;

	return now += 1000;
}

uint64_t cpu_clock_us(uint64_t ticks)
{
	return ticks / 1000;
}

static bool vectors_on;

void cpu_vectors_enable(struct cpu_vectors *before)
{
	(void)before;
	vectors_on = true;
}

void cpu_vectors_restore(const struct cpu_vectors *before)
{
	(void)before;
	vectors_on = false;
}

const char *cpu_digest_fast(void)
{
	if (!vectors_on)
		model_complain("vector code where it cannot run", 0);
	return "plain C, in a model";
}

void cpu_digest_plain(void)
{
}

struct pagetable cpu_tables(void *pool, size_t pages)
{
	return (struct pagetable){.pool = pool,
				  .pool_addr = (uintptr_t)pool,
				  .pages = pages,
				  .levels = 4,
				  .gbpages = true};
}

void cpu_use_tables(const struct pagetable *pt)
{
	(void)pt;
	model_step();
}

const char *cpu_mode(void)
{
	return "model";
}

bool cpu_may_encrypt(void)
{
	return false;
}

enum kb_status cpu_can_start(struct kernel *k, struct kb_text cmdline, bool reset,
			     struct kb_diag *diag)
{
	(void)k;
	(void)cmdline;
	(void)reset;
	(void)diag;
	return KB_OK;
}

void cpu_leave(const struct boot_placement *place, struct range initrd, const struct pagetable *pt,
	       const struct kb_moves *moves, uint64_t stub)
{
	(void)stub;
	model_step();
	model_check_leave(place->window, place->block, initrd);
	model_check_leave((struct range){pt->pool_addr, pt->pages * MODEL_PAGE},
			  (struct range){0, 0},
			  (struct range){(uintptr_t)moves->m, moves->count * sizeof(*moves->m)});
	for (size_t i = 0; i < moves->count; i++)
		memmove((void *)(uintptr_t)moves->m[i].home, (void *)(uintptr_t)moves->m[i].copy,
			moves->m[i].size);
	model_end(END_LEAVE);
}

void cache_flush_range(const void *p, uint64_t len)
{
	model_step();
	sealed_flush((struct range){(uintptr_t)p, len});
}

void cache_wait(void)
{
}

void cache_flush_all(void)
{
}

void reset_try(const struct reset_how *how)
{
	(void)how;
	model_end(END_RESET);
}

/* ---- a serial port for what must be seen ----------------------------------------------------- */

struct uart uart_named(const char *cmdline)
{
	(void)cmdline;
	return uart_fallback();
}

struct uart uart_fallback(void)
{
	return (struct uart){UART_IO, 0x3f8};
}

bool uart_answers(struct uart u)
{
	(void)u;
	return true;
}

bool uart_ready(struct uart u)
{
	(void)u;
	return true;
}

bool uart_idle(struct uart u)
{
	(void)u;
	return true;
}

void uart_send(struct uart u, char c)
{
	static char line[512];
	static size_t n;

	(void)u;
	if (!n)
		model_step();
	if (c != '\n' && n < sizeof(line) - 1) {
		line[n++] = c;
		return;
	}
	line[n] = '\0';
	n = 0;
	model_log(line);
}

/* ---- QEMU's fw_cfg, with one file ------------------------------------------------------------ */

static char fwcfg_bytes[256];
static size_t fwcfg_at;

bool fwcfg_may_be_there(void)
{
	return model.carrier == CARRIER_FWCFG;
}

/* Signature, directory, or the file. */
void fwcfg_seek(uint16_t key)
{
	uint8_t directory[4 + 64] = {0, 0, 0, 1, 0, 0, 0, (uint8_t)strlen(sealed_words()), 0, 0x20};

	fwcfg_at = 0;
	memset(fwcfg_bytes, 0, sizeof(fwcfg_bytes));
	memcpy(directory + 12, "opt/khoboot/kho", sizeof("opt/khoboot/kho"));
	if (key == 0)
		memcpy(fwcfg_bytes, "QEMU", 4);
	else if (key == 0x19)
		memcpy(fwcfg_bytes, directory, sizeof(directory));
	else
		memcpy(fwcfg_bytes, sealed_words(), strlen(sealed_words()));
}

void fwcfg_next(void *buf, size_t len)
{
	memset(buf, 0, len);
	if (len <= sizeof(fwcfg_bytes) - fwcfg_at)
		memcpy(buf, fwcfg_bytes + fwcfg_at, len);
	fwcfg_at += len;
}

#if __has_include(<arch/machine.h>) /* arm64 */
#include <arch/machine.h>
#include <arch/reset_how.h>

void uart_set_default(struct uart u)
{
	(void)u;
}

void fwcfg_set_base(uint64_t base)
{
	(void)base;
}

void reset_remember(const struct reset_how *how)
{
	(void)how;
}
#endif
