// SPDX-License-Identifier: BSD-2-Clause
/*
 * vm.c - the virtual machine: its memory, its processors, and the loop around KVM_RUN.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vmm.h"

#define MIB  (1024UL * 1024)
#define HUGE (2 * MIB)
#define GIB  (1024 * MIB)

/* Words of page tables, CR0, CR4 and EFER (Intel SDM, volume 3, chapters 2 and 4). */
#define PRESENT_WRITE 0x003
#define LARGE         0x080
#define CR0_PE_ET_PG  0x80000011
#define CR4_PAE_SSE   0x40620 /* with XSAVE */
#define EFER_LME_LMA  0x500

/* image.S: the program */
extern const uint8_t program[], program_end[];

/* ---- files ----------------------------------------------------------------------------------- */

static int make_memfd(const char *name, uint64_t bytes)
{
	int fd = (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)bytes))
		die("memfd of %lu bytes", bytes);
	return fd;
}

/* At a multiple of 2 MiB, or the kernel could not map huge pages as such. */
static void *map(int fd, uint64_t bytes)
{
	uintptr_t at = (uintptr_t)mmap(NULL, bytes + HUGE, PROT_NONE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	void *ret = (void *)((at + HUGE - 1) & ~(HUGE - 1));

	ret = mmap(ret, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);

	if (ret == MAP_FAILED)
		die("map %lu bytes", bytes);
	return ret;
}

void vm_make_files(struct vm *vm, uint64_t memory, uint32_t cpus, bool huge)
{
	vm->cpus = cpus;
	vm->memory_fd = make_memfd("guest-memory", memory);
	vm->state_fd = make_memfd("guest-state", state_bytes(cpus));
	vm->memory = map(vm->memory_fd, memory);
	vm->state = map(vm->state_fd, state_bytes(cpus));
	/* A wish: the host decides by transparent_hugepage/shmem_enabled. */
	if (huge)
		madvise(vm->memory, memory, MADV_HUGEPAGE);
	*vm->state = (struct state){.magic = STATE_MAGIC,
				    .version = STATE_VERSION,
				    .cpus = cpus,
				    .memory = memory,
				    .bytes = state_bytes(cpus),
				    .huge = huge};
}

static uint64_t file_size(int fd)
{
	struct stat s;

	if (fstat(fd, &s))
		die("fstat");
	return (uint64_t)s.st_size;
}

/* The last kernel's word, checked before it is used. */
static void check_state(const struct vm *vm, uint64_t bytes)
{
	const struct state *s = vm->state;

	errno = 0;
	if (bytes < sizeof(*s) || s->magic != STATE_MAGIC || s->version != STATE_VERSION)
		die("the state is not of this VMM");
	if (!s->cpus || s->cpus > GUEST_MOST_CPUS || s->bytes != state_bytes(s->cpus) ||
	    s->bytes > bytes || s->memory != file_size(vm->memory_fd) ||
	    s->memory < GUEST_LEAST_MEMORY || !s->clock.tsc_khz)
		die("the state does not belong to this memory");
	for (unsigned int i = 0; i < s->cpus; i++)
		if (s->cpu[i].cpuid_count > MOST_CPUID || s->cpu[i].msr_count > MOST_MSRS)
			die("the state of processor %u is longer than there is room", i);
	if (!s->complete)
		die("the state was never written: the guest did not stop before the jump");
}

void vm_map_files(struct vm *vm)
{
	uint64_t bytes = file_size(vm->state_fd);

	vm->state = map(vm->state_fd, bytes);
	check_state(vm, bytes);
	vm->cpus = vm->state->cpus;
	vm->memory = map(vm->memory_fd, vm->state->memory);
}

/* ---- the machine ----------------------------------------------------------------------------- */

static void create_cpu(struct vm *vm, unsigned int number)
{
	int size = must(vm->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");
	struct vcpu *cpu = &vm->cpu[number];
	uintptr_t id = number;

	*cpu = (struct vcpu){.vm = vm, .number = number};
	cpu->fd = must(vm->fd, KVM_CREATE_VCPU, (void *)id, "KVM_CREATE_VCPU");
	cpu->run = map(cpu->fd, (uint64_t)size);
}

void vm_create(struct vm *vm)
{
	struct kvm_userspace_memory_region memory = {.memory_size = vm->state->memory,
						     .userspace_addr = (uintptr_t)vm->memory};
	/* Each processor has an APIC; there is no other interrupt controller. */
	struct kvm_enable_cap split = {.cap = KVM_CAP_SPLIT_IRQCHIP, .args = {24}};

	vm->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (vm->kvm < 0)
		die("/dev/kvm");
	vm->fd = must(vm->kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
	must(vm->fd, KVM_ENABLE_CAP, &split, "KVM_CAP_SPLIT_IRQCHIP");
	must(vm->fd, KVM_SET_USER_MEMORY_REGION, &memory, "KVM_SET_USER_MEMORY_REGION");
	cpu_check_room(vm);
	for (unsigned int i = 0; i < vm->cpus; i++)
		create_cpu(vm, i);
}

/* ---- what the program needs ------------------------------------------------------------------ */

/* Guest virtual is guest physical, in pages of 2 MiB: a table for each GiB. */
static void make_tables(struct vm *vm)
{
	uint64_t *level4 = (uint64_t *)(vm->memory + GUEST_TABLES);
	uint64_t *level3 = level4 + GUEST_WORDS, *level2 = level3 + GUEST_WORDS;

	level4[0] = (GUEST_TABLES + GUEST_PAGE) | PRESENT_WRITE;
	for (uint64_t at = 0; at < vm->state->memory; at += HUGE) {
		level3[at / GIB] = (GUEST_TABLES + (2 + at / GIB) * GUEST_PAGE) | PRESENT_WRITE;
		level2[at / HUGE] = at | PRESENT_WRITE | LARGE;
	}
}

static struct kvm_segment flat(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment){.limit = UINT32_MAX,
				    .selector = selector,
				    .type = type,
				    .present = 1,
				    .s = 1,
				    .g = 1,
				    .l = type == 11,
				    .db = type != 11};
}

/* 64-bit mode at the program's first instruction, with the processor's number. */
static void set_first_state(const struct vcpu *cpu)
{
	struct kvm_regs regs = {.rip = GUEST_IMAGE, .rdi = cpu->number, .rflags = 2};
	struct kvm_mp_state runs = {.mp_state = KVM_MP_STATE_RUNNABLE};
	struct kvm_sregs s = {0};

	must(cpu->fd, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
	s.cs = flat(0x08, 11); /* code */
	s.ds = s.es = s.fs = s.gs = s.ss = flat(0x10, 3);
	s.cr0 = CR0_PE_ET_PG;
	s.cr3 = GUEST_TABLES;
	s.cr4 = CR4_PAE_SSE;
	s.efer = EFER_LME_LMA;
	must(cpu->fd, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
	cpu_switch_on_vectors(cpu);
	must(cpu->fd, KVM_SET_REGS, &regs, "KVM_SET_REGS");
	must(cpu->fd, KVM_SET_MP_STATE, &runs, "KVM_SET_MP_STATE");
}

void vm_load_program(struct vm *vm)
{
	struct guest_board *board = vm_board(vm);
	uint64_t zero = -cpu_host_tsc(); /* the guest's clock begins there, on all processors */

	memcpy(vm->memory + GUEST_IMAGE, program, (size_t)(program_end - program));
	make_tables(vm);
	board->memory = vm->state->memory;
	board->cpus = vm->cpus;
	for (unsigned int i = 0; i < vm->cpus; i++) {
		cpu_make(vm, &vm->cpu[i]);
		set_first_state(&vm->cpu[i]);
		cpu_set_tsc_offset(&vm->cpu[i], zero);
	}
	board->tsc_khz = cpu_tsc_khz(&vm->cpu[0]);
}

/* ---- it runs --------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static const char *what_is_wrong(uint64_t value)
{
	static const char *const text[] = {
		[GUEST_WRONG_SUM] = "the sum over its memory is not the number of its rounds",
		[GUEST_WRONG_WEIGHT] = "its memory has the right sum in wrong places",
		[GUEST_WRONG_CLOCK] = "its clock went back",
		[GUEST_WRONG_VECTORS] = "an SSE or AVX register changed",
		[GUEST_WRONG_DEBUG] = "a debug register changed",
		[GUEST_WRONG_MSR] = "an MSR changed",
		[GUEST_WRONG_XCR0] = "XCR0 changed",
		[GUEST_WRONG_ANSWER] = "an instruction was left half done",
		[GUEST_WRONG_TOGETHER] = "its processors have different clocks",
	};

	return value < sizeof(text) / sizeof(text[0]) ? text[value] : "?";
}

/* How much of the mapping at @at is in huge pages, as /proc/self/smaps says; in KiB. */
static uint64_t huge_kib(const void *at)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	uint64_t start, ret = 0;
	bool ours = false;
	char line[256];

	if (!f)
		die("/proc/self/smaps");
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-", &start) == 1 && strchr(line, '-'))
			ours = start == (uintptr_t)at;
		if (ours)
			sscanf(line, "ShmemPmdMapped: %lu kB", &ret);
	}
	fclose(f);
	return ret;
}

static void tell_pages(const struct vm *vm)
{
	uint64_t huge = huge_kib(vm->memory), all = vm->state->memory / 1024;

	if (huge == all)
		printf("vmm: memory is in huge pages: all of it\n");
	else
		printf("vmm: memory is in huge pages: %lu of %lu KiB\n", huge, all);
}

static void tell_if_ready(const struct vm *vm)
{
	if (vm->preserved && vm->right == vm->cpus)
		notify("READY=1", -1);
}

void vm_is_preserved(struct vm *vm)
{
	pthread_mutex_lock(&lock);
	vm->preserved = true;
	tell_if_ready(vm);
	pthread_mutex_unlock(&lock);
}

static void is_right(struct vcpu *cpu)
{
	struct vm *vm = cpu->vm;

	if (cpu->right)
		return;
	cpu->right = true;
	/* All memory was touched when the last one is right. */
	if (++vm->right == vm->cpus && vm->state->huge)
		tell_pages(vm);
	tell_if_ready(vm);
}

void vm_forget_right(struct vm *vm)
{
	pthread_mutex_lock(&lock);
	vm->right = 0;
	for (unsigned int i = 0; i < vm->cpus; i++)
		vm->cpu[i].right = false;
	pthread_mutex_unlock(&lock);
}

/* A processor of the guest has something to tell. */
static void tell(struct vcpu *cpu)
{
	const struct guest_cpu *c = &vm_board(cpu->vm)->cpu[cpu->number];

	switch (c->report) {
	case GUEST_FILLED:
		printf("guest: cpu %u: has written %lu pages\n", cpu->number, c->pages);
		return;
	case GUEST_AWAY:
		printf("guest: cpu %u: was away for %lu.%03lu s\n", cpu->number, c->value / 1000000,
		       c->value / 1000 % 1000);
		return;
	case GUEST_RIGHT:
		printf("guest: cpu %u: %lu rounds, sum over %lu pages right, %lu ticks\n",
		       cpu->number, c->rounds, c->pages, c->ticks);
		is_right(cpu);
		return;
	}
	errno = 0;
	if (c->value == GUEST_WRONG_TRAP)
		die("guest: cpu %u: an exception, on the stack: 0x%lx 0x%lx", cpu->number,
		    c->stack[0], c->stack[1]);
	die("guest: cpu %u: WRONG: %s", cpu->number, what_is_wrong(c->value));
}

/* It asks for its rounds. The value lies with us until KVM is entered again. */
static void answer(struct vcpu *cpu)
{
	uint32_t rounds = (uint32_t)vm_board(cpu->vm)->cpu[cpu->number].rounds;

	memcpy((uint8_t *)cpu->run + cpu->run->io.data_offset, &rounds, sizeof(rounds));
}

static void handle_exit(struct vcpu *cpu)
{
	struct kvm_run *run = cpu->run;

	errno = 0;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != GUEST_PORT || run->io.size != 4)
		die("cpu %u: exit for reason %u", cpu->number, run->exit_reason);
	if (run->io.direction == KVM_EXIT_IO_IN) {
		answer(cpu);
		return;
	}
	pthread_mutex_lock(&lock);
	tell(cpu);
	pthread_mutex_unlock(&lock);
}

/*
 * After an exit the instruction that caused it is still to be finished: KVM does that when it is
 * entered again. With @immediate_exit it does no more than that. So a processor is left only when
 * KVM_RUN itself says that it was interrupted.
 */
static void *run_cpu(void *arg)
{
	struct vcpu *cpu = arg;

	for (;;) {
		if (!ioctl(cpu->fd, KVM_RUN, NULL))
			handle_exit(cpu);
		else if (errno != EINTR && errno != EAGAIN)
			die("cpu %u: KVM_RUN", cpu->number);
		else if (cpu->vm->stopping)
			return NULL;
	}
}

static void wake_up(int sig)
{
	(void)sig;
}

void vm_run(struct vm *vm)
{
	struct sigaction a = {.sa_handler = wake_up};

	sigaction(SIGUSR1, &a, NULL);
	for (unsigned int i = 0; i < vm->cpus; i++) {
		errno = pthread_create(&vm->cpu[i].thread, NULL, run_cpu, &vm->cpu[i]);
		if (errno)
			die("start a thread");
	}
}

void vm_stop(struct vm *vm)
{
	vm->stopping = true;
	for (unsigned int i = 0; i < vm->cpus; i++) {
		vm->cpu[i].run->immediate_exit = 1;
		pthread_kill(vm->cpu[i].thread, SIGUSR1);
	}
	for (unsigned int i = 0; i < vm->cpus; i++)
		pthread_join(vm->cpu[i].thread, NULL);
}

uint64_t vm_rounds(const struct vm *vm)
{
	uint64_t ret = 0;

	for (unsigned int i = 0; i < vm->cpus; i++)
		ret += vm_board(vm)->cpu[i].rounds;
	return ret;
}
