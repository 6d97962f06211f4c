// SPDX-License-Identifier: BSD-2-Clause
/*
 * proof - proves for one boot that khoboot changes no byte of what is handed over.
 *
 * Stands between a test script and QEMU: starts QEMU with guest RAM in shared memory and a gdb
 * stub, stops the guest at khoboot's first instruction, copies RAM, stops it again at the jump into
 * the next kernel, and compares every preserved byte and every byte of the metadata, then all of
 * RAM outside scratch. The guest then runs on: that the next kernel finds its data is for the
 * script to check.
 *
 * With --halt khoboot is expected to refuse: all of RAM but khoboot's own segment is compared at
 * the end of the machine. --damage gives it a reason.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proof.h"

/* bzImage: 64-bit entry, from the load address (Documentation/arch/x86/boot.rst) */
#define ENTRY_64 0x200

/* Where khoboot's protected-mode part, the part that is loaded, begins in the file and the ELF. */
#define LOADED_FROM 0x1000

/* boot_params.hdr.init_size */
#define BP_INIT_SIZE 0x260

#define PAGE        4096ULL
#define MAX_SCRATCH 64

static const char usage[] =
	"usage: proof --mem BYTES --jump ADDR|--halt --report FILE [--damage NAME] [--flip]\n"
	"             -- QEMU [ARGUMENT]...\n"
	"\n"
	"  --mem BYTES    guest RAM; QEMU's own -m must say the same\n"
	"  --jump ADDR    address of khoboot_jump_point in khoboot.elf\n"
	"  --halt         instead of --jump: khoboot refuses and halts, and the script ends QEMU\n"
	"  --damage NAME  damage what is handed over, before khoboot sees it ('list': the names)\n"
	"  --report FILE  append the result, one line\n"
	"  --flip         change one preserved byte behind khoboot's back: the proof must notice\n"
	"\n"
	"QEMU's serial port must be on its stdin and stdout; they are passed through. The guest "
	"says\n"
	"'khotest: ready=jump' and then waits for one byte. Exit status: that of QEMU, else 1 when "
	"a\n"
	"byte has changed, 2 when the proof could not be carried out.\n";

static struct {
	uint64_t mem;
	uint64_t jump;
	const char *report;
	const char *damage;
	int halt;
	int flip;
} opt;

static void idle(void)
{
	vm_pump(0);
}

/* ---- the proof ------------------------------------------------------------------------------ */

/* Lets A load khoboot and get ready, then runs to khoboot's 64-bit entry. */
static uint64_t run_to_entry(struct gdb_regs *regs)
{
	uint64_t load;
	const char *at;

	gdb_continue();
	vm_wait_for("khotest: ready=jump");
	at = vm_said("Loaded 64bit kernel at 0x");
	if (!at)
		die("the kernel did not print the load address: khotest.debug=1 is missing");
	load = strtoull(strchr(at, '0') + 2, NULL, 16);
	gdb_interrupt();
	vm_type('g');
	gdb_run_to(load + ENTRY_64, regs);
	return load;
}

/* A byte of data: damaged metadata would be refused. */
static void flip_one(struct ram *ram, const struct pieces *l)
{
	ram->live[ram_offset(ram, l->block.pa, l->block.len) + l->block.len / 2] ^= 1;
}

static uint64_t compare(const struct ram *ram, const struct pieces *l)
{
	uint64_t changed = 0;

	for (size_t i = 0; i < l->count; i++)
		changed += ram_changed(ram, l->p[i].pa, l->p[i].len);
	return changed;
}

/* All that is handed over, and all RAM outside scratch: khoboot has no business there. */
static uint64_t prove_jump(struct ram *ram, uint64_t load, struct gdb_regs *regs)
{
	struct piece scratch[MAX_SCRATCH];
	struct kho_node node;
	struct pieces l;
	uint64_t changed, elsewhere;
	size_t areas;

	walk_setup_data(ram, regs->rsi, &node);
	walk_kho(ram, &node, &l);
	areas = walk_scratch(ram, &node, scratch, MAX_SCRATCH);
	ram_snapshot(ram);
	if (opt.flip)
		flip_one(ram, &l);
	gdb_run_to(load + opt.jump - LOADED_FROM, regs);
	changed = compare(ram, &l);
	elsewhere = ram_changed_elsewhere(ram, scratch, areas);
	report(opt.report,
	       "kho-v%u pieces=%zu preserved=%llu metadata=%llu khoboot=0x%llx changed=%llu "
	       "outside-scratch=%llu",
	       l.version, l.count, (unsigned long long)l.preserved, (unsigned long long)l.metadata,
	       (unsigned long long)load, (unsigned long long)changed,
	       (unsigned long long)elsewhere);
	gdb_detach();
	return changed + elsewhere;
}

/* All RAM but khoboot's own segment, from its entry to the end of the machine. */
static uint64_t prove_halt(struct ram *ram, uint64_t load, const struct gdb_regs *regs)
{
	uint64_t size = ram_u32(ram, regs->rsi + BP_INIT_SIZE);
	struct piece own = {load, (size + PAGE - 1) / PAGE * PAGE};
	uint64_t changed;

	if (opt.damage)
		damage(ram, regs->rsi, opt.damage);
	ram_snapshot(ram);
	if (opt.flip)
		ram->live[ram_offset(ram, own.pa + own.len, 1)] ^= 1;
	gdb_detach();
	while (vm_pump(-1))
		;
	changed = ram_changed_elsewhere(ram, &own, 1);
	report(opt.report, "halted damage=%s khoboot=0x%llx,%llu changed=%llu",
	       opt.damage ? opt.damage : "none", (unsigned long long)load, (unsigned long long)size,
	       (unsigned long long)changed);
	return changed;
}

/* Returns the number of bytes that changed and must not. */
static uint64_t prove(struct ram *ram)
{
	struct gdb_regs regs;
	uint64_t load = run_to_entry(&regs);

	return opt.halt ? prove_halt(ram, load, &regs) : prove_jump(ram, load, &regs);
}

static _Noreturn void show_usage(int status)
{
	fputs(usage, status ? stderr : stdout);
	exit(status);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"mem", required_argument, NULL, 'm'},    {"jump", required_argument, NULL, 'j'},
		{"report", required_argument, NULL, 'r'}, {"damage", required_argument, NULL, 'd'},
		{"halt", no_argument, &opt.halt, 1},      {"flip", no_argument, &opt.flip, 1},
		{"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "+h", longs, NULL)) != -1) {
		if (c == 'm')
			opt.mem = number(optarg);
		else if (c == 'j')
			opt.jump = number(optarg);
		else if (c == 'r')
			opt.report = optarg;
		else if (c == 'd')
			opt.damage = optarg;
		else if (c)
			show_usage(c == 'h' ? 0 : 2);
	}
}

static void check_options(int argc)
{
	if (opt.damage && !strcmp(opt.damage, "list")) {
		damage_list();
		exit(0);
	}
	if (!opt.mem || !opt.report || optind == argc)
		die("an argument is missing; see --help");
	if (!opt.halt == (opt.jump < LOADED_FROM))
		die("one of --halt and --jump is needed");
	if (opt.damage && !opt.halt)
		die("--damage is for --halt");
}

int main(int argc, char **argv)
{
	struct ram ram;
	uint64_t changed;
	int gdb, status;

	signal(SIGPIPE, SIG_IGN);
	parse_options(argc, argv);
	check_options(argc);
	ram_create(&ram, opt.mem);
	gdb = vm_start(argv + optind, argc - optind, &ram, VM_GDB);
	gdb_open(gdb, idle);
	changed = prove(&ram);
	status = vm_end();
	return status ? status : changed != 0;
}
