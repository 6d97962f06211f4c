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
#include <unistd.h>

#include "proof.h"

#define MAX_SCRATCH 64

static const char usage[] =
	"usage: proof [--arch ARCH] --mem BYTES --jump ADDR|--halt --report FILE [--damage NAME]\n"
	"             [--flip] -- QEMU [ARGUMENT]...\n"
	"\n"
	"  --arch ARCH    x86_64 (default) or arm64\n"
	"  --mem BYTES    guest RAM; QEMU's own -m must say the same\n"
	"  --jump ADDR    address of khoboot_jump_point in khoboot.elf\n"
	"  --halt         instead of --jump: khoboot refuses and halts, and the script ends QEMU\n"
	"  --damage NAME  damage what is handed over, before khoboot sees it ('list': the names);\n"
	"                 several, separated by commas, are tried one after the other\n"
	"  --at ADDR      stop at this address of khoboot.elf, too, and there\n"
	"  --monitor CMD  give this command to QEMU's monitor; commas stand for spaces\n"
	"  --report FILE  append the result, one line\n"
	"  --flip         change one preserved byte behind khoboot's back: the proof must notice\n"
	"\n"
	"QEMU's serial port must be on its stdin and stdout; they are passed through. The guest "
	"says\n"
	"'khotest: ready=jump' and then waits for one byte. Exit status: that of QEMU, else 1 when "
	"a\n"
	"byte has changed, 2 when the proof could not be carried out.\n";

static struct {
	const struct machine *machine;
	uint64_t mem;
	uint64_t jump;
	uint64_t at;
	const char *monitor;
	const char *report;
	const char *damage;
	int halt;
	int flip;
} opt = {.machine = &machine_x86_64};

static void idle(void)
{
	vm_pump(0);
}

/* ---- the proof ------------------------------------------------------------------------------ */

/* Lets A load khoboot and get ready, then runs to khoboot's entry. */
static uint64_t run_to_entry(struct gdb_regs *regs)
{
	uint64_t load;
	const char *at;

	gdb_continue();
	vm_wait_for("khotest: ready=jump");
	at = vm_said(opt.machine->loaded);
	if (!at)
		die("the kernel did not print the load address: khotest.debug=1 is missing");
	load = strtoull(at + strlen(opt.machine->loaded), NULL, 16);
	gdb_interrupt();
	vm_type('g');
	gdb_run_to(load + opt.machine->entry, regs);
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

/* What the machine does to khoboot on the way, as an NMI. */
static void disturb(uint64_t load, struct gdb_regs *regs)
{
	char command[200];

	if (!opt.monitor)
		return;
	snprintf(command, sizeof(command), "%s", opt.monitor);
	for (char *c = command; *c; c++)
		*c = *c == ',' ? ' ' : *c;
	gdb_run_to(load + opt.at - opt.machine->linked_at, regs);
	gdb_monitor(command);
}

/* All that is handed over, and all RAM outside scratch: khoboot has no business there. */
static uint64_t prove_jump(struct ram *ram, uint64_t load, struct gdb_regs *regs)
{
	struct piece scratch[MAX_SCRATCH];
	struct kho_node node;
	struct pieces l;
	uint64_t changed, elsewhere;
	size_t areas;

	opt.machine->find(ram, regs->argument, &node);
	walk_kho(ram, &node, &l);
	areas = walk_scratch(ram, &node, scratch, MAX_SCRATCH);
	ram_snapshot(ram);
	if (opt.flip)
		flip_one(ram, &l);
	disturb(load, regs);
	gdb_run_to(load + opt.jump - opt.machine->linked_at, regs);
	changed = compare(ram, &l);
	elsewhere = ram_changed_elsewhere(ram, scratch, areas);
	report(opt.report,
	       "kho-v%u page=%llu level=%u pieces=%zu preserved=%llu metadata=%llu khoboot=0x%llx "
	       "changed=%llu outside-scratch=%llu",
	       l.version, (unsigned long long)node.fdt_len, regs->level, l.count,
	       (unsigned long long)l.preserved, (unsigned long long)l.metadata,
	       (unsigned long long)load, (unsigned long long)changed,
	       (unsigned long long)elsewhere);
	gdb_detach();
	return changed + elsewhere;
}

/* With what code did khoboot stop? "none" when it ran on, or gave no remedy. */
static const char *refusal(void)
{
	static char code[16];
	char remedy[32];
	const char *at = vm_said("khoboot: stop: KB-");

	if (!at || sscanf(at, "khoboot: stop: %15[^:]", code) != 1 || vm_said("Linux version"))
		return "none";
	snprintf(remedy, sizeof(remedy), "%s remedy: ", code);
	return vm_said(remedy) && strstr(at, ": halted") ? code : "none";
}

/* All RAM but khoboot's own segment, from its entry to the end of the machine. */
static uint64_t prove_halt(struct ram *ram, const struct piece *own, struct gdb_regs *regs)
{
	uint64_t changed;

	if (opt.damage)
		damage(opt.machine, ram, regs->argument, opt.damage);
	ram_snapshot(ram);
	if (opt.flip)
		ram->live[ram_offset(ram, own->pa + own->len, 1)] ^= 1;
	disturb(own->pa, regs);
	gdb_detach();
	while (vm_pump(-1))
		;
	changed = ram_changed_elsewhere(ram, own, 1);
	report(opt.report, "halted damage=%s code=%s changed=%llu",
	       opt.damage ? opt.damage : "none", refusal(), (unsigned long long)changed);
	return changed;
}

/* ---- several damages of one boot ------------------------------------------------------------ */

/* A machine stopped by a breakpoint cannot be loaded; one that runs in circles can be halted. */
static void halt_machine(struct ram *ram, uint64_t entry)
{
	const struct machine *m = opt.machine;
	uint8_t *at = ram->live + ram_offset(ram, entry, m->loop_len);
	uint8_t code[sizeof(m->loop)];

	memcpy(code, at, m->loop_len);
	memcpy(at, m->loop, m->loop_len);
	gdb_continue();
	gdb_interrupt();
	memcpy(at, code, m->loop_len);
}

/*
 * The machine at khoboot's entry is kept in two parts: its RAM as a copy here, all else as a
 * migration stream in a file. A new QEMU for each damage begins from there.
 */
static void save_machine(struct ram *ram, const char *file)
{
	char command[400];

	gdb_monitor("migrate_set_capability x-ignore-shared on");
	snprintf(command, sizeof(command), "migrate -d \"exec:cat >%s\"", file);
	gdb_monitor(command);
	while (!strstr(gdb_monitor("info migrate"), "Migration status: completed"))
		vm_pump(20);
	ram_snapshot(ram);
	vm_kill();
}

/* Waits for a line of QMP that has @text in it. */
static void expect(int qmp, const char *text)
{
	char line[2000];

	do {
		if (!qmp_line(qmp, line, sizeof(line)) || strstr(line, "\"error\""))
			die("QEMU does not load the machine: %s", line);
	} while (!strstr(line, text));
}

/* Returns QMP of a machine that is stopped where the other one was saved. */
static int load_machine(char **argv, int argc, struct ram *ram, const char *file)
{
	char command[500];
	char **all = calloc((size_t)argc + 4, sizeof(*all));
	const char *more[] = {"-S", "-incoming", "defer"};
	int qmp;

	if (!all)
		die("out of memory");
	memcpy(all, argv, (size_t)argc * sizeof(*all));
	memcpy(all + argc, more, sizeof(more));
	ram_restore(ram);
	qmp = vm_start(all, argc + 3, ram, VM_QMP);
	free(all);
	qmp_send(qmp, "qmp_capabilities");
	qmp_send(qmp,
		 "{\"execute\": \"migrate-set-capabilities\", \"arguments\": {\"capabilities\": "
		 "[{\"capability\": \"x-ignore-shared\", \"state\": true},"
		 "{\"capability\": \"events\", \"state\": true}]}}");
	snprintf(command, sizeof(command),
		 "{\"execute\": \"migrate-incoming\", \"arguments\": {\"uri\": \"exec:cat %s\"}}",
		 file);
	qmp_send(qmp, command);
	expect(qmp, "\"completed\"");
	return qmp;
}

/* From the saved machine to khoboot's halt; the last one is also for the script to judge. */
static uint64_t prove_one(char **argv, int argc, struct ram *ram, const struct piece *own,
			  uint64_t argument, const char *name, const char *file)
{
	uint8_t *saved = ram->copy;
	uint64_t changed;
	int qmp = load_machine(argv, argc, ram, file);

	damage(opt.machine, ram, argument, name);
	ram_snapshot(ram);
	qmp_send(qmp, "cont");
	vm_wait_for("khoboot: stop: ");
	changed = ram_changed_elsewhere(ram, own, 1);
	report(opt.report, "halted damage=%s code=%s changed=%llu", name, refusal(),
	       (unsigned long long)changed);
	close(qmp);
	ram_forget(ram);
	ram->copy = saved;
	return changed;
}

static uint64_t prove_many(char **argv, int argc, struct ram *ram, const struct piece *own,
			   uint64_t argument)
{
	char file[300], *list = strdup(opt.damage);
	uint64_t changed = 0;

	snprintf(file, sizeof(file), "%s.machine", opt.report);
	halt_machine(ram, own->pa + opt.machine->entry);
	save_machine(ram, file);
	vm_mute(true);
	for (char *name = strtok(list, ","), *next; name; name = next) {
		next = strtok(NULL, ",");
		vm_mute(next);
		changed += prove_one(argv, argc, ram, own, argument, name, file);
		if (next)
			vm_kill();
	}
	remove(file);
	free(list);
	return changed;
}

/* Returns the number of bytes that changed and must not. */
static uint64_t prove(char **argv, int argc, struct ram *ram)
{
	struct gdb_regs regs;
	uint64_t load = run_to_entry(&regs);
	struct piece own = {load, 0};

	if (!opt.halt)
		return prove_jump(ram, load, &regs);
	own.len = opt.machine->memory(ram, load, regs.argument);
	if (opt.damage && strchr(opt.damage, ','))
		return prove_many(argv, argc, ram, &own, regs.argument);
	return prove_halt(ram, &own, &regs);
}

static _Noreturn void show_usage(int status)
{
	fputs(usage, status ? stderr : stdout);
	exit(status);
}

static const struct machine *machine_named(const char *name)
{
	static const struct machine *const all[] = {&machine_x86_64, &machine_arm64};

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (!strcmp(all[i]->name, name))
			return all[i];
	die("--arch %s: must be x86_64 or arm64", name);
}

static void parse_options(int argc, char **argv)
{
	static const struct option longs[] = {
		{"mem", required_argument, NULL, 'm'},
		{"jump", required_argument, NULL, 'j'},
		{"at", required_argument, NULL, 'A'},
		{"monitor", required_argument, NULL, 'M'},
		{"report", required_argument, NULL, 'r'},
		{"damage", required_argument, NULL, 'd'},
		{"halt", no_argument, &opt.halt, 1},
		{"flip", no_argument, &opt.flip, 1},
		{"arch", required_argument, NULL, 'a'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
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
		else if (c == 'A')
			opt.at = number(optarg);
		else if (c == 'M')
			opt.monitor = optarg;
		else if (c == 'a')
			opt.machine = machine_named(optarg);
		else if (c)
			show_usage(c == 'h' ? 0 : 2);
	}
}

static void check_options(int argc)
{
	if (opt.damage && !strcmp(opt.damage, "list")) {
		damage_list(opt.machine);
		exit(0);
	}
	if (!opt.mem || !opt.report || optind == argc)
		die("an argument is missing; see --help");
	if (!opt.halt == (opt.jump <= opt.machine->linked_at))
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
	ram_create(&ram, opt.machine->ram, opt.mem);
	gdb = vm_start(argv + optind, argc - optind, &ram, VM_GDB);
	gdb_open(gdb, idle, &opt.machine->gdb);
	changed = prove(argv + optind, argc - optind, &ram);
	status = vm_end();
	return status ? status : changed != 0;
}
