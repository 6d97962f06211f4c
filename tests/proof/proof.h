/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proof.h - what stands between a script and QEMU: QEMU itself, its gdb stub, guest RAM, the KHO
 * data in it. The placement proof is made of these parts, and tests/route/strike.c.
 *
 * Every function ends the program with a message when it cannot do its work: a proof that did not
 * run to the end proves nothing.
 */
#ifndef PROOF_H
#define PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Prints the program's name and the message to stderr and exits with status 2. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Appends a line to @file. */
void report(const char *file, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* @text as a number, decimal or 0x; dies when it is not a number. */
uint64_t number(const char *text);

/* ---- ram.c: guest RAM, a file that QEMU maps too -------------------------------------------- */

/* Where QEMU's machines have their RAM. */
enum ram_at {
	RAM_Q35, /* from 0 on; above a hole at 4 GiB again (hw/i386/pc_q35.c) */
	RAM_VIRT /* one piece from 1 GiB on (hw/arm/virt.c) */
};

struct ram {
	int fd;
	uint8_t *live; /* the guest's memory as it is now */
	uint8_t *copy; /* the same at the first stop; NULL before ram_snapshot() */
	uint64_t size; /* bytes */
	uint64_t base; /* physical address of the first one */
	uint64_t low;  /* bytes below the hole; the rest begins at 4 GiB */
};

/* Makes a RAM file of @size bytes; QEMU inherits @r->fd. */
void ram_create(struct ram *r, enum ram_at at, uint64_t size);

/* Offset in the file of @len bytes at physical address @pa; dies when they are not RAM. */
uint64_t ram_offset(const struct ram *r, uint64_t pa, uint64_t len);

/* @len live bytes at physical address @pa; dies when they are not RAM. */
const uint8_t *ram_get(const struct ram *r, uint64_t pa, uint64_t len);
uint64_t ram_u64(const struct ram *r, uint64_t pa);
uint32_t ram_u32(const struct ram *r, uint64_t pa);

/* Copies all of the guest's RAM aside. */
void ram_snapshot(struct ram *r);

/* Drops the snapshot. */
void ram_forget(struct ram *r);

/* Puts all of RAM back to the snapshot. */
void ram_restore(struct ram *r);

/* How many of @len bytes at @pa differ from the snapshot; prints some of them to stderr. */
uint64_t ram_changed(const struct ram *r, uint64_t pa, uint64_t len);

/* A range of physical addresses. */
struct piece {
	uint64_t pa;
	uint64_t len;
};

/*
 * How many bytes differ from the snapshot in all of RAM but the @count page-aligned pieces @spared;
 * prints some of them to stderr.
 */
uint64_t ram_changed_elsewhere(const struct ram *r, const struct piece *spared, size_t count);

/* ---- vm.c: QEMU as a child ------------------------------------------------------------------- */

/* What is at the other end of the socket that vm_start() returns. */
enum vm_side { VM_GDB, VM_QMP };

/* Starts QEMU on @ram, with VM_GDB stopped before its first instruction. One at a time. */
int vm_start(char **argv, int argc, const struct ram *ram, enum vm_side side);

/*
 * Passes on what the serial port says, waiting for it up to @ms (-1: for ever); false at its end.
 */
bool vm_pump(int ms);

/* The first place of @text in what the serial port has said; NULL when it has not. */
const char *vm_said(const char *text);

/* Runs the guest until it has said @text and the line is complete; returns what follows @text. */
const char *vm_wait_for(const char *text);

/* One byte to the serial port. */
void vm_type(char byte);

/* Kills QEMU; what it had said is forgotten, and another one can be started. */
void vm_kill(void);

/* From now on the serial port is read, and not passed on. */
void vm_mute(bool mute);

/* Waits for QEMU's end; its exit status, or 128 and the signal. */
int vm_end(void);

/* QEMU machine protocol: a command, by its name or as JSON. */
void qmp_send(int qmp, const char *command);

/* The next line of it, while the serial port flows; false when QEMU has ended. */
bool qmp_line(int qmp, char *line, size_t size);

/* ---- gdb.c: QEMU's gdb stub ----------------------------------------------------------------- */

struct gdb_regs {
	uint64_t argument; /* x86_64: rsi; arm64: x0 */
	uint64_t pc;
	unsigned level; /* privilege: x86_64 3 - CPL, arm64 the exception level */
};

/* The stub's reply to `g`: byte offsets of the registers, and how to read the last one. */
struct gdb_layout {
	unsigned argument;
	unsigned pc;
	unsigned mode; /* x86_64: cs; arm64: cpsr; 4 bytes */
	unsigned (*level)(uint32_t mode);
};

/* Called while waiting for the stub, so that the guest's serial output keeps flowing. */
typedef void (*gdb_idle_fn)(void);

void gdb_open(int fd, gdb_idle_fn idle, const struct gdb_layout *layout);
void gdb_continue(void);
void gdb_interrupt(void);
void gdb_regs(struct gdb_regs *ret);

/*
 * Runs until a CPU is about to execute @pa at a level above 0. The address is a virtual one to the
 * stub; where this is used memory is mapped 1:1. User-mode hits on the same address are stepped
 * over.
 */
void gdb_run_to(uint64_t pa, struct gdb_regs *ret);

/* What QEMU's monitor (HMP) answers to @command. */
const char *gdb_monitor(const char *command);

/* Lets the guest run free. */
void gdb_detach(void);

/* ---- walk.c: what must not change ----------------------------------------------------------- */

struct pieces {
	struct piece *p; /* all that must not change, merged */
	size_t count;
	size_t max;
	struct piece *data; /* the preserved blocks, as they are listed */
	size_t blocks;
	struct piece block; /* the first of the largest preserved blocks */
	uint64_t preserved; /* bytes that the map lists */
	uint64_t metadata;  /* bytes of the map itself: FDT page, chunks, bitmaps, radix nodes */
	unsigned version;   /* N of kho-vN */
	unsigned levels;    /* of the radix tree, above its leaves */
};

/* Where the boot protocol says that the KHO data are. */
struct kho_node {
	uint64_t fdt;
	uint64_t fdt_len;     /* a page of the outgoing kernel */
	uint64_t scratch;     /* physical address of the array */
	uint64_t scratch_len; /* bytes of the array */
	uint64_t fdt_at;      /* physical address of the words that say fdt and fdt_len */
	uint64_t scratch_at;  /* and of those of scratch and scratch_len */
	bool big_endian;      /* are they? */
};

/* Reads the scratch array into @ret, of which there are @max; returns how many areas there are. */
size_t walk_scratch(const struct ram *r, const struct kho_node *node, struct piece *ret,
		    size_t max);

/*
 * Lists all preserved memory and all metadata. This walk shares no code with fdt/: were it the same
 * code, a page that it overlooks would be missing from what khoboot protects and from what is
 * compared here alike. Formats: kernel/liveupdate/kexec_handover.c and
 * include/linux/kho/abi/kexec_handover.h, pages of @node->fdt_len bytes, kho-v1 with page-size
 * bitmaps.
 */
void walk_kho(const struct ram *r, const struct kho_node *node, struct pieces *ret);

/* ---- x86.c, arm64.c: what differs between architectures ------------------------------------- */

struct machine {
	const char *name;
	enum ram_at ram;
	struct gdb_layout gdb;
	const char *loaded; /* what kernel A prints before the address at which it loads */
	uint64_t entry;     /* from there: khoboot's first instruction */
	uint64_t linked_at; /* the address in khoboot.elf of what is loaded there */

	/* Finds the KHO data by what the first instruction gets as its argument. */
	void (*find)(const struct ram *r, uint64_t argument, struct kho_node *ret);

	/* Bytes of the segment that khoboot, loaded at @load, asked for. */
	uint64_t (*memory)(const struct ram *r, uint64_t load, uint64_t argument);

	/* An instruction that jumps to itself. */
	uint8_t loop[4];
	size_t loop_len;

	const struct damage *damages; /* of the boot protocol's data; ends with an empty one */
};

extern const struct machine machine_x86_64, machine_arm64;

/* ---- damage.c: what khoboot has to refuse --------------------------------------------------- */

/*
 * Damages what @m's khoboot gets with @argument, in the way called @name; dies when no damage has
 * that name.
 */
void damage(const struct machine *m, struct ram *r, uint64_t argument, const char *name);

/* Prints the names, one a line. */
void damage_list(const struct machine *m);

#endif
