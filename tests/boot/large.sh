# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# large.sh - a machine of 520 GiB and 32 nodes, of which the host gives only what is written. To be sourced
# after lib.sh.

# standin FILE: tests/boot/standin.S as a kernel
standin() {
	"$kho_build/host/loaders" kernel "$1" kho-v4 7.3.4-standin || return 1
	dd if="$kho_build/host/standin.bin" of="$1" bs=1 seek=$((2048 + 0x200)) conv=notrunc status=none
}

# large_machine: arguments of QEMU for its memory, all but 2 GiB of it in the last node
large_machine() {
	local node size left=$((520 * 1024))
	for node in {0..31}; do
		size=48
		[ "$node" -gt 0 ] || size=512
		[ "$node" -lt 31 ] || size=$left
		left=$((left - size))
		printf -- '-object memory-backend-ram,id=m%d,size=%dM,reserve=off -numa node,memdev=m%d ' \
			"$node" $size "$node"
	done
}

# large KERNEL OPTION...: from KERNEL to the stand-in on that machine, with a processor without pages of 1 GiB.
# The kernel keeps to 2 GiB; khoboot is told of all memory. Fails unless there were so many areas of scratch,
# and the stand-in was entered.
# shellcheck disable=SC2154 # logs is set by pool_run
large() {
	local from=$1
	shift
	standin "$logs/standin" || return 1
	"$kho_root/ovmf-scripts/handover" --logs "$logs" --from "$from" --to "$logs/standin" --smp 1 \
		--cpu Nehalem --mem 520G --append-from mem=2G --scratch 64M,128M,8M --qemu "$(large_machine)" "$@"
	grep -aE '^khotest: scratch_len=(0x[0-9a-f]+,){33}0x' "$logs/serial.log" &&
		grep -a '^khoboot: boot: handing over' "$logs/serial.log" &&
		grep -a '^standin: ' "$logs/serial.log"
}
