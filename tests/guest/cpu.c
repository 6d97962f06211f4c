// SPDX-License-Identifier: BSD-2-Clause
/*
 * cpu.c - the state of a processor: taken from KVM, and given to a new one.
 *
 * The order counts. KVM's own rules are in Documentation/virt/kvm/api.rst; those that bite:
 *
 *	CPUID      before all else: it says which registers and MSRs there are
 *	sregs      before the APIC's registers: the mode of the APIC is in its base
 *	APIC       before the MSRs: the deadline of its timer is one of them
 *	events     after all that could raise or clear one; taken before the registers, because to
 *	           ask for them may write what an exception brings along into CR2 and DR6
 *	run state  last, and taken first: to ask for it lets pending INITs happen
 *
 * The time stamp counter is the one MSR that is not copied: it goes on counting (clock.c).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vmm.h"

#define MSR_TSC           0x10
#define CPUID_1_ECX_AVX   (1U << 28)
#define CPUID_7_ECX_SHSTK (1U << 7)

/* KVM's lists end in arrays without a length. */
union one_msr {
	struct kvm_msrs list;
	uint8_t room[sizeof(struct kvm_msrs) + sizeof(struct kvm_msr_entry)];
};

union msr_numbers {
	struct kvm_msr_list list;
	uint8_t room[sizeof(struct kvm_msr_list) + MOST_MSRS * sizeof(uint32_t)];
};

union cpuids {
	struct kvm_cpuid2 list;
	uint8_t room[sizeof(struct kvm_cpuid2) + MOST_CPUID * sizeof(struct kvm_cpuid_entry2)];
};

/* ---- CPUID ----------------------------------------------------------------------------------- */

/*
 * Where CPUID tells a processor its own number. And shadow stacks, which this VMM does not offer:
 * their pointer is in no list of MSRs (KVM_GET_ONE_REG has it).
 */
static void adapt_cpuid(struct kvm_cpuid_entry2 *e, unsigned int number)
{
	if (e->function == 7 && !e->index)
		e->ecx &= ~CPUID_7_ECX_SHSTK;
	if (e->function == 1)
		e->ebx = (e->ebx & 0x00ffffff) | number << 24;
	if (e->function == 0xb || e->function == 0x1f)
		e->edx = number;
}

void cpu_make(const struct vm *vm, const struct vcpu *cpu)
{
	union cpuids all = {.list.nent = MOST_CPUID};

	must(vm->kvm, KVM_GET_SUPPORTED_CPUID, &all, "KVM_GET_SUPPORTED_CPUID");
	for (uint32_t i = 0; i < all.list.nent; i++)
		adapt_cpuid(&all.list.entries[i], cpu->number);
	must(cpu->fd, KVM_SET_CPUID2, &all, "KVM_SET_CPUID2");
}

static void save_cpuid(const struct vcpu *cpu, struct cpu_state *ret)
{
	union cpuids all = {.list.nent = MOST_CPUID};

	must(cpu->fd, KVM_GET_CPUID2, &all, "KVM_GET_CPUID2");
	ret->cpuid_count = all.list.nent;
	memcpy(ret->cpuid, all.list.entries, all.list.nent * sizeof(ret->cpuid[0]));
}

static void restore_cpuid(const struct vcpu *cpu, const struct cpu_state *state)
{
	union cpuids all = {.list.nent = state->cpuid_count};

	memcpy(all.list.entries, state->cpuid, state->cpuid_count * sizeof(state->cpuid[0]));
	must(cpu->fd, KVM_SET_CPUID2, &all, "KVM_SET_CPUID2");
}

static bool has_avx(const struct vcpu *cpu)
{
	union cpuids all = {.list.nent = MOST_CPUID};

	must(cpu->fd, KVM_GET_CPUID2, &all, "KVM_GET_CPUID2");
	for (uint32_t i = 0; i < all.list.nent; i++)
		if (all.list.entries[i].function == 1)
			return all.list.entries[i].ecx & CPUID_1_ECX_AVX;
	return false;
}

/* Not left to the program: QEMU 7.2 executes the XSETBV of a guest's guest without telling KVM. */
void cpu_switch_on_vectors(const struct vcpu *cpu)
{
	struct kvm_xcrs x = {.nr_xcrs = 1};

	x.xcrs[0].value = GUEST_XCR0_SSE | (has_avx(cpu) ? GUEST_XCR0_AVX : 0);
	must(cpu->fd, KVM_SET_XCRS, &x, "KVM_SET_XCRS");
}

/* ---- MSRs ------------------------------------------------------------------------------------ */

/*
 * Of those that KVM lists, those that this processor has. MTRRs and the banks of machine checks are
 * in no list; a guest that uses them needs them as well.
 */
static void save_msrs(const struct vm *vm, const struct vcpu *cpu, struct cpu_state *ret)
{
	union msr_numbers known = {.list.nmsrs = MOST_MSRS};
	union one_msr one = {.list.nmsrs = 1};

	must(vm->kvm, KVM_GET_MSR_INDEX_LIST, &known, "KVM_GET_MSR_INDEX_LIST");
	ret->msr_count = 0;
	for (uint32_t i = 0; i < known.list.nmsrs; i++) {
		one.list.entries[0] = (struct kvm_msr_entry){.index = known.list.indices[i]};
		if (known.list.indices[i] != MSR_TSC && ioctl(cpu->fd, KVM_GET_MSRS, &one) == 1)
			ret->msr[ret->msr_count++] = one.list.entries[0];
	}
}

/* One that the next kernel's KVM does not know is no loss if it was never set. */
static void restore_msrs(const struct vcpu *cpu, const struct cpu_state *state)
{
	union one_msr one = {.list.nmsrs = 1};

	for (uint32_t i = 0; i < state->msr_count; i++) {
		one.list.entries[0] = state->msr[i];
		errno = 0;
		if (ioctl(cpu->fd, KVM_SET_MSRS, &one) != 1 && state->msr[i].data)
			die("MSR 0x%x = 0x%llx", state->msr[i].index, state->msr[i].data);
	}
}

/* ---- time stamp counter ---------------------------------------------------------------------- */

uint64_t cpu_host_tsc(void)
{
	return __builtin_ia32_rdtsc();
}

static uint64_t tsc_offset(const struct vcpu *cpu)
{
	uint64_t ret = 0;
	struct kvm_device_attr a = {.group = KVM_VCPU_TSC_CTRL,
				    .attr = KVM_VCPU_TSC_OFFSET,
				    .addr = (uintptr_t)&ret};

	must(cpu->fd, KVM_GET_DEVICE_ATTR, &a, "get KVM_VCPU_TSC_OFFSET");
	return ret;
}

void cpu_set_tsc_offset(const struct vcpu *cpu, uint64_t offset)
{
	struct kvm_device_attr a = {.group = KVM_VCPU_TSC_CTRL,
				    .attr = KVM_VCPU_TSC_OFFSET,
				    .addr = (uintptr_t)&offset};

	must(cpu->fd, KVM_SET_DEVICE_ATTR, &a, "set KVM_VCPU_TSC_OFFSET");
}

uint32_t cpu_tsc_khz(const struct vcpu *cpu)
{
	return (uint32_t)must(cpu->fd, KVM_GET_TSC_KHZ, NULL, "KVM_GET_TSC_KHZ");
}

/* ---- all of it ------------------------------------------------------------------------------- */

/* Bytes of KVM_GET_XSAVE2; 0 where there is only KVM_GET_XSAVE. */
static int xsave2_size(const struct vm *vm)
{
	int ret = ioctl(vm->fd, KVM_CHECK_EXTENSION, KVM_CAP_XSAVE2);

	return ret > 0 ? ret : 0;
}

void cpu_check_room(const struct vm *vm)
{
	union msr_numbers known = {.list.nmsrs = MOST_MSRS};

	must(vm->kvm, KVM_GET_MSR_INDEX_LIST, &known, "KVM_GET_MSR_INDEX_LIST");
	errno = 0;
	if (xsave2_size(vm) > MOST_XSAVE)
		die("xsave: %d bytes, room for %d", xsave2_size(vm), MOST_XSAVE);
}

void cpu_save(const struct vm *vm, const struct vcpu *cpu, struct cpu_state *ret)
{
	must(cpu->fd, KVM_GET_MP_STATE, &ret->mp, "KVM_GET_MP_STATE");
	must(cpu->fd, KVM_GET_VCPU_EVENTS, &ret->events, "KVM_GET_VCPU_EVENTS");
	save_cpuid(cpu, ret);
	must(cpu->fd, KVM_GET_REGS, &ret->regs, "KVM_GET_REGS");
	must(cpu->fd, KVM_GET_SREGS, &ret->sregs, "KVM_GET_SREGS");
	must(cpu->fd, KVM_GET_XCRS, &ret->xcrs, "KVM_GET_XCRS");
	must(cpu->fd, xsave2_size(vm) ? KVM_GET_XSAVE2 : KVM_GET_XSAVE, ret->xsave,
	     "KVM_GET_XSAVE2");
	must(cpu->fd, KVM_GET_DEBUGREGS, &ret->debug, "KVM_GET_DEBUGREGS");
	must(cpu->fd, KVM_GET_LAPIC, &ret->lapic, "KVM_GET_LAPIC");
	save_msrs(vm, cpu, ret);
	ret->tsc_offset = tsc_offset(cpu);
}

void cpu_restore(const struct vcpu *cpu, const struct cpu_state *state, uint64_t tsc_shift)
{
	restore_cpuid(cpu, state);
	must(cpu->fd, KVM_SET_SREGS, &state->sregs, "KVM_SET_SREGS");
	must(cpu->fd, KVM_SET_XCRS, &state->xcrs, "KVM_SET_XCRS");
	must(cpu->fd, KVM_SET_XSAVE, state->xsave, "KVM_SET_XSAVE");
	must(cpu->fd, KVM_SET_REGS, &state->regs, "KVM_SET_REGS");
	must(cpu->fd, KVM_SET_DEBUGREGS, &state->debug, "KVM_SET_DEBUGREGS");
	/* Its speed stays as it is: the machine is the same, whatever the two kernels measured. */
	cpu_set_tsc_offset(cpu, state->tsc_offset + tsc_shift);
	must(cpu->fd, KVM_SET_LAPIC, &state->lapic, "KVM_SET_LAPIC");
	restore_msrs(cpu, state);
	must(cpu->fd, KVM_SET_VCPU_EVENTS, &state->events, "KVM_SET_VCPU_EVENTS");
	must(cpu->fd, KVM_SET_MP_STATE, &state->mp, "KVM_SET_MP_STATE");
}
