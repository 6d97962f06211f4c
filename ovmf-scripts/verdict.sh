# shellcheck shell=bash
# SPDX-License-Identifier: BSD-2-Clause
#
# verdict.sh - reads the serial log of handover and decides: what is noted while the machine runs, what is
# looked for in the log, which points a test has, what is printed. To be sourced by handover after lib.sh.
# handover sets the variables of the options; logs, log, qemu_end and qemu_status come from machine.sh.
#
# A line of the log with `khotest:` comes from the machine's init (tests/init), one with `khoboot:` from
# khoboot, any other from firmware or Linux. A new point is a line `point NAME CHECK` in one of the
# functions points...; most checks are `said TEXT` or `heard TEXT`.

# shellcheck disable=SC2154 # kho_... and ktap_... are lib.sh's, the others handover's and machine.sh's

# ---- while it runs -------------------------------------------------------------------------

declare -A stamp
passed=0

# mark STATION: it is passed now
mark() { stamp[$1]=$EPOCHREALTIME; }

# read_clock: sets now to the time of --clock, in seconds
read_clock() {
	local thread run sum=0
	now=$EPOCHREALTIME
	[ "$clock" = cpu ] || return 0
	for thread in /proc/"${qemu_pid:-self}"/task/*/schedstat; do
		read -r run _ <"$thread" && sum=$((sum + run / 1000))
	done 2>/dev/null
	printf -v now '%d.%06d' $((sum / 1000000)) $((sum % 1000000))
}

# note LINE: for --stamps
note() {
	local now
	[ -n "$stamps" ] || return 0
	read_clock
	printf '%s %s\n' "$now" "$1" >>"$stamps"
}

# on_line LINE: notes it, marks the stations, and counts how often firmware started khoboot; returns 1 if nothing
# more is expected
on_line() {
	note "$1"
	# What firmware starts has begun: from here on a silence is ours to explain.
	[[ $1 != *khoboot:* && $1 != *'Linux version'* ]] || qemu_spoke=1
	case $1 in
	'khoboot: start: '*' UEFI door'*)
		passed=$((passed + 1))
		[ $passed -le "$passes" ] || return 1
		;;
	*'khotest: side=out'*) mark a ;;
	*'khotest: loading='*) mark load ;;
	*'khotest: jump=now'*) mark jump ;;
	*'khotest: side=in'*) mark b ;;
	*'vmm: guest has stopped '*) [ -n "${stamp[stopped]:-}" ] || mark stopped ;;
	*'vmm: guest goes on '*) [ -n "${stamp[resumed]:-}" ] || mark resumed ;;
	*'guest: cpu 0: was away '*)
		[ -z "${stamp[resumed]:-}" ] || [ -n "${stamp[noticed]:-}" ] || mark noticed
		;;
	*'khoboot: stop: '*': halted'*)
		[ "$screen" -eq 0 ] || screen_shows "$logs" "khoboot: stop: ${expect#*:}: halted" >&2
		return 1
		;;
	esac
}

# ---- the log -------------------------------------------------------------------------------

# Makes $log.all, and two parts of it: $log.a, up to the load, is A's; $log.b is that of khoboot and B.
split_log() {
	tr -d '\r\0' <"$logs/serial.log" >"$log.all"
	awk -v a="$log.a" -v b="$log.b" 'BEGIN { out = a; printf "" >a; printf "" >b }
		{ print >out } /khotest: loading=/ { out = b }' "$log.all"
}

# said TEXT: A's init said so, up to the load
said() { grep -qF "khotest: $1" "$log.a"; }

# heard TEXT: it is in the log after the load
heard() { grep -qF -e "$1" "$log.b"; }
not_heard() { ! grep -qF -e "$1" "$log.b"; }

# seen TEXT: it was on the screen when khoboot halted
seen() { grep -qF -e "$1" "$logs/screen.txt"; }

# ---- checks: khoboot -----------------------------------------------------------------------

# It handed over, and told of what and how fast.
handed_over() {
	local what='kho-v[0-9]+, [0-9]+ ranges, [0-9]+ bytes preserved'
	grep -qE "khoboot: boot: handing over $what, to .+ in [0-9]+ us" "$log.b"
}

# The number of ranges in that line. B repeats the line, as part of khoboot's log.
ranges() { sed -n 's/.*handing over kho-v[0-9]*, \([0-9]*\) ranges.*/\1/p' "$log.b" | head -n 1; }
ranges_at_least() { [ "$(ranges)" -ge "$1" ] 2>/dev/null; }

# handed_over_times N: by khoboot itself, not counting what B repeats
handed_over_times() { [ "$(grep -c '^khoboot: boot: handing over kho-v' "$log.b")" -eq "$1" ]; }

# counted_to N: each kexec has its number, from 1 to N
counted_to() {
	local numbers
	numbers=$(sed -n 's/^khoboot: kho: from .* kexec number //p' "$log.b" | xargs)
	[ "$numbers" = "$(seq -s ' ' "$1")" ]
}

# checked_sets N: each set of --luo-set came back N times
checked_sets() {
	local name
	for name in ${luo_set//,/ }; do
		[ "$(grep -c "khotest: set_checked=$name, " "$log.b")" -eq "$1" ] || return 1
	done
}

# Over many handovers, scratch gets neither less nor more.
scratch_stays() {
	[ "$(sed -n 's/^khoboot: plan: scratch has \([^,]*\),.*/\1/p' "$log.b" | sort -u | wc -l)" -eq 1 ]
}

# stops: a line for each kernel of a chain. Its release, and whether it brought the data of its own test (it does
# if it got none); the KiB that it has once everything was taken back; what it handed over: ranges, bytes, pages
# of map.
stops() {
	awk '/khotest: log:/ { next }
		/khotest: side=(in|both)/ { total = "-"; new = "new" }
		/khotest: release=/ { sub(/.*release=/, ""); release = $1 }
		/khotest: restore=succeeded/ { new = "old" }
		/khotest: mem_total=/ { sub(/.*mem_total=/, ""); total = $1 }
		/^khoboot: kho: kho-v[0-9]+, / { print release, new, total, $4, $6, $9 }
		/khotest: end=/ { print release, new, total, "- - -" }
		BEGIN { total = "-"; new = "new" }' "$log.all"
}

# no_growth COLUMN SLACK SIGN: is COLUMN of stops in no line worse (more; SIGN -1: less) by more than SLACK than in
# an earlier line of the same release? Not compared: what brings its own test data with what does not.
no_growth() {
	stops | awk -v column="$1" -v slack="$2" -v sign="${3:-1}" '
		{ key = $1 $2 }
		$column == "-" { next }
		key in first { compared++; if (sign * ($column - first[key]) > slack) exit bad = 1 }
		!(key in first) { first[key] = $column }
		END { exit bad || !compared }'
}

# What is preserved again and again although nobody wants it, or takes more and more pages to describe (a page at
# another address may need a leaf and some nodes), or is never given back.
same_bytes() { no_growth 5 0; }
same_map() { no_growth 6 16; }
same_memory() { no_growth 3 64 -1; }

# The firmware route: before the reset, after it, and where khoboot took the direct one instead.
sealed_and_reset() { heard 'khoboot: route: resetting into firmware'; }
found_the_record() { heard 'khoboot: route: record at 0x'; }
took_direct_for() {
	grep -q "khoboot: route: KB-$1 .*; taking the direct route" "$log.b" && [ $passed -le 1 ]
}

# What B was refused for, before the second kernel of its image was started.
went_back_for() { grep -q "^khoboot: fallback: KB-$1 refuses " "$log.b" && [ $passed -le 1 ]; }

# khoctl says by which route, and that digests were compared on the one that has them.
reported_whole() {
	heard 'outcome:   handed over' && not_heard 'outcome:   handed over,' || return
	case $via in
	firmware) heard ', through a reset of the machine (' && heard 'verified:  digests ' ;;
	*) heard 'bare-metal door, direct route (' ;;
	esac
}

# ---- checks: the last kernel ---------------------------------------------------------------

# All data came back, or none.
restored_or_lost() {
	heard 'khotest: restore=succeeded' ||
		{ heard 'khotest: restore=none' && not_heard 'khotest: restore=failed'; }
}

# checked_times N: the memfd of --luo came back N times
checked_times() { [ "$(grep -c "khotest: luo_checked=$luo\$" "$log.b")" -eq "$1" ]; }

# The last kernel is A's.
same_release() { heard "$(grep -m 1 -oE 'khotest: release=[^ ]+' "$log.a" || echo none)"; }

# The page tables of kernel A: 5-level or 4-level.
paging() { if said la57=yes; then echo 5; else echo 4; fi; }
same_paging() { heard "$(grep -oE 'khotest: la57=(yes|no)' "$log.a")"; }

# The memory of reserve_mem= is where A had it, and what A has written is there.
same_reserve() { heard "khotest: reserve_checked=$(grep -oP 'khotest: reserve_filled=\K0x[0-9a-f]+' "$log.a" || echo none)"; }

# guest_rounds WHERE FILE: the rounds of the guest where it stopped or went on, as often as it did
guest_rounds() { sed -nE "s/.*vmm: guest $1 after ([0-9]+) rounds.*/\\1/p" "$2"; }

# It went on where it had stopped, each time.
guest_lost_nothing() {
	local stopped
	stopped=$(guest_rounds 'has stopped' "$log.all")
	[ -n "$stopped" ] && [ "$stopped" = "$(guest_rounds 'goes on' "$log.all")" ]
}

# guest_right_times N: that often it found itself right after it was taken back, with all its processors
guest_right_times() { [ "$(grep -c 'khotest: guest=right' "$log.b")" -eq "$1" ]; }

# guest_away_times N: so often all of its processors noticed that they had been away, after it went on
guest_away_times() {
	awk -v cpus="$(cut -d, -f2 <<<"$guest")" -v times="$1" '
		function end_host() { if (on && n == cpus) hosts++; on = n = 0; split("", seen) }
		/vmm: guest goes on after/ { end_host(); on = 1 }
		/vmm: guest has stopped after/ { end_host() }
		on && /guest: cpu [0-9]+: was away for/ { sub(/.*guest: cpu /, ""); if (!seen[$1]++) n++ }
		END { end_host(); exit hosts != times }' "$log.b"
}

# The time that it was away the first time, by its own clock, is the time that passed here: a second for the way
# that a line takes to us.
guest_clock_is_right() {
	sed -nE '/vmm: guest goes on after/,$ s/.*guest: cpu 0: was away for ([0-9.]+) s.*/\1/p' "$log.b" | head -n 1 |
		awk -v stopped="${stamp[stopped]:-0}" -v resumed="${stamp[resumed]:-0}" -v noticed="${stamp[noticed]:-0}" '
			{ seen = 1; bad = $1 < resumed - stopped - 1 || $1 > noticed - stopped + 1 }
			END { exit !seen || bad }'
}

# The marked page is where A had it.
same_marker() { heard "khotest: vmcore_$(grep -oE 'marker=0x[0-9a-f]+' "$log.a" || echo none)"; }

# Most kernels of the tests take two at most (CONFIG_NR_CPUS).
all_processors() { heard "khotest: cpus=$smp" || { [ "$smp" -gt 2 ] && heard "khotest: cpus=2"; }; }

# What stays as it was on arm64: pages, the exception level of all processors, ACPI or device tree.
pages_of_a() { grep -oE 'khotest: page=[0-9]+' "$log.a"; }
level_of_a() { grep -oE 'CPU: All CPU\(s\) started at EL[12]' "$log.a"; }
hardware_of_a() { grep -m 1 -oE 'ACPI: RSDP|Machine model' "$log.a"; }
same_pages() { heard "$(pages_of_a || echo none)"; }
same_level() { heard "$(level_of_a || echo none)"; }
same_hardware() { heard "$(hardware_of_a || echo none)"; }

# No warning after the load that A did not have. Without UEFI nothing reserves the GIC's LPI tables, and
# Linux warns about that after any kexec.
no_new_trouble() {
	local what list=('WARNING: ' 'Bad page state' 'SError' 'Synchronous External Abort')
	[ "$door" = kernel ] || list+=('memory probably corrupted')
	for what in "${list[@]}"; do
		grep -qF -e "$what" "$log.a" || not_heard "$what" || { echo "# $what" >&2; return 1; }
	done
}

# What kernel B is told to keep for the interrupt controller lies where no later kernel is loaded.
memreserve_lasts() {
	local at i base len
	at=$(grep -aoP 'MEMRESERVE=\K0x[0-9a-f]+' "$log.b" | tail -1)
	IFS=, read -ra base < <(sed -n 's/^khotest: scratch_phys=//p' "$log.b" | tail -1)
	IFS=, read -ra len < <(sed -n 's/^khotest: scratch_len=//p' "$log.b" | tail -1)
	[ -n "$at" ] && [ "${#base[@]}" -gt 0 ] || return 1
	for i in "${!base[@]}"; do
		[ $((at >= base[i] && at < base[i] + len[i])) -eq 0 ] || return 1
	done
}

# ---- checks: the end of the machine --------------------------------------------------------

# The last kernel powered off.
ended_by_itself() { [ "$qemu_end" = self ] && [ "${qemu_status:-0}" -eq 0 ] && heard 'khotest: end=ok'; }

# halted_with KB-NUMBER: khoboot halted, and on_line asked QEMU to quit
halted_with() { [ "$qemu_end" = asked ] && [ "$qemu_status" -eq 0 ] && heard "khoboot: stop: $1: halted"; }

# reset_with KB-NUMBER: khoboot reset the machine; QEMU ends at a reset (-no-reboot)
reset_with() { [ "$qemu_end" = self ] && [ "$qemu_status" -eq 0 ] && heard "khoboot: stop: $1: resetting"; }

# ---- points --------------------------------------------------------------------------------

# point NAME CHECK: one line of the list of test points. CHECK is a function, then at most one argument,
# which may have blanks.
point() { printf '%s\t%s\n' "$1" "$2"; }

# All points of this test, in the order in which things happen.
points() {
	point "kernel A booted" "said side=out"
	point "KHO is $kho in A" "said kho=$kho"
	case $expect in
	khoctl:*) points_khoctl; return ;;
	esac
	[ "$via" = plain ] || point "khoboot was entered" "heard khoboot:"
	case $expect in
	refused:* | reset:*) points_refused; return ;;
	crash) points_crash; return ;;
	esac
	points_route
	points_chain
	points_hops
	points_then
	points_last
}

# khoctl refused to load.
points_khoctl() {
	point "khoctl refused with ${expect#*:}" "heard ${expect#*:}"
	point "A went on" "heard khotest: FAIL /khoctl"
	[ -z "$guest" ] || point "the guest went on and is right" "guest_right_times 1"
}

# khoboot refused to start B.
points_refused() {
	[ -z "$crash" ] || point "khoboot knows of the crash" "heard khoboot: stop: ${expect#*:}: resetting (crash kernel)"
	point "khoboot refused with ${expect#*:} and a remedy" "heard ${expect#*:} remedy: "
	case $expect in
	refused:*) point "khoboot halted for that reason" "halted_with ${expect#*:}" ;;
	*) point "khoboot reset the machine for that reason" "reset_with ${expect#*:}" ;;
	esac
	[ "$screen" -eq 0 ] || point "the screen shows the reason and the remedy" "seen ${expect#*:} remedy: "
	point "kernel B was not entered" "not_heard Linux version"
}

# A crashed, and B has its memory. Kernels up to 6.19 that were told to finalize hand KHO to crash kernels, too.
points_crash() {
	if [ "$via" != plain ]; then
		point "khoboot knows of the crash" "heard khoboot: crash: the outgoing kernel has crashed"
		! said finalize=done || point "the KHO data are ignored" "heard the KHO data of the crashed kernel are ignored"
	fi
	point "kernel B booted" "heard khotest: side=in"
	point "there was nothing to restore" "heard khotest: restore=none"
	point "the page that A has marked is in the dump" same_marker
	point "kernel B powered off" ended_by_itself
}

# The way from A's load to kernel B.
points_route() {
	case $via,$expect in
	plain,*) return ;;
	*,plain)
		# B is told liveupdate=on.
		[ "$kho,$via" != off,direct ] || point "khoboot warns that nothing came" "heard khoboot: kho: KB-384"
		return
		;;
	firmware,restored | firmware,carried | firmware,lost:*)
		point "khoboot sealed the data and reset the machine" sealed_and_reset
		;;
	esac
	case $via,$expect in
	firmware,restored | firmware,carried) point "khoboot found the record" found_the_record ;;
	*,lost:*) point "the data are given up, with ${expect#*:}" "heard ${expect#*:} remedy: " ;;
	*,back:*) point "the second kernel was tried, because of ${expect#*:}" "went_back_for ${expect#*:KB-}" ;;
	*,direct:*) point "the direct route was taken, with ${expect#*:}" "took_direct_for ${expect#*:KB-}" ;;
	esac
	case $expect in
	lost:* | safe) ;;
	*) point "khoboot handed over" handed_over ;;
	esac
}

# --chain: from B to C.
points_chain() {
	[ "$chain" -eq 1 ] || return 0
	point "kernel B booted" "heard khotest: side=both"
	[ "$expect" = plain ] || point "khoboot handed over twice" "handed_over_times 2"
}

# --hops: from B to B, again and again.
points_hops() {
	[ "$hops" -gt 0 ] || return 0
	point "khoboot handed over $((hops + 1)) times" "handed_over_times $((hops + 1))"
	point "each kexec was counted" "counted_to $((hops + 1))"
	point "scratch is what it was" scratch_stays
	[ "$luo" -eq 0 ] || point "each kernel got its memfd back" "checked_times $((hops + 1))"
}

# --then: how many kernels get something, and what must not grow on the way.
points_then() {
	[ -n "$then" ] || return 0
	local kernels=${then//[^,]/}
	kernels=$((${#kernels} + 2))
	point "khoboot handed over $kernels times" "handed_over_times $kernels"
	point "scratch is what it was" scratch_stays
	[ -z "$luo_set" ] || point "each kernel got its sessions back" "checked_sets $kernels"
	point "no kernel hands over more than an earlier one of its release" same_bytes
	point "no map is larger than an earlier one of its release" same_map
	point "no kernel has less memory than an earlier one of its release" same_memory
}

# The last kernel: it boots, has everything, and powers off.
points_last() {
	local last="kernel B"
	[ "$chain" -eq 0 ] || last="kernel C"
	[ "$hops" -eq 0 ] && [ -z "$then" ] || last="the last kernel"
	point "$last booted" "heard khotest: side=in"
	point "$last has all processors" all_processors
	[[ $expect != back:* ]] || point "$last is of the release of kernel A" same_release
	points_machine
	points_data
	points_variables
	points_report
	# By this systemd finds the volume again, and mounts it.
	[ "$gpt" -eq 0 ] || point "$last knows the partition" "heard khotest: partition=$kho_partition"
	point "$last powered off" ended_by_itself
}

# --report: what khoctl says of the way. Only where something went wrong is there a warning.
points_report() {
	[ "$report" -eq 1 ] || return 0
	case $via,$expect in
	*,back:*) point "khoctl reports the second kernel" "heard outcome:   handed over to the second kernel" ;;
	*,direct:*) point "khoctl reports the direct route" "heard outcome:   handed over, by the direct route instead" ;;
	*,lost:*) point "khoctl reports the loss" "heard outcome:   NOT handed over" ;;
	*) point "khoctl reports the handover" "reported_whole" ;;
	esac
	case $expect in
	*:*) point "khoctl reports ${expect#*:}" "heard why:       ${expect#*:}" ;;
	*) point "khoctl reports no warning" "not_heard warning:   " ;;
	esac
}

# What it sees of the machine is what A saw.
points_machine() {
	if [[ $kho_arch = x86_64 && " $append_to " == *' no5lvl '* ]]; then
		point "kernel B has 4-level paging" "heard la57=no"
		return
	fi
	if [ "$kho_arch" = x86_64 ]; then
		point "kernel B has the $(paging)-level paging of kernel A" same_paging
		return
	fi
	point "kernel B has the pages of kernel A" same_pages
	point "kernel B has the exception level of kernel A" same_level
	point "kernel B knows the hardware by what kernel A knew it" same_hardware
	point "no warning that kernel A had not" no_new_trouble
	case $via,$door,$expect in
	firmware,uefi,restored | firmware,uefi,carried) point "the list of reserved memory is outside scratch" memreserve_lasts ;;
	esac
}

# What it gets back of the preserved data.
points_data() {
	case $expect in
	safe) point "all data came back, or none" restored_or_lost; return ;;
	plain | lost:*) point "there was nothing to restore" "heard khotest: restore=none"; return ;;
	esac
	[ "$expect" = carried ] || point "KHO restore succeeded" "heard khotest: restore=succeeded"
	if [ "$luo" -gt 0 ] && [ "$via" != plain ] && [ -z "$place" ]; then
		point "khoboot counted at least $luo ranges" "ranges_at_least $luo"
	fi
	[ "$luo" -eq 0 ] || point "memfd of $luo pages is intact" "heard khotest: luo_checked=$luo"
	[ -z "$luo_set" ] || [ -n "$then" ] || point "sessions $luo_set are intact" "checked_sets 1"
	[ -z "$selftest" ] || point "the kernel's own test of live update passed" "heard khotest: selftest=passed"
	[ -z "$guest" ] || points_guest
	[ -z "$reserve" ] || point "reserved memory is intact" same_reserve
	[ -z "$place" ] || point "pages in $place are intact" "heard khotest: place_checked="
}

# Its guest, which outlived kernel A, and each of its successors.
points_guest() {
	local others=${then//[^,]/}
	local times=$((1 + chain + hops + (${#then} ? ${#others} + 1 : 0)))
	point "the guest was right in kernel A" "said guest=right"
	point "it went on where it had stopped" guest_lost_nothing
	point "it noticed that it had been away" "guest_away_times $times"
	point "its clock says how long" guest_clock_is_right
	point "its memory, registers and clock are right" "guest_right_times $times"
}

# Its EFI variables, where there is UEFI.
points_variables() {
	[ "$door" = uefi ] || return 0
	# After the direct route BootNext stays until the next reset. khoboot will find no record then.
	[[ $expect = direct:* || $via,$expect = firmware,back:* ]] || point "no BootNext is left" "heard khotest: boot_next=none"
	case $firmware in
	*u-boot*) point "EFI variables can be read in B" "heard khotest: efivars=read-only" ;;
	*) point "EFI variables work in B" "heard khotest: efivars=ok" ;;
	esac
}

# ---- what is printed -----------------------------------------------------------------------

# Decides all points, one line of KTAP for each.
judge() {
	local list name check
	list=$(points)
	ktap_start "$(wc -l <<<"$list")"
	while IFS=$'\t' read -r name check; do
		case $check in
		*' '*) ktap_test "$name" "${check%% *}" "${check#* }" ;;
		*) ktap_test "$name" "$check" ;;
		esac
	done <<<"$list"
}

# between STATION STATION: the seconds from one to the other, or - when one was not passed
between() {
	awk -v a="${stamp[$1]:-0}" -v b="${stamp[$2]:-0}" \
		'BEGIN { if (a && b) printf "%.3f", b - a; else printf "-" }'
}

# Remarks after the points: what the machine's kernels and init said, the times, and after a failure the end of the log.
report() {
	grep -v 'khotest: log:' "$log.all" |
		grep -oE '(khotest: (FAIL|release|restore|luo_|set_).*|(vmm|guest): .*|khoboot: boot: handing over.*)' | ktap_diag
	[ -z "$then" ] || stops | sed 's/^/stop: /' | ktap_diag
	printf '# seconds: start-A %s A-load %s load-B %s jump-B %s total %s\n' "$(between start a)" \
		"$(between a load)" "$(between load b)" "$(between jump b)" "$(between start end)"
	if [ "$ktap_failed" -gt 0 ]; then
		echo "# QEMU ended: $qemu_end, status ${qemu_status:-0}; the end of $logs/serial.log:"
		cat -v "$logs/qemu.err" <(tail -n 40 "$log.all" | cat -v) | ktap_diag
	fi
}
