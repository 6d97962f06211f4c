/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vmm.h - what the files of the VMM share.
 *
 * A guest is two files: its memory, and a page or more that says all about its processors (struct
 * state). Both are memfds, and both are preserved in a live update session while the guest runs.
 * When the host's kernel is to be replaced, only the second one is left to be written.
 *
 *	vmm.c      the steps in order
 *	vm.c       the virtual machine: memory, processors, the loop around KVM_RUN
 *	cpu.c      the state of a processor, taken and given back
 *	clock.c    the guest's clock: where it goes on
 *	session.c  the live update session
 *	notify.c   what the service manager is told
 *
 * Functions that fail say why and end the program: there is nobody who could go on.
 */
#ifndef GUEST_VMM_H
#define GUEST_VMM_H

#include <linux/kvm.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "clock.h"

#define MOST_MSRS  512
#define MOST_CPUID 100
#define MOST_XSAVE 16384

/* Says why on stdout, with errno if it is set, and ends the program with status 1. */
_Noreturn void die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ioctl() that must succeed; @what names it. */
int must(int fd, unsigned long request, const void *argument, const char *what);

/* ---- state: what has to be handed over beside memory ----------------------------------------- */

/* All that KVM knows of a processor and that does not lie in the guest's memory. */
struct cpu_state {
	struct kvm_regs regs;
	struct kvm_sregs sregs; /* with the base of the APIC */
	struct kvm_xcrs xcrs;
	struct kvm_debugregs debug;
	struct kvm_lapic_state lapic; /* with the time that its timer has left */
	struct kvm_vcpu_events events;
	struct kvm_mp_state mp;
	uint64_t tsc_offset;
	uint32_t cpuid_count, msr_count;
	struct kvm_cpuid_entry2 cpuid[MOST_CPUID];
	struct kvm_msr_entry msr[MOST_MSRS];
	/* KVM_GET_XSAVE2: as large as KVM says, with state that is switched on later (AMX). */
	uint8_t xsave[MOST_XSAVE] __attribute__((aligned(8)));
};

#define STATE_MAGIC   0x6574617473766d76 /* "vmvstate" */
#define STATE_VERSION 1

/* What lies in the second file. */
struct state {
	uint64_t magic;
	uint32_t version;
	uint32_t cpus;
	uint64_t memory;   /* bytes */
	uint64_t bytes;    /* of the state itself: another VMM may have another idea of it */
	uint32_t complete; /* 0 from the start on until all is written */
	uint32_t huge;
	struct clock_state clock;
	struct cpu_state cpu[];
};

static inline size_t state_bytes(uint32_t cpus)
{
	return sizeof(struct state) + cpus * sizeof(struct cpu_state);
}

/* ---- vm.c ------------------------------------------------------------------------------------ */

struct vcpu {
	struct vm *vm;
	unsigned int number;
	int fd;
	struct kvm_run *run;
	pthread_t thread;
	bool right; /* it has checked itself since it was started here */
};

struct vm {
	int kvm, fd;
	int memory_fd, state_fd;
	uint8_t *memory;
	struct state *state;
	uint32_t cpus;
	volatile bool stopping;
	unsigned int right; /* processors with @right set */
	bool preserved;
	struct vcpu cpu[GUEST_MOST_CPUS];
};

static inline struct guest_board *vm_board(const struct vm *vm)
{
	return (struct guest_board *)(vm->memory + GUEST_BOARD);
}

/* Makes both files. @huge: memory in pages of 2 MiB, as far as there are any. */
void vm_make_files(struct vm *vm, uint64_t memory, uint32_t cpus, bool huge);

/* Maps both files, which came out of a session. Checks what the state says of itself. */
void vm_map_files(struct vm *vm);

/* Makes the virtual machine and its processors around the memory, which is mapped already. */
void vm_create(struct vm *vm);

/* Puts program, page tables and board into memory, and processors before the first instruction. */
void vm_load_program(struct vm *vm);

/* Starts a thread for each processor. */
void vm_run(struct vm *vm);

/* READY=1 is to be said again, once all processors have checked themselves once more. */
void vm_forget_right(struct vm *vm);

/* Ends these threads. No processor is in the middle of an instruction afterwards. */
void vm_stop(struct vm *vm);

/* A session has both files: READY=1, once all processors are right as well. */
void vm_is_preserved(struct vm *vm);

/* Rounds that all processors have counted. */
uint64_t vm_rounds(const struct vm *vm);

/* ---- cpu.c ----------------------------------------------------------------------------------- */

/* Is there room for all that KVM may want to say of a processor? To be asked while nothing runs. */
void cpu_check_room(const struct vm *vm);

/* What a processor is, before it has a state: CPUID as KVM can have it. */
void cpu_make(const struct vm *vm, const struct vcpu *cpu);

/* SSE, and AVX if it has that. */
void cpu_switch_on_vectors(const struct vcpu *cpu);

/*
 * Takes the state of a stopped processor, or gives it to a new one, whose time stamp counter is
 * offset by @tsc_shift more than the old one's.
 */
void cpu_save(const struct vm *vm, const struct vcpu *cpu, struct cpu_state *ret);
void cpu_restore(const struct vcpu *cpu, const struct cpu_state *state, uint64_t tsc_shift);

/* The host's time stamp counter. */
uint64_t cpu_host_tsc(void);

/* How fast it counts for the guest, in kHz. */
uint32_t cpu_tsc_khz(const struct vcpu *cpu);

/* Time stamp counter of the guest minus that of the host. */
void cpu_set_tsc_offset(const struct vcpu *cpu, uint64_t offset);

/* ---- session.c ------------------------------------------------------------------------------- */

/* A new session with both files in it. It lasts as long as it is open somewhere. */
int session_preserve(const char *name, const struct vm *vm);

/*
 * Takes both files out of the session that the last kernel has left, and returns that session: the
 * files can be taken once more as long as it is open. session_finish() ends it, and frees its name.
 */
int session_take(const char *name, struct vm *vm);
void session_finish(int session);

/* ---- notify.c -------------------------------------------------------------------------------- */

/*
 * sd_notify(3), without the library: to $NOTIFY_SOCKET; false if there is none. @fd: -1, or one to
 * keep.
 */
bool notify(const char *text, int fd);

#endif
