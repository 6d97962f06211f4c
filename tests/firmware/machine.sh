# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# machine.sh - a machine with UEFI firmware and one volume, and what it says. To be sourced after lib.sh
# and pool.sh.
#
# Each function but test_ runs in a test of pool.sh, with $logs as its directory. The script sets $only, the
# tests to run.

# shellcheck disable=SC2154,SC2054 # lib.sh's and pool.sh's; commas belong to the options
# Seconds that a machine may take
limit=150

# volume FILE...: a file system in $logs/esp.img; "name=file" gives a file its place there
volume() {
	local pair
	truncate -s 48M "$logs/esp.img"
	mformat -i "$logs/esp.img" -t 48 -h 32 -s 64 -v KHOBOOT ::
	mmd -i "$logs/esp.img" ::/EFI ::/EFI/BOOT
	for pair; do mcopy -i "$logs/esp.img" "${pair#*=}" "::/${pair%%=*}"; done
}

# on_partition: the volume becomes a partition of a disk with a GPT
on_partition() {
	on_gpt "$logs/esp.img"
}

# machine CODE VARS [OPTION...]: QEMU with that firmware and the volume
machine() {
	local code=$kho_ovmf/$1 vars=$kho_ovmf/$2
	shift 2
	# One processor: what firmware offers does not depend on their number.
	qemu_base 1G 1 max
	cp "$vars" "$logs/vars.fd"
	chmod u+w "$logs/vars.fd"
	qemu+=(-drive "if=pflash,unit=0,format=raw,readonly=on,file=$code"
		-drive "if=pflash,unit=1,format=raw,file=$logs/vars.fd"
		-drive "if=none,id=esp,format=raw,file=$logs/esp.img" -device virtio-blk-pci,drive=esp "$@")
}

# A line that ends the run early: when khoboot gives up, the firmware goes on to its shell.
until_line() { [[ $1 != *$stop_at* ]]; }

# boot [TEXT]: runs the machine until it powers off, or says TEXT
boot() {
	stop_at=${1:-khotest: FAIL}
	qemu_watch "$logs" "$limit" until_line
	tr -d '\r\0' <"$logs/serial.log" >"$logs/log"
}

says() {
	local text
	for text; do
		grep -qE -- "$text" "$logs/log" || { echo "not in the log: $text"; tail -n 40 "$logs/log"; return 1; }
	done
}

# test_ NAME COMMAND...: a test if its name matches
test_() {
	local name=$1
	shift
	[[ $name =~ $only ]] || return 0
	pool_run "$name" "$@"
}
